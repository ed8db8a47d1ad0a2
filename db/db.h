/* SPDX-License-Identifier: MIT */
/*
 * db - the store: one SQLite file that holds experiments, cells, runs and their
 * timelines.
 *
 * Who may do what:
 *
 *     struct db            one or more for a file, in as many processes; shared by threads
 *       | owner            a number of its own and a lock that dies with it
 *       | writer           one connection, guarded by `db->writer_mutex` (inside every
 *       |                  function that takes a `struct db *` and writes)
 *       +-- struct db_reader   a read-only connection; one per thread, never shared
 *
 * Several processes may write, a server and the command line for instance: SQLite's own
 * locks order their transactions, each of which takes the lock when it begins (BEGIN
 * IMMEDIATE), waits for it up to five seconds and keeps it for milliseconds. What must not
 * be shared is work: an experiment that is queued or running and a run that is being
 * recorded carry the number of their owner (claim_priv.h), whose lock tells whether it is
 * still alive (owner_priv.h). So a process runs what it submitted and inherits what a dead
 * one left queued, and db_recover() may say that what a dead one left running is
 * interrupted, at any time. Handing the work to the server instead would need it to be
 * there, to be found and to be of the same version; a database does not.
 *
 * Only who is alone on the file may upgrade its schema or rewrite it as a whole: others
 * get ERR_CONFLICT with the number of the process that is at work.
 *
 * What a function acknowledged by returning 0 survives the death of the process at any
 * moment. A power cut may lose the last transactions but never damages the file (WAL with
 * synchronous=NORMAL). Every write is one transaction: all of it is stored, or nothing.
 *
 * Errors of every function below and of every store: ERR_IO (disk full, read-only, no
 * such folder, I/O error), ERR_CORRUPT (not a database, damaged), ERR_DB (locked by
 * another program, anything else SQLite says), ERR_NOMEM; the text names the file and the
 * remedy.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "engine/base/err.h"

#include <stdint.h>

struct db;
struct db_reader;

enum db_mode {
    DB_OWN, /* creates or upgrades the file, becomes one of its owners, may write */
    DB_READ /* the file must exist with the current schema; every write is ERR_CONFLICT */
};

/*
 * Opens a store. ERR_CONFLICT: it is of an older schema and another process is at work on
 * it, or one is alone on it. ERR_UNSUPPORTED: written by a
 * newer gilscope, or (DB_READ) by an older one. ERR_INVALID: a database of another
 * program. A refused file is left as it was, byte for byte. DB_READ works on a read-only file
 * system, too, unless the last changes are still in a log there (ERR_IO).
 */
int db_open(struct db **out, const char *path, enum db_mode mode,
            struct err *err) WARN_UNUSED;

/* Its readers and run writers must be closed before. NULL is accepted. */
void db_close(struct db *db);

/* The path without symbolic links; lives as long as `db`. */
const char *db_path(const struct db *db);

/* "3.40.1", of the linked library. */
const char *db_sqlite_version(void);

/* The number of the newest schema that this program knows. */
int db_schema_version(void);

/* How many rows a recovery changed. */
struct db_recovered {
    int64_t experiments, cells, runs; /* were running, are now interrupted */
    int64_t timelines;                /* half-written recordings that were removed */
};

/*
 * Marks whatever a dead owner left "running" as "interrupted", with the pending cells of
 * such an experiment, and removes half-written timelines. Queued experiments stay queued.
 * ERR_CONFLICT in DB_READ. `out` may be NULL.
 */
int db_recover(struct db *db, struct db_recovered *out, struct err *err) WARN_UNUSED;

/* Writes what is there already, so that it is known whether the store can be written. */
int db_touch(struct db *db, struct err *err) WARN_UNUSED;

/* --- readers ------------------------------------------------------------------- */

/* A connection for one thread; it sees what was committed when a read begins. */
int db_reader_open(struct db_reader **out, struct db *db, struct err *err) WARN_UNUSED;
void db_reader_close(struct db_reader *reader);

/*
 * Between begin and end all reads see one state of the store: the first begin and the last
 * end count, and what takes several statements to answer does so by itself. Keep it short:
 * an open read stops the log from being folded back into the file.
 */
int db_reader_begin(struct db_reader *reader, struct err *err) WARN_UNUSED;
void db_reader_end(struct db_reader *reader);

/* PRAGMA integrity_check and foreign_key_check: 0, or ERR_CORRUPT with the first
 * complaint. */
int db_reader_check(struct db_reader *reader, struct err *err) WARN_UNUSED;

#endif
