/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* syscall */
#include "tests/db/fixture.h"

#include <dirent.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/block_cache_priv.h"
#include "db/db_priv.h"

int fixture_setup(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (fixture == NULL) {
        return -1;
    }
    const char *base = getenv("TMPDIR");
    snprintf(fixture->folder, sizeof fixture->folder, "%s/gilscope-test-XXXXXX",
             base != NULL && strlen(base) < 48 ? base : "/tmp");
    if (mkdtemp(fixture->folder) == NULL) {
        free(fixture);
        return -1;
    }
    snprintf(fixture->path, sizeof fixture->path, "%s/store.db", fixture->folder);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state) {
    struct fixture *fixture = *state;
    DIR *folder = opendir(fixture->folder);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char path[sizeof fixture->folder + sizeof entry->d_name + 1];
        snprintf(path, sizeof path, "%s/%s", fixture->folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            unlink(path);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    const int rc = rmdir(fixture->folder);
    free(fixture);
    return rc;
}

void fixture_ok(int rc, const struct err *err) {
    if (rc != 0) {
        fail_msg("%s: %s (%s:%d)", err_code_name(rc), err->text, err->file, err->line);
    }
}

struct db *fixture_open(const struct fixture *fixture) {
    struct err err = {0};
    struct db *db = NULL;
    fixture_ok(db_open(&db, fixture->path, DB_OWN, &err), &err);
    return db;
}

struct db_reader *fixture_reader(struct db *db) {
    struct err err = {0};
    struct db_reader *reader = NULL;
    fixture_ok(db_reader_open(&reader, db, &err), &err);
    return reader;
}

void fixture_keep_at_most(struct db_reader *reader, size_t bytes) {
    block_cache_resize(connection_blocks(db_reader_connection(reader))->cache, bytes);
}

enum { CELLS_MAX = 64 };

int64_t fixture_experiment(struct db *db, int number, size_t cells) {
    static const struct cell_new cell = {
        .key = "k",
        .runtime = "cpython-3.12",
        .strategy = "threads(2)",
        .point = "{\"/machine/cores\":2}",
        .status = CELL_PENDING,
    };
    struct cell_new all[CELLS_MAX];
    assert_true(cells <= CELLS_MAX);
    for (size_t i = 0; i < cells; i++) {
        all[i] = cell;
    }
    char hash[32];
    snprintf(hash, sizeof hash, "hash-%d", number);
    const struct experiment_new experiment = {
        .name = "Two threads",
        .document = "{\"schema\":1}",
        .content_hash = hash,
        .engine_version = "0.1.0",
        .seed = UINT64_MAX - 1,
        .created_ms = 1700000000000 + number,
        .cells = all,
        .cell_count = cells,
    };
    struct err err = {0};
    int64_t id = 0;
    bool existed = false;
    fixture_ok(experiment_store_insert(db, &experiment, &id, &existed, &err), &err);
    assert_false(existed);
    return id;
}

int fixture_finish_cell(struct db *db, int64_t cell, enum cell_status status,
                        const char *reason, struct err *err) {
    const struct cell_finish finish = {.cell = cell, .status = status, .reason = reason};
    return cell_store_finish(db, &finish, err);
}

int64_t fixture_cell(struct db_reader *reader, int64_t experiment) {
    struct err err = {0};
    struct cell_list cells;
    fixture_ok(cell_store_list(reader, experiment, &cells, &err), &err);
    assert_true(cells.count > 0);
    const int64_t id = cells.items[0].id;
    cell_list_deinit(&cells);
    return id;
}

void fixture_add_lane(struct run_result *result, enum lane_kind kind) {
    struct lane_table *lanes = &result->lanes;
    struct lane lane = {.id = (lane_id)lanes->count, .parent = LANE_NONE, .kind = kind};
    snprintf(lane.name, sizeof lane.name, "thread %d", (int)lane.id);
    assert_int_equal(lane_table_add(lanes, &lane), 0);
    if (kind == LANE_THREAD) {
        lane_table_add_time(lanes, lane.id, STATE_RUNNING, 600000);
        lane_table_add_time(lanes, lane.id, STATE_WAIT_GIL, 400000);
    }
    lane_table_end(lanes, lane.id, result->duration_ns);
}

struct run_result fixture_result(uint64_t fingerprint, size_t lane_count) {
    struct run_result result = {
        .status = RUN_DONE,
        .fingerprint = fingerprint,
        .transitions = 12345,
        .duration_ns = 1000000,
    };
    for (int i = 0; i < METRIC_COUNT; i++) {
        result.metric[i] = 100.0 + i;
    }
    for (size_t i = 0; i < lane_count; i++) {
        fixture_add_lane(&result, LANE_THREAD);
    }
    return result;
}

int fixture_record(const struct sink *sink, uint32_t seq, uint32_t count, sim_ns first,
                   struct err *err) {
    static const lane_id lane[CHUNK_SPANS];
    static const uint8_t state[CHUNK_SPANS];
    lane_id none[CHUNK_SPANS], other[CHUNK_SPANS];
    sim_ns start[CHUNK_SPANS], end[CHUNK_SPANS];
    for (uint32_t i = 0; i < count; i++) {
        none[i] = -1;
        other[i] = (lane_id)((i + 1) * 2654435761U >> 1); /* does not compress */
        start[i] = (first + i) * 10;
        end[i] = start[i] + 10;
    }
    const struct lane_before before = {.lane = 0, .since_ns = start[0]};
    const struct lane_after after = {.lane = 0, .resource = other[0], .site = -1};
    const struct span_chunk chunk = {
        .seq = seq,
        .count = count,
        .before_count = 1,
        .after_count = 1, /* the chunk that may follow begins like this one */
        .t0_ns = start[0],
        .t1_ns = end[count - 1],
        .before = &before,
        .after = &after,
        .lane = lane,
        .start_ns = start,
        .end_ns = end,
        .state = state,
        .resource = other,
        .by = other,
        .site = none,
    };
    return sink->spans(sink->context, &chunk, err);
}

int64_t fixture_run(struct db *db, int64_t cell, uint32_t repetition, uint32_t chunks) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {
        .cell = cell,
        .repetition = repetition,
        .started_ms = 1,
        .record = true,
        .sites = "[\"/workload/jobs/steps/0\"]",
    };
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    for (uint32_t i = 0; i < chunks; i++) {
        fixture_ok(fixture_record(run_writer_sink(writer), i, 100, (sim_ns)i * 100, &err),
                   &err);
    }
    struct run_result result = fixture_result(0xabcdef, 0);
    const sim_ns duration_ns = result.duration_ns;
    result.duration_ns = (sim_ns)chunks * 1000; /* the lane's */
    fixture_add_lane(&result, LANE_THREAD);
    result.duration_ns = duration_ns;
    fixture_ok(run_writer_finish(writer, &result, 2, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);
    return id;
}

int64_t fixture_sql(const struct fixture *fixture, const char *sql) {
    sqlite3 *sqlite = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
    if (sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(sqlite));
    }
    const int step = sqlite3_step(stmt);
    const int64_t number = step == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    assert_true(step == SQLITE_ROW || step == SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_close(sqlite);
    return number;
}

void fixture_to_schema(const struct fixture *fixture, int version) {
    static const struct {
        int made_by;
        const char *sql;
    } undo[] = {
        {16, "DROP TABLE experiment_key"},
        {15, "DROP INDEX note_by_key"},
        {15, "ALTER TABLE note DROP COLUMN key_hash"},
        {15, "ALTER TABLE note DROP COLUMN key"},
        {14, "DROP INDEX experiment_by_document"},
        {14, "ALTER TABLE experiment DROP COLUMN document_hash"},
        {13, "ALTER TABLE experiment DROP COLUMN client"},
        {12, "ALTER TABLE run DROP COLUMN counter_chunks"},
        {12, "ALTER TABLE run DROP COLUMN instant_chunks"},
        {11, "DROP TABLE note"},
        {10,
         "CREATE TABLE findings (run INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT"},
        {10, "INSERT INTO findings SELECT run, data FROM analysis"
             " WHERE kind = 'findings'"},
        {10, "DROP TABLE analysis"},
        {9, "DROP TABLE known_time"},
        {8, "DROP TABLE counter_chunk"},
        {6, "DROP TABLE findings"},
        {5, "DROP TABLE sheet"},
        {5, "DROP TABLE carried_span"},
        {5, "DROP TABLE holder_total"},
        {4, "DROP INDEX experiment_removing"},
        {4, "ALTER TABLE experiment DROP COLUMN removing"},
        {4, "ALTER TABLE experiment DROP COLUMN owner"},
        {4, "ALTER TABLE run DROP COLUMN owner"},
        {3, "ALTER TABLE cell_metric DROP COLUMN n"},
        {3, "ALTER TABLE cell_metric DROP COLUMN mean"},
        {3, "ALTER TABLE cell_metric DROP COLUMN mean_low"},
        {3, "ALTER TABLE cell_metric DROP COLUMN mean_high"},
        {3, "ALTER TABLE cell_metric DROP COLUMN median_low"},
        {3, "ALTER TABLE cell_metric DROP COLUMN median_high"},
        {2, "DROP TABLE histogram"},
    };
    char sql[64];
    for (size_t i = 0; i < sizeof undo / sizeof undo[0]; i++) {
        if (undo[i].made_by > version) {
            fixture_sql(fixture, undo[i].sql);
        }
    }
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    fixture_sql(fixture, sql);
}

int fixture_obey_permissions(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capset, &header, none) == 0 ? 0 : -1;
}

uint64_t fixture_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

uint32_t fixture_below(uint64_t *state, uint32_t limit) {
    return (uint32_t)(fixture_random(state) % limit);
}
