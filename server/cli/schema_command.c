/* SPDX-License-Identifier: MIT */
/* schema_command - `gilscope schema`: what a document may contain, for editors. */
#include "server/cli/commands.h"

#include <stdio.h>

#include "server/api/schema_view.h"
#include "server/cli/cli.h"
#include "server/cli/json_output.h"

int schema_command(int argc, char **argv) {
    const struct cli_usage usage = {
        .command = "schema",
        .arguments = "",
        .summary = "Prints the JSON Schema (2020-12) of documents, with which editors "
                   "complete and\n"
                   "check them. Every document that is accepted is valid against it; "
                   "`gilscope run`\n"
                   "knows a few rules more.",
    };
    struct json_writer writer = {0};
    struct err err = {0};
    switch (cli_parse(&usage, argc, argv, NULL)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    schema_view_write(&writer);
    if (json_output_print(&writer, stdout, &err) != 0) {
        cli_report(&err, NULL);
        return CLI_FAILED;
    }
    return CLI_OK;
}
