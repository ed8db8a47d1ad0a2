/* SPDX-License-Identifier: MIT */
#include "db/sql/chunk_list.h"

#include <stdio.h>

#include "db/sql/fault.h"
#include "db/sql/sqlite_api.h"
#include "engine/record/sink.h"

enum { GROUPS_MAX = (1 << 24) / LANE_GROUP_LANES };

void chunk_list_deinit(struct chunk_list *list) {
    sqlite3_finalize(list->runs);
    sqlite3_finalize(list->list);
    sqlite3_finalize(list->read);
    memory_free(list->items);
    *list = (struct chunk_list){
        .sqlite = list->sqlite, .source = list->source, .damages = list->damages};
}

/* Prepares a statement the first time, else makes it ready for use again, with its first
 * parameter. */
static int ready(struct chunk_list *list, const char *sql, sqlite3_stmt **stmt,
                 int64_t first, struct err *err) {
    int code = SQLITE_OK;
    if (*stmt != NULL) {
        sqlite3_reset(*stmt);
    } else {
        code = sqlite3_prepare_v3(list->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt,
                                  NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_bind_int64(*stmt, 1, first);
    }
    return code == SQLITE_OK ? 0 : fault_of_sqlite(list->sqlite, code, err);
}

/* --- runs ---------------------------------------------------------------------- */

static const char LIST_RUNS[] = "SELECT id FROM main.run WHERE id BETWEEN ? AND ?"
                                " AND timeline = 2 ORDER BY id";

int chunk_list_begin(struct chunk_list *list, int64_t lo, int64_t hi, struct err *err) {
    const int rc = ready(list, LIST_RUNS, &list->runs, lo, err);
    if (rc != 0) {
        return rc;
    }
    const int code = sqlite3_bind_int64(list->runs, 2, hi);
    return code == SQLITE_OK ? 0 : fault_of_sqlite(list->sqlite, code, err);
}

static int64_t damage_group(const struct chunk_list *list, const struct chunk_ref *ref) {
    if (list->source->points != 0) {
        return list->source->points;
    }
    return ref->group == CHUNK_GROUP_UNKNOWN ? DAMAGE_UNKNOWN : (int64_t)ref->group;
}

int chunk_list_note(struct chunk_list *list, const struct chunk_ref *ref,
                    const char *what, struct err *err) {
    if (list->damages == NULL) {
        return 0;
    }
    struct damage damage = {.run = list->run,
                            .group = damage_group(list, ref),
                            .from_ns = ref->t0_ns,
                            .to_ns = ref->t1_ns};
    snprintf(damage.what, sizeof damage.what, "%.*s", DAMAGE_TEXT_BYTES - 1, what);
    return damage_list_add(list->damages, &damage, err);
}

static int add_ref(struct chunk_list *list, struct err *err) {
    sqlite3_stmt *stmt = list->list;
    const int64_t group = sqlite3_column_int64(stmt, 1);
    const struct chunk_ref ref = {
        .id = sqlite3_column_int64(stmt, 0),
        .t0_ns = sqlite3_column_int64(stmt, 2),
        .t1_ns = sqlite3_column_int64(stmt, 3),
        .start_ns = sqlite3_column_int64(stmt, 4),
        .lanes = UINT64_MAX,
        .states = UINT32_MAX,
        .group = group >= 0 && group < GROUPS_MAX ? (uint32_t)group : CHUNK_GROUP_UNKNOWN,
    };
    if (ref.id < 1 || ref.id > CHUNK_ID_MAX || ref.group == CHUNK_GROUP_UNKNOWN ||
        ref.t0_ns < 0 || ref.t0_ns > ref.t1_ns || ref.start_ns < 0) {
        return chunk_list_note(list, &ref, "the chunk has impossible lanes or times",
                               err);
    }
    if (vec_reserve((void **)&list->items, &list->capacity, list->count, sizeof ref) !=
        0) {
        return err_set_nomem(err);
    }
    list->items[list->count++] = ref;
    return 0;
}

static int list_chunks(struct chunk_list *list, int64_t run, struct err *err) {
    list->run = 0;
    list->count = 0;
    int rc = ready(list, list->source->list, &list->list, run, err);
    if (rc != 0) {
        return rc;
    }
    list->run = run;
    int code = SQLITE_ROW;
    while (rc == 0 && (code = sqlite3_step(list->list)) == SQLITE_ROW) {
        rc = add_ref(list, err);
    }
    if (rc == 0 && code != SQLITE_DONE) {
        rc = fault_of_sqlite(list->sqlite, code, err);
    }
    sqlite3_reset(list->list);
    if (rc != 0) {
        list->run = 0;
    }
    return rc;
}

int chunk_list_next_run(struct chunk_list *list, struct err *err) {
    const int code = sqlite3_step(list->runs);
    if (code == SQLITE_DONE) {
        sqlite3_reset(list->runs);
        return 0;
    }
    if (code != SQLITE_ROW) {
        return fault_of_sqlite(list->sqlite, code, err);
    }
    const int64_t run = sqlite3_column_int64(list->runs, 0);
    if (run <= 0) {
        return fault_damaged(run, "an impossible number of a run", err);
    }
    const int rc = run == list->run ? 0 : list_chunks(list, run, err);
    return rc == 0 ? 1 : rc;
}

/* --- chunks -------------------------------------------------------------------- */

int chunk_list_read(struct chunk_list *list, const struct chunk_ref *ref,
                    const void **data, size_t *size, struct err *err) {
    const int rc = ready(list, list->source->read, &list->read, ref->id, err);
    if (rc != 0) {
        return rc;
    }
    const int code = sqlite3_step(list->read);
    if (code == SQLITE_DONE) {
        return err_set(err, ERR_CORRUPT, "the chunk has gone");
    }
    if (code != SQLITE_ROW) {
        return fault_of_sqlite(list->sqlite, code, err);
    }
    const void *bytes = sqlite3_column_blob(list->read, 0);
    *size = (size_t)sqlite3_column_bytes(list->read, 0);
    if (bytes == NULL && *size > 0) {
        return err_set_nomem(err);
    }
    *data = bytes != NULL ? bytes : "";
    return 0;
}
