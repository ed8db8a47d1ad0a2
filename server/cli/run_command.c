/* SPDX-License-Identifier: MIT */
/*
 * run_command - `gilscope run`: a document without a server.
 *
 * Without --database the outcome is kept in memory; with it the experiment is stored as
 * the server would store it. Either way the rows go through the API's own writer, so that
 * --json prints the object that GET /experiments/{id} gives.
 */
#include "server/cli/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/cell_compare.h"
#include "db/histogram_store.h"
#include "db/run_store.h"
#include "server/api/experiment_view.h"
#include "server/cli/cli.h"
#include "server/cli/document_file.h"
#include "server/cli/json_output.h"
#include "server/cli/progress_bar.h"
#include "server/cli/run_report.h"
#include "server/gate/junit.h"
#include "server/jobs/memory_job.h"
#include "server/jobs/stored_job.h"
#include "server/log/log.h"

enum { JOBS_MAX = 256 };

struct run_request {
    const char *file;
    const char *database; /* NULL: in memory */
    const char *junit;    /* NULL: none */
    unsigned workers;
    bool json, quiet, histograms, resume;
    const struct document *document;
    struct grid *grid;
};

/* --- interruption ---------------------------------------------------------------- */

/* What a signal says, and the queue that it cancels: a handler has no other way to know.
 */
static atomic_bool interrupted;
static _Atomic(struct job_queue *) running_queue;

static void on_signal(int number) {
    (void)number;
    atomic_store(&interrupted, true);
    struct job_queue *queue = atomic_load(&running_queue);
    if (queue != NULL) {
        job_queue_cancel(queue);
    }
}

static void catch_signals(void) {
    /* A second signal ends the process at once. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* --- running --------------------------------------------------------------------- */

static int run_jobs(const struct run_request *request, struct job_source source,
                    struct err *err) {
    struct progress_bar bar;
    struct job_queue *queue = NULL;
    progress_bar_init(&bar, !request->quiet);
    const struct job_queue_options options = {.workers = request->workers,
                                              .source = source,
                                              .listener = progress_bar_listener(&bar)};
    const int code = job_queue_create(&queue, &options, err);
    if (code == 0) {
        atomic_store(&running_queue, queue);
        if (atomic_load(&interrupted)) {
            job_queue_cancel(queue); /* the signal came before there was a queue */
        }
        job_queue_notify(queue);
        job_queue_wait(queue);
        atomic_store(&running_queue, NULL);
        job_queue_destroy(queue);
    }
    progress_bar_deinit(&bar);
    return code;
}

static int print_json(const struct experiment_row *row, const struct cell_list *cells,
                      const struct run_list *runs, struct err *err) {
    struct json_writer writer = {0};
    const int code = experiment_view_write(&writer, row, cells, runs, err);
    if (code != 0) {
        json_writer_deinit(&writer);
        return code;
    }
    return json_output_print(&writer, stdout, err);
}

static int write_junit(const struct run_request *request,
                       const struct experiment_row *row, const struct cell_list *cells,
                       const struct gate_report *gates, struct err *err) {
    FILE *file = fopen(request->junit, "w");
    if (file == NULL) {
        return err_set(err, ERR_IO, "%s: %s", request->junit, strerror(errno));
    }
    junit_write(file, row, request->document, cells, gates);
    const bool failed = ferror(file) != 0;
    return fclose(file) != 0 || failed
               ? err_set(err, ERR_IO, "%s: %s", request->junit, strerror(errno))
               : 0;
}

/* Says which gates do not hold where, and writes the file for the CI server. */
static int judge(const struct run_request *request, const struct experiment_row *row,
                 const struct cell_list *cells, int *exit_code, struct err *err) {
    struct gate_report gates;
    int code = gate_check(request->document, cells, &gates, err);
    if (code != 0) {
        return code;
    }
    if (gates.fails) {
        *exit_code = *exit_code == CLI_OK ? CLI_GATE : *exit_code;
        fflush(stdout); /* the table comes first */
        run_report_gates(&gates, request->document, stderr);
    }
    code = request->junit != NULL ? write_junit(request, row, cells, &gates, err) : 0;
    gate_report_deinit(&gates);
    return code;
}

/* Prints the outcome; `*exit_code` tells it, too. */
static int print_outcome(const struct run_request *request,
                         const struct experiment_row *row, const struct cell_list *cells,
                         const struct run_list *runs, int *exit_code, struct err *err) {
    if (row->status == EXPERIMENT_INTERRUPTED || row->status == EXPERIMENT_QUEUED) {
        cli_complain("interrupted");
        *exit_code = CLI_INTERRUPTED;
        return 0;
    }
    *exit_code = row->status == EXPERIMENT_DONE ? CLI_OK : CLI_FAILED;
    int code = 0;
    if (request->json) {
        code = print_json(row, cells, runs, err);
    } else if (!request->quiet) {
        code = run_report_print(row, cells, request->document, stdout, err);
    }
    return code == 0 ? judge(request, row, cells, exit_code, err) : code;
}

static int run_in_memory(struct run_request *request, int *exit_code, struct err *err) {
    struct memory_job *memory = NULL;
    struct memory_rows rows;
    struct grid *grid = request->grid;
    request->grid = NULL;
    int code = memory_job_create(&memory, request->document, grid, err);
    if (code == 0 && request->histograms) {
        memory_job_keep_histograms(memory);
    }
    if (code == 0) {
        code = run_jobs(request, memory_job_source(memory), err);
    }
    if (code == 0) {
        code = memory_job_rows(memory, &rows, err);
    }
    if (code == 0) {
        code = print_outcome(request, &rows.experiment, &rows.cells, &rows.runs,
                             exit_code, err);
        memory_rows_deinit(&rows);
    }
    memory_job_destroy(memory);
    return code;
}

/* The histograms of all runs from the store, one table after the other. */
static int read_histograms(struct db_reader *reader, struct run_list *runs,
                           struct run_histogram **out, struct err *err) {
    struct run_histogram *tables =
        calloc(runs->count + 1, RUN_HISTOGRAM_COUNT * sizeof *tables);
    if (tables == NULL) {
        return err_set_nomem(err);
    }
    *out = tables;
    for (size_t i = 0; i < runs->count; i++) {
        struct run_histogram *table = &tables[i * RUN_HISTOGRAM_COUNT];
        struct histogram_list list;
        const int code = histogram_store_read(reader, runs->items[i].id, &list, err);
        if (code != 0) {
            return code;
        }
        for (size_t k = 0; k < list.count; k++) {
            const enum run_histogram_id id = run_histogram_find(list.items[k].name);
            if (id < RUN_HISTOGRAM_COUNT) {
                table[id] = list.items[k].histogram;
                list.items[k].histogram = (struct run_histogram){0}; /* handed over */
            }
        }
        histogram_list_deinit(&list);
        runs->items[i].histograms = table;
    }
    return 0;
}

static void free_histograms(struct run_histogram *tables, size_t runs) {
    for (size_t i = 0; tables != NULL && i < runs * RUN_HISTOGRAM_COUNT; i++) {
        run_histogram_deinit(&tables[i]);
    }
    free(tables);
}

/* The cells and their runs, when somebody looks at them: a large grid has many. */
static int read_cells(const struct run_request *request, struct db_reader *reader,
                      int64_t id, struct cell_list *cells, struct run_list *runs,
                      struct err *err) {
    if (request->quiet && !request->json && request->junit == NULL &&
        request->document->gate_count == 0) {
        return 0;
    }
    int code = cell_store_list(reader, id, cells, err);
    code = code == 0 ? cell_compare_stored(reader, id, cells, err) : code;
    return code == 0 ? run_store_list(reader, id, runs, err) : code;
}

static int print_stored(const struct run_request *request, struct db *db, int64_t id,
                        int *exit_code, struct err *err) {
    struct db_reader *reader = NULL;
    struct experiment experiment = {0};
    struct cell_list cells = {0};
    struct run_list runs = {0};
    struct run_histogram *histograms = NULL;
    int code = db_reader_open(&reader, db, err);
    if (code != 0) {
        return code;
    }
    if ((code = experiment_store_read(reader, id, &experiment, err)) == 0 &&
        (code = read_cells(request, reader, id, &cells, &runs, err)) == 0 &&
        (!request->histograms ||
         (code = read_histograms(reader, &runs, &histograms, err)) == 0)) {
        code = print_outcome(request, &experiment.row, &cells, &runs, exit_code, err);
    }
    free_histograms(histograms, runs.count);
    run_list_deinit(&runs);
    cell_list_deinit(&cells);
    experiment_deinit(&experiment);
    db_reader_close(reader);
    return code;
}

/* Goes on with what was interrupted, if that is wanted and there is any; else begins. */
static int submit(const struct run_request *request, struct stored_source *source,
                  int64_t *id, struct err *err) {
    char identity[64];
    bool existed = false;
    int code = ERR_NOT_FOUND;
    if (request->resume) {
        struct err cause = {0};
        code = stored_source_resume(source, request->document, id, &cause);
        if (code != 0 && code != ERR_NOT_FOUND) {
            return err_set_from(err, code, &cause);
        }
    }
    if (code == ERR_NOT_FOUND) {
        code = stored_job_once(identity, sizeof identity, err);
        if (code == 0) {
            const struct stored_submission submission = {.document = request->document,
                                                         .grid = request->grid,
                                                         .identity = identity,
                                                         .again = true};
            code = stored_source_submit(source, &submission, id, &existed, err);
        }
    }
    return code;
}

static int run_stored(struct run_request *request, int *exit_code, struct err *err) {
    struct db *db = NULL;
    struct stored_source *source = NULL;
    int64_t id = 0;
    int code;
    if ((code = db_open(&db, request->database, DB_OWN, err)) != 0 ||
        (code = db_recover(db, NULL, err)) != 0 ||
        (code = stored_source_open(&source, db, err)) != 0) {
        goto out;
    }
    code = submit(request, source, &id, err);
    grid_destroy(request->grid); /* the job makes its own */
    request->grid = NULL;
    if (code == 0) {
        stored_source_restrict(source, id);
        code = run_jobs(request, stored_source_jobs(source), err);
    }
    if (code == 0) {
        code = print_stored(request, db, id, exit_code, err);
    }
out:
    stored_source_close(source);
    db_close(db);
    return code;
}

/* --- the command ----------------------------------------------------------------- */

static int execute(struct run_request *request) {
    struct document *document = NULL;
    struct err err = {0};
    int exit_code = CLI_OK;
    const char *about =
        strcmp(request->file, "-") == 0 ? "standard input" : request->file;
    int code = document_file_read(&document, request->file, &err);
    request->document = document;
    if (code == 0) {
        code = grid_create(&request->grid, document, &err);
    }
    if (code != 0) {
        cli_report(&err, about);
        exit_code = code == ERR_INVALID ? CLI_REFUSED : CLI_FAILED;
    } else {
        code = request->database != NULL ? run_stored(request, &exit_code, &err)
                                         : run_in_memory(request, &exit_code, &err);
        if (code != 0) {
            cli_report(&err, NULL);
            exit_code = CLI_FAILED;
        }
    }
    grid_destroy(request->grid);
    document_destroy(document);
    return exit_code;
}

int run_command(int argc, char **argv) {
    struct run_request request = {0};
    const char *jobs = NULL;
    long workers = 0;
    const struct cli_option options[] = {
        {"--json", NULL, "print one JSON object, as GET /experiments/{id} gives it", NULL,
         &request.json},
        {"--histograms", NULL,
         "with --json: the histograms of each run, as GET /runs/{id}/histograms gives "
         "them",
         NULL, &request.histograms},
        {"--database", "FILE",
         "keep experiment and timelines there (default: keep nothing)", &request.database,
         NULL},
        {"--resume", NULL,
         "with --database: go on with the newest interrupted experiment of this "
         "document, "
         "if there is one; cells that have ended are not run again",
         NULL, &request.resume},
        {"--junit", "FILE", "write cells and gates there as JUnit XML, for a CI server",
         &request.junit, NULL},
        {"--jobs", "N", "worker threads (default: one for each processor)", &jobs, NULL},
        {"--quiet", NULL, "no progress bar and no table; the exit code tells", NULL,
         &request.quiet},
    };
    const struct cli_usage usage = {
        .command = "run",
        .arguments = "FILE|-",
        .summary = "Runs a document, one cell or a whole grid, and prints the medians of "
                   "each cell.\n"
                   "FILE is JSON; - reads standard input. Needs no server. Timelines are "
                   "recorded\n"
                   "only into a database. Exit code 1 when a cell failed, 2 when the "
                   "document was\n"
                   "refused, 3 when a gate of the document does not hold, 130 when "
                   "interrupted.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_min = 1,
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &request.file)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (jobs != NULL && (!cli_parse_number(jobs, 1, JOBS_MAX, &workers))) {
        cli_complain("--jobs must be a number from 1 to %d, not '%s'", JOBS_MAX, jobs);
        return CLI_REFUSED;
    }
    if (request.resume && request.database == NULL) {
        cli_complain("--resume needs --database: where nothing is kept, nothing can be "
                     "gone on with");
        return CLI_REFUSED;
    }
    request.workers = (unsigned)workers;
    log_init();
    catch_signals();
    return execute(&request);
}
