/* SPDX-License-Identifier: MIT */
#include "db/sqlite_export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/sql_session_priv.h"
#include "engine/base/check.h"

/* --- the tables ---------------------------------------------------------------- */

/* A table, and how it is filled. ?1 of the query is the experiment, 0 for all; of a table of a
 * timeline it is the run. */
struct export_table {
    const char *create, *query, *insert;
    const char
        *smaller; /* the query where that one needs too much; NULL: there is none */
};

#define OF_EXPERIMENT                                                                    \
    " WHERE ?1 = 0 OR run_id IN (SELECT run_id FROM runs WHERE experiment_id = ?1)"

static const struct export_table whole_tables[] = {
    {"CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, status "
     "TEXT,"
     " reason TEXT, created_ms INTEGER, engine_version TEXT, cell_count INTEGER,"
     " document TEXT)",
     "SELECT experiment_id, name, status, reason, created_ms, engine_version, cell_count,"
     " document FROM experiments WHERE ?1 IN (0, experiment_id)",
     "INSERT INTO experiments VALUES (?, ?, ?, ?, ?, ?, ?, ?)", NULL},
    {"CREATE TABLE cells (cell_id INTEGER PRIMARY KEY, experiment_id INTEGER,"
     " position INTEGER, key TEXT, runtime TEXT, strategy TEXT, point TEXT, status TEXT,"
     " reason TEXT)",
     "SELECT cell_id, experiment_id, position, key, runtime, strategy, point, status,"
     " reason FROM cells WHERE ?1 IN (0, experiment_id)",
     "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", NULL},
    {"CREATE TABLE runs (run_id INTEGER PRIMARY KEY, cell_id INTEGER,"
     " experiment_id INTEGER, repetition INTEGER, status TEXT, reason TEXT,"
     " fingerprint TEXT, duration_ns INTEGER, transitions INTEGER, has_timeline INTEGER,"
     " started_ms INTEGER, finished_ms INTEGER)",
     "SELECT run_id, cell_id, experiment_id, repetition, status, reason, fingerprint,"
     " duration_ns, transitions, has_timeline, started_ms, finished_ms FROM runs"
     " WHERE ?1 IN (0, experiment_id)",
     "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", NULL},
    {"CREATE TABLE metrics (run_id INTEGER, name TEXT, value REAL,"
     " PRIMARY KEY (run_id, name)) WITHOUT ROWID",
     "SELECT run_id, name, value FROM metrics" OF_EXPERIMENT,
     "INSERT INTO metrics VALUES (?, ?, ?)", NULL},
    {"CREATE TABLE lanes (run_id INTEGER, lane INTEGER, kind TEXT, name TEXT,"
     " parent INTEGER, born_ns INTEGER, died_ns INTEGER, PRIMARY KEY (run_id, lane))"
     " WITHOUT ROWID",
     "SELECT run_id, lane, kind, name, parent, born_ns, died_ns FROM lanes" OF_EXPERIMENT,
     "INSERT INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?)", NULL},
    {"CREATE TABLE sites (run_id INTEGER, site INTEGER, path TEXT,"
     " PRIMARY KEY (run_id, site)) WITHOUT ROWID",
     "SELECT run_id, site, path FROM sites" OF_EXPERIMENT,
     "INSERT INTO sites VALUES (?, ?, ?)", NULL},
};

static const struct export_table run_tables[] = {
    {"CREATE TABLE spans (run_id INTEGER, lane INTEGER, start_ns INTEGER, end_ns INTEGER,"
     " dur_ns INTEGER, state TEXT, resource INTEGER, by INTEGER, site INTEGER)",
     "SELECT run_id, lane, start_ns, end_ns, dur_ns, state, resource, by, site FROM spans"
     " WHERE run_id = ?",
     "INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", NULL},
    {"CREATE TABLE instants (run_id INTEGER, lane INTEGER, at_ns INTEGER, kind TEXT,"
     " by INTEGER)",
     "SELECT run_id, lane, at_ns, kind, by FROM instants WHERE run_id = ?",
     "INSERT INTO instants VALUES (?, ?, ?, ?, ?)", NULL},
    {"CREATE TABLE counters (run_id INTEGER, lane INTEGER, counter TEXT, at_ns INTEGER,"
     " value INTEGER)",
     "SELECT run_id, lane, counter, at_ns, value FROM counters WHERE run_id = ?",
     "INSERT INTO counters VALUES (?, ?, ?, ?, ?)", NULL},
    {"CREATE TABLE flows (run_id INTEGER, kind TEXT, from_lane INTEGER, to_lane INTEGER,"
     " left_ns INTEGER, at_ns INTEGER)",
     "SELECT run_id, kind, from_lane, to_lane, left_ns, at_ns FROM flows WHERE run_id = "
     "?",
     "INSERT INTO flows VALUES (?, ?, ?, ?, ?, ?)",
     "SELECT run_id, kind, from_lane, to_lane, NULL, at_ns FROM flows WHERE run_id = ?"},
};

static const char DAMAGES[] = "CREATE TABLE damages (run_id INTEGER, kind TEXT, "
                              "lane_group INTEGER, from_ns INTEGER,"
                              " to_ns INTEGER, what TEXT)";

/* Made when the rows are there: that is faster. */
static const char INDEXES[] =
    "CREATE INDEX spans_by_lane ON spans (run_id, lane, start_ns);"
    "CREATE INDEX spans_by_state ON spans (run_id, state, dur_ns);"
    "CREATE INDEX instants_by_time ON instants (run_id, at_ns);"
    "CREATE INDEX counters_by_lane ON counters (run_id, lane, counter, at_ns);"
    "CREATE INDEX flows_by_time ON flows (run_id, at_ns);"
    "CREATE INDEX runs_by_cell ON runs (cell_id);"
    "CREATE INDEX cells_by_experiment ON cells (experiment_id);";

enum {
    WHOLE_TABLES = sizeof whole_tables / sizeof whole_tables[0],
    RUN_TABLES = sizeof run_tables / sizeof run_tables[0]
};

struct export {
    const struct sqlite_export_request *request;
    struct sql_session *source;
    sqlite3 *target;
};

/* --- the new file -------------------------------------------------------------- */

static int fail(const struct export *export, int code, struct err *err) {
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return err_set_nomem(err);
    case SQLITE_INTERRUPT:
        return err_set(err, ERR_CANCELLED, "the export was cancelled");
    case SQLITE_FULL:
        return err_set(err, ERR_IO,
                       "the disk of %s, or that of temporary files, is full: free some "
                       "space, or set SQLITE_TMPDIR",
                       export->request->path);
    default:
        return err_set(err, ERR_IO, "cannot write %s: %s", export->request->path,
                       sqlite3_errcode(export->target) == SQLITE_OK
                           ? sqlite3_errstr(code)
                           : sqlite3_errmsg(export->target));
    }
}

static int execute(const struct export *export, const char *sql, struct err *err) {
    const int code = sqlite3_exec(export->target, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : fail(export, code, err);
}

/*
 * An existing file is somebody's: it stays as it is. The descriptor stays open for as long as
 * SQLite has the file open: closing any of a file's drops all of the process's locks on it.
 */
static int create_file(int *file, const char *path, struct err *err) {
    *file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (*file < 0) {
        return errno == EEXIST
                   ? err_set(err, ERR_CONFLICT, "%s exists already: name another file",
                             path)
                   : err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

static int is_cancelled(void *context) {
    const struct sqlite_export_request *request = context;
    return request->cancelled(request->context);
}

/* A failed export is removed whole, so that a journal would serve nobody. */
static const char SETTINGS[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = NORMAL;"
                               "PRAGMA cache_size = -16000; BEGIN";

static int open_target(struct export *export, struct err *err) {
    enum { STEPS_BETWEEN = 10000 }; /* instructions of SQLite's machine: less than 1 ms */
    const int code = sqlite3_open_v2(export->request->path, &export->target,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int rc = code == SQLITE_OK ? execute(export, SETTINGS, err) : fail(export, code, err);
    if (rc == 0 && export->request->cancelled != NULL) {
        sqlite3_progress_handler(export->target, STEPS_BETWEEN, is_cancelled,
                                 (void *)export->request);
    }
    if (rc == 0 && export->request->file != NULL) {
        unlink(export->request->path);
    }
    for (int i = 0; rc == 0 && i < WHOLE_TABLES; i++) {
        rc = execute(export, whole_tables[i].create, err);
    }
    for (int i = 0; rc == 0 && i < RUN_TABLES; i++) {
        rc = execute(export, run_tables[i].create, err);
    }
    return rc == 0 ? execute(export, DAMAGES, err) : rc;
}

/* --- rows ---------------------------------------------------------------------- */

enum { COLUMNS_MAX = 12 };

static int insert_values(const struct export *export, sqlite3_stmt *insert,
                         const struct sql_value *values, size_t count, struct err *err) {
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < count; i++) {
        code = sql_value_bind(insert, (int)i + 1, &values[i]);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(insert);
    }
    if (code == SQLITE_DONE) {
        code = sqlite3_reset(insert);
    }
    return code == SQLITE_OK ? 0 : fail(export, code, err);
}

static int insert_row(const struct export *export, sqlite3_stmt *insert, size_t columns,
                      struct err *err) {
    struct sql_value values[COLUMNS_MAX];
    ASSERT(columns <= COLUMNS_MAX);
    for (size_t i = 0; i < columns; i++) {
        values[i] = sql_session_value(export->source, i);
    }
    return insert_values(export, insert, values, columns, err);
}

/* Once, though several tables have missed it. */
static const char INSERT_DAMAGE[] =
    "INSERT INTO damages SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM"
    " damages WHERE run_id = ?1 AND kind = ?2 AND lane_group IS ?3 AND from_ns = ?4)";

static int insert_damage(const struct export *export, sqlite3_stmt *insert,
                         const struct damage *it, struct err *err) {
    const char *kind = damage_kind_name(it);
    const struct sql_value values[] = {
        {.type = SQL_INTEGER, .integer = it->run},
        {.type = SQL_TEXT, .text = kind, .size = strlen(kind)},
        {.type = it->group >= 0 ? SQL_INTEGER : SQL_NULL, .integer = it->group},
        {.type = SQL_INTEGER, .integer = it->from_ns},
        {.type = SQL_INTEGER, .integer = it->to_ns},
        {.type = SQL_TEXT, .text = it->what, .size = strlen(it->what)},
    };
    const int rc =
        insert_values(export, insert, values, sizeof values / sizeof values[0], err);
    if (rc == 0 && export->request->damage_count != NULL) {
        *export->request->damage_count += (size_t)sqlite3_changes(export->target);
    }
    return rc;
}

/* What the query that has ended left out. */
static int copy_damages(const struct export *export, struct err *err) {
    const struct damage_list *damages = sql_session_damages(export->source);
    sqlite3_stmt *insert = NULL;
    int rc = 0;
    if (damages->count == 0) {
        return 0;
    }
    const int code = sqlite3_prepare_v2(export->target, INSERT_DAMAGE, -1, &insert, NULL);
    if (code != SQLITE_OK) {
        return fail(export, code, err);
    }
    for (size_t i = 0; rc == 0 && i < damages->count; i++) {
        rc = insert_damage(export, insert, &damages->items[i], err);
    }
    sqlite3_finalize(insert);
    return rc;
}

static struct sql_request request_of(const struct export *export, const char *query,
                                     const struct sql_value *params, size_t count) {
    return (struct sql_request){.text = query,
                                .size = strlen(query),
                                .params = params,
                                .param_count = count,
                                .cancelled = export->request->cancelled,
                                .context = export->request->context};
}

static int copy_rows(const struct export *export, const struct export_table *table,
                     const struct sql_request *asked, struct err *err) {
    sqlite3_stmt *insert = NULL;
    const int code = sqlite3_prepare_v2(export->target, table->insert, -1, &insert, NULL);
    if (code != SQLITE_OK) {
        return fail(export, code, err);
    }
    int rc = sql_session_begin(export->source, asked, err);
    if (rc == 0) {
        const size_t columns = sql_session_column_count(export->source);
        while ((rc = sql_session_next(export->source, err)) == 1 &&
               (rc = insert_row(export, insert, columns, err)) == 0) {
        }
        rc = rc == 0 ? copy_damages(export, err) : rc;
        sql_session_end(export->source);
    }
    sqlite3_finalize(insert);
    return rc;
}

/* `id`: of the experiment, or of the run. */
static int copy(const struct export *export, const struct export_table *table, int64_t id,
                struct err *err) {
    const struct sql_value param = {.type = SQL_INTEGER, .integer = id};
    struct err why = {0};
    struct sql_request request = request_of(export, table->query, &param, 1);
    int rc = copy_rows(export, table, &request, &why);
    if (rc == ERR_LIMIT && table->smaller != NULL) {
        /* It said so before its first row. */
        err_clear(&why);
        request = request_of(export, table->smaller, &param, 1);
        rc = copy_rows(export, table, &request, &why);
    }
    if (rc != 0 && err != NULL) {
        *err = why;
    }
    return rc;
}

/* The first number that a query gives, of an experiment and another parameter; 1, or 0 when there
 * is none. */
static int read_number(const struct export *export, const char *query, int64_t *number,
                       struct err *err) {
    const struct sql_value params[] = {
        {.type = SQL_INTEGER, .integer = export->request->experiment},
        {.type = SQL_INTEGER, .integer = *number}};
    const struct sql_request request = request_of(export, query, params, 2);
    int rc = sql_session_begin(export->source, &request, err);
    if (rc == 0 && (rc = sql_session_next(export->source, err)) == 1) {
        const struct sql_value value = sql_session_value(export->source, 0);
        *number = value.integer;
        rc = value.type == SQL_INTEGER ? 1 : 0;
    }
    sql_session_end(export->source);
    return rc;
}

static int check_experiment(const struct export *export, struct err *err) {
    static const char IS_THERE[] = "SELECT experiment_id FROM experiments WHERE "
                                   "experiment_id = ?1 AND ?2 IS NOT NULL";
    int64_t number = 0;
    const int rc = export->request->experiment != 0
                       ? read_number(export, IS_THERE, &number, err)
                       : 1;
    return rc == 0  ? err_set(err, ERR_NOT_FOUND, "there is no experiment %lld",
                              (long long)export->request->experiment)
           : rc < 0 ? rc
                    : 0;
}

/* The next run with a timeline after *run; 1, or 0 when there is none. */
static int next_run(const struct export *export, int64_t *run, struct err *err) {
    static const char NEXT[] = "SELECT min(run_id) FROM runs WHERE has_timeline"
                               " AND ?1 IN (0, experiment_id) AND run_id > ?2";
    return read_number(export, NEXT, run, err);
}

static int copy_run(const struct export *export, int64_t run, struct err *err) {
    int rc = 0;
    for (int i = 0; rc == 0 && i < RUN_TABLES; i++) {
        rc = copy(export, &run_tables[i], run, err);
    }
    return rc;
}

static int no_timeline(const struct sqlite_export_request *request, struct err *err) {
    return request->experiment == 0
               ? err_set(err, ERR_NOT_FOUND, "run %lld has no timeline",
                         (long long)request->run)
               : err_set(err, ERR_NOT_FOUND,
                         "experiment %lld has no run %lld with a timeline",
                         (long long)request->experiment, (long long)request->run);
}

static int copy_runs(const struct export *export, struct err *err) {
    const int64_t only = export->request->run;
    int64_t run = only != 0 ? only - 1 : 0;
    int rc, copied;
    if (only != 0) {
        rc = next_run(export, &run, err);
        if (rc == 1 && run == only) {
            return copy_run(export, run, err);
        }
        return rc < 0 ? rc : no_timeline(export->request, err);
    }
    while ((rc = next_run(export, &run, err)) == 1) {
        if ((copied = copy_run(export, run, err)) != 0) {
            return copied;
        }
    }
    return rc;
}

static int fill(const struct export *export, struct err *err) {
    int rc = check_experiment(export, err);
    for (int i = 0; rc == 0 && i < WHOLE_TABLES; i++) {
        rc = copy(export, &whole_tables[i], export->request->experiment, err);
    }
    if (rc == 0) {
        rc = copy_runs(export, err);
    }
    if (rc == 0) {
        rc = execute(export, INDEXES, err);
    }
    return rc == 0 ? execute(export, "COMMIT", err) : rc;
}

/* The whole life of the target's connection. */
static int write_target(struct export *export, struct err *err) {
    int rc = open_target(export, err);
    if (rc == 0) {
        rc = fill(export, err);
    }
    const int code = sqlite3_close(export->target);
    return rc == 0 && code != SQLITE_OK ? fail(export, code, err) : rc;
}

int sqlite_export_write(struct db *db, const struct sqlite_export_request *request,
                        struct err *err) {
    struct export export = {.request = request};
    int descriptor = -1;
    int rc = sql_session_open(&export.source, db, err);
    if (rc == 0) {
        rc = sql_session_hold(export.source, err);
    }
    if (rc == 0 && (rc = create_file(&descriptor, request->path, err)) == 0) {
        rc = write_target(&export, err);
        if (rc != 0) {
            unlink(request->path);
        }
    }
    if (rc == 0 && request->file != NULL) {
        *request->file = descriptor;
    } else if (descriptor >= 0) {
        close(descriptor);
    }
    sql_session_close(export.source);
    return rc;
}
