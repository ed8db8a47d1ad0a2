/* SPDX-License-Identifier: MIT */
/*
 * experiment_queue - the experiments that wait, and whose turn it is. Several processes may take
 * from it: each what is its own, and what a dead one left.
 */
#ifndef DB_EXPERIMENT_QUEUE_H
#define DB_EXPERIMENT_QUEUE_H

#include "db/db.h"

#include <stddef.h>
#include <stdint.h>

/* How many experiments run, and how many wait to; of all processes. */
struct experiment_queue {
    int64_t running, waiting;
};
int experiment_queue_read(struct db_reader *reader, struct experiment_queue *out,
                          struct err *err) WARN_UNUSED;

/*
 * The queued experiment with an id above `after` whose turn it is, the reader's own or left by
 * a dead process: the oldest one of the client with the fewest of our own at work, if those are
 * fewer than `most`. ERR_NOT_FOUND when there is none.
 */
int experiment_queue_next(struct db_reader *reader, int64_t after, int64_t most,
                          int64_t *id, struct err *err) WARN_UNUSED;

/* Makes such an experiment our own; ERR_CONFLICT when another process was faster. */
int experiment_queue_claim(struct db *db, int64_t id, struct err *err) WARN_UNUSED;

/* Ids, ascending. Release with experiment_ids_deinit(). */
struct experiment_ids {
    int64_t *items;
    size_t count;
};
void experiment_ids_deinit(struct experiment_ids *ids);

/*
 * What other processes are at: the experiments that they run, and of those that they have ended
 * the ones with an id above `*newest`, which becomes the largest id of all.
 */
int experiment_queue_others(struct db_reader *reader, int64_t *newest,
                            struct experiment_ids *out, struct err *err) WARN_UNUSED;

#endif
