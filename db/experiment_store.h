/* SPDX-License-Identifier: MIT */
/*
 * experiment_store - submitted documents and what became of them.
 *
 *     queued -> running -> done | failed
 *       |          |
 *       +----------+-----> interrupted -> queued        (experiment_store_requeue)
 *
 * An experiment is stored together with its cells in one transaction. `content_hash`
 * makes a submission idempotent: the same hash gives the same experiment, however often
 * it is sent. A submission whose content_hash is a key that its sender chose (`keyed`) makes
 * the key another name of the experiment of the same document that it is given: what a key
 * stands for never changes. `document_hash` finds the experiment that has the results of a
 * document, or will have them. Ids ascend in the order of submission and are never used twice.
 * What is being removed (removal.h) is not seen by any of these.
 */
#ifndef DB_EXPERIMENT_STORE_H
#define DB_EXPERIMENT_STORE_H

#include "db/cell_store.h"
#include "db/db.h"
#include "engine/base/memory.h"

#include <stdbool.h>

enum experiment_status {
    EXPERIMENT_QUEUED,
    EXPERIMENT_RUNNING,
    EXPERIMENT_DONE,
    EXPERIMENT_FAILED,
    EXPERIMENT_INTERRUPTED,
    EXPERIMENT_STATUS_COUNT
};

/* "queued", "running" ...: the words of the API and of the file. */
const char *experiment_status_name(enum experiment_status status);

/* What is submitted; all text is UTF-8 and borrowed for the call. */
struct experiment_new {
    const char *name;
    const char *document; /* JSON text */
    const char
        *content_hash; /* of everything that makes it what it is; 1 .. 128 characters */
    const char *document_hash;  /* of what the document says; NULL: unknown */
    bool again;                 /* also when there is one of that document */
    bool keyed;                 /* content_hash stands also for one that is there */
    const char *engine_version; /* ENGINE_VERSION */
    const char *client;         /* who submits it, as it calls itself; NULL: nobody */
    uint64_t seed;
    int64_t created_ms; /* since 1970, UTC */
    const struct cell_new *cells;
    size_t cell_count;
    int64_t queued_max;        /* how many of our own may be queued; 0: any number */
    int64_t queued_client_max; /* how many of them of one client; 0: any number */
};

struct experiment_row {
    int64_t id;
    const char *name;
    const char *document; /* NULL in lists */
    const char *content_hash;
    const char *document_hash; /* "": unknown */
    const char *engine_version;
    const char *client; /* "": nobody; NULL in lists */
    const char *reason; /* why failed or interrupted, "" otherwise */
    enum experiment_status status;
    uint64_t seed;
    int64_t created_ms;
    int64_t cells;
    int64_t cells_done; /* neither pending nor running nor interrupted */
};

/* One experiment; its text lives in the arena. */
struct experiment {
    struct experiment_row row;
    struct arena arena;
};

/*
 * Stores a queued experiment. When one with this content_hash exists, or without `again` one
 * that experiment_store_find_same() finds, nothing is stored, `*id` is its id and `*existed`
 * is true. ERR_INVALID when SQLite does not take a text for JSON. ERR_LIMIT: queued_max of
 * them wait, or queued_client_max of this client.
 */
int experiment_store_insert(struct db *db, const struct experiment_new *experiment,
                            int64_t *id, bool *existed, struct err *err) WARN_UNUSED;

/* ERR_NOT_FOUND. On success release with experiment_deinit(). */
int experiment_store_read(struct db_reader *reader, int64_t id, struct experiment *out,
                          struct err *err) WARN_UNUSED;
void experiment_deinit(struct experiment *experiment);

/* How many cells it has; ERR_NOT_FOUND. */
int experiment_store_count_cells(struct db_reader *reader, int64_t id, int64_t *count,
                                 struct err *err) WARN_UNUSED;

/* ERR_NOT_FOUND when there is none with this hash, also as another name. */
int experiment_store_find(struct db_reader *reader, const char *content_hash, int64_t *id,
                          struct err *err) WARN_UNUSED;

/*
 * The newest experiment of that document and engine whose results are there, else the newest
 * that is on its way to them: queued, or running in a process that lives. ERR_NOT_FOUND when
 * there is none, as for a hash that is NULL.
 */
int experiment_store_find_same(struct db_reader *reader, const char *document_hash,
                               const char *engine_version, int64_t *id,
                               struct err *err) WARN_UNUSED;

/* The newest experiment of that document and engine that can be gone on with: interrupted,
 * or queued and left by a dead process. ERR_NOT_FOUND when there is none. */
int experiment_store_find_left(struct db_reader *reader, const char *document,
                               const char *engine_version, int64_t *id,
                               enum experiment_status *status,
                               struct err *err) WARN_UNUSED;

/*
 * Moves an experiment along the picture above (not to queued: see requeue). `reason` may
 * be NULL. The pending cells of an interrupted experiment become interrupted with it.
 * ERR_NOT_FOUND; ERR_CONFLICT when its present status does not allow it.
 */
int experiment_store_set_status(struct db *db, int64_t id, enum experiment_status status,
                                const char *reason, struct err *err) WARN_UNUSED;

/* Queued -> interrupted, with its cells. ERR_CONFLICT: it is not queued (any more). */
int experiment_store_cancel_queued(struct db *db, int64_t id, const char *reason,
                                   struct err *err) WARN_UNUSED;

/* Interrupted or failed -> queued; its interrupted cells become pending again. */
int experiment_store_requeue(struct db *db, int64_t id, struct err *err) WARN_UNUSED;

#endif
