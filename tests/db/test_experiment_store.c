/* SPDX-License-Identifier: MIT */
#include "tests/db/fixture.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "db/connection_priv.h"
#include "db/db_priv.h"
#include "db/experiment_list.h"
#include "db/experiment_queue.h"
#include "engine/base/memory.h"
#include "tests/db/sqlite_faults.h"

/* What every test works on. */
struct world {
    struct fixture *fixture;
    struct db *db;
    struct db_reader *reader;
};

static struct world *world_of(void **state) {
    static struct world world;
    world.fixture = *state;
    world.db = fixture_open(world.fixture);
    world.reader = fixture_reader(world.db);
    return &world;
}

static void world_close(struct world *world) {
    db_reader_close(world->reader);
    db_close(world->db);
}

static void test_experiment_store_gives_back_what_it_got(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const int64_t id = fixture_experiment(w->db, 7, 3);
    struct experiment got;
    fixture_ok(experiment_store_read(w->reader, id, &got, &err), &err);
    assert_int_equal(got.row.id, id);
    assert_string_equal(got.row.name, "Two threads");
    assert_string_equal(got.row.document, "{\"schema\":1}");
    assert_string_equal(got.row.content_hash, "hash-7");
    assert_string_equal(got.row.engine_version, "0.1.0");
    assert_string_equal(got.row.reason, "");
    assert_int_equal(got.row.status, EXPERIMENT_QUEUED);
    assert_true(got.row.seed == UINT64_MAX - 1);
    assert_int_equal(got.row.created_ms, 1700000000007);
    assert_int_equal(got.row.cells, 3);
    assert_int_equal(got.row.cells_done, 0);
    experiment_deinit(&got);

    struct cell_list cells;
    fixture_ok(cell_store_list(w->reader, id, &cells, &err), &err);
    assert_int_equal(cells.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cells.items[i].index, i);
        assert_int_equal(cells.items[i].experiment, id);
        assert_string_equal(cells.items[i].runtime, "cpython-3.12");
        assert_string_equal(cells.items[i].strategy, "threads(2)");
        assert_string_equal(cells.items[i].point, "{\"/machine/cores\":2}");
        assert_int_equal(cells.items[i].status, CELL_PENDING);
        assert_int_equal(cells.items[i].metric_count, 0);
    }
    cell_list_deinit(&cells);
    assert_int_equal(experiment_store_read(w->reader, id + 1, &got, NULL), ERR_NOT_FOUND);
    assert_int_equal(cell_store_read(w->reader, 999, &cells, NULL), ERR_NOT_FOUND);
    world_close(w);
}

static void test_experiment_store_takes_a_submission_once(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const int64_t first = fixture_experiment(w->db, 1, 2);
    const struct experiment_new again = {
        .name = "Another name",
        .document = "{}",
        .content_hash = "hash-1",
        .engine_version = "0.1.0",
    };
    int64_t id = 0, found = 0;
    bool existed = false;
    fixture_ok(experiment_store_insert(w->db, &again, &id, &existed, &err), &err);
    assert_true(existed);
    assert_int_equal(id, first);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM experiment"), 1);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM cell"), 2);
    fixture_ok(experiment_store_find(w->reader, "hash-1", &found, &err), &err);
    assert_int_equal(found, first);
    assert_int_equal(experiment_store_find(w->reader, "hash-2", &found, NULL),
                     ERR_NOT_FOUND);
    world_close(w);
}

/* Inserts one of that document, key and engine; -1 when the old one `*old` was given. */
static int64_t insert_of(struct world *w, const char *document_hash, const char *key,
                         bool again, int64_t *old) {
    struct err err = {0};
    const struct experiment_new experiment = {.name = "n",
                                              .document = "{}",
                                              .content_hash = key,
                                              .document_hash = document_hash,
                                              .again = again,
                                              .engine_version = "0.1.0"};
    int64_t id = 0;
    bool existed = false;
    fixture_ok(experiment_store_insert(w->db, &experiment, &id, &existed, &err), &err);
    if (existed) {
        *old = id;
        return -1;
    }
    return id;
}

static int64_t find_same(struct world *w, const char *hash, const char *engine_version) {
    int64_t id = 0;
    const int rc = experiment_store_find_same(w->reader, hash, engine_version, &id, NULL);
    assert_true(rc == 0 || rc == ERR_NOT_FOUND);
    assert_int_equal(rc == 0, id != 0);
    return id;
}

static void test_experiment_store_takes_a_document_once(void **state) {
    struct world *w = world_of(state);
    int64_t old = 0;
    const int64_t first = insert_of(w, "d1", "a", false, &old);
    assert_int_equal(insert_of(w, "d1", "b", false, &old), -1);
    assert_int_equal(old, first);
    const int64_t second = insert_of(w, "d1", "b", true, &old);
    assert_true(second > first);
    assert_true(insert_of(w, "d2", "c", false, &old) > second);
    /* Without a hash nothing is known of the document. */
    assert_true(insert_of(w, NULL, "d", false, &old) > 0);
    assert_true(insert_of(w, NULL, "e", false, &old) > 0);
    assert_int_equal(find_same(w, "d1", "0.1.0"), second);
    assert_int_equal(find_same(w, "d1", "0.1.1"), 0);
    assert_int_equal(find_same(w, "d3", "0.1.0"), 0);
    assert_int_equal(find_same(w, NULL, "0.1.0"), 0);
    world_close(w);
}

/* Each status, of ours and of a dead process. */
static void test_experiment_store_finds_results_of_a_document(void **state) {
    struct world *w = world_of(state);
    int64_t old = 0;
    static const struct {
        const char *change;
        bool found;
    } cases[] = {
        {"UPDATE experiment SET name = 'queued by us' WHERE id = 1", true},
        {"UPDATE experiment SET status = 'running' WHERE id = 1", true},
        {"UPDATE experiment SET owner = 0 WHERE id = 1", false},
        {"UPDATE experiment SET status = 'queued' WHERE id = 1", true},
        {"UPDATE experiment SET status = 'done' WHERE id = 1", true},
        {"UPDATE experiment SET removing = 1 WHERE id = 1", false},
        {"UPDATE experiment SET removing = 0 WHERE id = 1", true},
        {"UPDATE experiment SET status = 'failed' WHERE id = 1", false},
        {"UPDATE experiment SET status = 'interrupted' WHERE id = 1", false},
    };
    const int64_t first = insert_of(w, "d", "a", false, &old);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture_sql(w->fixture, cases[i].change);
        assert_int_equal(find_same(w, "d", "0.1.0"), cases[i].found ? first : 0);
    }
    /* Results that are there come first. */
    fixture_sql(w->fixture, "UPDATE experiment SET status = 'done'");
    const int64_t second = insert_of(w, "d", "b", true, &old);
    assert_int_equal(find_same(w, "d", "0.1.0"), first);
    fixture_sql(w->fixture, "UPDATE experiment SET status = 'done'");
    assert_int_equal(find_same(w, "d", "0.1.0"), second);
    world_close(w);
}

static void test_experiment_store_refuses_what_is_no_json(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const struct cell_new cell = {
        .key = "k", .runtime = "r", .strategy = "s", .point = "no json"};
    struct experiment_new bad = {
        .name = "n",
        .document = "{",
        .content_hash = "h",
        .engine_version = "0.1.0",
        .cells = &cell,
        .cell_count = 1,
    };
    int64_t id = 77;
    bool existed = false;
    assert_int_equal(experiment_store_insert(w->db, &bad, &id, &existed, &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.text, "the document is not valid JSON"));
    bad.document = "{}";
    assert_int_equal(experiment_store_insert(w->db, &bad, &id, &existed, NULL),
                     ERR_INVALID);
    assert_int_equal(id, 77);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM experiment"), 0);
    world_close(w);
}

/* Reads everything in pages and checks that `ids` come in turn, the last one first. */
static void assert_pages(struct world *w, size_t limit, const int64_t *ids, int count,
                         bool submit_meanwhile) {
    struct err err = {0};
    struct experiment_wish wish = {.limit = limit};
    bool goes_on;
    do {
        struct experiment_list list;
        fixture_ok(experiment_list_read(w->reader, &wish, &list, &err), &err);
        assert_true(list.count <= limit);
        for (size_t i = 0; i < list.count; i++) {
            assert_true(count > 0);
            assert_int_equal(list.items[i].id, ids[--count]);
            assert_null(list.items[i].document);
            assert_int_equal(list.items[i].cells, 1);
        }
        goes_on = list.has_more;
        assert_true(!goes_on || list.count == limit);
        wish.after = list.count > 0 ? list.items[list.count - 1].id : 0;
        experiment_list_deinit(&list);
        if (submit_meanwhile) {
            fixture_experiment(w->db, 1000 + count, 1);
        }
    } while (goes_on);
    assert_int_equal(count, 0);
}

/* Pages of every size give every experiment once, newest first, also while others arrive.
 */
static void test_experiment_store_pages(void **state) {
    struct world *w = world_of(state);
    enum { COUNT = 23 };
    int64_t ids[COUNT];
    for (int i = 0; i < COUNT; i++) {
        ids[i] = fixture_experiment(w->db, i, 1);
    }
    for (size_t limit = 1; limit <= COUNT + 1; limit++) {
        assert_pages(w, limit, ids, COUNT, false);
    }
    assert_pages(w, 5, ids, COUNT, true);
    struct experiment_list list;
    assert_int_equal(experiment_list_read(
                         w->reader, &(struct experiment_wish){.limit = 0}, &list, NULL),
                     ERR_INVALID);
    assert_int_equal(
        experiment_list_read(w->reader,
                             &(struct experiment_wish){.limit = EXPERIMENT_PAGE_MAX + 1},
                             &list, NULL),
        ERR_INVALID);
    world_close(w);
}

/* --- filters, against a naive list -------------------------------------------- */

enum { NAMED = 40 };

struct named {
    int64_t id;
    const char *name;
    enum experiment_status status;
    const char *client, *document_hash;
    int64_t created_ms;
};

static void store_named(struct world *w, struct named out[NAMED]) {
    static const char *const names[] = {"",  "Convoy", "convoy", "CONVOY 2", "a,b",
                                        "%", "Łódź",   "zebra",  "a_b",      "A"};
    const struct cell_new cell = {
        .key = "k", .runtime = "r", .strategy = "s", .point = "{}"};
    for (int i = 0; i < NAMED; i++) {
        char hash[24];
        bool existed;
        struct err err = {0};
        struct named *it = &out[i];
        *it = (struct named){.name = names[i * 7 % 10],
                             .status = (enum experiment_status)(i * 3 % 5),
                             .client = i % 3 == 0   ? "ann"
                                       : i % 3 == 1 ? "bob"
                                                    : "",
                             .document_hash = i % 4 == 0 ? "aa" : "bb",
                             .created_ms = 1000 + i * 11 % 7};
        snprintf(hash, sizeof hash, "named %d", i);
        const struct experiment_new experiment = {.name = it->name,
                                                  .document = "{}",
                                                  .content_hash = hash,
                                                  .document_hash = it->document_hash,
                                                  .again = true,
                                                  .client = it->client,
                                                  .created_ms = it->created_ms,
                                                  .engine_version = "0",
                                                  .cells = &cell,
                                                  .cell_count = 1};
        fixture_ok(experiment_store_insert(w->db, &experiment, &it->id, &existed, &err),
                   &err);
        if (it->status == EXPERIMENT_DONE) {
            fixture_ok(experiment_store_set_status(w->db, it->id, EXPERIMENT_RUNNING,
                                                   NULL, &err),
                       &err);
        }
        if (it->status != EXPERIMENT_QUEUED) {
            fixture_ok(experiment_store_set_status(w->db, it->id, it->status, NULL, &err),
                       &err);
        }
    }
}

static bool has_part(const char *name, const char *part) {
    while (*name != '\0' && strncasecmp(name, part, strlen(part)) != 0) {
        name++;
    }
    return *name != '\0';
}

static bool is_wished(const struct named *it, const struct experiment_wish *wish) {
    return (wish->statuses == 0 || (wish->statuses & 1U << it->status) != 0) &&
           (wish->part == NULL || has_part(it->name, wish->part)) &&
           (wish->client == NULL || strcmp(wish->client, it->client) == 0) &&
           (wish->document_hash == NULL ||
            strcmp(wish->document_hash, it->document_hash) == 0) &&
           it->created_ms >= wish->created_from_ms &&
           (!wish->is_bounded || it->created_ms < wish->created_until_ms);
}

static bool comes_before(const struct named *a, const struct named *b,
                         enum experiment_order order) {
    const int names = order == EXPERIMENT_BY_NAME ? strcasecmp(a->name, b->name) : 0;
    return names != 0 ? names < 0
                      : (order == EXPERIMENT_NEWEST ? a->id > b->id : a->id < b->id);
}

/* The first one that is wished for after `last` (NULL: of all), or NULL. */
static const struct named *naive_next(const struct named *all, const struct named *last,
                                      const struct experiment_wish *wish) {
    const struct named *next = NULL;
    for (const struct named *it = all; it < all + NAMED; it++) {
        if (is_wished(it, wish) &&
            (last == NULL || comes_before(last, it, wish->order)) &&
            (next == NULL || comes_before(it, next, wish->order))) {
            next = it;
        }
    }
    return next;
}

/* All pages; the text of a page ends with it, so the name before is copied. */
static void assert_as_naive(struct world *w, const struct named *all,
                            struct experiment_wish wish) {
    const struct named *last = NULL, *next;
    char name[32];
    bool goes_on;
    do {
        struct experiment_list list;
        struct err err = {0};
        fixture_ok(experiment_list_read(w->reader, &wish, &list, &err), &err);
        for (size_t i = 0; i < list.count; i++) {
            next = naive_next(all, last, &wish);
            assert_non_null(next);
            assert_int_equal(list.items[i].id, next->id);
            assert_string_equal(list.items[i].name, next->name);
            last = next;
        }
        goes_on = list.has_more;
        if (last != NULL) {
            snprintf(name, sizeof name, "%s", last->name);
            wish.after = last->id;
            wish.after_name = name;
        }
        experiment_list_deinit(&list);
    } while (goes_on);
    assert_null(naive_next(all, last, &wish));
}

static void test_experiment_store_filters_as_a_naive_list(void **state) {
    static const char *const parts[] = {NULL, "convoy", "A", "%", "_", "Ł", "nothing"};
    static const unsigned statuses[] = {0, 1U << EXPERIMENT_DONE, 0x1f,
                                        1U << EXPERIMENT_FAILED |
                                            1U << EXPERIMENT_QUEUED};
    struct world *w = world_of(state);
    struct named all[NAMED];
    store_named(w, all);
    for (int order = 0; order < EXPERIMENT_ORDER_COUNT; order++) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            for (size_t j = 0; j < sizeof statuses / sizeof statuses[0]; j++) {
                for (size_t limit = 1; limit <= NAMED; limit = 3 * limit) {
                    assert_as_naive(
                        w, all,
                        (struct experiment_wish){.order = (enum experiment_order)order,
                                                 .part = parts[i],
                                                 .statuses = statuses[j],
                                                 .limit = limit});
                }
            }
        }
    }
    world_close(w);
}

static void test_experiment_store_filters_by_who_what_and_when(void **state) {
    static const struct experiment_wish wishes[] = {
        {.client = "ann"},
        {.client = "nobody"},
        {.document_hash = "aa"},
        {.document_hash = "aa", .client = "bob", .statuses = 0x1f},
        {.created_from_ms = 1003},
        {.is_bounded = true, .created_until_ms = 1003},
        {.is_bounded = true},
        {.created_from_ms = 1002,
         .is_bounded = true,
         .created_until_ms = 1005,
         .part = "a"},
        {.created_from_ms = 1005, .is_bounded = true, .created_until_ms = 1002},
    };
    struct world *w = world_of(state);
    struct named all[NAMED];
    store_named(w, all);
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        for (int order = 0; order < EXPERIMENT_ORDER_COUNT; order++) {
            struct experiment_wish wish = wishes[i];
            wish.order = (enum experiment_order)order;
            for (wish.limit = 1; wish.limit <= NAMED; wish.limit *= 3) {
                assert_as_naive(w, all, wish);
            }
        }
    }
    world_close(w);
}

static void test_experiment_store_lists_nothing(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    struct experiment_list list;
    fixture_ok(experiment_list_read(w->reader, &(struct experiment_wish){.limit = 10},
                                    &list, &err),
               &err);
    assert_int_equal(list.count, 0);
    assert_false(list.has_more);
    experiment_list_deinit(&list);
    int64_t id = 0;
    assert_int_equal(experiment_queue_next(w->reader, 0, 9, &id, NULL), ERR_NOT_FOUND);
    world_close(w);
}

static void test_experiment_store_gives_the_oldest_queued(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const int64_t first = fixture_experiment(w->db, 1, 1);
    const int64_t second = fixture_experiment(w->db, 2, 1);
    int64_t id = 0;
    fixture_ok(experiment_queue_next(w->reader, 0, 9, &id, &err), &err);
    assert_int_equal(id, first);
    fixture_ok(experiment_queue_next(w->reader, first, 9, &id, &err), &err);
    assert_int_equal(id, second);
    fixture_ok(experiment_store_set_status(w->db, first, EXPERIMENT_RUNNING, NULL, &err),
               &err);
    fixture_ok(experiment_queue_next(w->reader, 0, 9, &id, &err), &err);
    assert_int_equal(id, second);
    world_close(w);
}

static void test_experiment_store_changes_status_as_drawn(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const int64_t id = fixture_experiment(w->db, 1, 2);
    assert_int_equal(experiment_store_set_status(w->db, id, EXPERIMENT_DONE, NULL, &err),
                     ERR_CONFLICT);
    assert_non_null(strstr(err.text, "is queued and cannot become done"));
    err_clear(&err);
    fixture_ok(experiment_store_set_status(w->db, id, EXPERIMENT_RUNNING, NULL, &err),
               &err);
    assert_int_equal(
        experiment_store_set_status(w->db, id, EXPERIMENT_QUEUED, NULL, NULL),
        ERR_CONFLICT);
    assert_int_equal(experiment_store_requeue(w->db, id, NULL), ERR_CONFLICT);

    const int64_t cell = fixture_cell(w->reader, id);
    fixture_ok(cell_store_start(w->db, cell, &err), &err);
    assert_int_equal(cell_store_start(w->db, cell, NULL), ERR_CONFLICT);
    assert_int_equal(fixture_finish_cell(w->db, cell, CELL_PENDING, NULL, NULL),
                     ERR_INVALID);
    fixture_ok(fixture_finish_cell(w->db, cell, CELL_INTERRUPTED, "stopped", &err), &err);
    fixture_ok(experiment_store_set_status(w->db, id, EXPERIMENT_INTERRUPTED,
                                           "the server stopped", &err),
               &err);
    struct experiment got;
    fixture_ok(experiment_store_read(w->reader, id, &got, &err), &err);
    assert_string_equal(got.row.reason, "the server stopped");
    assert_int_equal(got.row.cells_done, 0);
    experiment_deinit(&got);
    struct cell_list cells;
    fixture_ok(cell_store_list(w->reader, id, &cells, &err), &err);
    assert_int_equal(cells.items[0].status, CELL_INTERRUPTED);
    assert_int_equal(cells.items[1].status, CELL_INTERRUPTED); /* was pending */
    cell_list_deinit(&cells);

    int64_t left = 0;
    enum experiment_status status = EXPERIMENT_DONE;
    fixture_ok(experiment_store_find_left(w->reader, "{\"schema\":1}", "0.1.0", &left,
                                          &status, &err),
               &err);
    assert_int_equal(left, id);
    assert_int_equal(status, EXPERIMENT_INTERRUPTED);
    assert_int_equal(experiment_store_find_left(w->reader, "{\"schema\":1}", "0", &left,
                                                &status, NULL),
                     ERR_NOT_FOUND);
    fixture_ok(experiment_store_requeue(w->db, id, &err), &err);
    /* Ours, and we live. */
    assert_int_equal(experiment_store_find_left(w->reader, "{\"schema\":1}", "0.1.0",
                                                &left, &status, NULL),
                     ERR_NOT_FOUND);
    fixture_ok(experiment_store_read(w->reader, id, &got, &err), &err);
    assert_int_equal(got.row.status, EXPERIMENT_QUEUED);
    assert_string_equal(got.row.reason, "");
    experiment_deinit(&got);
    fixture_ok(cell_store_start(w->db, cell, &err), &err);
    fixture_ok(fixture_finish_cell(w->db, cell, CELL_DONE, NULL, &err), &err);
    assert_int_equal(fixture_finish_cell(w->db, cell, CELL_DONE, NULL, NULL),
                     ERR_CONFLICT);
    fixture_ok(experiment_store_read(w->reader, id, &got, &err), &err);
    assert_int_equal(got.row.cells_done, 1);
    experiment_deinit(&got);
    assert_int_equal(cell_store_start(w->db, 12345, NULL), ERR_NOT_FOUND);
    assert_int_equal(
        experiment_store_set_status(w->db, 12345, EXPERIMENT_RUNNING, NULL, NULL),
        ERR_NOT_FOUND);
    world_close(w);
}

/* Between begin and end a reader sees one state, whatever is written meanwhile. */
static void test_db_reader_sees_one_state(void **state) {
    struct world *w = world_of(state);
    struct err err = {0};
    const int64_t id = fixture_experiment(w->db, 1, 1);
    struct experiment got;
    fixture_ok(db_reader_begin(w->reader, &err), &err);
    fixture_ok(experiment_store_read(w->reader, id, &got, &err), &err);
    experiment_deinit(&got);
    fixture_ok(experiment_store_set_status(w->db, id, EXPERIMENT_RUNNING, NULL, &err),
               &err);
    fixture_ok(experiment_store_read(w->reader, id, &got, &err), &err);
    assert_int_equal(got.row.status, EXPERIMENT_QUEUED);
    experiment_deinit(&got);
    db_reader_end(w->reader);
    fixture_ok(experiment_store_read(w->reader, id, &got, &err), &err);
    assert_int_equal(got.row.status, EXPERIMENT_RUNNING);
    experiment_deinit(&got);
    world_close(w);
}

static void test_db_read_mode_writes_nothing(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    const int64_t id = fixture_experiment(db, 1, 1);
    struct db *beside = NULL;
    fixture_ok(db_open(&beside, fixture->path, DB_READ, &err), &err);
    assert_int_equal(experiment_store_requeue(beside, id, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "reading only"));
    assert_int_equal(db_recover(beside, NULL, NULL), ERR_CONFLICT);
    db_close(beside);
    db_close(db);
}

/* Whatever call fails while an experiment is stored: all of it is there, or nothing. */
static void test_experiment_store_survives_every_failing_call(void **state) {
    struct world *w = world_of(state);
    struct cell_new cells[3];
    for (int i = 0; i < 3; i++) {
        cells[i] =
            (struct cell_new){.key = "k", .runtime = "r", .strategy = "s", .point = "{}"};
    }
    const struct experiment_new experiment = {
        .name = "n",
        .document = "{}",
        .content_hash = "h",
        .engine_version = "0.1.0",
        .cells = cells,
        .cell_count = 3,
    };
    int failures = 0;
    int64_t id = -1;
    bool existed = false;
    for (int after = 0;; after++) {
        struct err err = {0};
        sqlite_statements_fail_after(after);
        const int rc = experiment_store_insert(w->db, &experiment, &id, &existed, &err);
        sqlite_statements_fail_after(-1);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_IO);
        assert_int_equal(id, -1);
        assert_non_null(strstr(err.text, "full"));
        assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM experiment"), 0);
        assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM cell"), 0);
        failures++;
    }
    assert_int_equal(failures, 11); /* begin, find, commit; check and insert four rows */
    assert_false(existed);
    assert_int_equal(fixture_sql(w->fixture, "SELECT count(*) FROM cell"), 3);
    world_close(w);
}

static void test_experiment_store_survives_every_failing_allocation(void **state) {
    struct world *w = world_of(state);
    const int64_t id = fixture_experiment(w->db, 1, 2);
    int failures = 0;
    for (int after = 0;; after++) {
        struct experiment got;
        struct experiment_list list;
        struct cell_list cells;
        memory_fail_after(after);
        int rc = experiment_store_read(w->reader, id, &got, NULL);
        if (rc == 0) {
            experiment_deinit(&got);
            rc = experiment_list_read(w->reader, &(struct experiment_wish){.limit = 10},
                                      &list, NULL);
        }
        if (rc == 0) {
            experiment_list_deinit(&list);
            rc = cell_store_list(w->reader, id, &cells, NULL);
        }
        memory_fail_after(-1);
        if (rc == 0) {
            cell_list_deinit(&cells);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures >= 3);
    world_close(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_experiment_store_gives_back_what_it_got),
        TEST(test_experiment_store_takes_a_submission_once),
        TEST(test_experiment_store_takes_a_document_once),
        TEST(test_experiment_store_finds_results_of_a_document),
        TEST(test_experiment_store_refuses_what_is_no_json),
        TEST(test_experiment_store_pages),
        TEST(test_experiment_store_filters_as_a_naive_list),
        TEST(test_experiment_store_filters_by_who_what_and_when),
        TEST(test_experiment_store_lists_nothing),
        TEST(test_experiment_store_gives_the_oldest_queued),
        TEST(test_experiment_store_changes_status_as_drawn),
        TEST(test_db_reader_sees_one_state),
        TEST(test_db_read_mode_writes_nothing),
        TEST(test_experiment_store_survives_every_failing_call),
        TEST(test_experiment_store_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
