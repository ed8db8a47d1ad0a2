/* SPDX-License-Identifier: MIT */
#include "db/library.h"

#include <string.h>

#include "db/db_priv.h"

/* --- names --------------------------------------------------------------------- */

static const char RENAME[] =
    "UPDATE experiment SET name = ? WHERE id = ? AND removing = 0";

static int check_name(const char *name, struct err *err) {
    if (name[strspn(name, " \t\r\n")] == '\0') {
        return err_set_pointer(err, "/name", "'name' must not be empty");
    }
    return strlen(name) <= LIBRARY_NAME_MAX
               ? 0
               : err_set_pointer(err, "/name", "'name' must be at most %d bytes long",
                                 LIBRARY_NAME_MAX);
}

static int rename_in(struct connection *connection, int64_t experiment, const char *name,
                     struct err *err) {
    struct query q;
    query_begin(&q, connection, RENAME);
    query_text(&q, name);
    query_int(&q, experiment);
    const int rc = query_run(&q, err);
    if (rc == 0 && connection_changes(connection) == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no experiment %lld",
                       (long long)experiment);
    }
    return rc;
}

static const char READ_NAME[] =
    "SELECT name FROM experiment WHERE id = ? AND removing = 0";

/* Whoever is not there is missed by the renaming. */
static int check_seen(struct connection *connection, int64_t experiment, const char *seen,
                      struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_NAME);
    query_int(&q, experiment);
    int rc = query_next(&q, err);
    if (rc == 1 && strcmp(query_get_text(&q, 0), seen) != 0) {
        rc = err_set(err, ERR_CONFLICT,
                     "the experiment is not as If-Match says: read it again");
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

/* `seen` NULL: whatever its name is. */
static int rename_if(struct db *db, int64_t experiment, const char *seen,
                     const char *name, struct err *err) {
    struct connection *connection;
    int rc = check_name(name, err);
    if (rc == 0) {
        rc = db_write_begin(db, &connection, err);
    }
    if (rc == 0) {
        rc = seen != NULL ? check_seen(connection, experiment, seen, err) : 0;
        rc = rc == 0 ? rename_in(connection, experiment, name, err) : rc;
        rc = db_write_end(db, rc, err);
    }
    return rc;
}

int library_rename(struct db *db, int64_t experiment, const char *name, struct err *err) {
    return rename_if(db, experiment, NULL, name, err);
}

int library_rename_seen(struct db *db, int64_t experiment, const char *seen,
                        const char *name, struct err *err) {
    return rename_if(db, experiment, seen, name, err);
}

/* --- sizes --------------------------------------------------------------------- */

#define OF_RUNS(bytes, table)                                                            \
    " + (SELECT ifnull(sum(" bytes "), 0) FROM cell c JOIN run r ON r.cell = c.id"       \
    " JOIN " table " t ON t.run = r.id WHERE c.experiment = e.id)"

/* The length of a blob stands in the head of its row. Numbers count eight bytes each. */
#define OF_METRICS OF_RUNS("8 + length(t.name)", "metric")
#define OF_HISTOGRAMS OF_RUNS("64 + length(t.data)", "histogram")
#define OF_LANES OF_RUNS("48 + length(t.name) + length(t.totals)", "lane")
#define OF_SPANS                                                                         \
    OF_RUNS("96 + length(t.data) + ifnull(length(t.totals), 0)", "span_chunk")
#define OF_SHEETS OF_RUNS("64 + length(t.data)", "sheet")
#define OF_HOLDERS OF_RUNS("24 + length(t.data)", "holder_total")
#define OF_CARRIED OF_RUNS("24", "carried_span")
#define OF_INSTANTS OF_RUNS("48 + length(t.data)", "instant_chunk")
#define OF_COUNTERS                                                                      \
    OF_RUNS("48 + length(t.data) + ifnull(length(t.carry), 0)", "counter_chunk")

static const char READ_BYTES[] =
    "SELECT length(e.document)"
    " + (SELECT ifnull(sum(64 + length(c.key) + length(c.point)), 0) FROM cell c"
    "    WHERE c.experiment = e.id)"
    " + (SELECT ifnull(sum(64 + length(r.sites)), 0) FROM cell c"
    "    JOIN run r ON r.cell = c.id WHERE c.experiment = e.id)" OF_METRICS OF_HISTOGRAMS
        OF_LANES OF_SPANS OF_SHEETS OF_HOLDERS OF_CARRIED OF_INSTANTS OF_COUNTERS
    " FROM experiment e WHERE e.id = ? AND e.removing = 0";

int library_bytes(struct db_reader *reader, int64_t experiment, int64_t *out,
                  struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), READ_BYTES);
    query_int(&q, experiment);
    const int rc = query_next(&q, err);
    if (rc >= 0) {
        *out = rc == 1 ? query_get_int(&q, 0) : 0;
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}
