/* SPDX-License-Identifier: MIT */
#include "db/analysis_store.h"

#include "db/db_priv.h"
#include "engine/base/memory.h"

const char *analysis_kind_name(enum analysis_kind kind) {
    static const char *const names[ANALYSIS_KIND_COUNT] = {"findings", "speedup"};
    return names[kind];
}

static const char READ_ANALYSIS[] =
    "SELECT data FROM analysis WHERE run = ? AND kind = ?";

int analysis_store_read(struct db_reader *reader, int64_t run, enum analysis_kind kind,
                        char **out, struct err *err) {
    char *text = NULL;
    struct query q;
    query_begin(&q, db_reader_connection(reader), READ_ANALYSIS);
    query_int(&q, run);
    query_text(&q, analysis_kind_name(kind));
    int rc = query_next(&q, err);
    if (rc == 1) {
        text = memory_strdup(query_get_text(&q, 0));
        rc = text == NULL ? err_set_nomem(err) : 0;
    }
    query_end(&q);
    if (rc == 0) {
        *out = text;
    }
    return rc;
}

static const char RUN_EXISTS[] = "SELECT 1 FROM run WHERE id = ?";
static const char WRITE_ANALYSIS[] =
    "INSERT INTO analysis (run, kind, data) VALUES (?, ?, ?)"
    " ON CONFLICT (run, kind) DO UPDATE SET data = excluded.data";

static int write_row(struct connection *connection, int64_t run, enum analysis_kind kind,
                     const char *json, struct err *err) {
    struct query q;
    query_begin(&q, connection, RUN_EXISTS);
    query_int(&q, run);
    int rc = query_next(&q, err);
    query_end(&q);
    if (rc == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)run);
    }
    if (rc == 1) {
        rc = connection_check_json(connection, json, "what was found", err);
    }
    if (rc != 0) {
        return rc;
    }
    query_begin(&q, connection, WRITE_ANALYSIS);
    query_int(&q, run);
    query_text(&q, analysis_kind_name(kind));
    query_text(&q, json);
    return query_run(&q, err);
}

int analysis_store_write(struct db *db, int64_t run, enum analysis_kind kind,
                         const char *json, struct err *err) {
    struct connection *connection;
    int rc = db_write_begin(db, &connection, err);
    if (rc == 0) {
        rc = write_row(connection, run, kind, json, err);
        rc = db_write_end(db, rc, err);
    }
    return rc;
}
