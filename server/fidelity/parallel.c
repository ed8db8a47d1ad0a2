/* SPDX-License-Identifier: MIT */
#include "server/fidelity/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* What the threads share. */
struct parallel {
    parallel_fn task;
    void *context;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t mutex;
    struct err err; /* guarded by mutex */
};

static void *do_tasks(void *argument) {
    struct parallel *parallel = argument;
    for (;;) {
        const size_t i = atomic_fetch_add(&parallel->next, 1);
        if (i >= parallel->count || atomic_load(&parallel->failed)) {
            return NULL;
        }
        struct err err = {0};
        if (parallel->task(parallel->context, i, &err) != 0) {
            pthread_mutex_lock(&parallel->mutex);
            if (parallel->err.code == 0) {
                parallel->err = err;
            }
            pthread_mutex_unlock(&parallel->mutex);
            atomic_store(&parallel->failed, true);
        }
    }
}

int parallel_run(size_t count, parallel_fn task, void *context, struct err *err) {
    enum { MAX_THREADS = 64 };
    struct parallel parallel = {.task = task,
                                .context = context,
                                .count = count,
                                .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[MAX_THREADS];
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long started = 0;
    /* The calling thread works too, so a thread that cannot be made is no error. */
    while (started < cores - 1 && started < MAX_THREADS &&
           pthread_create(&threads[started], NULL, do_tasks, &parallel) == 0) {
        started++;
    }
    (void)do_tasks(&parallel); /* always NULL */
    for (long i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    if (!atomic_load(&parallel.failed)) {
        return 0;
    }
    return err_set_from(err, parallel.err.code, &parallel.err);
}
