/* SPDX-License-Identifier: MIT */
/*
 * store_task - everything that a store does for somebody, one thing at a time, each with a
 * look at what is there afterwards: all of it when it was reported done, else nothing of it, or
 * as much as says of itself that it is not whole.
 *
 *     store_task_prepare()      the file that each task begins with
 *     store_task_begin()        a copy of it, open
 *     store_task_run()          may fail
 *     store_task_end()          closes; may meet a failing disk, too
 *     store_task_check()        opens again, and looks
 */
#ifndef TESTS_DB_STORE_TASK_H
#define TESTS_DB_STORE_TASK_H

#include "tests/db/fixture.h"
#include "tests/db/small_run.h"
#include "tests/db/store_answer.h"

/* What is in the store that a task begins with. */
struct store_content {
    int64_t kept, kept_cell, run, note; /* an experiment that is done; its recorded run */
    int64_t bare;                       /* another of its runs, without a timeline */
    int64_t spare;                 /* an experiment to be removed, with a recorded run */
    int64_t waiting, waiting_cell; /* one that is queued */
};

/* How far a task came. */
struct store_progress {
    int64_t begun;    /* the experiment or run that it made, 0: none was reported */
    int64_t recorded; /* run whose outcome was reported stored */
    bool is_marked;   /* the spare experiment was reported gone */
};

struct store_task {
    const struct fixture *fixture;
    const struct small_run *run;
    size_t number;
    bool is_old; /* the file is of an older schema */
    struct store_content content;
    struct store_progress progress;
    struct db *db; /* NULL: tasks that open it themselves */
};

size_t store_task_count(void);
const char *store_task_name(size_t number);

void store_task_prepare(struct store_task *task, const struct fixture *fixture,
                        const struct small_run *run);

/* Without a task: the prepared store, and what to ask it but for the reader. */
struct store_question store_task_open(struct store_task *task);

void store_task_begin(struct store_task *task, size_t number);
int store_task_run(struct store_task *task, struct err *err) WARN_UNUSED;
void store_task_end(struct store_task *task);
void store_task_check(struct store_task *task, bool is_done);

#endif
