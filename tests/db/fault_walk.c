/* SPDX-License-Identifier: MIT */
#include "tests/db/fault_walk.h"

#include <stdlib.h>
#include <string.h>

#include "db/block_cache_priv.h"
#include "tests/db/store_answer.h"
#include "tests/db/store_task.h"

/* Neighbours begin with different ones, so that most n are tried with something. */
static int64_t first(const struct fault *fault, size_t number) {
    return (int64_t)((number + fault->for_good) % 2);
}

/* All of the first ones, then fewer and fewer, with GILSCOPE_LONG more of them: all n of all
 * tasks and answers take hours. */
static int64_t next(int64_t n) {
    return n + 1 + (getenv("GILSCOPE_LONG") != NULL ? n / 8 : n < 8 ? 0 : n / 2);
}

/* What was done, for a failure. */
struct trial {
    const struct fault *fault;
    const char *what;
    const char *folder; /* of the store */
    int64_t after;
};

/* It names the file, or memory. */
static bool is_clear(const struct trial *trial, const struct err *err) {
    return (strstr(err->text, trial->folder) != NULL &&
            strstr(err->text, "not an error") == NULL) ||
           (err->code == ERR_NOMEM && strcmp(err->text, "out of memory") == 0);
}

static void check_error(const struct trial *trial, int rc, const struct err *err) {
    const struct fault *fault = trial->fault;
    if (fault->is_damage && rc == ERR_CORRUPT &&
        strncmp(err->text, STORE_ANSWER_FOUND, strlen(STORE_ANSWER_FOUND)) == 0) {
        return;
    }
    for (int i = 0; i < FAULT_CODES_MAX; i++) {
        if (rc < 0 && fault->codes[i] == rc && err->code == rc && is_clear(trial, err)) {
            return;
        }
    }
    fail_msg("%s: %s after %lld: %d %d: %s (%s:%d)", trial->what, fault->name,
             (long long)trial->after, rc, err->code, err->text, err->file, err->line);
}

/* --- tasks --------------------------------------------------------------------- */

/* Whether there was something to fail. */
static bool try_task(struct store_task *task, size_t number, const struct trial *trial) {
    struct err err = {0};
    store_task_begin(task, number);
    trial->fault->fail_after(trial->after, trial->fault->for_good);
    const int rc = store_task_run(task, &err);
    store_task_end(task);
    const bool failed = trial->fault->has_failed();
    trial->fault->fail_after(-1, false);
    if (rc != 0) {
        check_error(trial, rc, &err);
    }
    /* What fails from here on was done by the last of these lines. */
    print_message("%s: %s after %lld: %s\n", trial->what, trial->fault->name,
                  (long long)trial->after, rc == 0 ? "done" : err.text);
    store_task_check(task, rc == 0);
    return failed;
}

void fault_walk_tasks(const struct fixture *fixture, const struct fault *fault) {
    static struct small_run run;
    struct store_task task;
    small_run_init(&run);
    store_task_prepare(&task, fixture, &run);
    int failures = 0;
    for (size_t i = 0; i < store_task_count(); i++) {
        struct trial trial = {.fault = fault,
                              .what = store_task_name(i),
                              .folder = fixture->folder,
                              .after = first(fault, i)};
        while (try_task(&task, i, &trial)) {
            trial.after = next(trial.after);
            failures++;
        }
    }
    assert_true(failures > 0);
    small_run_deinit(&run);
}

/* --- answers ------------------------------------------------------------------- */

/* A reader that knows nothing yet, of a store that has forgotten what it decoded. */
static struct db_reader *open_reader(struct db *db) {
    struct db_reader *reader = fixture_reader(db);
    fixture_keep_at_most(reader, BLOCK_CACHE_BYTES);
    return reader;
}

static bool try_answer(struct store_question *question, size_t way, uint64_t expected,
                       const struct trial *trial) {
    struct err err = {0};
    uint64_t answer = expected;
    question->reader = open_reader(question->db);
    trial->fault->fail_after(trial->after, trial->fault->for_good);
    const int rc = store_answer(way, question, &answer, &err);
    const bool failed = trial->fault->has_failed();
    trial->fault->fail_after(-1, false);
    if (rc != 0) {
        check_error(trial, rc, &err);
    } else if (answer != expected && !trial->fault->is_silent) {
        fail_msg("%s: %s after %lld: another answer", trial->what, trial->fault->name,
                 (long long)trial->after);
    }
    if (trial->fault->is_silent) {
        db_reader_close(question->reader);
        question->reader = fixture_reader(question->db);
    }
    err_clear(&err);
    fixture_ok(store_answer(way, question, &answer, &err), &err);
    assert_int_equal(answer, expected);
    db_reader_close(question->reader);
    return failed;
}

void fault_walk_answers(const struct fixture *fixture, const struct fault *fault) {
    static struct small_run run;
    struct store_task task;
    struct err err = {0};
    small_run_init(&run);
    store_task_prepare(&task, fixture, &run);
    struct store_question question = store_task_open(&task);
    int failures = 0;
    for (size_t i = 0; i < store_answer_count(); i++) {
        struct trial trial = {.fault = fault,
                              .what = store_answer_name(i),
                              .folder = fixture->folder,
                              .after = first(fault, i)};
        uint64_t expected;
        question.reader = open_reader(question.db);
        fixture_ok(store_answer(i, &question, &expected, &err), &err);
        db_reader_close(question.reader);
        while (try_answer(&question, i, expected, &trial)) {
            trial.after = next(trial.after);
            failures++;
        }
    }
    assert_true(failures > 0);
    db_close(question.db);
    small_run_deinit(&run);
}
