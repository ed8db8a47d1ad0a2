/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* wait4 */
#include "server/bench/bench_store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/bench/bench_folder.h"
#include "server/bench/bench_store_priv.h"
#include "server/bench/bench_stream.h"

static uint64_t long_run = 10 * 1000 * 1000;

void bench_store_set_spans(uint64_t spans) { long_run = spans; }

uint64_t bench_store_spans(void) { return long_run; }

static int compare(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double bench_percentile(double *values, size_t count, double p) {
    qsort(values, count, sizeof values[0], compare);
    const size_t index = (size_t)(p * (double)count);
    return values[index < count ? index : count - 1];
}

/* --- writing ------------------------------------------------------------------- */

static int store_scratch(struct bench_stored *out, struct err *err) {
    const char *path;
    struct db *db = NULL;
    int rc = bench_folder_file(BENCH_SCRATCH, &path, err);
    if (rc == 0) {
        rc = db_open(&db, path, DB_OWN, err);
    }
    if (rc == 0) {
        rc = bench_stream_store(db, long_run, out, err);
    }
    db_close(db);
    bench_folder_remove_file(BENCH_SCRATCH);
    return rc;
}

static int measure_writing(double *value, char *note, size_t size, struct err *err) {
    struct bench_stored best = {0};
    for (int i = 0; i < BENCH_REPEATS; i++) {
        struct bench_stored stored;
        const int rc = store_scratch(&stored, err);
        if (rc != 0) {
            return rc;
        }
        best = i == 0 || stored.seconds < best.seconds ? stored : best;
    }
    *value = (double)best.spans / best.seconds;
    snprintf(note, size, "%.0f spans of %zu lanes", (double)best.spans, best.lane_count);
    return 0;
}

/* In a process of its own, whose files its parent removes. */
static int measure_memory(double *value, char *note, size_t size, struct err *err) {
    const char *path;
    int rc = bench_folder_file(BENCH_SCRATCH, &path, err);
    if (rc != 0) {
        return rc;
    }
    fflush(stdout); /* or the child writes it once more */
    const pid_t child = fork();
    if (child == 0) {
        struct bench_stored stored;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(store_scratch(&stored, NULL) == 0 ? 0 : 1);
    }
    int status;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) {
        return err_set(err, ERR_IO, "a process to measure the memory of could not run");
    }
    *value = (double)usage.ru_maxrss / 1024.0;
    snprintf(note, size, "%.0f spans, with the 300,000 that are sent again and again",
             (double)long_run);
    return 0;
}

void bench_store_close(void) {
    bench_read_close();
    bench_folder_remove();
}

/* --- all ----------------------------------------------------------------------- */

#define EXAMPLES                                                                         \
    "growth of the file for every span, pyramid and all else included: median over "     \
    "the examples, profile linux-desktop, first repetition"
#define ONE_KIND(kind)                                                                   \
    "the same with spans of " kind " lanes only, over the file of the run without spans"
#define LONG_RUN "40 threads under the GIL of 3.12, 16 cores, 10,000,000 spans; "

const struct bench_case bench_store_cases[] = {
    {"store_memory_mb", "MB", "lower",
     "largest resident set of a process that stores " LONG_RUN "and makes the spans",
     measure_memory, NULL, false},
    {"store_spans_per_s", "1/s", "higher",
     "spans encoded and committed by one writer, finish included: " LONG_RUN
     "a recording of 300,000 sent again and again, wall clock within the store, best of "
     "3",
     measure_writing, NULL, false},
    {"store_bytes_per_span", "bytes", "lower", EXAMPLES, bench_size_all, NULL, false},
    {"store_bytes_per_span_core", "bytes", "lower", ONE_KIND("core"), bench_size_core,
     NULL, false},
    {"store_bytes_per_span_thread", "bytes", "lower", ONE_KIND("thread"),
     bench_size_thread, NULL, false},
    {"store_bytes_per_span_gil", "bytes", "lower", ONE_KIND("GIL"), bench_size_gil, NULL,
     false},
    {"store_bytes_per_span_loop", "bytes", "lower", ONE_KIND("loop"), bench_size_loop,
     NULL, false},
    {"store_bytes_per_span_task", "bytes", "lower", ONE_KIND("task"), bench_size_task,
     NULL, false},
    {"store_bytes_per_span_lock", "bytes", "lower", ONE_KIND("lock"), bench_size_lock,
     NULL, false},
    {"grid_cells_per_s", "1/s", "higher",
     "cells of four short jobs, one repetition, from the document's text until all are "
     "run, summed up and committed; wall clock",
     bench_grid_cells, NULL, false},
    {"viewport_p99_ms", "ms", "lower",
     LONG_RUN "1,600 pixels, 50 lanes, 1,000 random zooms, from the whole run to 1 us; "
              "file cache warm",
     bench_read_viewport, NULL, false},
    {"viewport_cold_p99_ms", "ms", "lower",
     "the same, 100 zooms, each with a fresh reader and the file dropped from the cache",
     bench_read_cold, NULL, false},
    {"range_p99_ms", "ms", "lower",
     LONG_RUN "totals of all lanes and the 5 longest waits with their blame, 1,000 "
              "random ranges",
     bench_read_range, NULL, false},
    {"span_time_p99_ms", "ms", "lower",
     LONG_RUN "SELECT state, ns FROM span_time(?, NULL, ?, ?), 1,000 random ranges",
     bench_read_span_time, NULL, false},
    {"sql_group_by_s", "s", "lower",
     LONG_RUN "SELECT state, sum(dur_ns) FROM spans WHERE run_id = ? GROUP BY state, "
              "best of 3",
     bench_read_group_by, NULL, false},
    {"sql_window_ms", "ms", "lower",
     "the same in windows of 1 % of the run, median of 100", bench_read_window, NULL,
     false},
    {"viewport_growth", "x", "lower",
     "p99 of 300 zooms at 100,000,000 spans, over that at 100,000: windows of as many "
     "spans "
     "as the small run has, down to 1 us, each asked for the second time; takes minutes "
     "and "
     "1 GB of disk, so only when it is named",
     bench_read_growth, NULL, true},
};
const size_t bench_store_case_count =
    sizeof bench_store_cases / sizeof bench_store_cases[0];
