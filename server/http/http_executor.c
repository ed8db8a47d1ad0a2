/* SPDX-License-Identifier: MIT */
#include "server/http/http_executor.h"

#include <pthread.h>
#include <stdlib.h>

struct worker {
    struct http_executor *executor;
    int index;
    pthread_t thread;
};

struct http_executor {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct http_task *head, **tail; /* guarded by mutex: FIFO */
    bool closed;                    /* guarded by mutex */
    int started;                    /* threads running */
    struct worker workers[HTTP_EXECUTOR_THREADS];
};

/* The oldest task, or NULL when the executor is closed and empty. */
static struct http_task *take_task(struct http_executor *executor) {
    pthread_mutex_lock(&executor->mutex);
    while (executor->head == NULL && !executor->closed) {
        pthread_cond_wait(&executor->changed, &executor->mutex);
    }
    struct http_task *task = executor->head;
    if (task != NULL) {
        executor->head = task->next;
        if (executor->head == NULL) {
            executor->tail = &executor->head;
        }
    }
    pthread_mutex_unlock(&executor->mutex);
    return task;
}

static void *worker_main(void *context) {
    struct worker *worker = context;
    for (struct http_task *task; (task = take_task(worker->executor)) != NULL;) {
        task->run(task, worker->index);
    }
    return NULL;
}

int http_executor_create(struct http_executor **out, struct err *err) {
    struct http_executor *executor = calloc(1, sizeof *executor);
    if (executor == NULL) {
        return err_set_nomem(err);
    }
    pthread_mutex_init(&executor->mutex, NULL);
    pthread_cond_init(&executor->changed, NULL);
    executor->tail = &executor->head;
    for (int i = 0; i < HTTP_EXECUTOR_THREADS; i++) {
        struct worker *worker = &executor->workers[i];
        *worker = (struct worker){.executor = executor, .index = i};
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
            http_executor_close(executor);
            http_executor_destroy(executor);
            return err_set(err, ERR_NOMEM, "a thread could not be started");
        }
        executor->started++;
    }
    *out = executor;
    return 0;
}

bool http_executor_submit(struct http_executor *executor, struct http_task *task,
                          void (*prepare)(void *context), void *context) {
    pthread_mutex_lock(&executor->mutex);
    const bool accepted = !executor->closed;
    if (accepted) {
        prepare(context);
        task->next = NULL;
        *executor->tail = task;
        executor->tail = &task->next;
        pthread_cond_signal(&executor->changed);
    }
    pthread_mutex_unlock(&executor->mutex);
    return accepted;
}

void http_executor_close(struct http_executor *executor) {
    pthread_mutex_lock(&executor->mutex);
    executor->closed = true;
    pthread_cond_broadcast(&executor->changed);
    pthread_mutex_unlock(&executor->mutex);
    for (int i = 0; i < executor->started; i++) {
        pthread_join(executor->workers[i].thread, NULL);
    }
    executor->started = 0;
}

void http_executor_destroy(struct http_executor *executor) {
    if (executor == NULL) {
        return;
    }
    pthread_cond_destroy(&executor->changed);
    pthread_mutex_destroy(&executor->mutex);
    free(executor);
}
