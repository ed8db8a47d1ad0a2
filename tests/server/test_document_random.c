/* SPDX-License-Identifier: MIT */
/*
 * Properties of documents made at random: every valid one is accepted, means the same
 * however it is written down, and has a plan that the engine accepts; every damaged one
 * is refused at a place that exists, or accepted.
 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/python/runtime_table.h"
#include "server/grid/grid.h"
#include "tests/server/json_pointer.h"

enum { TEXT_SIZE = 64 * 1024, ROUNDS = 400, DAMAGES = 8 };

/* --- writing at random -------------------------------------------------------- */

struct maker {
    uint64_t state;
    char *text;
    size_t size;
};

static uint64_t next_random(struct maker *maker) {
    uint64_t z = maker->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(struct maker *maker, unsigned limit) {
    return (unsigned)(next_random(maker) % limit);
}

static bool chance(struct maker *maker, unsigned percent) {
    return below(maker, 100) < percent;
}

/* A piece of text with blanks before it, sometimes. */
static void put(struct maker *maker, const char *piece) {
    static const char *const blanks[] = {" ", "\n", "\t ", "\r\n  "};
    const char *blank = chance(maker, 10) ? blanks[below(maker, 4)] : "";
    const int more = snprintf(maker->text + maker->size, TEXT_SIZE - maker->size, "%s%s",
                              blank, piece);
    maker->size += (size_t)more;
    assert_true(maker->size < TEXT_SIZE);
}

static void put_key(struct maker *maker, const char *name) {
    char piece[80];
    snprintf(piece, sizeof piece, "\"%s\"", name);
    put(maker, piece);
    put(maker, ":");
}

static void put_integer(struct maker *maker, unsigned least, unsigned span) {
    char piece[24];
    snprintf(piece, sizeof piece, "%u", least + below(maker, span));
    put(maker, piece);
}

static void put_number(struct maker *maker) {
    char piece[40];
    const double value =
        (double)(next_random(maker) >> 20) / (double)(1 + below(maker, 1 << 30));
    snprintf(piece, sizeof piece, chance(maker, 50) ? "%.3f" : "%.17g", value);
    put(maker, chance(maker, 30) ? "7" : piece);
}

static void put_time(struct maker *maker) {
    switch (below(maker, 8)) {
    case 4:
        put(maker, "{\"dist\":\"empirical\",\"values_us\":[1,2.5,");
        put_number(maker);
        put(maker, chance(maker, 50) ? "],\"weights\":[1,0,0.5]" : "]");
        break;
    case 0:
        put(maker, "{\"dist\":\"uniform\",\"max\":9,\"min\":");
        put_integer(maker, 0, 9);
        break;
    case 1:
        put(maker, "{\"mean\":");
        put_number(maker);
        put(maker, ",\"dist\":\"exponential\"");
        break;
    case 2:
        put(maker, "{\"dist\":\"lognormal\",\"sigma\":0.3,\"median\":");
        put_number(maker);
        break;
    case 3:
        put(maker, "{\"dist\":\"pareto\",\"shape\":1.5,\"min\":");
        put_number(maker);
        break;
    default:
        put_number(maker);
        return;
    }
    put(maker, "}");
}

enum where { IN_JOB, IN_THREAD, IN_TASK, IN_OFFLOAD };

/* What follows the time of a C call. */
static void put_call(struct maker *maker) {
    if (chance(maker, 30)) {
        put(maker, ",\"threads\":");
        put_integer(maker, 1, 8);
    }
    if (chance(maker, 30)) {
        put(maker, ",\"gil\":\"by_size\",\"bytes\":");
        put_integer(maker, 0, 5000);
    } else if (chance(maker, 50)) {
        put(maker, chance(maker, 50) ? ",\"gil\":\"released\"" : ",\"gil\":\"held\"");
    }
}

/* Every kind of shared object, each in one of its spellings; the names are those that
 * put_object_step() uses. */
static void put_objects(struct maker *maker) {
    static const char *const spellings[][3] = {
        {"\"lock\"", "\"rlock\"", "\"condition\""},
        {"\"condition\"", "\"condition\"", "\"condition\""},
        {"{\"semaphore\":0}", "{\"semaphore\":1000000}", "{ \"semaphore\" : 3 }"},
        {"\"event\"", "\"event\"", "{\"barrier\":7}"},
        {"\"queue\"", "{\"queue\":0}", "{\"queue\":9}"},
        {"\"simple_queue\"", "\"queue\"", "{\"queue\":1}"},
        {"\"interpreter_queue\"", "{\"interpreter_queue\":0}",
         "{\"interpreter_queue\":2}"},
        {"\"object\"", "{\"object\":\"immortal\"}", "{\"object\":\"own\"}"},
        {"\"list\"", "{\"list\":\"each\"}", "{\"list\":\"one\"}"},
        {"\"dict\"", "{\"dict\":\"own\"}", "{\"dict\":\"each\"}"},
        {"\"counter\"", "\"counter\"", "\"counter\""},
        {"{\"peer\":7}", "{\"peer\":0.001}", "{ \"peer\" : 1.25e2 }"},
    };
    static const char *const names[] = {"lock",  "condition", "semaphore", "wait",
                                        "queue", "other",     "between",   "object",
                                        "list",  "dict",      "n",         "peer"};
    const unsigned count = sizeof names / sizeof names[0];
    const unsigned first = below(maker, count); /* in any order */
    put(maker, "\"objects\":{");
    for (unsigned i = 0; i < count; i++) {
        const unsigned which = (first + i) % count;
        put(maker, i == 0 ? "" : ",");
        put_key(maker, names[which]);
        put(maker, spellings[which][below(maker, 3)]);
    }
    put(maker, "},");
}

/* A step without a body that is done with one of these objects. */
static void put_object_step(struct maker *maker) {
    static const char *const steps[] = {
        "\"acquire\":\"lock\"",
        "\"release\":\"lock\"",
        "\"acquire\":\"semaphore\"",
        "\"release\":\"semaphore\"",
        "\"wait\":\"wait\"",
        "\"wait\":\"condition\"",
        "\"notify\":\"condition\"",
        "\"count\":3,\"notify\":\"condition\"",
        "\"notify_all\":\"condition\"",
        "\"put\":\"queue\"",
        "\"get\":\"queue\"",
        "\"put\":\"other\"",
        "\"get\":\"other\"",
        "\"get\":\"between\"",
        "\"put\":\"between\",\"payload_bytes\":1000000",
        "\"pickled\":true,\"put\":\"between\"",
        "\"touch\":\"object\"",
        "\"touch\":\"object\",\"times\":0",
        "\"use\":\"list\",\"op\":\"append\",\"compute_us\":0.05",
        "\"compute_us\":0,\"use\":\"list\",\"op\":\"pop\"",
        "\"use\":\"dict\",\"op\":\"delitem\",\"compute_us\":1",
        "\"op\":\"contains\",\"use\":\"dict\",\"compute_us\":1e-3",
        "\"update\":\"n\",\"compute_us\":0.2,\"call\":true",
        "\"compute_us\":5,\"send\":\"peer\"",
        "\"recv\":\"peer\"",
    };
    put(maker, steps[below(maker, sizeof steps / sizeof steps[0])]);
}

static void put_plain_step(struct maker *maker, enum where where) {
    static const char *const names[] = {"python_us",     "python_cpu_us", "c_us",
                                        "io_us",         "sleep_us",      "await_io_us",
                                        "await_sleep_us"};
    const unsigned kind = below(maker, where == IN_TASK ? 7 : 5);
    if (chance(maker, 10)) {
        put_key(maker, chance(maker, 50) ? "allocate" : "free");
        put_integer(maker, 0, 1000);
        return;
    }
    if (where != IN_JOB && chance(maker, 40)) {
        put_object_step(maker);
        return;
    }
    put_key(maker, names[kind]);
    put_time(maker);
    if (kind == 2) {
        put_call(maker);
    }
    if ((kind == 3 || kind == 4) && where == IN_JOB && chance(maker, 30)) {
        put(maker, ",\"blocking\":true");
    }
}

/* A list of steps, nested up to `depth` more. Its last step waits, so that no loop is
 * idle. */
static void put_steps(struct maker *maker, enum where where, unsigned depth) {
    const unsigned count = below(maker, 4);
    put(maker, "[");
    for (unsigned i = 0; i < count; i++) {
        put(maker, "{");
        if (depth > 0 && chance(maker, 30)) {
            put_key(maker, "steps");
            put_steps(maker, where, depth - 1);
            put(maker, ",\"repeat\":");
            put_integer(maker, 0, 5);
        } else if (where != IN_JOB && depth > 0 && chance(maker, 20)) {
            put_key(maker, "steps");
            put_steps(maker, where, depth - 1);
            put(maker,
                chance(maker, 50) ? ",\"with\":\"lock\"" : ",\"with\":\"semaphore\"");
        } else if (where == IN_TASK && depth > 0 && chance(maker, 30)) {
            put_key(maker, "to_thread");
            put_steps(maker, IN_OFFLOAD, depth - 1);
        } else {
            put_plain_step(maker, where);
        }
        put(maker, "},");
    }
    put(maker, where == IN_TASK ? "{\"await_io_us\":5}]" : "{\"io_us\":5}]");
}

static void put_jobs(struct maker *maker) {
    put(maker, "{\"jobs\":{\"count\":");
    put_integer(maker, 1, 50);
    put(maker, ",");
    put_key(maker, "steps");
    put_steps(maker, IN_JOB, 4);
    put(maker, "}}");
}

static void put_actor(struct maker *maker) {
    put(maker, "{\"name\":\"a\\u0105\",");
    if (chance(maker, 50)) {
        put(maker, "\"thread\":");
        put_integer(maker, 0, 4);
        put(maker, ",");
        put_key(maker, "steps");
        put_steps(maker, IN_THREAD, 3);
        put(maker, "}");
        return;
    }
    put(maker, "\"event_loop\":");
    put_integer(maker, 1, 2);
    put(maker, ",\"daemon\":false,\"tasks\":[{\"count\":3,\"name\":\"t\",");
    put_key(maker, "steps");
    put_steps(maker, IN_TASK, 3);
    put(maker, "},{\"name\":\"u\",\"steps\":");
    put_steps(maker, IN_TASK, 2);
    put(maker, "}]}");
}

static void put_actors(struct maker *maker) {
    put(maker, "{");
    put_objects(maker);
    put(maker, "\"actors\":[{\"name\":\"d\",\"thread\":2,\"daemon\":true,\"steps\":"
               "[{\"forever\":");
    put_steps(maker, IN_THREAD, 3);
    put(maker, "}]},{\"name\":\"m\",\"thread\":1,\"steps\":");
    put_steps(maker, IN_THREAD, 3);
    put(maker, "}");
    for (unsigned i = below(maker, 3); i > 0; i--) {
        put(maker, ",");
        put_actor(maker);
    }
    put(maker, "]}");
}

/* A runtime with some of its parameters set to the ends of their ranges. */
static void put_runtime(struct maker *maker, unsigned index) {
    char piece[64];
    snprintf(piece, sizeof piece, "\"%s\"", runtime_rows[index].runtime.name);
    if (chance(maker, 40)) {
        put(maker, piece);
        return;
    }
    put(maker, "{\"base\":");
    put(maker, piece);
    for (size_t i = 0; i < runtime_field_count; i++) {
        const struct field *field = &runtime_fields[i];
        if (!chance(maker, 20)) {
            continue;
        }
        put(maker, ",");
        put_key(maker, field->name);
        snprintf(piece, sizeof piece, "%.17g",
                 chance(maker, 50) ? field->min : field->max);
        put(maker, field->unit != FIELD_FLAG ? piece
                   : chance(maker, 50)       ? "true"
                                             : "false");
    }
    put(maker, "}");
}

static void put_runtimes(struct maker *maker) {
    put(maker, "\"runtimes\":[");
    for (unsigned i = 0; i < runtime_row_count; i++) {
        if (i == 0 || chance(maker, 40)) {
            put(maker, i == 0 ? "" : ",");
            put_runtime(maker, i);
        }
    }
    put(maker, "],");
}

static void put_document(struct maker *maker) {
    const bool jobs = chance(maker, 50);
    maker->size = 0;
    put(maker, "{");
    if (chance(maker, 50)) {
        put(maker, "\"seed\":9007199254740992,");
    }
    if (chance(maker, 50)) {
        put_runtimes(maker);
    }
    if (jobs && chance(maker, 70)) {
        put(maker, "\"strategies\":[{\"asyncio\":7},\"sequential\",{\"threads\":3},"
                   "{\"processes\":2}],");
    }
    put(maker, "\"machine\":{\"cores\":");
    put_integer(maker, 1, 1024);
    put(maker, ",\"profile\":\"ideal\",\"tick_us\":1.25},");
    put_key(maker, "workload");
    jobs ? put_jobs(maker) : put_actors(maker);
    if (chance(maker, 40)) {
        put(maker,
            ",\"sweep\":{\"/machine/cores\":[1,2],\"/machine/tick_us\":[0.1,0,1e3]}");
    }
    put(maker, ",\"schema\":1}");
}

/* --- properties --------------------------------------------------------------- */

static int open_document(const char *text, size_t size, struct document **document,
                         struct grid **grid, struct err *err) {
    int rc = document_parse(document, text, size, err);
    if (rc == 0) {
        rc = grid_create(grid, *document, err);
    }
    return rc;
}

/* Written in canonical form the document has the same text, hash and keys. */
static void check_canonical(const struct document *document, const struct grid *grid) {
    struct document *again = NULL;
    struct grid *again_grid = NULL;
    assert_int_equal(open_document(document->canonical, document->canonical_size, &again,
                                   &again_grid, NULL),
                     0);
    assert_string_equal(again->canonical, document->canonical);
    assert_string_equal(again->hash, document->hash);
    assert_int_equal(grid_cell_count(again_grid), grid_cell_count(grid));
    for (size_t i = 0; i < grid_cell_count(grid); i++) {
        assert_string_equal(grid_cell(again_grid, i)->key, grid_cell(grid, i)->key);
    }
    grid_destroy(again_grid);
    document_destroy(again);
}

/* jansson agrees that nothing was added or lost. */
static void check_equal_to_source(const struct document *document) {
    json_t *source = json_loadb(document->source, document->source_size, 0, NULL);
    json_t *canonical =
        json_loadb(document->canonical, document->canonical_size, 0, NULL);
    assert_true(json_equal(source, canonical));
    json_decref(source);
    json_decref(canonical);
}

static void check_plans(const struct grid *grid) {
    for (size_t i = 0; i < grid_cell_count(grid); i++) {
        struct plan plan = {0};
        struct err err = {0};
        const int rc = grid_cell_plan(grid, i, &plan, &err);
        if (grid_cell(grid, i)->reason != NULL) {
            assert_int_equal(rc, ERR_UNSUPPORTED);
            continue;
        }
        assert_int_equal(rc, 0);
        assert_int_equal(plan_check(&plan, &err), 0);
        plan_deinit(&plan);
    }
}

static void test_document_random_is_accepted(void **state) {
    (void)state;
    char *text = malloc(TEXT_SIZE);
    assert_non_null(text);
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        struct maker maker = {.state = seed, .text = text};
        struct document *document = NULL;
        struct grid *grid = NULL;
        struct err err = {0};
        put_document(&maker);
        if (open_document(text, maker.size, &document, &grid, &err) != 0) {
            fail_msg("seed %u: %s: %s\n%s", seed, err.pointer, err.text, text);
        }
        check_equal_to_source(document);
        check_canonical(document, grid);
        check_plans(grid);
        grid_destroy(grid);
        document_destroy(document);
    }
    free(text);
}

/* Changes one to three places of the text: bytes, pieces left out or doubled. */
static size_t damage(struct maker *maker, char *text, size_t size) {
    static const char bytes[] = "{}[]\",:0123456789-.eatfn\\/ x\xff";
    for (unsigned i = 1 + below(maker, 3); i > 0 && size > 2; i--) {
        const size_t at = below(maker, (unsigned)size);
        const size_t length = 1 + below(maker, 12);
        if (chance(maker, 50) || at + length >= size) {
            text[at] = bytes[below(maker, sizeof bytes - 1)];
        } else if (chance(maker, 50) || size + length >= TEXT_SIZE) {
            memmove(text + at, text + at + length, size - at - length);
            size -= length;
        } else {
            memmove(text + at + length, text + at, size - at);
            size += length;
        }
    }
    return size;
}

static void test_document_damaged_is_refused_or_read(void **state) {
    (void)state;
    char *text = malloc(TEXT_SIZE);
    assert_non_null(text);
    size_t refused = 0;
    for (unsigned seed = 0; seed < ROUNDS * DAMAGES; seed++) {
        struct maker maker = {.state = seed / DAMAGES, .text = text};
        struct document *document = NULL;
        struct grid *grid = NULL;
        struct err err = {0};
        put_document(&maker);
        maker.state = UINT64_C(1) << 32 | seed;
        const size_t size = damage(&maker, text, maker.size);
        const int rc = open_document(text, size, &document, &grid, &err);
        refused += rc != 0;
        if (rc != 0 &&
            (rc != ERR_INVALID || !json_pointer_resolves(text, size, err.pointer))) {
            fail_msg("seed %u: %d %s: %s", seed, rc, err.pointer, err.text);
        }
        grid_destroy(grid);
        document_destroy(document);
    }
    assert_true(refused > ROUNDS * DAMAGES / 2);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_random_is_accepted),
        cmocka_unit_test(test_document_damaged_is_refused_or_read),
    };
    return cmocka_run_group_tests_name("document_random", tests, NULL, NULL);
}
