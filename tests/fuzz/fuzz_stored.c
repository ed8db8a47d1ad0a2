/* SPDX-License-Identifier: MIT */
/*
 * fuzz_stored - a few bytes of one blob of a store are others, and it is read in every way: an
 * answer, or a refusal with a sentence, which says that it is damaged. So what the readers do
 * with what a decoder accepted is looked at, too.
 *
 *     input  kind of blob, 1 byte; which of them, 1 byte, with the highest bit when SQL is
 *            asked, too, which takes longest; then as often as there is more:
 *            where, 2 bytes; what, 1 byte
 *
 * With an odd number of bytes left the blob ends at the last `where`. Checksums are made right.
 */
#include "tests/db/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/db/small_run.h"
#include "tests/db/store_answer.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOB_MAX = 1 << 16 };

/* Totals and histograms have no checksum. */
static const struct {
    const char *list, *read, *write;
    bool is_sealed;
} kinds[] = {
    {"SELECT id FROM span_chunk ORDER BY id", "SELECT data FROM span_chunk WHERE id = ?",
     "UPDATE span_chunk SET data = ? WHERE id = ?", true},
    {"SELECT id FROM span_chunk WHERE totals IS NOT NULL ORDER BY id",
     "SELECT totals FROM span_chunk WHERE id = ?",
     "UPDATE span_chunk SET totals = ? WHERE id = ?", false},
    {"SELECT id FROM sheet ORDER BY id", "SELECT data FROM sheet WHERE id = ?",
     "UPDATE sheet SET data = ? WHERE id = ?", true},
    {"SELECT id FROM instant_chunk ORDER BY id",
     "SELECT data FROM instant_chunk WHERE id = ?",
     "UPDATE instant_chunk SET data = ? WHERE id = ?", true},
    {"SELECT id FROM counter_chunk ORDER BY id",
     "SELECT data FROM counter_chunk WHERE id = ?",
     "UPDATE counter_chunk SET data = ? WHERE id = ?", true},
    {"SELECT id FROM counter_chunk WHERE carry IS NOT NULL ORDER BY id",
     "SELECT carry FROM counter_chunk WHERE id = ?",
     "UPDATE counter_chunk SET carry = ? WHERE id = ?", true},
    {"SELECT id FROM holder_total ORDER BY id",
     "SELECT data FROM holder_total WHERE id = ?",
     "UPDATE holder_total SET data = ? WHERE id = ?", false},
    {"SELECT lane FROM lane ORDER BY lane", "SELECT totals FROM lane WHERE lane = ?",
     "UPDATE lane SET totals = ? WHERE lane = ?", false},
    {"SELECT run FROM histogram ORDER BY run", "SELECT data FROM histogram WHERE run = ?",
     "UPDATE histogram SET data = ? WHERE run = ?", false},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], IDS_MAX = 128 };

static struct {
    struct fixture *fixture;
    struct store_question question;
    sqlite3 *sqlite;
    sqlite3_stmt *read[KINDS], *write[KINDS];
    int64_t ids[KINDS][IDS_MAX]; /* of rows, or lanes */
    size_t counts[KINDS];
} store;

/* One of its blobs. */
struct place {
    size_t kind;
    int64_t id;
};

/* --- the store ----------------------------------------------------------------- */

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(store.sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
    return stmt;
}

static void list_blobs(size_t kind) {
    sqlite3_stmt *list = prepare(kinds[kind].list);
    while (sqlite3_step(list) == SQLITE_ROW && store.counts[kind] < IDS_MAX) {
        store.ids[kind][store.counts[kind]++] = sqlite3_column_int64(list, 0);
    }
    sqlite3_finalize(list);
    assert_true(store.counts[kind] > 0);
}

static void close_store(void) {
    for (int i = 0; i < KINDS; i++) {
        sqlite3_finalize(store.read[i]);
        sqlite3_finalize(store.write[i]);
    }
    sqlite3_close(store.sqlite);
    db_reader_close(store.question.reader);
    db_close(store.question.db);
    void *state = store.fixture;
    fixture_teardown(&state);
}

static void open_store(void) {
    static struct small_run run;
    struct store_question *q = &store.question;
    struct err err = {0};
    void *state = NULL;
    assert_int_equal(fixture_setup(&state), 0);
    store.fixture = state;
    q->db = fixture_open(store.fixture);
    q->reader = fixture_reader(q->db);
    q->experiment = fixture_experiment(q->db, 1, 1);
    q->cell = fixture_cell(q->reader, q->experiment);
    small_run_init(&run);
    fixture_ok(small_run_store(&run, q->db, q->cell, &q->run, &err), &err);
    small_run_deinit(&run);
    assert_int_equal(sqlite3_open(store.fixture->path, &store.sqlite), SQLITE_OK);
    for (int i = 0; i < KINDS; i++) {
        store.read[i] = prepare(kinds[i].read);
        store.write[i] = prepare(kinds[i].write);
        list_blobs((size_t)i);
    }
    sqlite3_exec(store.sqlite, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    fixture_keep_at_most(q->reader, 0);
    atexit(close_store);
}

static size_t read_blob(const struct place *place, uint8_t out[BLOB_MAX]) {
    sqlite3_stmt *read = store.read[place->kind];
    sqlite3_bind_int64(read, 1, place->id);
    assert_int_equal(sqlite3_step(read), SQLITE_ROW);
    const size_t size = (size_t)sqlite3_column_bytes(read, 0);
    assert_true(size > 0 && size <= BLOB_MAX);
    memcpy(out, sqlite3_column_blob(read, 0), size);
    sqlite3_reset(read);
    return size;
}

static void write_blob(const struct place *place, const uint8_t *data, size_t size) {
    sqlite3_stmt *write = store.write[place->kind];
    sqlite3_bind_blob64(write, 1, data, size, SQLITE_STATIC);
    sqlite3_bind_int64(write, 2, place->id);
    assert_int_equal(sqlite3_step(write), SQLITE_DONE);
    sqlite3_reset(write);
}

/* --- the blob ------------------------------------------------------------------ */

static size_t where(const uint8_t *data) { return data[0] | (size_t)data[1] << 8; }

/* How long it is then. */
static size_t change(uint8_t *blob, size_t size, const uint8_t *data, size_t left) {
    for (; left >= 3; data += 3, left -= 3) {
        blob[where(data) % size] = data[2];
    }
    return left == 2 ? where(data) % size + 1 : size;
}

static void read_all(bool is_whole, bool with_sql) {
    for (size_t i = 0; i < store_answer_count(); i++) {
        struct err err = {0};
        uint64_t answer;
        if (!with_sql && strcmp(store_answer_name(i), "SQL") == 0) {
            continue;
        }
        const int rc = store_answer(i, &store.question, &answer, &err);
        if (rc != 0 && (is_whole || rc != ERR_CORRUPT || err.text[0] == '\0')) {
            fail_msg("%s: %d: %s", store_answer_name(i), rc, err.text);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t blob[BLOB_MAX], before[BLOB_MAX];
    if (store.sqlite == NULL) {
        open_store();
    }
    if (size < 2) {
        return 0;
    }
    const size_t kind = data[0] % KINDS;
    const struct place place = {kind,
                                store.ids[kind][(data[1] & 0x7f) % store.counts[kind]]};
    const size_t whole = read_blob(&place, before);
    memcpy(blob, before, whole);
    const size_t length = change(blob, whole, data + 2, size - 2);
    uint8_t *sealed = sealed_copy(blob, length);
    write_blob(&place, kinds[kind].is_sealed ? sealed : blob, length);
    read_all(size == 2, data[1] >> 7 != 0);
    write_blob(&place, before, whole);
    free(sealed);
    return 0;
}
