/* SPDX-License-Identifier: MIT */
/*
 * finished_run - stores runs without a timeline once they have ended, several of them in one
 * transaction. A run whose timeline is recorded is stored while it goes on: run_writer.h.
 */
#ifndef DB_FINISHED_RUN_H
#define DB_FINISHED_RUN_H

#include "db/db.h"
#include "db/run_store.h"
#include "engine/analysis/run.h"

/* All is borrowed for the call. */
struct finished_run {
    int64_t cell;
    uint32_t repetition;
    int64_t started_ms, finished_ms; /* since 1970, UTC */
    const char *sites; /* JSON array of pointers, the plan's sites; NULL: [] */
    const struct run_result *result; /* NULL: it ended without one, which `state` tells */
    enum run_state state;            /* failed, stopped or interrupted */
    const char *reason;              /* of the state; may be NULL */
};

/* Stores all of them or none. ERR_NOT_FOUND when there is no such cell, ERR_INVALID when
 * SQLite does not take the sites for JSON. */
int finished_run_store(struct db *db, const struct finished_run *runs, size_t count,
                       struct err *err) WARN_UNUSED;

#endif
