/* SPDX-License-Identifier: MIT */
/*
 * bench_stream - a run of as many spans as wanted, at the speed of the store.
 *
 * The engine would take longer than the store. So a run is recorded into memory first:
 * 40 threads of pure Python under the GIL of 3.12 on 16 cores. Its middle, in which no lane
 * is born or ends, is then sent to a run_writer as often as needed, each time later:
 *
 *     | births | middle | middle | ... | middle | ends |
 *
 * The stream is valid: what a lane does at the end of a middle lasts until it ends something
 * in the next one, and is from the beginning what it does there. So at a seam a lane may
 * change its state without a transition; everywhere else it does what the engine made it do.
 */
#ifndef SERVER_BENCH_BENCH_STREAM_H
#define SERVER_BENCH_BENCH_STREAM_H

#include "db/db.h"
#include "engine/analysis/run.h"

#include <stdint.h>

struct bench_stored {
    int64_t run;
    uint64_t spans;
    sim_ns duration_ns;
    size_t lane_count;
    double seconds; /* of wall clock, within the store: chunks and finish */
};

/* Stores a run of about so many spans, at least as many as its births and ends take. */
int bench_stream_store(struct db *db, uint64_t spans, struct bench_stored *out,
                       struct err *err) WARN_UNUSED;

/* A new experiment's only cell. */
int bench_stream_cell(struct db *db, int64_t *cell, struct err *err) WARN_UNUSED;

/* Of a clock that only runs forward. */
double bench_wall_s(void);

#endif
