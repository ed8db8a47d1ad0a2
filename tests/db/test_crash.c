/* SPDX-License-Identifier: MIT */
/*
 * What was acknowledged survives: a process that writes runs is killed in the middle, or
 * meets a full disk; then the store is opened again and looked at.
 */
#define _XOPEN_SOURCE 700
#include "tests/db/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/removal.h"
#include "db/timeline.h"

enum { CHUNKS = 40 };

/* --- kill -9 ------------------------------------------------------------------- */

/* Stores runs for ever; the id of each goes into the pipe once it is acknowledged. */
static _Noreturn void write_for_ever(const struct fixture *fixture, int64_t cell,
                                     int acknowledged) {
    struct db *db = NULL;
    if (db_open(&db, fixture->path, DB_OWN, NULL) != 0) {
        _exit(1);
    }
    for (uint32_t i = 0;; i++) {
        struct run_writer *writer = NULL;
        const struct run_new run = {.cell = cell, .repetition = i, .record = true};
        const struct lane lane = {.parent = LANE_NONE, .kind = LANE_THREAD};
        int rc = run_writer_open(&writer, db, &run, NULL);
        const struct sink *sink = rc == 0 ? run_writer_sink(writer) : NULL;
        rc = rc == 0 ? sink->lane(sink->context, &lane, NULL) : rc;
        for (uint32_t seq = 0; rc == 0 && seq < CHUNKS; seq++) {
            rc = fixture_record(sink, seq, CHUNK_SPANS, (sim_ns)seq * CHUNK_SPANS, NULL);
            rc = rc == 0 ? sink->settled(sink->context, -1, seq + 1, NULL) : rc;
        }
        struct run_result result = fixture_result(i, 1);
        if (rc != 0 || run_writer_finish(writer, &result, 1, NULL) != 0) {
            _exit(2);
        }
        const int64_t id = run_writer_id(writer);
        run_writer_close(writer);
        run_result_deinit(&result);
        if (write(acknowledged, &id, sizeof id) != (ssize_t)sizeof id) {
            _exit(3);
        }
    }
}

/* Every acknowledged run is whole: outcome, metrics, lane and each of its spans. */
static void assert_whole(struct db_reader *reader, int64_t id) {
    struct err err = {0};
    struct run_list runs;
    struct metric_list values;
    struct lane_list lanes;
    struct timeline_view timeline;
    const struct timeline_query query = {
        .run = id, .to_ns = (sim_ns)CHUNKS * CHUNK_SPANS * 10, .pixels = 1};
    fixture_ok(run_store_read(reader, id, &runs, &err), &err);
    assert_int_equal(runs.items[0].state, RUN_STATE_DONE);
    assert_true(runs.items[0].has_timeline);
    run_list_deinit(&runs);
    fixture_ok(run_store_metrics(reader, id, &values, &err), &err);
    assert_int_equal(values.count, METRIC_COUNT);
    metric_list_deinit(&values);
    fixture_ok(run_store_lanes(reader, id, &lanes, &err), &err);
    assert_int_equal(lanes.count, 1);
    lane_list_deinit(&lanes);
    fixture_ok(timeline_read(reader, &query, &timeline, &err), &err);
    assert_int_equal(timeline.lanes[0].merged[0], CHUNKS * CHUNK_SPANS);
    timeline_view_deinit(&timeline);
}

/* Lets the child acknowledge so many runs and kills it somewhere in the next one. */
static void kill_while_writing(const struct fixture *fixture, int64_t cell, int runs,
                               uint64_t *random) {
    int acknowledged[2];
    assert_int_equal(pipe(acknowledged), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(acknowledged[0]);
        write_for_ever(fixture, cell, acknowledged[1]);
    }
    close(acknowledged[1]);
    int64_t ids[64];
    for (int i = 0; i < runs; i++) {
        assert_int_equal(read(acknowledged[0], &ids[i], sizeof ids[i]), sizeof ids[i]);
    }
    /* Not a wait for anything: it moves the moment of death through the next run. */
    for (volatile uint32_t n = fixture_below(random, 3000000); n > 0; n--) {
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(acknowledged[0], &ids[runs], sizeof ids[runs]) == sizeof ids[runs]) {
        runs++;
    }
    close(acknowledged[0]);

    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(db_recover(db, NULL, &err), &err);
    fixture_ok(db_reader_check(reader, &err), &err);
    for (int i = 0; i < runs; i++) {
        assert_whole(reader, ids[i]);
    }
    db_reader_close(reader);
    db_close(db);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM run WHERE status NOT IN"
                                          " ('done', 'interrupted') OR timeline = 1"),
                     0);
    static const char *const left[] = {
        "SELECT count(*) FROM span_chunk WHERE run NOT IN"
        " (SELECT id FROM run WHERE timeline = 2)",
        "SELECT count(*) FROM lane WHERE run NOT IN"
        " (SELECT id FROM run WHERE timeline = 2) OR died_ns < 0",
        "SELECT count(*) FROM known_time",
    };
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        assert_int_equal(fixture_sql(fixture, left[i]), 0);
    }
    assert_int_equal(fixture_sql(fixture,
                                 "SELECT count(*) FROM run r WHERE status ="
                                 " 'interrupted' AND (fingerprint <> '' OR EXISTS"
                                 " (SELECT 1 FROM metric WHERE run = r.id))"),
                     0);
}

static void test_crash_loses_nothing_that_was_acknowledged(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    db_reader_close(reader);
    db_close(db);
    uint64_t random = 1;
    const int rounds = getenv("GILSCOPE_LONG") != NULL ? 200 : 10;
    for (int round = 0; round < rounds; round++) {
        kill_while_writing(fixture, cell, 1 + round % 3, &random);
    }
    /* Else every death came between two runs, and nothing was tried. */
    assert_true(fixture_sql(fixture, "SELECT count(*) FROM run WHERE status ="
                                     " 'interrupted'") > 0);
}

/* --- two writers ----------------------------------------------------------------- */

static pid_t start_writer(const struct fixture *fixture, int64_t cell,
                          int *acknowledged) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        write_for_ever(fixture, cell, ends[1]);
    }
    close(ends[1]);
    *acknowledged = ends[0];
    return child;
}

static void read_ids(int fd, int64_t *ids, int count) {
    for (int i = 0; i < count; i++) {
        assert_int_equal(read(fd, &ids[i], sizeof ids[i]), sizeof ids[i]);
    }
}

/* One dies; only its run is called interrupted while the other goes on. */
static void test_crash_of_one_writer_leaves_the_other_alone(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t first = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t second = fixture_cell(reader, fixture_experiment(db, 2, 1));
    int64_t ids[64];
    int fds[2];
    const pid_t survivor = start_writer(fixture, first, &fds[0]);
    read_ids(fds[0], ids, 2);
    int count = 2;
    const int rounds = getenv("GILSCOPE_LONG") != NULL ? 25 : 5;
    for (int round = 0; round < rounds; round++) {
        const pid_t child = start_writer(fixture, second, &fds[1]);
        read_ids(fds[1], ids + count++, 1);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(fds[1]);
        fixture_ok(db_recover(db, NULL, &err), &err);
        assert_int_equal(fixture_sql(fixture,
                                     "SELECT count(*) FROM run WHERE status = 'running'"
                                     " AND cell = 2"),
                         0);
        read_ids(fds[0], ids + count++, 1);
    }
    assert_int_equal(kill(survivor, SIGKILL), 0);
    assert_int_equal(waitpid(survivor, NULL, 0), survivor);
    close(fds[0]);
    fixture_ok(db_recover(db, NULL, &err), &err);
    fixture_ok(db_reader_check(reader, &err), &err);
    for (int i = 0; i < count; i++) {
        assert_whole(reader, ids[i]);
    }
    db_reader_close(reader);
    db_close(db);
    /* At most the last one of the survivor. */
    assert_true(fixture_sql(fixture, "SELECT count(*) FROM run WHERE status ="
                                     " 'interrupted' AND cell = 1") <= 1);
}

/* --- removing -------------------------------------------------------------------- */

/* Stores experiments and removes them again, for ever. */
static _Noreturn void remove_for_ever(const struct fixture *fixture, int number,
                                      int acknowledged) {
    struct db *db = fixture_open(fixture);
    for (;; number++) {
        struct db_reader *reader = fixture_reader(db);
        const int64_t id = fixture_experiment(db, number, 1);
        const int64_t cell = fixture_cell(reader, id);
        db_reader_close(reader);
        fixture_run(db, cell, 0, 300);
        bool more =
            experiment_store_set_status(db, id, EXPERIMENT_FAILED, NULL, NULL) == 0 &&
            removal_mark(db, id, NULL) == 0;
        if (!more || write(acknowledged, &id, sizeof id) != (ssize_t)sizeof id) {
            _exit(1);
        }
        while (more) {
            if (removal_step(db, &more, NULL) != 0) {
                _exit(2);
            }
        }
    }
}

/* What was reported as removed is gone for every reader, and the next process ends it. */
static void test_crash_while_removing_is_gone_on_with(void **state) {
    const struct fixture *fixture = *state;
    uint64_t random = 7;
    const int rounds = getenv("GILSCOPE_LONG") != NULL ? 100 : 10;
    for (int round = 0; round < rounds; round++) {
        struct err err = {0};
        struct experiment experiment;
        int64_t id;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            remove_for_ever(fixture, round * 1000, ends[1]);
        }
        close(ends[1]);
        read_ids(ends[0], &id, 1);
        for (volatile uint32_t n = fixture_below(&random, 1000000); n > 0; n--) {
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(ends[0]);
        struct db *db = fixture_open(fixture);
        struct db_reader *reader = fixture_reader(db);
        fixture_ok(db_recover(db, NULL, &err), &err);
        fixture_ok(db_reader_check(reader, &err), &err);
        assert_int_equal(experiment_store_read(reader, id, &experiment, NULL),
                         ERR_NOT_FOUND);
        for (bool more = true; more;) {
            fixture_ok(removal_step(db, &more, &err), &err);
        }
        fixture_ok(db_reader_check(reader, &err), &err);
        db_reader_close(reader);
        db_close(db);
        assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM experiment"
                                              " WHERE removing = 1"),
                         0);
        assert_int_equal(fixture_sql(fixture,
                                     "SELECT count(*) FROM span_chunk WHERE run NOT IN"
                                     " (SELECT id FROM run WHERE timeline = 2)"),
                         0);
    }
}

/* --- migrating ------------------------------------------------------------------- */

/* A new store and an old one, killed at any moment of being brought to the present schema,
 * can be opened by the next process. */
static void test_crash_while_migrating_leaves_a_whole_schema(void **state) {
    const struct fixture *fixture = *state;
    uint64_t random = 11;
    const int rounds = getenv("GILSCOPE_LONG") != NULL ? 200 : 30;
    for (int round = 0; round < rounds; round++) {
        if (round % 2 == 0) {
            unlink(fixture->path);
        } else {
            fixture_to_schema(fixture, 1);
        }
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct db *db = NULL;
            _exit(db_open(&db, fixture->path, DB_OWN, NULL) == 0 ? 0 : 1);
        }
        for (volatile uint32_t n = fixture_below(&random, 2500000); n > 0; n--) {
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct db *db = fixture_open(fixture);
        struct db_reader *reader = fixture_reader(db);
        struct err err = {0};
        fixture_ok(db_reader_check(reader, &err), &err);
        db_reader_close(reader);
        db_close(db);
        assert_int_equal(fixture_sql(fixture, "PRAGMA user_version"),
                         db_schema_version());
    }
}

/* --- a full disk --------------------------------------------------------------- */

/* In a child, because the limit holds for the whole process: 0 when all went as it
 * should. */
static int write_until_full(const struct fixture *fixture, int64_t cell) {
    struct err err = {0};
    struct db *db = NULL;
    if (db_open(&db, fixture->path, DB_OWN, &err) != 0) {
        return 1;
    }
    const struct rlimit limit = {.rlim_cur = 512 * 1024, .rlim_max = RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return 2;
    }
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .record = true};
    int rc = run_writer_open(&writer, db, &run, &err);
    struct run_result result = fixture_result(1, 1);
    for (uint32_t seq = 0; rc == 0 && seq < 20000; seq++) {
        rc = fixture_record(run_writer_sink(writer), seq, 1, (sim_ns)seq, &err);
    }
    if (rc == 0) {
        rc = run_writer_finish(writer, &result, 1, &err);
    }
    run_writer_close(writer);
    run_result_deinit(&result);
    if (rc != ERR_IO || strstr(err.text, fixture->path) == NULL ||
        strstr(err.text, "check the disk") == NULL) {
        fprintf(stderr, "code %d: %s\n", rc, err.text);
        return 3;
    }
    db_close(db);
    return 0;
}

static void test_crash_full_disk_is_an_error_and_stores_no_half(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t before = fixture_run(db, cell, 0, 3);
    db_reader_close(reader);
    db_close(db);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        _exit(write_until_full(fixture, cell));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);

    db = fixture_open(fixture);
    reader = fixture_reader(db);
    struct db_recovered recovered;
    fixture_ok(db_recover(db, &recovered, &err), &err);
    assert_int_equal(recovered.runs, 1);
    fixture_ok(db_reader_check(reader, &err), &err);
    struct metric_list values;
    fixture_ok(run_store_metrics(reader, before + 1, &values, &err), &err);
    assert_int_equal(values.count, 0);
    metric_list_deinit(&values);
    /* There is room again: the store works as before. */
    assert_true(fixture_run(db, cell, 1, 3) > before);
    db_reader_close(reader);
    db_close(db);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM span_chunk"), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_crash_loses_nothing_that_was_acknowledged),
        TEST(test_crash_of_one_writer_leaves_the_other_alone),
        TEST(test_crash_while_removing_is_gone_on_with),
        TEST(test_crash_while_migrating_leaves_a_whole_schema),
        TEST(test_crash_full_disk_is_an_error_and_stores_no_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
