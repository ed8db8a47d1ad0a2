/* SPDX-License-Identifier: MIT */
/*
 * stored_job - jobs whose experiment lies in the database: loading them, and keeping
 * their outcome there.
 *
 * A stored source hands out the queued experiments, those of the client with the fewest at
 * work first, the oldest of these first; also those which a former process left queued.
 */
#ifndef SERVER_JOBS_STORED_JOB_H
#define SERVER_JOBS_STORED_JOB_H

#include "db/db.h"
#include "engine/base/err.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "server/jobs/job_queue.h"

struct stored_source;

/* `db` must outlive it. Owns a reader. */
int stored_source_open(struct stored_source **out, struct db *db,
                       struct err *err) WARN_UNUSED;

/* After the queue that uses it is destroyed. NULL is accepted. */
void stored_source_close(struct stored_source *source);

/* Hands out only this experiment, if it is queued. Before the queue is notified. */
void stored_source_restrict(struct stored_source *source, int64_t experiment);

/* For job_queue_options. */
struct job_source stored_source_jobs(struct stored_source *source);

enum {
    STORED_QUEUE_MAX = 1000,       /* experiments that may wait */
    STORED_QUEUE_CLIENT_MAX = 500, /* of one client; all that give no name are one */
};

struct stored_submission {
    const struct document *document;
    const struct grid *grid; /* of the document */
    const char *identity;    /* 1 .. 128 characters, see experiment_store_insert() */
    bool keyed;              /* it is a key of the client, who may come again with it */
    const char *client;      /* below FAIR_CLIENT_SIZE bytes; NULL: nobody */
    bool again;              /* also when the document's results are there */
};

/*
 * Stores a document as a queued experiment, together with the cells of its grid; the
 * queue is still to be notified. When there is an experiment of that identity already, or
 * without `again` one whose results are those of the document, nothing is stored, `*id` is
 * that one and `*existed` is true. ERR_LIMIT: STORED_QUEUE_MAX experiments wait. May be
 * called from any thread.
 */
int stored_source_submit(struct stored_source *source,
                         const struct stored_submission *submission, int64_t *id,
                         bool *existed, struct err *err) WARN_UNUSED;

/* Puts the newest interrupted experiment of that document back into the queue; what its
 * cells have finished stays. ERR_NOT_FOUND when there is none. */
int stored_source_resume(struct stored_source *source, const struct document *document,
                         int64_t *id, struct err *err) WARN_UNUSED;

/* An identity that no other submission has: every submission is an experiment of its own.
 */
int stored_job_once(char *out, size_t size, struct err *err) WARN_UNUSED;

/* The plan's sites as a JSON array; the caller frees `*out` with free(). */
int stored_job_sites(const struct plan *plan, char **out, struct err *err) WARN_UNUSED;

/* Milliseconds since 1970, UTC. */
int64_t stored_job_now_ms(void);

#endif
