/* SPDX-License-Identifier: MIT */
#include "db/sql/run_names.h"

#include <string.h>

#include "db/sql/fault.h"
#include "db/sql/sqlite_api.h"

enum { LANES_MAX = 1 << 24 }; /* so that a damaged file cannot ask for all the memory */

void run_names_deinit(struct run_names *names) {
    memory_free(names->lanes);
    memory_free(names->sites);
    arena_deinit(&names->lane_texts);
    arena_deinit(&names->site_texts);
    *names = (struct run_names){.sqlite = names->sqlite};
}

/* --- words --------------------------------------------------------------------- */

const char *run_names_state_word(int state) {
    return lane_state_name((enum lane_state)state);
}

const char *run_names_kind_word(int kind) { return lane_kind_name((enum lane_kind)kind); }

const char *run_names_instant_word(int kind) {
    return instant_kind_name((enum instant_kind)kind);
}

const char *run_names_counter_word(int kind) {
    return counter_kind_name((enum counter_kind)kind);
}

int run_names_word(const char *(*name_of)(int), int count, const char *text,
                   size_t size) {
    for (int i = 0; i < count; i++) {
        const char *word = name_of(i);
        if (strlen(word) == size && memcmp(word, text, size) == 0) {
            return i;
        }
    }
    return -1;
}

/* --- lanes --------------------------------------------------------------------- */

/* Rows before this one that are missing have no name. */
static int add_lane(struct run_names *names, int64_t run, sqlite3_stmt *stmt,
                    struct err *err) {
    const int64_t id = sqlite3_column_int64(stmt, 0);
    const char *kind = (const char *)sqlite3_column_text(stmt, 1);
    const char *text = (const char *)sqlite3_column_text(stmt, 2);
    if (kind == NULL || text == NULL) {
        return err_set_nomem(err);
    }
    const int number =
        run_names_word(run_names_kind_word, LANE_KIND_COUNT, kind, strlen(kind));
    if (id < (int64_t)names->lane_count || id >= LANES_MAX || number < 0) {
        return fault_damaged(run, "an impossible lane", err);
    }
    const char *name = arena_strdup(&names->lane_texts, text);
    while (name != NULL && names->lane_count <= (size_t)id) {
        if (vec_reserve((void **)&names->lanes, &names->lane_capacity, names->lane_count,
                        sizeof *names->lanes) != 0) {
            return err_set_nomem(err);
        }
        names->lanes[names->lane_count++] = (struct lane_name){0};
    }
    if (name == NULL) {
        return err_set_nomem(err);
    }
    names->lanes[id] = (struct lane_name){
        .name = name,
        .kind = (uint8_t)number,
        .parent = (lane_id)sqlite3_column_int64(stmt, 3),
        .born_ns = sqlite3_column_int64(stmt, 4),
        .died_ns = sqlite3_column_int64(stmt, 5),
    };
    return 0;
}

/* --- sites --------------------------------------------------------------------- */

static int add_site(struct run_names *names, int64_t run, sqlite3_stmt *stmt,
                    struct err *err) {
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    if (text == NULL) {
        return fault_damaged(run, "a site without a place", err);
    }
    const char *copy = arena_strdup(&names->site_texts, text);
    if (copy == NULL || vec_reserve((void **)&names->sites, &names->site_capacity,
                                    names->site_count, sizeof *names->sites) != 0) {
        return err_set_nomem(err);
    }
    names->sites[names->site_count++] = copy;
    return 0;
}

/* --- both ---------------------------------------------------------------------- */

typedef int (*add_fn)(struct run_names *names, int64_t run, sqlite3_stmt *stmt,
                      struct err *err);

static int add_rows(struct run_names *names, const char *sql, int64_t run, add_fn add,
                    struct err *err) {
    sqlite3_stmt *stmt = NULL;
    int rc = 0;
    int code = sqlite3_prepare_v2(names->sqlite, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_bind_int64(stmt, 1, run);
    }
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW && (rc = add(names, run, stmt, err)) != 0) {
            break;
        }
    }
    if (rc == 0 && code != SQLITE_DONE) {
        rc = fault_of_sqlite(names->sqlite, code, err);
    }
    sqlite3_finalize(stmt);
    return rc;
}

static const char READ_LANES[] = "SELECT lane, kind, name, parent, born_ns, died_ns"
                                 " FROM main.lane WHERE run = ? ORDER BY lane";

int run_names_read_lanes(struct run_names *names, int64_t run, struct err *err) {
    if (names->lanes_of == run) {
        return 0;
    }
    names->lanes_of = 0;
    names->lane_count = 0;
    arena_deinit(&names->lane_texts);
    const int rc = add_rows(names, READ_LANES, run, add_lane, err);
    if (rc == 0) {
        names->lanes_of = run;
    }
    return rc;
}

static const char READ_SITES[] =
    "SELECT s.value FROM main.run r, json_each(r.sites) s WHERE r.id = ? ORDER BY s.id";

int run_names_read_sites(struct run_names *names, int64_t run, struct err *err) {
    if (names->sites_of == run) {
        return 0;
    }
    names->sites_of = 0;
    names->site_count = 0;
    arena_deinit(&names->site_texts);
    const int rc = add_rows(names, READ_SITES, run, add_site, err);
    if (rc == 0) {
        names->sites_of = run;
    }
    return rc;
}

const struct lane_name *run_names_lane(const struct run_names *names, lane_id lane) {
    return lane >= 0 && (size_t)lane < names->lane_count &&
                   names->lanes[lane].name != NULL
               ? &names->lanes[lane]
               : NULL;
}

const char *run_names_site(const struct run_names *names, site_id site) {
    return site >= 0 && (size_t)site < names->site_count ? names->sites[site] : NULL;
}
