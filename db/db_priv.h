/* SPDX-License-Identifier: MIT */
/* db - what the stores share: write transactions and the reader's connection. */
#ifndef DB_DB_PRIV_H
#define DB_DB_PRIV_H

#include "db/connection_priv.h"
#include "db/db.h"
#include "db/owner_priv.h"

/*
 * Takes the writer and begins a transaction. On failure nothing is held. The mutex is
 * held over SQLite on purpose: guarding this connection is its only use.
 */
int db_write_begin(struct db *db, struct connection **out, struct err *err) WARN_UNUSED;

/* Commits when `rc` is 0, else rolls back, and gives the writer back. */
int db_write_end(struct db *db, int rc, struct err *err) WARN_UNUSED;

/* Where runs put what they record. Not in DB_READ. */
struct write_queue *db_write_queue(struct db *db);

/* What is recorded of a run that is being made is nobody's: it is not read any more, and the next
 * db_recover() removes it. */
int db_timeline_disown(struct db *db, int64_t run, struct err *err) WARN_UNUSED;

/* Deletes what was recorded of a run in small transactions, and then the mark that it has a
 * timeline. */
int db_timeline_remove(struct db *db, int64_t run, struct err *err) WARN_UNUSED;

/* removal_mark() inside a transaction. */
int removal_mark_in(struct connection *connection, int64_t experiment,
                    struct err *err) WARN_UNUSED;

struct owner *db_owner(struct db *db);

struct connection *db_reader_connection(struct db_reader *reader);

#endif
