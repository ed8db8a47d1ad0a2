/* SPDX-License-Identifier: MIT */
/* http_executor - short tasks do not wait for long ones, and none that was accepted is lost. */
#include "server/http/http_executor.h"

#include <pthread.h>

#include "tests/support/test.h"

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned entered, done; /* long tasks that have begun, tasks that have ended */
    bool open;              /* long tasks may end */
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, false};

static void run_long(struct http_task *task, int worker) {
    (void)task;
    pthread_mutex_lock(&gate.mutex);
    if (worker >= HTTP_EXECUTOR_SHORT) {
        gate.entered++;
    }
    pthread_cond_broadcast(&gate.changed);
    while (!gate.open) {
        pthread_cond_wait(&gate.changed, &gate.mutex);
    }
    gate.done++;
    pthread_mutex_unlock(&gate.mutex);
}

static void run_short(struct http_task *task, int worker) {
    (void)task;
    pthread_mutex_lock(&gate.mutex);
    if (worker < HTTP_EXECUTOR_SHORT) {
        gate.done++;
    }
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
}

static void count(void *context) { ++*(unsigned *)context; }

static void test_executor_keeps_threads_for_what_is_short(void **state) {
    (void)state;
    enum { LONG = 3 * HTTP_EXECUTOR_LONG, SHORT = 5 * HTTP_EXECUTOR_SHORT };
    struct http_executor *executor = NULL;
    struct http_task tasks[LONG + SHORT] = {{0}};
    unsigned prepared = 0;
    assert_int_equal(http_executor_create(&executor, NULL), 0);
    for (int i = 0; i < LONG + SHORT; i++) {
        tasks[i].run = i < LONG ? run_long : run_short;
        assert_true(http_executor_submit(executor, &tasks[i],
                                         i < LONG ? HTTP_PACE_LONG : HTTP_PACE_SHORT,
                                         count, &prepared));
    }
    /* All that are short end, while every thread for long ones is taken. */
    pthread_mutex_lock(&gate.mutex);
    while (gate.done < SHORT || gate.entered < HTTP_EXECUTOR_LONG) {
        pthread_cond_wait(&gate.changed, &gate.mutex);
    }
    assert_int_equal(gate.entered, HTTP_EXECUTOR_LONG);
    gate.open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
    http_executor_close(executor);
    assert_int_equal(gate.done, LONG + SHORT);
    assert_int_equal(gate.entered, LONG);
    assert_false(
        http_executor_submit(executor, &tasks[0], HTTP_PACE_SHORT, count, &prepared));
    assert_int_equal(prepared, LONG + SHORT);
    http_executor_destroy(executor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_executor_keeps_threads_for_what_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
