/* SPDX-License-Identifier: MIT */
/*
 * run_maker - what is made of a stored run when somebody asks for it: its timeline, its
 * findings.
 *
 * One thread makes one after the other, beside the workers of the job queue: who opens a
 * run does not wait for the grids before it. Clients share it as they share those workers
 * (fair_share.h), and none may have more than half of the places.
 *
 *     ask ---> waiting ---> making ---> (stored: forgotten here)
 *                 |            +------> failed, with the reason, until asked for again
 *                 +-- cancel --+------> failed: "cancelled"
 *
 * All functions may be called from any thread.
 */
#ifndef SERVER_JOBS_RUN_MAKER_H
#define SERVER_JOBS_RUN_MAKER_H

#include "db/db.h"
#include "engine/base/err.h"
#include "server/jobs/fair_share.h"

#include <stdatomic.h>

struct run_maker;

/* Makes it of one run and stores it; `cancel` ends that with ERR_CANCELLED. */
typedef int (*run_maker_fn)(struct db *db, struct db_reader *reader, int64_t run,
                            const atomic_bool *cancel, struct err *err);

enum {
    RUN_MAKER_MAX = 32, /* that wait, are made or have failed last */
    /* That wait or are made, of one client; all that give no name are one. */
    RUN_MAKER_CLIENT_MAX = 16,
};

enum run_maker_status {
    RUN_MAKER_NONE,
    RUN_MAKER_WAITING,
    RUN_MAKER_MAKING,
    RUN_MAKER_FAILED
};

struct run_maker_state {
    enum run_maker_status status;
    int code;         /* why it failed, an enum err_code, else 0; */
    char reason[320]; /* and in words, else "" */
};

/* `db` must outlive it. */
int run_maker_open(struct run_maker **out, struct db *db, run_maker_fn make,
                   struct err *err) WARN_UNUSED;

/* Cancels what is being made, and waits for that. NULL is accepted. */
void run_maker_close(struct run_maker *maker);

struct run_maker_wish {
    int64_t run;
    const char *client; /* below FAIR_CLIENT_SIZE bytes; NULL: nobody */
};

/* Asks for it; it makes no difference how often, or who else does. ERR_LIMIT: too many wait, or
 * too many of the client. */
int run_maker_ask(struct run_maker *maker, const struct run_maker_wish *wish,
                  struct err *err) WARN_UNUSED;
void run_maker_cancel(struct run_maker *maker, int64_t run);
/* Forgets that it has failed. */
void run_maker_forget(struct run_maker *maker, int64_t run);
void run_maker_state(struct run_maker *maker, int64_t run, struct run_maker_state *out);

#endif
