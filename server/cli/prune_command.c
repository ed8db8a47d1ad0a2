/* SPDX-License-Identifier: MIT */
/* prune_command - `gilscope prune` and `gilscope vacuum`: experiments and pages go. */
#include "server/cli/commands.h"

#include <stdio.h>
#include <time.h>

#include "db/removal.h"
#include "db/vacuum.h"
#include "server/api/resource_id.h"
#include "server/cli/quantity.h"
#include "server/cli/store_command.h"
#include "server/jobs/stored_job.h"

/* Between two transactions, so that a server gets its turn. */
static void yield_turn(void) {
    const struct timespec pause = {.tv_nsec = 2 * 1000000};
    nanosleep(&pause, NULL);
}

static int stopped(const atomic_bool *stop, struct err *err) {
    return atomic_load(stop)
               ? err_set(err, ERR_CANCELLED, "interrupted: what is left goes next time")
               : 0;
}

/* --- prune ----------------------------------------------------------------------- */

struct prune {
    struct retention retention;
    int64_t experiment; /* 0: as the rules say */
    const atomic_bool *stop;
};

static int remove_marked(struct db *db, const atomic_bool *stop, struct err *err) {
    bool more = true;
    int code = 0;
    while (code == 0 && more) {
        code = removal_step(db, &more, err);
        yield_turn();
        if (code == 0 && more) {
            code = stopped(stop, err);
        }
    }
    return code;
}

static int prune_one(struct db *db, const struct prune *prune, struct err *err) {
    const int code = removal_mark(db, prune->experiment, err);
    return code == 0 ? remove_marked(db, prune->stop, err) : code;
}

/* What was marked before goes, too. */
static int prune_by_rules(struct db *db, const struct prune *prune, int64_t *removed,
                          struct err *err) {
    int64_t id = 1;
    int code = 0;
    while (code == 0 && id != 0) {
        code = remove_marked(db, prune->stop, err);
        if (code == 0) {
            code =
                retention_mark_next(db, &prune->retention, stored_job_now_ms(), &id, err);
        }
        if (code == 0 && id != 0) {
            printf("experiment e%lld\n", (long long)id);
            ++*removed;
        }
    }
    return code;
}

static int execute_prune(const char *file, const struct prune *prune) {
    struct db *db = NULL;
    struct err err = {0};
    int64_t removed = 1;
    int code = db_open(&db, file, DB_OWN, &err);
    if (code == 0) {
        code = db_recover(db, NULL, &err);
    }
    if (code == 0 && prune->experiment != 0) {
        code = prune_one(db, prune, &err);
    } else if (code == 0) {
        removed = 0;
        code = prune_by_rules(db, prune, &removed, &err);
    }
    db_close(db);
    if (code != 0) {
        return store_command_fail(&err);
    }
    printf("%lld experiments removed\n", (long long)removed);
    return CLI_OK;
}

int prune_command(int argc, char **argv) {
    const char *file = NULL;
    const char *experiment = NULL;
    struct retention_options keep = {0};
    struct prune prune = {0};
    const struct cli_option options[] = {
        RETENTION_OPTIONS(keep),
        {"--experiment", "ID", "remove this one", &experiment, NULL},
    };
    const struct cli_usage usage = {
        .command = "prune",
        .arguments = "[FILE]",
        .summary =
            "Removes experiments from the store FILE (default gilscope.db), the oldest\n"
            "first: those that one of the rules forbids, or the one that is named. What\n"
            "is queued or running stays. Works beside a server, in steps of a few\n"
            "milliseconds; what an interruption leaves is removed by the next prune or\n"
            "server. The file keeps its size, see gilscope vacuum.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &file)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (!retention_options_read(&keep, &prune.retention)) {
        return CLI_REFUSED;
    }
    if (experiment != NULL && resource_id_parse(RESOURCE_EXPERIMENT, experiment,
                                                &prune.experiment, NULL) != 0) {
        cli_complain("--experiment must be an id such as e12, not '%s'", experiment);
        return CLI_REFUSED;
    }
    if (retention_is_set(&prune.retention) == (prune.experiment != 0)) {
        cli_complain("say what to remove: some of --keep-for, --keep-count, --keep-size, "
                     "or --experiment");
        return CLI_REFUSED;
    }
    prune.stop = store_command_catch_signals();
    return execute_prune(file != NULL ? file : STORE_DEFAULT, &prune);
}

/* --- vacuum ---------------------------------------------------------------------- */

static int vacuum(struct db *db, bool whole, const atomic_bool *stop, struct err *err) {
    bool more = true;
    int code = 0;
    if (whole) {
        return vacuum_whole(db, err);
    }
    while (code == 0 && more) {
        code = vacuum_step(db, &more, err);
        yield_turn();
        if (code == 0 && more) {
            code = stopped(stop, err);
        }
    }
    return code;
}

static int read_size(struct db *db, int64_t *bytes, struct err *err) {
    struct db_reader *reader = NULL;
    struct vacuum_space space;
    int code = db_reader_open(&reader, db, err);
    if (code == 0) {
        code = vacuum_space(reader, &space, err);
    }
    if (code == 0) {
        *bytes = space.pages * space.page_bytes;
    }
    db_reader_close(reader);
    return code;
}

static int execute_vacuum(const char *file, bool whole) {
    const atomic_bool *stop = store_command_catch_signals();
    struct db *db = NULL;
    struct err err = {0};
    int64_t before = 0, after = 0;
    char sizes[2][QUANTITY_SIZE];
    int code;
    if ((code = db_open(&db, file, DB_OWN, &err)) == 0 &&
        (code = read_size(db, &before, &err)) == 0 &&
        (code = vacuum(db, whole, stop, &err)) == 0) {
        code = read_size(db, &after, &err);
    }
    db_close(db);
    if (code != 0) {
        return store_command_fail(&err);
    }
    quantity_format_size(before, sizes[0]);
    quantity_format_size(after, sizes[1]);
    printf("%s: %s, was %s\n", file, sizes[1], sizes[0]);
    return CLI_OK;
}

int vacuum_command(int argc, char **argv) {
    const char *file = NULL;
    bool whole = false;
    const struct cli_option options[] = {
        {"--whole", NULL, "write the file anew, alone", NULL, &whole},
    };
    const struct cli_usage usage = {
        .command = "vacuum",
        .arguments = "[FILE]",
        .summary =
            "Gives the free pages of the store FILE (default gilscope.db) back to the\n"
            "disk, in steps of a few milliseconds, also beside a server. It needs no\n"
            "space. A store that an older gilscope made cannot do this before it was\n"
            "vacuumed --whole once. That writes every table in one piece again, which\n"
            "makes reading faster after much was removed. No other process may use the\n"
            "file meanwhile, and the disk needs room for two more copies of what is\n"
            "stored, one of them where temporary files are (SQLITE_TMPDIR, TMPDIR).",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &file)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        return execute_vacuum(file != NULL ? file : STORE_DEFAULT, whole);
    }
    return CLI_REFUSED;
}
