/* SPDX-License-Identifier: MIT */
/*
 * timeline_writer - turns what a recorder hands out into rows: chunks, their totals, the
 * sheets of the pyramid, and the ends of spans that were carried over. Inside db only.
 *
 * It encodes on the thread that runs the engine and hands batches of rows to the database's
 * write queue; what it needs to know of a lane group between chunks is kept here, and does
 * not grow with the length of the run.
 */
#ifndef DB_TIMELINE_WRITER_PRIV_H
#define DB_TIMELINE_WRITER_PRIV_H

#include "db/db.h"
#include "engine/record/sink.h"

#include <stdatomic.h>
#include <stdbool.h>

struct timeline_writer;

/* Once `*cancel` (may be NULL) is true nothing more is stored, and it fails. */
int timeline_writer_create(struct timeline_writer **out, struct db *db, int64_t run,
                           const atomic_bool *cancel, struct err *err) WARN_UNUSED;
void timeline_writer_destroy(struct timeline_writer *writer);

/* Where the recorder puts the recording; it lives with the writer. */
const struct sink *timeline_writer_sink(const struct timeline_writer *writer);

/* Hands over what came so far. */
int timeline_writer_put(struct timeline_writer *writer, struct err *err) WARN_UNUSED;

/* Waits until everything that was handed over is stored, or has failed. */
int timeline_writer_drain(struct timeline_writer *writer, struct err *err) WARN_UNUSED;

/* Whether the lane, which was born through the sink, is complete. */
bool timeline_writer_has_ended(const struct timeline_writer *writer, lane_id lane);

/* After draining: stores what is left, in the caller's transaction. May be repeated when
 * that failed. */
struct connection;
int timeline_writer_finish(struct timeline_writer *writer, struct connection *connection,
                           struct err *err) WARN_UNUSED;

/* Drops what is not stored; nothing is being stored any more on return. */
void timeline_writer_forget(struct timeline_writer *writer);

#endif
