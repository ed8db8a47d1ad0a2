/* SPDX-License-Identifier: MIT */
/* export_command - `gilscope export`: a result file in another format. */
#include "server/cli/commands.h"

#include <limits.h>
#include <stdio.h>

#include "server/cli/cli.h"
#include "server/export/export.h"

static int execute(const struct export_format *format, const char *file,
                   struct export_request request) {
    struct err err = {0};
    int rc = db_open(&request.db, file, DB_READ, &err);
    if (rc == 0) {
        rc = format->write(&request, &err);
    }
    db_close(request.db);
    if (rc != 0) {
        cli_report(&err, NULL);
        return CLI_FAILED;
    }
    return CLI_OK;
}

int export_command(int argc, char **argv) {
    const char *arguments[2] = {NULL, NULL};
    const char *format_name = NULL;
    const char *run = NULL;
    long number = 0;
    const struct cli_option options[] = {
        {"--format", "NAME", "sqlite: ordinary tables in a new SQLite file", &format_name,
         NULL},
        {"--run", "N", "timeline of run N only (default: of all runs)", &run, NULL},
    };
    const struct cli_usage usage = {
        .command = "export",
        .arguments = "[FILE] OUTPUT",
        .summary =
            "Writes a result file (default gilscope.db) as the new file OUTPUT, in the "
            "format that\n"
            "--format names. The result file is only read: a server may have it open. "
            "With\n"
            "sqlite the tables are those of 'gilscope sql --help', without flows, "
            "span_time\n"
            "and damages.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_min = 1,
        .arguments_max = 2,
    };
    switch (cli_parse(&usage, argc, argv, arguments)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    const struct export_format *format =
        format_name != NULL ? export_format_find(format_name) : NULL;
    if (format == NULL) {
        cli_complain("--format must be sqlite, not '%s'",
                     format_name != NULL ? format_name : "");
        return CLI_REFUSED;
    }
    if (run != NULL && !cli_parse_number(run, 1, LONG_MAX, &number)) {
        cli_complain("--run must be the number of a run, not '%s'", run);
        return CLI_REFUSED;
    }
    const bool named = arguments[1] != NULL;
    return execute(
        format, named ? arguments[0] : "gilscope.db",
        (struct export_request){.path = arguments[named ? 1 : 0], .run = number});
}
