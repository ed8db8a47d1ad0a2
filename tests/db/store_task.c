/* SPDX-License-Identifier: MIT */
#include "tests/db/store_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/analysis_store.h"
#include "db/backup.h"
#include "db/doctor.h"
#include "db/library.h"
#include "db/note_store.h"
#include "db/removal.h"
#include "db/retention.h"
#include "db/run_store.h"
#include "db/sqlite_export.h"
#include "db/vacuum.h"

/* Longer than a page, so that some of it is read from pages of its own. */
enum { DOCUMENT_BYTES = 12000, OLD_SCHEMA = 9, ANSWERS_MAX = 40, PATH_BYTES = 176 };

/* The answers about what a task has to leave alone. */
static uint64_t answers[2][ANSWERS_MAX]; /* of an old file, too */

/* --- files --------------------------------------------------------------------- */

static void path_of(const struct fixture *fixture, const char *name,
                    char out[PATH_BYTES]) {
    snprintf(out, PATH_BYTES, "%s/%s", fixture->folder, name);
}

static void copy_file(const char *from, const char *to) {
    static char bytes[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, in)) > 0;) {
        assert_int_equal(fwrite(bytes, 1, size, out), size);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void remove_store(const struct fixture *fixture) {
    static const char *const names[] = {
        "store.db", "store.db-wal", "store.db-shm", "store.db-journal", "store.db-owner",
        "copy.db",  "copy.db-wal",  "copy.db-shm",  "copy.db-partial",  "export.db"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_BYTES];
        path_of(fixture, names[i], path);
        unlink(path);
    }
}

static bool is_there(const struct fixture *fixture, const char *name) {
    char path[PATH_BYTES];
    path_of(fixture, name, path);
    return access(path, F_OK) == 0;
}

/* --- what is there at first ---------------------------------------------------- */

static int submit(struct db *db, const char *name, int64_t *id, struct err *err) {
    static char document[DOCUMENT_BYTES];
    static const struct cell_new cells[] = {{.key = "k",
                                             .runtime = "cpython-3.12",
                                             .strategy = "threads(2)",
                                             .point = "{\"/machine/cores\":2}",
                                             .status = CELL_PENDING},
                                            {.key = "l",
                                             .runtime = "cpython-2.7",
                                             .strategy = "asyncio(9)",
                                             .point = "{}",
                                             .status = CELL_NOT_APPLICABLE,
                                             .reason = "there is no asyncio"}};
    bool existed;
    snprintf(document, sizeof document, "{\"name\":\"%s\",\"note\":\"%0*d\"}", name,
             DOCUMENT_BYTES - 100, 7);
    const struct experiment_new experiment = {.name = name,
                                              .document = document,
                                              .content_hash = name,
                                              .document_hash = name,
                                              .engine_version = "0.1.0",
                                              .client = "a page",
                                              .seed = 3,
                                              .created_ms = 1000,
                                              .cells = cells,
                                              .cell_count = 2};
    return experiment_store_insert(db, &experiment, id, &existed, err);
}

/* Runs the first cell, with a recorded run and a bare one; ids as soon as they are there. */
static int run_cell(struct store_task *task, struct db *db, int64_t experiment,
                    int64_t cell, int64_t *bare, struct err *err) {
    const struct finished_run runs[] = {{.cell = cell,
                                         .repetition = 1,
                                         .started_ms = 1,
                                         .finished_ms = 2,
                                         .result = &task->run->result}};
    const struct cell_finish finish = {
        .cell = cell, .status = CELL_DONE, .runs = runs, .run_count = 1};
    int64_t id = 0;
    int rc;
    if ((rc = experiment_store_set_status(db, experiment, EXPERIMENT_RUNNING, NULL,
                                          err)) != 0 ||
        (rc = cell_store_start(db, cell, err)) != 0 ||
        (rc = small_run_store(task->run, db, cell, &id, err)) != 0) {
        return rc;
    }
    task->progress.recorded = id;
    if ((rc = cell_store_finish(db, &finish, err)) != 0) {
        return rc;
    }
    *bare = id + 1;
    return experiment_store_set_status(db, experiment, EXPERIMENT_DONE, NULL, err);
}

static int64_t made_experiment(struct db *db, const char *name, int64_t *cell) {
    struct err err = {0};
    int64_t id = 0;
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(submit(db, name, &id, &err), &err);
    *cell = fixture_cell(reader, id);
    db_reader_close(reader);
    return id;
}

static int add_note(struct db *db, int64_t run, const char *text, int64_t *id,
                    struct err *err) {
    const struct note_new wanted = {
        .note = {.run = run, .text = text, .from_ns = 2, .to_ns = 7, .lane = LANE_NONE},
        .now_ms = 1000,
    };
    bool existed;
    return note_store_add(db, &wanted, id, &existed, err);
}

/* --- the things it does -------------------------------------------------------- */

static int open_it(struct store_task *task, struct err *err) {
    struct db_reader *reader = NULL;
    int rc = db_open(&task->db, task->fixture->path, DB_OWN, err);
    if (rc == 0) {
        rc = db_recover(task->db, NULL, err);
    }
    if (rc == 0) {
        rc = db_reader_open(&reader, task->db, err);
    }
    db_reader_close(reader);
    return rc;
}

static int touch(struct store_task *task, struct err *err) {
    return db_touch(task->db, err);
}

static int submit_one(struct store_task *task, struct err *err) {
    return submit(task->db, "another", &task->progress.begun, err);
}

static void check_submitted(struct store_task *task, struct db_reader *reader,
                            bool is_done) {
    struct experiment experiment;
    struct err err = {0};
    int64_t id = 0;
    const int rc = experiment_store_find(reader, "another", &id, &err);
    assert_int_equal(rc, is_done ? 0 : ERR_NOT_FOUND);
    if (is_done) {
        fixture_ok(experiment_store_read(reader, id, &experiment, &err), &err);
        assert_int_equal(id, task->progress.begun);
        assert_int_equal(experiment.row.cells, 2);
        assert_string_equal(experiment.row.name, "another");
        experiment_deinit(&experiment);
    }
}

static int run_it(struct store_task *task, struct err *err) {
    int64_t bare;
    return run_cell(task, task->db, task->content.waiting, task->content.waiting_cell,
                    &bare, err);
}

/* A run is whole, or says that it is not and shows nothing. */
static void check_runs(struct store_task *task, struct db_reader *reader, bool is_done) {
    struct run_list runs;
    struct err err = {0};
    uint64_t answer;
    bool is_seen = false;
    fixture_ok(run_store_list(reader, task->content.waiting, &runs, &err), &err);
    for (size_t i = 0; i < runs.count; i++) {
        const struct run_row *run = &runs.items[i];
        const bool is_recorded = run->id == task->progress.recorded;
        is_seen |= is_recorded;
        assert_true(run->state == RUN_STATE_DONE || run->state == RUN_STATE_INTERRUPTED);
        assert_int_equal(run->has_timeline,
                         run->state == RUN_STATE_DONE && run->repetition == 0);
        if (is_recorded) {
            const struct store_question question = {.reader = reader, .run = run->id};
            assert_int_equal(run->state, RUN_STATE_DONE);
            fixture_ok(store_answer(0, &question, &answer, &err), &err);
            assert_int_equal(answer, answers[task->is_old][0]);
        }
    }
    assert_true(is_seen || task->progress.recorded == 0);
    assert_true(!is_done || runs.count == 2);
    run_list_deinit(&runs);
}

static int repeat_run(struct store_task *task, struct err *err) {
    struct run_writer *writer = NULL;
    int rc =
        run_writer_open_again(&writer, task->db, task->content.bare, "[\"/z\"]", err);
    if (rc == 0) {
        rc = small_run_send(task->run, writer, err);
    }
    if (rc == 0) {
        rc = run_writer_finish(writer, &task->run->result, 3, err);
    }
    run_writer_close(writer);
    return rc;
}

static void check_repeated(struct store_task *task, struct db_reader *reader,
                           bool is_done) {
    struct run_list runs;
    struct err err = {0};
    fixture_ok(run_store_read(reader, task->content.bare, &runs, &err), &err);
    assert_int_equal(runs.items[0].has_timeline, is_done);
    assert_int_equal(runs.items[0].state, RUN_STATE_DONE);
    assert_string_equal(runs.items[0].sites, is_done ? "[\"/z\"]" : "[]");
    run_list_deinit(&runs);
}

/* What came of a recording that ends without an outcome is removed. */
static int abandon_run(struct store_task *task, struct err *err) {
    const struct run_new new = {.cell = task->content.waiting_cell, .record = true};
    struct run_writer *writer = NULL;
    int rc = run_writer_open(&writer, task->db, &new, err);
    if (rc == 0) {
        task->progress.begun = run_writer_id(writer);
        rc = small_run_send(task->run, writer, err);
    }
    if (rc == 0) {
        rc = run_writer_abandon(writer, RUN_STATE_FAILED, "it has to be", 3, err);
    }
    run_writer_close(writer);
    return rc;
}

static void check_abandoned(struct store_task *task, struct db_reader *reader,
                            bool is_done) {
    struct run_list runs;
    struct err err = {0};
    if (task->progress.begun == 0) {
        return;
    }
    fixture_ok(run_store_read(reader, task->progress.begun, &runs, &err), &err);
    assert_true(runs.items[0].state == RUN_STATE_FAILED ||
                (runs.items[0].state == RUN_STATE_INTERRUPTED && !is_done));
    assert_false(runs.items[0].has_timeline);
    run_list_deinit(&runs);
}

static int rename_it(struct store_task *task, struct err *err) {
    return library_rename(task->db, task->content.waiting, "of another name", err);
}

static void check_name(struct store_task *task, struct db_reader *reader, bool is_done) {
    struct experiment experiment;
    struct err err = {0};
    fixture_ok(experiment_store_read(reader, task->content.waiting, &experiment, &err),
               &err);
    assert_string_equal(experiment.row.name, is_done ? "of another name" : "waiting");
    experiment_deinit(&experiment);
}

static int note_it(struct store_task *task, struct err *err) {
    return add_note(task->db, task->content.bare, "a second one", &task->progress.begun,
                    err);
}

static void check_note(struct store_task *task, struct db_reader *reader, bool is_done) {
    struct note_list notes;
    struct err err = {0};
    const struct note_wish wish = {.run = task->content.bare, .limit = NOTES_MAX};
    fixture_ok(note_store_list(reader, &wish, &notes, &err), &err);
    assert_int_equal(notes.count, is_done ? 1 : 0);
    assert_true(!is_done || strcmp(notes.items[0].text, "a second one") == 0);
    note_list_deinit(&notes);
}

static int analyse_it(struct store_task *task, struct err *err) {
    return analysis_store_write(task->db, task->content.bare, ANALYSIS_FINDINGS,
                                "[\"found\"]", err);
}

static void check_analysis(struct store_task *task, struct db_reader *reader,
                           bool is_done) {
    struct err err = {0};
    char *text = NULL;
    fixture_ok(
        analysis_store_read(reader, task->content.bare, ANALYSIS_FINDINGS, &text, &err),
        &err);
    assert_true((text != NULL) == is_done);
    assert_true(text == NULL || strcmp(text, "[\"found\"]") == 0);
    memory_free(text);
}

static int cancel_it(struct store_task *task, struct err *err) {
    int rc = experiment_store_cancel_queued(task->db, task->content.waiting, "why", err);
    if (rc == 0) {
        task->progress.begun = task->content.waiting;
        rc = experiment_store_requeue(task->db, task->content.waiting, err);
    }
    return rc;
}

static void check_cancelled(struct store_task *task, struct db_reader *reader,
                            bool is_done) {
    struct experiment experiment;
    struct err err = {0};
    fixture_ok(experiment_store_read(reader, task->content.waiting, &experiment, &err),
               &err);
    assert_int_equal(experiment.row.status, task->progress.begun != 0 && !is_done
                                                ? EXPERIMENT_INTERRUPTED
                                                : EXPERIMENT_QUEUED);
    experiment_deinit(&experiment);
}

/* --- what goes ----------------------------------------------------------------- */

static int remove_rest(struct store_task *task, struct err *err) {
    bool more = true;
    int rc = 0;
    task->progress.is_marked = true;
    while (rc == 0 && more) {
        rc = removal_step(task->db, &more, err);
    }
    for (more = rc == 0; rc == 0 && more;) {
        rc = vacuum_step(task->db, &more, err);
    }
    return rc;
}

static int remove_it(struct store_task *task, struct err *err) {
    const int rc = removal_mark(task->db, task->content.spare, err);
    return rc == 0 ? remove_rest(task, err) : rc;
}

/* The spare one is the oldest. */
static int retain(struct store_task *task, struct err *err) {
    const struct retention retention = {.count = 2};
    int64_t id = 0;
    const int rc = retention_mark_next(task->db, &retention, 2000, &id, err);
    assert_true(rc != 0 || id == task->content.spare);
    return rc == 0 ? remove_rest(task, err) : rc;
}

static void check_removed(struct store_task *task, struct db_reader *reader,
                          bool is_done) {
    struct experiment experiment;
    const int rc = experiment_store_read(reader, task->content.spare, &experiment, NULL);
    assert_int_equal(rc, task->progress.is_marked ? ERR_NOT_FOUND : 0);
    assert_true(!is_done || task->progress.is_marked);
    if (rc == 0) {
        experiment_deinit(&experiment);
    }
}

static int vacuum_it(struct store_task *task, struct err *err) {
    return vacuum_whole(task->db, err);
}

static int repair_it(struct store_task *task, struct err *err) {
    struct doctor_repair repair;
    return doctor_repair(task->db, &repair, err);
}

/* --- copies -------------------------------------------------------------------- */

static int back_up(struct store_task *task, struct err *err) {
    char target[PATH_BYTES];
    struct db_reader *reader = NULL;
    path_of(task->fixture, "copy.db", target);
    const struct backup_options options = {.target = target};
    int rc = db_reader_open(&reader, task->db, err);
    if (rc == 0) {
        rc = backup_write(reader, &options, NULL, err);
    }
    db_reader_close(reader);
    return rc;
}

static void check_answers(struct store_task *task, struct db *db);

static void check_backup(struct store_task *task, struct db_reader *reader,
                         bool is_done) {
    struct err err = {0};
    struct db *copy = NULL;
    char path[PATH_BYTES];
    (void)reader;
    path_of(task->fixture, "copy.db", path);
    assert_int_equal(is_there(task->fixture, "copy.db"), is_done);
    assert_false(is_there(task->fixture, "copy.db-partial"));
    if (is_done) {
        fixture_ok(db_open(&copy, path, DB_READ, &err), &err);
        check_answers(task, copy);
        db_close(copy);
    }
}

static int export_it(struct store_task *task, struct err *err) {
    char path[PATH_BYTES];
    path_of(task->fixture, "export.db", path);
    const struct sqlite_export_request request = {.path = path};
    return sqlite_export_write(task->db, &request, err);
}

static void check_export(struct store_task *task, struct db_reader *reader,
                         bool is_done) {
    struct fixture exported;
    (void)reader;
    assert_int_equal(is_there(task->fixture, "export.db"), is_done);
    if (is_done) {
        snprintf(exported.path, sizeof exported.path, "%s/export.db",
                 task->fixture->folder);
        assert_int_equal(fixture_sql(&exported, "SELECT count(*) FROM spans"),
                         2 * task->run->span_count);
    }
}

/* --- all of them --------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*run)(struct store_task *task, struct err *err);
    void (*check)(struct store_task *task, struct db_reader *reader, bool is_done);
    bool opens;           /* the file itself */
    const char *template; /* it begins with; NULL: none */
} tasks[] = {
    {"a new store is made", open_it, NULL, true, NULL},
    {"a store is opened", open_it, NULL, true, "template.db"},
    {"an old store is opened", open_it, NULL, true, "old.db"},
    {"a store is touched", touch, NULL, false, "template.db"},
    {"an experiment is submitted", submit_one, check_submitted, false, "template.db"},
    {"an experiment is run", run_it, check_runs, false, "template.db"},
    {"a timeline is made again", repeat_run, check_repeated, false, "template.db"},
    {"a run is abandoned", abandon_run, check_abandoned, false, "template.db"},
    {"an experiment is renamed", rename_it, check_name, false, "template.db"},
    {"a note is added", note_it, check_note, false, "template.db"},
    {"an analysis is stored", analyse_it, check_analysis, false, "template.db"},
    {"an experiment is cancelled", cancel_it, check_cancelled, false, "template.db"},
    {"an experiment is removed", remove_it, check_removed, false, "template.db"},
    {"the oldest goes", retain, check_removed, false, "template.db"},
    {"a store is vacuumed", vacuum_it, NULL, false, "template.db"},
    {"a store is repaired", repair_it, NULL, false, "template.db"},
    {"a store is backed up", back_up, check_backup, false, "template.db"},
    {"a store is exported", export_it, check_export, false, "template.db"},
};

size_t store_task_count(void) { return sizeof tasks / sizeof tasks[0]; }

const char *store_task_name(size_t number) { return tasks[number].name; }

static struct store_question question_of(const struct store_task *task, struct db *db,
                                         struct db_reader *reader) {
    return (struct store_question){.db = db,
                                   .reader = reader,
                                   .experiment = task->content.kept,
                                   .cell = task->content.kept_cell,
                                   .run = task->content.run};
}

/* The doctor, the library and the space are about everything, also what a task changes. */
static bool is_about_kept(size_t way) {
    static const char *const others[] = {"the library", "the doctor", "another reader"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i], store_answer_name(way)) == 0) {
            return false;
        }
    }
    return true;
}

/* Some of them, each time others. */
static void check_answers(struct store_task *task, struct db *db) {
    enum { AT_ONCE = 2 };
    static size_t turn;
    struct err err = {0};
    struct db_reader *reader = fixture_reader(db);
    const struct store_question question = question_of(task, db, reader);
    for (int i = 0; i < AT_ONCE; i++) {
        const size_t way = turn++ % store_answer_count();
        uint64_t answer;
        fixture_ok(store_answer(way, &question, &answer, &err), &err);
        if (is_about_kept(way) && answer != answers[task->is_old][way]) {
            fail_msg("%s: another answer", store_answer_name(way));
        }
    }
    db_reader_close(reader);
}

static void keep_answers(struct store_task *task, bool is_old) {
    struct err err = {0};
    struct db *db = fixture_open(task->fixture);
    struct db_reader *reader = fixture_reader(db);
    const struct store_question question = question_of(task, db, reader);
    assert_true(store_answer_count() <= ANSWERS_MAX);
    for (size_t i = 0; i < store_answer_count(); i++) {
        fixture_ok(store_answer(i, &question, &answers[is_old][i], &err), &err);
    }
    db_reader_close(reader);
    db_close(db);
}

static void fill(struct store_task *task, struct db *db) {
    struct store_content *content = &task->content;
    struct err err = {0};
    int64_t cell, ignored;
    content->spare = made_experiment(db, "spare", &cell);
    fixture_ok(run_cell(task, db, content->spare, cell, &content->bare, &err), &err);
    content->kept = made_experiment(db, "kept", &content->kept_cell);
    fixture_ok(run_cell(task, db, content->kept, content->kept_cell, &ignored, &err),
               &err);
    content->run = task->progress.recorded;
    content->waiting = made_experiment(db, "waiting", &content->waiting_cell);
    fixture_ok(add_note(db, content->run, "noted", &content->note, &err), &err);
    fixture_ok(analysis_store_write(db, content->run, ANALYSIS_FINDINGS, "[1]", &err),
               &err);
}

void store_task_prepare(struct store_task *task, const struct fixture *fixture,
                        const struct small_run *run) {
    char template[PATH_BYTES], old[PATH_BYTES];
    *task = (struct store_task){.fixture = fixture, .run = run};
    path_of(fixture, "template.db", template);
    path_of(fixture, "old.db", old);
    remove_store(fixture);
    struct db *db = fixture_open(fixture);
    fill(task, db);
    db_close(db);
    copy_file(fixture->path, template);
    keep_answers(task, false);
    fixture_to_schema(fixture, OLD_SCHEMA);
    copy_file(fixture->path, old);
    keep_answers(task, true);
}

void store_task_begin(struct store_task *task, size_t number) {
    char template[PATH_BYTES];
    task->number = number;
    task->progress = (struct store_progress){0};
    task->db = NULL;
    remove_store(task->fixture);
    if (tasks[number].template != NULL) {
        path_of(task->fixture, tasks[number].template, template);
        copy_file(template, task->fixture->path);
    }
    task->is_old =
        tasks[number].template != NULL && strcmp(tasks[number].template, "old.db") == 0;
    if (!tasks[number].opens) {
        task->db = fixture_open(task->fixture);
    }
}

struct store_question store_task_open(struct store_task *task) {
    enum { TOUCH = 3 }; /* any that begins with the template */
    store_task_begin(task, TOUCH);
    return question_of(task, task->db, NULL);
}

int store_task_run(struct store_task *task, struct err *err) {
    return tasks[task->number].run(task, err);
}

void store_task_end(struct store_task *task) {
    db_close(task->db);
    task->db = NULL;
}

static void found(void *context, const struct doctor_finding *finding) {
    (void)context;
    fail_msg("%s: %s", doctor_kind_name(finding->kind), finding->text);
}

void store_task_check(struct store_task *task, bool is_done) {
    static const struct doctor_options options = {.listener = {.found = found}};
    struct err err = {0};
    struct doctor_report report;
    struct db *db = fixture_open(task->fixture);
    fixture_ok(db_recover(db, NULL, &err), &err);
    struct db_reader *reader = fixture_reader(db);
    fixture_ok(doctor_examine(reader, &options, &report, &err), &err);
    doctor_report_deinit(&report);
    if (tasks[task->number].template != NULL) {
        check_answers(task, db);
    }
    if (tasks[task->number].check != NULL) {
        tasks[task->number].check(task, reader, is_done);
    }
    db_reader_close(reader);
    fixture_experiment(db, 77, 1); /* it can be used */
    db_close(db);
}
