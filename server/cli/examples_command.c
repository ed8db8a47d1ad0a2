/* SPDX-License-Identifier: MIT */
/* examples_command - `gilscope examples`: the documents that come with the program. */
#include "server/cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "server/cli/cli.h"
#include "server/document/document.h"
#include "server/examples/example.h"

static int list_examples(void) {
    for (size_t i = 0; i < example_count; i++) {
        struct document *document = NULL;
        struct err err = {0};
        if (document_parse(&document, examples[i].text, examples[i].size, &err) != 0) {
            cli_report(&err, examples[i].id);
            return CLI_FAILED;
        }
        printf("%s%s\n    %s\n    %s\n", i > 0 ? "\n" : "", examples[i].id,
               document->name, document->description);
        document_destroy(document);
    }
    return CLI_OK;
}

int examples_command(int argc, char **argv) {
    const char *id = NULL;
    const struct cli_usage usage = {
        .command = "examples",
        .arguments = "[ID]",
        .summary =
            "Lists the examples and what to look for in them. With ID: prints that\n"
            "document, for example into `gilscope run -`.",
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &id)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (id == NULL) {
        return list_examples();
    }
    for (size_t i = 0; i < example_count; i++) {
        if (strcmp(examples[i].id, id) == 0) {
            fwrite(examples[i].text, 1, examples[i].size, stdout);
            return CLI_OK;
        }
    }
    cli_complain("there is no example '%s'; gilscope examples lists them", id);
    return CLI_REFUSED;
}
