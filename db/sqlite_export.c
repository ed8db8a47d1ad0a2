/* SPDX-License-Identifier: MIT */
#include "db/sqlite_export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/sql_session_priv.h"

/* --- the tables ---------------------------------------------------------------- */

/* A table, and how it is filled; `?` of the query is the run. */
struct export_table {
    const char *create, *query, *insert;
};

static const struct export_table whole_tables[] = {
    {"CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, status "
     "TEXT,"
     " reason TEXT, created_ms INTEGER, engine_version TEXT, cell_count INTEGER,"
     " document TEXT)",
     "SELECT experiment_id, name, status, reason, created_ms, engine_version, cell_count,"
     " document FROM experiments",
     "INSERT INTO experiments VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
    {"CREATE TABLE cells (cell_id INTEGER PRIMARY KEY, experiment_id INTEGER,"
     " position INTEGER, key TEXT, runtime TEXT, strategy TEXT, point TEXT, status TEXT,"
     " reason TEXT)",
     "SELECT cell_id, experiment_id, position, key, runtime, strategy, point, status,"
     " reason FROM cells",
     "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    {"CREATE TABLE runs (run_id INTEGER PRIMARY KEY, cell_id INTEGER,"
     " experiment_id INTEGER, repetition INTEGER, status TEXT, reason TEXT,"
     " fingerprint TEXT, duration_ns INTEGER, transitions INTEGER, has_timeline INTEGER,"
     " started_ms INTEGER, finished_ms INTEGER)",
     "SELECT run_id, cell_id, experiment_id, repetition, status, reason, fingerprint,"
     " duration_ns, transitions, has_timeline, started_ms, finished_ms FROM runs",
     "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    {"CREATE TABLE metrics (run_id INTEGER, name TEXT, value REAL,"
     " PRIMARY KEY (run_id, name)) WITHOUT ROWID",
     "SELECT run_id, name, value FROM metrics", "INSERT INTO metrics VALUES (?, ?, ?)"},
    {"CREATE TABLE lanes (run_id INTEGER, lane INTEGER, kind TEXT, name TEXT,"
     " parent INTEGER, born_ns INTEGER, died_ns INTEGER, PRIMARY KEY (run_id, lane))"
     " WITHOUT ROWID",
     "SELECT run_id, lane, kind, name, parent, born_ns, died_ns FROM lanes",
     "INSERT INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?)"},
    {"CREATE TABLE sites (run_id INTEGER, site INTEGER, path TEXT,"
     " PRIMARY KEY (run_id, site)) WITHOUT ROWID",
     "SELECT run_id, site, path FROM sites", "INSERT INTO sites VALUES (?, ?, ?)"},
};

static const struct export_table run_tables[] = {
    {"CREATE TABLE spans (run_id INTEGER, lane INTEGER, start_ns INTEGER, end_ns INTEGER,"
     " dur_ns INTEGER, state TEXT, resource INTEGER, by INTEGER, site INTEGER)",
     "SELECT run_id, lane, start_ns, end_ns, dur_ns, state, resource, by, site FROM spans"
     " WHERE run_id = ?",
     "INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    {"CREATE TABLE instants (run_id INTEGER, lane INTEGER, at_ns INTEGER, kind TEXT,"
     " by INTEGER)",
     "SELECT run_id, lane, at_ns, kind, by FROM instants WHERE run_id = ?",
     "INSERT INTO instants VALUES (?, ?, ?, ?, ?)"},
    {"CREATE TABLE counters (run_id INTEGER, lane INTEGER, counter TEXT, at_ns INTEGER,"
     " value INTEGER)",
     "SELECT run_id, lane, counter, at_ns, value FROM counters WHERE run_id = ?",
     "INSERT INTO counters VALUES (?, ?, ?, ?, ?)"},
};

/* Made when the rows are there: that is faster. */
static const char INDEXES[] =
    "CREATE INDEX spans_by_lane ON spans (run_id, lane, start_ns);"
    "CREATE INDEX spans_by_state ON spans (run_id, state, dur_ns);"
    "CREATE INDEX instants_by_time ON instants (run_id, at_ns);"
    "CREATE INDEX counters_by_lane ON counters (run_id, lane, counter, at_ns);"
    "CREATE INDEX runs_by_cell ON runs (cell_id);"
    "CREATE INDEX cells_by_experiment ON cells (experiment_id);";

enum {
    WHOLE_TABLES = sizeof whole_tables / sizeof whole_tables[0],
    RUN_TABLES = sizeof run_tables / sizeof run_tables[0]
};

struct export {
    struct sql_session *source;
    sqlite3 *target;
    const char *path;
};

/* --- the new file -------------------------------------------------------------- */

static int fail(const struct export *export, int code, struct err *err) {
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return err_set_nomem(err);
    case SQLITE_FULL:
        return err_set(err, ERR_IO, "the disk of %s is full: free some space",
                       export->path);
    default:
        return err_set(err, ERR_IO, "cannot write %s: %s", export->path,
                       sqlite3_errmsg(export->target));
    }
}

static int execute(const struct export *export, const char *sql, struct err *err) {
    const int code = sqlite3_exec(export->target, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : fail(export, code, err);
}

/* An existing file is somebody's: it stays as it is. */
static int create_file(const char *path, struct err *err) {
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        return errno == EEXIST
                   ? err_set(err, ERR_CONFLICT, "%s exists already: name another file",
                             path)
                   : err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    close(file);
    return 0;
}

/* A failed export is removed whole, so that a journal would serve nobody. */
static const char SETTINGS[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = NORMAL;"
                               "PRAGMA cache_size = -16000; BEGIN";

static int open_target(struct export *export, struct err *err) {
    const int code = sqlite3_open_v2(export->path, &export->target,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int rc = code == SQLITE_OK ? execute(export, SETTINGS, err) : fail(export, code, err);
    for (int i = 0; rc == 0 && i < WHOLE_TABLES; i++) {
        rc = execute(export, whole_tables[i].create, err);
    }
    for (int i = 0; rc == 0 && i < RUN_TABLES; i++) {
        rc = execute(export, run_tables[i].create, err);
    }
    return rc;
}

/* --- rows ---------------------------------------------------------------------- */

static int insert_row(const struct export *export, sqlite3_stmt *insert, size_t columns,
                      struct err *err) {
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < columns; i++) {
        const struct sql_value value = sql_session_value(export->source, i);
        code = sql_value_bind(insert, (int)i + 1, &value);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(insert);
    }
    if (code == SQLITE_DONE) {
        code = sqlite3_reset(insert);
    }
    return code == SQLITE_OK ? 0 : fail(export, code, err);
}

/* An export cannot say that rows are missing in it. */
static int check_whole(const struct export *export, struct err *err) {
    const struct damage_list *damages = sql_session_damages(export->source);
    if (damages->count == 0) {
        return 0;
    }
    const struct damage *first = &damages->items[0];
    return err_set(err, ERR_CORRUPT,
                   "run %lld is damaged, its %s from %lld to %lld ns cannot be exported: "
                   "%s",
                   (long long)first->run, damage_kind_name(first),
                   (long long)first->from_ns, (long long)first->to_ns, first->what);
}

/* `run` NULL: the query has no parameter. */
static int copy(const struct export *export, const struct export_table *table,
                const int64_t *run, struct err *err) {
    const struct sql_value param = {.type = SQL_INTEGER,
                                    .integer = run != NULL ? *run : 0};
    const struct sql_request request = {.text = table->query,
                                        .size = strlen(table->query),
                                        .params = &param,
                                        .param_count = run != NULL ? 1 : 0};
    sqlite3_stmt *insert = NULL;
    const int code = sqlite3_prepare_v2(export->target, table->insert, -1, &insert, NULL);
    if (code != SQLITE_OK) {
        return fail(export, code, err);
    }
    int rc = sql_session_begin(export->source, &request, err);
    if (rc == 0) {
        const size_t columns = sql_session_column_count(export->source);
        while ((rc = sql_session_next(export->source, err)) == 1 &&
               (rc = insert_row(export, insert, columns, err)) == 0) {
        }
        rc = rc == 0 ? check_whole(export, err) : rc;
        sql_session_end(export->source);
    }
    sqlite3_finalize(insert);
    return rc;
}

/* The next run with a timeline after *run; 1, or 0 when there is none. */
static int next_run(const struct export *export, int64_t *run, struct err *err) {
    static const char NEXT[] =
        "SELECT min(run_id) FROM runs WHERE has_timeline AND run_id > ?";
    const struct sql_value param = {.type = SQL_INTEGER, .integer = *run};
    const struct sql_request request = {
        .text = NEXT, .size = sizeof NEXT - 1, .params = &param, .param_count = 1};
    int rc = sql_session_begin(export->source, &request, err);
    if (rc == 0 && (rc = sql_session_next(export->source, err)) == 1) {
        const struct sql_value value = sql_session_value(export->source, 0);
        *run = value.integer;
        rc = value.type == SQL_INTEGER ? 1 : 0;
    }
    sql_session_end(export->source);
    return rc;
}

static int copy_run(const struct export *export, int64_t run, struct err *err) {
    int rc = 0;
    for (int i = 0; rc == 0 && i < RUN_TABLES; i++) {
        rc = copy(export, &run_tables[i], &run, err);
    }
    return rc;
}

static int copy_runs(const struct export *export, int64_t only, struct err *err) {
    int64_t run = only - 1;
    int rc, copied;
    if (only != 0) {
        rc = next_run(export, &run, err);
        if (rc == 1 && run == only) {
            return copy_run(export, run, err);
        }
        return rc < 0 ? rc
                      : err_set(err, ERR_NOT_FOUND, "run %lld has no timeline",
                                (long long)only);
    }
    while ((rc = next_run(export, &run, err)) == 1) {
        if ((copied = copy_run(export, run, err)) != 0) {
            return copied;
        }
    }
    return rc;
}

static int fill(const struct export *export, int64_t run, struct err *err) {
    int rc = 0;
    for (int i = 0; rc == 0 && i < WHOLE_TABLES; i++) {
        rc = copy(export, &whole_tables[i], NULL, err);
    }
    if (rc == 0) {
        rc = copy_runs(export, run, err);
    }
    if (rc == 0) {
        rc = execute(export, INDEXES, err);
    }
    return rc == 0 ? execute(export, "COMMIT", err) : rc;
}

int sqlite_export_write(struct db *db, const char *path, int64_t run, struct err *err) {
    struct export export = {.path = path};
    int rc = sql_session_open(&export.source, db, err);
    if (rc == 0) {
        rc = sql_session_hold(export.source, err);
    }
    if (rc == 0) {
        rc = create_file(path, err);
    }
    if (rc == 0) {
        rc = open_target(&export, err);
        if (rc == 0) {
            rc = fill(&export, run, err);
        }
        const int code = sqlite3_close(export.target);
        if (rc == 0 && code != SQLITE_OK) {
            rc = fail(&export, code, err);
        }
        if (rc != 0) {
            unlink(path);
        }
    }
    sql_session_close(export.source);
    return rc;
}
