/* SPDX-License-Identifier: MIT */
/* export_command - `gilscope export`: a result file in another format. */
#include "server/cli/commands.h"

#include <limits.h>
#include <stdio.h>

#include "server/cli/cli.h"
#include "server/cli/store_command.h"
#include "server/export/export.h"

static bool is_interrupted(void *context) {
    const atomic_bool *interrupted = context;
    return atomic_load(interrupted);
}

static int execute(const struct export_format *format, const char *file,
                   struct export_request request) {
    struct err err = {0};
    size_t damage_count = 0;
    request.damage_count = &damage_count;
    request.cancelled = is_interrupted;
    request.context = (void *)(uintptr_t)store_command_catch_signals();
    int rc = db_open(&request.db, file, DB_READ, &err);
    if (rc == 0) {
        rc = format->write(&request, &err);
    }
    db_close(request.db);
    if (rc != 0) {
        return store_command_fail(&err);
    }
    if (damage_count > 0) {
        cli_complain(
            "%zu damaged chunks could not be read: what they held is missing, the "
            "table damages says where",
            damage_count);
    }
    return CLI_OK;
}

/* `text` NULL: the option is not there. */
static bool read_id(const char *option, const char *text, const char *of, long *out) {
    if (text == NULL || cli_parse_number(text, 1, LONG_MAX, out)) {
        return true;
    }
    cli_complain("%s must be the number of %s, not '%s'", option, of, text);
    return false;
}

int export_command(int argc, char **argv) {
    const char *arguments[2] = {NULL, NULL};
    const char *format_name = NULL;
    const char *experiment = NULL, *run = NULL;
    long experiment_id = 0, run_id = 0;
    const struct cli_option options[] = {
        {"--format", "NAME", "sqlite: ordinary tables in a new SQLite file", &format_name,
         NULL},
        {"--experiment", "N", "only experiment N (default: all)", &experiment, NULL},
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
            "sqlite the tables are those of 'gilscope sql --help', without span_time.",
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
    if (!read_id("--experiment", experiment, "an experiment", &experiment_id) ||
        !read_id("--run", run, "a run", &run_id)) {
        return CLI_REFUSED;
    }
    const bool named = arguments[1] != NULL;
    return execute(format, named ? arguments[0] : STORE_DEFAULT,
                   (struct export_request){.path = arguments[named ? 1 : 0],
                                           .experiment = experiment_id,
                                           .run = run_id});
}
