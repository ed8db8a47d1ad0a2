/* SPDX-License-Identifier: MIT */
/*
 * histogram_store - the histograms of a run as rows, and back. They are written with the
 * run's outcome, in the same transaction.
 *
 * histogram.data are two columns as specified at the head of chunk_codec.c, one after the
 * other, each with its encoding, length and data: the upper bounds of the buckets that
 * are not empty, ns, ascending, and how many values each holds.
 */
#ifndef DB_HISTOGRAM_STORE_H
#define DB_HISTOGRAM_STORE_H

#include "db/db.h"
#include "engine/analysis/run_histogram.h"
#include "engine/base/memory.h"

struct stored_histogram {
    const char *name; /* of engine/analysis/run_histogram.h */
    struct run_histogram histogram;
};

struct histogram_list {
    struct stored_histogram *items; /* in the order of the table, unknown names last */
    size_t count;
    struct arena arena;
};

/* The histograms of a run, none before it is finished. ERR_NOT_FOUND when there is no
 * run; ERR_CORRUPT. Free with histogram_list_deinit(). */
int histogram_store_read(struct db_reader *reader, int64_t run,
                         struct histogram_list *out, struct err *err) WARN_UNUSED;
void histogram_list_deinit(struct histogram_list *list);

/* --- inside db ----------------------------------------------------------------- */

struct connection;

/* Inserts those with a count, in the caller's transaction. */
int histogram_store_insert(struct connection *connection, int64_t run,
                           const struct run_histogram histograms[RUN_HISTOGRAM_COUNT],
                           struct err *err) WARN_UNUSED;

#endif
