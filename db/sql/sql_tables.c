/* SPDX-License-Identifier: MIT */
#include "db/sql/sql_tables.h"

#include <string.h>

#include "db/sql/table_priv.h"

/* --- what the modules share ---------------------------------------------------- */

static const struct table_kind *const kinds[] = {
    &span_table, &instant_table, &counter_table, &flow_table, &span_time, &damage_table,
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The tables of one connection, each with what its xConnect is given. */
struct tables {
    struct use {
        const struct table_kind *kind;
        struct span_pool *pool;
    } uses[KINDS]; /* first: what SQLite frees is the first one */
    struct span_pool pool;
};

int table_connect(sqlite3 *sqlite, void *aux, int argc, const char *const *argv,
                  sqlite3_vtab **out, char **message) {
    const struct use *use = aux;
    (void)argc;
    (void)argv;
    (void)message;
    int code = sqlite3_declare_vtab(sqlite, use->kind->columns);
    if (code == SQLITE_OK) {
        /* They only read: usable where functions with side effects are not. */
        code = sqlite3_vtab_config(sqlite, SQLITE_VTAB_INNOCUOUS);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    struct table *table = memory_zeroed(1, sizeof *table);
    if (table == NULL) {
        return SQLITE_NOMEM;
    }
    table->sqlite = sqlite;
    table->pool = use->pool;
    table->kind = use->kind;
    *out = &table->base;
    return SQLITE_OK;
}

int table_disconnect(sqlite3_vtab *table) {
    memory_free(table);
    return SQLITE_OK;
}

int table_open(size_t size, sqlite3_vtab_cursor **out) {
    sqlite3_vtab_cursor *cursor = memory_zeroed(1, size);
    if (cursor == NULL) {
        return SQLITE_NOMEM;
    }
    *out = cursor;
    return SQLITE_OK;
}

void table_result_id(sqlite3_context *context, int32_t id) {
    if (id >= 0) {
        sqlite3_result_int(context, id);
    }
}

void table_result_word(sqlite3_context *context, const char *word) {
    sqlite3_result_text(context, word, (int)strlen(word), SQLITE_STATIC);
}

void table_result_text(sqlite3_context *context, const char *text) {
    if (text != NULL) {
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    }
}

/* --- the views ----------------------------------------------------------------- */

static const char VIEWS[] =
    "CREATE TEMP VIEW IF NOT EXISTS lanes AS SELECT run AS run_id, lane, kind, name,"
    "  nullif(parent, -1) AS parent, born_ns, died_ns FROM main.lane;"
    "CREATE TEMP VIEW IF NOT EXISTS runs AS SELECT id AS run_id, cell AS cell_id,"
    "  (SELECT experiment FROM main.cell WHERE cell.id = run.cell) AS experiment_id,"
    "  repetition, status, reason, fingerprint, duration_ns, transitions,"
    "  timeline = 2 AS has_timeline, started_ms, finished_ms FROM main.run;"
    "CREATE TEMP VIEW IF NOT EXISTS cells AS SELECT id AS cell_id,"
    "  experiment AS experiment_id, idx AS position, key, runtime, strategy, point,"
    "  status, reason FROM main.cell;"
    "CREATE TEMP VIEW IF NOT EXISTS experiments AS SELECT id AS experiment_id, name,"
    "  status, reason, created_ms, engine_version, cell_count, document"
    "  FROM main.experiment;"
    "CREATE TEMP VIEW IF NOT EXISTS metrics AS SELECT run AS run_id, name, value"
    "  FROM main.metric;"
    "CREATE TEMP VIEW IF NOT EXISTS sites AS SELECT run.id AS run_id, s.key AS site,"
    "  s.value AS path FROM main.run, json_each(run.sites) s;";

/* --- registering --------------------------------------------------------------- */

int sql_tables_register(struct sqlite3 *sqlite, struct damage_list *damages) {
    struct tables *tables = memory_zeroed(1, sizeof *tables);
    if (tables == NULL) {
        return SQLITE_NOMEM;
    }
    tables->pool.damages = damages;
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < KINDS; i++) {
        tables->uses[i] = (struct use){kinds[i], &tables->pool};
        /* When modules go no cursor is open any more. SQLite frees on failure, too. */
        code = sqlite3_create_module_v2(sqlite, kinds[i]->name, kinds[i]->module,
                                        &tables->uses[i], i == 0 ? memory_free : NULL);
    }
    return code == SQLITE_OK ? sqlite3_exec(sqlite, VIEWS, NULL, NULL, NULL) : code;
}
