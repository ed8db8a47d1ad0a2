/* SPDX-License-Identifier: MIT */
/*
 * write_queue - the one thread that stores what runs record while they execute. Inside db
 * only.
 *
 *     run's thread: encodes --> batch --> [ at most QUEUE_BYTES ] --> the queue's thread
 *
 * Who puts a batch into a full queue waits: the engine is then as fast as the disk, and
 * memory does not grow. The thread takes what there is into one transaction, and what comes
 * meanwhile, until that has lasted long enough.
 *
 * Batches of a stream are stored in their order. When one cannot be stored, the stream has
 * failed: later ones are dropped, and its owner is told at the next put or drain. Other
 * streams are not concerned. A stream that is given up has failed, too: nobody waits for the
 * rest of what is to be removed.
 */
#ifndef DB_WRITE_QUEUE_PRIV_H
#define DB_WRITE_QUEUE_PRIV_H

#include "engine/base/err.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct db;
struct write_queue;

/* The place of one run; zeroed it is ready for use. Private to the queue. */
struct write_stream {
    struct err err;            /* the first one */
    uint32_t pending;          /* batches that are not stored yet */
    const atomic_bool *cancel; /* the owner's, or NULL: true, it is given up */
};

struct write_batch {
    struct write_batch *next;    /* the queue's */
    struct write_stream *stream; /* the queue's */
    size_t size;                 /* bytes of memory, about */
    /* Inserts everything, perhaps more than once after a failure. */
    int (*insert)(const struct write_batch *batch, struct connection *connection,
                  struct err *err);
    void (*destroy)(struct write_batch *batch);
};

/* ERR_NOMEM. The database is borrowed. */
int write_queue_create(struct write_queue **out, struct db *db,
                       struct err *err) WARN_UNUSED;

/* Stores what is queued. No stream is used any more. */
void write_queue_destroy(struct write_queue *queue);

/* Consumes the batch in any case. Returns the stream's error, if it has one. */
int write_queue_put(struct write_queue *queue, struct write_stream *stream,
                    struct write_batch *take_batch, struct err *err) WARN_UNUSED;

/* Drops what is not stored yet; the stream fails with ERR_CANCELLED. */
void write_queue_give_up(struct write_queue *queue, struct write_stream *stream);

/* Waits until nothing of the stream is queued. Returns its error, if it has one. */
int write_queue_drain(struct write_queue *queue, struct write_stream *stream,
                      struct err *err) WARN_UNUSED;

#endif
