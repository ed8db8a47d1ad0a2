/* SPDX-License-Identifier: MIT */
#include "server/http/http_executor.h"

#include <pthread.h>
#include <stdlib.h>

/* Tasks that wait for threads of one kind. */
struct line {
    pthread_cond_t changed;
    struct http_task *head, **tail; /* FIFO */
};

struct worker {
    struct http_executor *executor;
    struct line *line;
    int index;
    pthread_t thread;
};

struct http_executor {
    pthread_mutex_t mutex;
    struct line lines[HTTP_PACE_COUNT]; /* guarded by mutex */
    bool closed;                        /* guarded by mutex */
    int started;                        /* threads running */
    struct worker workers[HTTP_EXECUTOR_THREADS];
};

/* The oldest task, or NULL when the executor is closed and there is none. */
static struct http_task *take_task(struct http_executor *executor, struct line *line) {
    pthread_mutex_lock(&executor->mutex);
    while (line->head == NULL && !executor->closed) {
        pthread_cond_wait(&line->changed, &executor->mutex);
    }
    struct http_task *task = line->head;
    if (task != NULL) {
        line->head = task->next;
        if (line->head == NULL) {
            line->tail = &line->head;
        }
    }
    pthread_mutex_unlock(&executor->mutex);
    return task;
}

static void *worker_main(void *context) {
    struct worker *worker = context;
    for (struct http_task *task;
         (task = take_task(worker->executor, worker->line)) != NULL;) {
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
    for (int i = 0; i < HTTP_PACE_COUNT; i++) {
        pthread_cond_init(&executor->lines[i].changed, NULL);
        executor->lines[i].tail = &executor->lines[i].head;
    }
    for (int i = 0; i < HTTP_EXECUTOR_THREADS; i++) {
        struct worker *worker = &executor->workers[i];
        const enum http_pace pace =
            i < HTTP_EXECUTOR_SHORT ? HTTP_PACE_SHORT : HTTP_PACE_LONG;
        *worker = (struct worker){
            .executor = executor, .line = &executor->lines[pace], .index = i};
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
                          enum http_pace pace, void (*prepare)(void *context),
                          void *context) {
    struct line *line = &executor->lines[pace];
    pthread_mutex_lock(&executor->mutex);
    const bool accepted = !executor->closed;
    if (accepted) {
        prepare(context);
        task->next = NULL;
        *line->tail = task;
        line->tail = &task->next;
        pthread_cond_signal(&line->changed);
    }
    pthread_mutex_unlock(&executor->mutex);
    return accepted;
}

void http_executor_close(struct http_executor *executor) {
    pthread_mutex_lock(&executor->mutex);
    executor->closed = true;
    for (int i = 0; i < HTTP_PACE_COUNT; i++) {
        pthread_cond_broadcast(&executor->lines[i].changed);
    }
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
    for (int i = 0; i < HTTP_PACE_COUNT; i++) {
        pthread_cond_destroy(&executor->lines[i].changed);
    }
    pthread_mutex_destroy(&executor->mutex);
    free(executor);
}
