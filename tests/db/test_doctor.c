/* SPDX-License-Identifier: MIT */
/* What the doctor finds in stores that were damaged on purpose, and what a repair does. */
#include "tests/db/random_counters.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "db/doctor.h"
#include "db/removal.h"

enum { FINDINGS_MAX = 16 };

struct findings {
    struct doctor_finding items[FINDINGS_MAX];
    size_t count;
};

static void keep(void *context, const struct doctor_finding *finding) {
    struct findings *findings = context;
    assert_true(findings->count < FINDINGS_MAX);
    findings->items[findings->count++] = *finding;
}

/* The caller releases the report. */
static struct doctor_report examine(const struct fixture *fixture,
                                    struct findings *findings) {
    struct err err = {0};
    struct db *db = NULL;
    struct doctor_report report;
    *findings = (struct findings){0};
    const struct doctor_options options = {
        .listener = {.context = findings, .found = keep}};
    fixture_ok(db_open(&db, fixture->path, DB_READ, &err), &err);
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(doctor_examine(reader, &options, &report, &err), &err);
    db_reader_close(reader);
    db_close(db);
    assert_int_equal(report.findings, findings->count);
    return report;
}

/* The one finding there is. */
static struct doctor_finding find_one(const struct fixture *fixture,
                                      enum doctor_kind kind) {
    struct findings findings;
    struct doctor_report report = examine(fixture, &findings);
    doctor_report_deinit(&report);
    assert_int_equal(findings.count, 1);
    if (findings.items[0].kind != kind) {
        fail_msg("%s: %s", doctor_kind_name(findings.items[0].kind),
                 findings.items[0].text);
    }
    return findings.items[0];
}

static struct doctor_repair repair(const struct fixture *fixture) {
    struct err err = {0};
    struct doctor_repair done;
    struct db *db = fixture_open(fixture);
    fixture_ok(doctor_repair(db, &done, &err), &err);
    db_close(db);
    return done;
}

static void assert_sound(const struct fixture *fixture) {
    struct findings findings;
    struct doctor_report report = examine(fixture, &findings);
    if (report.findings > 0) {
        fail_msg("%s", findings.items[0].text);
    }
    doctor_report_deinit(&report);
}

static void run_sql(const struct fixture *fixture, const char *sql) {
    sqlite3 *sqlite = NULL;
    char *text = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
    if (sqlite3_exec(sqlite, sql, NULL, NULL, &text) != SQLITE_OK) {
        fail_msg("%s: %s", sql, text);
    }
    sqlite3_close(sqlite);
}

/* Two runs of three chunks each; the newer one is run 2. */
static void fill(const struct fixture *fixture) {
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    db_reader_close(reader);
    fixture_run(db, cell, 0, 3);
    assert_int_equal(fixture_run(db, cell, 1, 3), 2);
    db_close(db);
}

static void test_doctor_finds_nothing_wrong_with_a_sound_store(void **state) {
    const struct fixture *fixture = *state;
    struct findings findings;
    fill(fixture);
    struct doctor_report report = examine(fixture, &findings);
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.chunks, 6);
    assert_int_equal(report.experiment_count, 1);
    assert_int_equal(report.experiments[0].runs, 2);
    assert_true(report.experiments[0].bytes > 5000);
    assert_true(report.space.in_steps);
    assert_int_equal(report.space.pages * report.space.page_bytes, report.file_bytes);
    doctor_report_deinit(&report);
    const struct doctor_repair nothing = {0};
    const struct doctor_repair done = repair(fixture);
    assert_memory_equal(&done, &nothing, sizeof done);
}

static void test_doctor_names_a_damaged_chunk_and_its_cost(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture, "UPDATE span_chunk SET data = zeroblob(length(data))"
                     " WHERE run = 2 AND seq = 1");
    const struct doctor_finding finding = find_one(fixture, DOCTOR_CHUNK);
    assert_int_equal(finding.run, 2);
    assert_int_equal(finding.group, 0);
    assert_int_equal(finding.seq, 1);
    assert_false(finding.repairable);
    assert_non_null(strstr(finding.text, "run 2, lane group 0, chunk 1 of spans"));
    assert_non_null(strstr(finding.text, "costs 100 spans from 1000 to 2000 ns"));
    repair(fixture); /* loses nothing */
    find_one(fixture, DOCTOR_CHUNK);
}

/* A run of counters alone, with carries and sheets. */
static void fill_with_counters(const struct fixture *fixture) {
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const struct run_new run = {
        .cell = fixture_cell(reader, fixture_experiment(db, 1, 1)), .record = true};
    db_reader_close(reader);
    struct run_writer *writer = NULL;
    uint64_t random = 1;
    struct counter_samples samples = samples_random(
        &(struct counter_shape){.count = 20000, .lanes = 2, .step_ns = 90, .height = 9},
        &random);
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    samples_send(&samples, run_writer_sink(writer), 900, &random);
    struct run_result result = fixture_result(1, 0);
    result.duration_ns = 0; /* the lanes': they have no spans */
    fixture_add_lane(&result, LANE_THREAD);
    fixture_add_lane(&result, LANE_THREAD);
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    run_writer_close(writer);
    run_result_deinit(&result);
    samples_deinit(&samples);
    db_close(db);
}

static void test_doctor_reads_counters(void **state) {
    const struct fixture *fixture = *state;
    static const struct {
        const char *sql, *text;
    } damages[] = {
        {"UPDATE counter_chunk SET data = zeroblob(9) WHERE seq = 2",
         "chunk 2 of counters is damaged"},
        {"UPDATE counter_chunk SET count = count + 1 WHERE seq = 3",
         "chunk 3 of counters is damaged"},
        {"UPDATE counter_chunk SET carry = zeroblob(9) WHERE id ="
         " (SELECT min(id) FROM counter_chunk WHERE carry IS NOT NULL)",
         "of carried counters is damaged"},
        {"UPDATE sheet SET data = zeroblob(9) WHERE id = (SELECT min(id) FROM sheet)",
         "of the pyramid of counters is damaged"},
    };
    fill_with_counters(fixture);
    assert_sound(fixture);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        run_sql(fixture, damages[i].sql);
        struct findings findings;
        struct doctor_report report = examine(fixture, &findings);
        assert_int_equal(report.findings, i + 1);
        bool is_named = false;
        for (size_t k = 0; k < findings.count; k++) {
            is_named =
                is_named || strstr(findings.items[k].text, damages[i].text) != NULL;
        }
        assert_true(is_named);
        doctor_report_deinit(&report);
    }
    run_sql(fixture, "UPDATE run SET timeline = 0");
    run_sql(fixture, "DELETE FROM sheet");
    assert_true(find_one(fixture, DOCTOR_LEFTOVER).repairable);
    repair(fixture);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM counter_chunk"), 0);
}

static void test_doctor_sees_a_chunk_of_another_place(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture, "UPDATE span_chunk SET data = (SELECT data FROM span_chunk"
                     " WHERE run = 1 AND seq = 2) WHERE run = 2 AND seq = 1");
    const struct doctor_finding finding = find_one(fixture, DOCTOR_CHUNK);
    assert_non_null(strstr(finding.text, "does not agree with its row"));
}

static void test_doctor_misses_a_chunk(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture, "DELETE FROM span_chunk WHERE run = 1 AND seq = 1");
    const struct doctor_finding finding = find_one(fixture, DOCTOR_GAP);
    assert_int_equal(finding.run, 1);
    assert_int_equal(finding.seq, 1);
    assert_false(finding.repairable);
}

/* The lanes know how long they lived. */
static void test_doctor_misses_the_last_chunk(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture, "DELETE FROM span_chunk WHERE run = 2 AND seq = 2");
    struct doctor_finding finding = find_one(fixture, DOCTOR_GAP);
    assert_int_equal(finding.run, 2);
    assert_int_equal(finding.group, 0);
    assert_int_equal(finding.seq, 2);
    assert_false(finding.repairable);
    assert_non_null(strstr(finding.text, "until 3000 ns, what ended after 2000 ns"));
    run_sql(fixture, "DELETE FROM span_chunk WHERE run = 2");
    finding = find_one(fixture, DOCTOR_GAP);
    assert_int_equal(finding.run, 2);
    assert_int_equal(finding.seq, 0);
}

static void expect_gap(const struct fixture *fixture, int64_t seq, const char *text) {
    const struct doctor_finding finding = find_one(fixture, DOCTOR_GAP);
    assert_int_equal(finding.run, 1);
    assert_int_equal(finding.seq, seq);
    assert_non_null(strstr(finding.text, text));
    assert_false(finding.repairable);
}

/* A run knows how many chunks of them it has; one of before does not. */
static void test_doctor_misses_the_last_chunk_of_points(void **state) {
    const struct fixture *fixture = *state;
    fill_with_counters(fixture);
    const int64_t last = fixture_sql(fixture, "SELECT max(seq) FROM counter_chunk");
    assert_true(last > 2);
    run_sql(fixture, "DELETE FROM counter_chunk WHERE seq = (SELECT max(seq) FROM"
                     " counter_chunk)");
    expect_gap(fixture, last, "lacks counters from chunk");
    run_sql(fixture, "DELETE FROM counter_chunk");
    expect_gap(fixture, 0, "lacks counters from chunk 0");
    run_sql(fixture, "UPDATE run SET counter_chunks = NULL, instant_chunks = 2");
    expect_gap(fixture, 0, "lacks instants from chunk 0 on: there were 2");
    run_sql(fixture, "UPDATE run SET instant_chunks = NULL");
    assert_sound(fixture);
}

/* Where nothing ended there is no chunk: lanes that died at once, in a group of their own. */
static void test_doctor_misses_no_chunk_of_nothing(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture,
            "INSERT INTO lane (run, lane, kind, parent, name, born_ns, died_ns,"
            " totals) SELECT run, lane + 64, kind, parent, name, 3000, 3000, totals"
            " FROM lane WHERE run = 2");
    struct findings findings;
    struct doctor_report report = examine(fixture, &findings);
    doctor_report_deinit(&report);
    for (size_t i = 0; i < findings.count; i++) {
        assert_int_not_equal(findings.items[i].kind, DOCTOR_GAP);
    }
}

static void test_doctor_reads_lanes(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture, "UPDATE lane SET kind = 'nonsense' WHERE run = 1");
    assert_int_equal(find_one(fixture, DOCTOR_ROWS).run, 1);
}

static void test_doctor_removes_what_belongs_to_nothing(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    const int64_t values = fixture_sql(fixture, "SELECT count(*) FROM metric");
    run_sql(fixture, "PRAGMA foreign_keys = OFF;"
                     "INSERT INTO metric VALUES (77, 'a', 1), (77, 'b', 2);"
                     "DELETE FROM run WHERE id = 1;");
    struct findings findings;
    struct doctor_report report = examine(fixture, &findings);
    doctor_report_deinit(&report);
    assert_int_equal(findings.count,
                     4); /* of lane, metric, span_chunk and carried_span */
    for (size_t i = 0; i < findings.count; i++) {
        assert_int_equal(findings.items[i].kind, DOCTOR_REFERENCE);
        assert_true(findings.items[i].repairable);
    }
    const struct doctor_repair done = repair(fixture);
    assert_int_equal(done.rows, 2 + values / 2 + 1 + 3 + 2);
    assert_sound(fixture);
}

static void test_doctor_removes_what_nobody_can_see(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture, "UPDATE run SET timeline = 0 WHERE id = 2");
    assert_int_equal(find_one(fixture, DOCTOR_LEFTOVER).run, 2);
    assert_int_equal(repair(fixture).chunks,
                     3 + 2 + 1); /* and ends of carried spans, a lane */
    assert_sound(fixture);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM span_chunk"), 3);
}

static void test_doctor_marks_what_the_dead_left(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct findings findings;
    fill(fixture);
    struct db *db = fixture_open(fixture);
    fixture_ok(experiment_store_set_status(db, 1, EXPERIMENT_RUNNING, NULL, &err), &err);
    fixture_ok(cell_store_start(db, 1, &err), &err);
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = 1, .repetition = 2};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    run_writer_close(writer);
    assert_sound(fixture); /* its owner is alive */
    db_close(db);
    struct doctor_report report = examine(fixture, &findings);
    assert_int_equal(report.repairable, 3);
    doctor_report_deinit(&report);
    for (size_t i = 0; i < findings.count; i++) {
        assert_int_equal(findings.items[i].kind, DOCTOR_DEAD);
    }
    const struct doctor_repair done = repair(fixture);
    assert_int_equal(done.recovered.experiments, 1);
    assert_int_equal(done.recovered.cells, 1);
    assert_int_equal(done.recovered.runs, 1);
    assert_sound(fixture);
}

static void test_doctor_finishes_removals(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct findings findings;
    fill(fixture);
    struct db *db = fixture_open(fixture);
    fixture_ok(experiment_store_set_status(db, 1, EXPERIMENT_FAILED, NULL, &err), &err);
    fixture_ok(removal_mark(db, 1, &err), &err);
    db_close(db);
    struct doctor_report report = examine(fixture, &findings);
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.removing, 1);
    assert_int_equal(report.experiment_count, 0);
    doctor_report_deinit(&report);
    assert_int_equal(repair(fixture).removed, 1);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM run"), 0);
}

/* The index is hidden while its table changes. */
static void test_doctor_builds_indexes_anew(void **state) {
    const struct fixture *fixture = *state;
    fill(fixture);
    run_sql(fixture, "CREATE TABLE hidden AS SELECT * FROM sqlite_schema"
                     " WHERE name = 'cell_by_key';"
                     "PRAGMA writable_schema = ON;"
                     "DELETE FROM sqlite_schema WHERE name = 'cell_by_key';");
    run_sql(fixture, "UPDATE cell SET key = 'other';"
                     "PRAGMA writable_schema = ON;"
                     "INSERT INTO sqlite_schema SELECT * FROM hidden;");
    run_sql(fixture, "DROP TABLE hidden");
    struct findings findings;
    struct doctor_report report = examine(fixture, &findings);
    assert_true(report.findings > 0);
    assert_int_equal(report.findings, report.repairable);
    assert_int_equal(findings.items[0].kind, DOCTOR_INDEX);
    doctor_report_deinit(&report);
    assert_true(repair(fixture).reindexed);
    assert_sound(fixture);
    assert_int_equal(fixture_sql(fixture, "SELECT count(*) FROM cell INDEXED BY"
                                          " cell_by_key WHERE key = 'other'"),
                     1);
}

/* A page in the middle is overwritten: it is told, and the examination ends in order. */
/* Without its schema nothing can be done with a store, which is said. */
static bool can_open(const struct fixture *fixture) {
    struct err err = {0};
    struct db *db = NULL;
    const int rc = db_open(&db, fixture->path, DB_OWN, &err);
    if (rc != 0) {
        assert_int_equal(rc, ERR_CORRUPT);
        assert_non_null(strstr(err.text, fixture->path));
        return false;
    }
    db_close(db);
    return true;
}

static void test_doctor_survives_a_damaged_file(void **state) {
    const struct fixture *fixture = *state;
    struct findings findings;
    fill(fixture);
    const int64_t pages = fixture_sql(fixture, "PRAGMA page_count");
    for (int64_t page = 2; page < pages; page += 3) {
        static const char nonsense[1024] = "nonsense";
        char original[sizeof nonsense];
        FILE *file = fopen(fixture->path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, (long)page * 4096 + 100, SEEK_SET), 0);
        assert_int_equal(fread(original, 1, sizeof original, file), sizeof original);
        assert_int_equal(fseek(file, (long)page * 4096 + 100, SEEK_SET), 0);
        assert_int_equal(fwrite(nonsense, 1, sizeof nonsense, file), sizeof nonsense);
        fflush(file);
        if (can_open(fixture)) {
            struct doctor_report report = examine(fixture, &findings);
            doctor_report_deinit(&report);
        }
        assert_int_equal(fseek(file, (long)page * 4096 + 100, SEEK_SET), 0);
        assert_int_equal(fwrite(original, 1, sizeof original, file), sizeof original);
        fclose(file);
    }
    assert_sound(fixture);
}

static void test_doctor_can_be_interrupted(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    const atomic_bool cancel = true;
    const struct doctor_options options = {.cancel = &cancel};
    struct doctor_report report;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    assert_int_equal(doctor_examine(reader, &options, &report, &err), ERR_CANCELLED);
    db_reader_close(reader);
    db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_doctor_finds_nothing_wrong_with_a_sound_store),
        TEST(test_doctor_names_a_damaged_chunk_and_its_cost),
        TEST(test_doctor_reads_counters),
        TEST(test_doctor_sees_a_chunk_of_another_place),
        TEST(test_doctor_misses_a_chunk),
        TEST(test_doctor_misses_the_last_chunk),
        TEST(test_doctor_misses_the_last_chunk_of_points),
        TEST(test_doctor_misses_no_chunk_of_nothing),
        TEST(test_doctor_reads_lanes),
        TEST(test_doctor_removes_what_belongs_to_nothing),
        TEST(test_doctor_removes_what_nobody_can_see),
        TEST(test_doctor_marks_what_the_dead_left),
        TEST(test_doctor_finishes_removals),
        TEST(test_doctor_builds_indexes_anew),
        TEST(test_doctor_survives_a_damaged_file),
        TEST(test_doctor_can_be_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
