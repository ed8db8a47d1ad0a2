/* SPDX-License-Identifier: MIT */
/* backup_command - `gilscope backup`: a copy of a store in use. */
#include "server/cli/commands.h"

#include <stdio.h>

#include "db/backup.h"
#include "server/cli/quantity.h"
#include "server/cli/store_command.h"

static int back_up(const char *file, const struct backup_options *options) {
    struct db *db = NULL;
    struct db_reader *reader = NULL;
    struct err err = {0};
    int64_t bytes = 0;
    char size[QUANTITY_SIZE];
    int code = db_open(&db, file, DB_READ, &err);
    if (code == 0) {
        code = db_reader_open(&reader, db, &err);
    }
    if (code == 0) {
        code = backup_write(reader, options, &bytes, &err);
    }
    db_reader_close(reader);
    db_close(db);
    if (code != 0) {
        return store_command_fail(&err);
    }
    quantity_format_size(bytes, size);
    printf("%s: %s, a copy of %s\n", options->target, size, file);
    return CLI_OK;
}

int backup_command(int argc, char **argv) {
    const char *arguments[2] = {0};
    bool force = false;
    const struct cli_option options[] = {
        {"--force", NULL, "replace TARGET if it exists", NULL, &force},
    };
    const struct cli_usage usage = {
        .command = "backup",
        .arguments = "[FILE] TARGET",
        .summary =
            "Copies the store FILE (default gilscope.db) to TARGET, complete and as it\n"
            "was at one moment, while a server goes on writing. The copy is made as\n"
            "TARGET-partial and gets its name when it is on the disk: an interruption "
            "or\n"
            "a full disk leaves no half file. To restore, stop the server and use the\n"
            "copy.",
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
    const bool named = arguments[1] != NULL;
    const struct backup_options backup = {
        .target = arguments[named ? 1 : 0],
        .replace = force,
        .cancel = store_command_catch_signals(),
    };
    return back_up(named ? arguments[0] : STORE_DEFAULT, &backup);
}
