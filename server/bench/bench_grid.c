/* SPDX-License-Identifier: MIT */
/* bench_grid - how many small cells a second are run and stored. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/bench/bench_folder.h"
#include "server/bench/bench_store_priv.h"
#include "server/bench/bench_stream.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "server/jobs/stored_job.h"

/* 2 runtimes x 5 strategies x 1,000 points. */
enum { POINTS = 1000, TEXT_SIZE = 16 * 1024 };

static void write_document(char *text, size_t size) {
    size_t used = (size_t)snprintf(
        text, size,
        "{\"schema\":1,\"record\":\"summary\",\"seed\":1,\"runtimes\":[\"cpython-3.12\","
        "\"cpython-3.14t\"],\"strategies\":[\"sequential\",{\"threads\":2},{\"threads\":"
        "4},"
        "{\"asyncio\":4},{\"processes\":2}],\"workload\":{\"jobs\":{\"count\":4,"
        "\"steps\":["
        "{\"python_us\":100},{\"io_us\":500}]}},\"sweep\":{\"/seed\":[");
    for (int i = 0; i < POINTS; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%d", i == 0 ? "" : ",", i);
    }
    snprintf(text + used, size - used, "]}}");
}

static int run_all(struct stored_source *source, struct err *err) {
    struct job_queue *queue;
    const struct job_queue_options options = {.source = stored_source_jobs(source)};
    const int rc = job_queue_create(&queue, &options, err);
    if (rc == 0) {
        job_queue_notify(queue);
        job_queue_wait(queue);
        job_queue_destroy(queue);
    }
    return rc;
}

/* From the text to the last commit. */
static int run_document(const char *text, struct db *db, size_t *cells, struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct stored_source *source = NULL;
    int64_t id;
    bool existed;
    int rc = document_parse(&document, text, strlen(text), err);
    if (rc == 0) {
        rc = grid_create(&grid, document, err);
    }
    if (rc == 0) {
        rc = stored_source_open(&source, db, err);
    }
    if (rc == 0) {
        *cells = grid_cell_count(grid);
        const struct stored_submission submission = {
            .document = document, .grid = grid, .identity = "bench"};
        rc = stored_source_submit(source, &submission, &id, &existed, err);
    }
    if (rc == 0) {
        rc = run_all(source, err);
    }
    stored_source_close(source);
    grid_destroy(grid);
    document_destroy(document);
    return rc;
}

int bench_grid_cells(double *value, char *note, size_t size, struct err *err) {
    char text[TEXT_SIZE];
    const char *path;
    struct db *db = NULL;
    size_t cells = 0;
    write_document(text, sizeof text);
    int rc = bench_folder_file(BENCH_SCRATCH, &path, err);
    if (rc == 0) {
        rc = db_open(&db, path, DB_OWN, err);
    }
    if (rc == 0) {
        const double begin = bench_wall_s();
        rc = run_document(text, db, &cells, err);
        *value = (double)cells / (bench_wall_s() - begin);
    }
    db_close(db);
    bench_folder_remove_file(BENCH_SCRATCH);
    snprintf(note, size, "%zu cells, %ld processors", cells,
             sysconf(_SC_NPROCESSORS_ONLN));
    return rc;
}
