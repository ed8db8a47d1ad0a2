/* SPDX-License-Identifier: MIT */
/*
 * timeline_maker - timelines on demand: runs a stored run once more, with a recording, and
 * stores it if the fingerprint agrees.
 *
 * One thread makes one timeline after the other, beside the workers of the job queue: who
 * opens a run does not wait for the grids before it.
 *
 *     ask ---> waiting ---> making ---> (stored: forgotten here)
 *                 |            +------> failed, with the reason, until asked for again
 *                 +-- cancel --+------> failed: "cancelled"
 *
 * All functions may be called from any thread.
 */
#ifndef SERVER_JOBS_TIMELINE_MAKER_H
#define SERVER_JOBS_TIMELINE_MAKER_H

#include "db/db.h"
#include "engine/base/err.h"

struct timeline_maker;

enum { TIMELINE_MAKER_MAX = 32 }; /* that wait, are made or have failed last */

enum timeline_status {
    TIMELINE_NONE,
    TIMELINE_WAITING,
    TIMELINE_MAKING,
    TIMELINE_FAILED
};

struct timeline_state {
    enum timeline_status status;
    char reason[320]; /* why it failed, else "" */
};

/* `db` must outlive it. */
int timeline_maker_open(struct timeline_maker **out, struct db *db,
                        struct err *err) WARN_UNUSED;

/* Cancels what is being made, and waits for that. NULL is accepted. */
void timeline_maker_close(struct timeline_maker *maker);

/* Asks for the timeline of a run; it makes no difference how often. ERR_LIMIT: too many
 * wait. */
int timeline_maker_ask(struct timeline_maker *maker, int64_t run,
                       struct err *err) WARN_UNUSED;
void timeline_maker_cancel(struct timeline_maker *maker, int64_t run);
void timeline_maker_state(struct timeline_maker *maker, int64_t run,
                          struct timeline_state *out);

#endif
