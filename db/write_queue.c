/* SPDX-License-Identifier: MIT */
#include "db/write_queue_priv.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "db/db_priv.h"
#include "engine/base/memory.h"

enum {
    QUEUE_BYTES = 8 * 1024 * 1024,
    TRANSACTION_MS = 50 /* what a kill -9 costs; others wait so long for the writer */
};

struct write_queue {
    struct db *db;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards all below, and every stream */
    pthread_cond_t work, done;
    struct write_batch *first, *last;
    size_t bytes; /* of what is queued or being stored */
    bool working; /* there is a thread: from the first batch on */
    bool closing;
};

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the thread ---------------------------------------------------------------- */

static struct write_batch *take_all(struct write_queue *queue) {
    struct write_batch *first = queue->first;
    queue->first = queue->last = NULL;
    return first;
}

static void give_up(struct write_stream *stream) {
    if (stream->err.code == 0) {
        (void)err_set(&stream->err, ERR_CANCELLED, "stopped before it ended");
    }
}

/* Under the mutex. Also when nothing is lost yet: its owner is told sooner. */
static bool is_lost(struct write_stream *stream) {
    if (stream->cancel != NULL && atomic_load(stream->cancel)) {
        give_up(stream);
    }
    return stream->err.code != 0;
}

static bool has_failed(struct write_queue *queue, const struct write_batch *batch) {
    pthread_mutex_lock(&queue->mutex);
    const bool failed = is_lost(batch->stream);
    pthread_mutex_unlock(&queue->mutex);
    return failed;
}

static int insert_all(struct write_queue *queue, struct connection *connection,
                      const struct write_batch *first, const struct write_batch *end,
                      struct err *err) {
    int rc = 0;
    for (const struct write_batch *b = first; rc == 0 && b != end; b = b->next) {
        rc = has_failed(queue, b) ? 0 : b->insert(b, connection, err);
    }
    return rc;
}

/* Stores the list, and appends to it what comes until the transaction is long enough. */
static int store_together(struct write_queue *queue, struct write_batch *first,
                          struct err *err) {
    const int64_t begin = monotonic_ms();
    struct connection *connection;
    int rc = db_write_begin(queue->db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    struct write_batch *last = NULL;
    struct write_batch *more = first;
    while (rc == 0 && more != NULL) {
        rc = insert_all(queue, connection, more, NULL, err);
        for (last = more; last->next != NULL; last = last->next) {
        }
        more = NULL;
        if (rc == 0 && monotonic_ms() - begin < TRANSACTION_MS) {
            pthread_mutex_lock(&queue->mutex);
            more = take_all(queue);
            pthread_mutex_unlock(&queue->mutex);
        }
        last->next = more;
    }
    return db_write_end(queue->db, rc, err);
}

/* After a failure each batch is stored by itself, so that only its own stream fails. */
static void store_alone(struct write_queue *queue, struct write_batch *batch) {
    struct connection *connection;
    struct err err = {0};
    int rc = db_write_begin(queue->db, &connection, &err);
    if (rc == 0) {
        rc = insert_all(queue, connection, batch, batch->next, &err);
        rc = db_write_end(queue->db, rc, &err);
    }
    if (rc != 0) {
        pthread_mutex_lock(&queue->mutex);
        if (batch->stream->err.code == 0) {
            batch->stream->err = err;
        }
        pthread_mutex_unlock(&queue->mutex);
    }
}

static void store(struct write_queue *queue, struct write_batch *first) {
    struct err err = {0};
    if (store_together(queue, first, &err) != 0) {
        for (struct write_batch *b = first; b != NULL; b = b->next) {
            store_alone(queue, b);
        }
    }
}

/* The batches are stored, or their streams have failed. */
static void finish(struct write_queue *queue, struct write_batch *first) {
    for (struct write_batch *next; first != NULL; first = next) {
        next = first->next;
        queue->bytes -= first->size;
        first->stream->pending--;
        first->destroy(first);
    }
    pthread_cond_broadcast(&queue->done);
}

static void *work(void *context) {
    struct write_queue *queue = context;
    pthread_mutex_lock(&queue->mutex);
    for (;;) {
        while (queue->first == NULL && !queue->closing) {
            pthread_cond_wait(&queue->work, &queue->mutex);
        }
        struct write_batch *first = take_all(queue);
        if (first == NULL) {
            break;
        }
        pthread_mutex_unlock(&queue->mutex);
        store(queue, first);
        pthread_mutex_lock(&queue->mutex);
        finish(queue, first);
    }
    pthread_mutex_unlock(&queue->mutex);
    return NULL;
}

/* --- its clients --------------------------------------------------------------- */

int write_queue_create(struct write_queue **out, struct db *db, struct err *err) {
    struct write_queue *queue = memory_zeroed(1, sizeof *queue);
    if (queue == NULL) {
        return err_set_nomem(err);
    }
    queue->db = db;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->work, NULL);
    pthread_cond_init(&queue->done, NULL);
    *out = queue;
    return 0;
}

void write_queue_destroy(struct write_queue *queue) {
    if (queue == NULL) {
        return;
    }
    pthread_mutex_lock(&queue->mutex);
    queue->closing = true;
    pthread_cond_signal(&queue->work);
    pthread_mutex_unlock(&queue->mutex);
    if (queue->working) {
        pthread_join(queue->thread, NULL);
    }
    pthread_cond_destroy(&queue->done);
    pthread_cond_destroy(&queue->work);
    pthread_mutex_destroy(&queue->mutex);
    memory_free(queue);
}

static int stream_error(const struct write_stream *stream, struct err *err) {
    if (stream->err.code != 0 && err != NULL && err->code == 0) {
        *err = stream->err;
    }
    return stream->err.code;
}

/* Who only reads, or looks after a store, needs no thread. */
static int begin_work(struct write_queue *queue, struct err *err) {
    if (!queue->working && pthread_create(&queue->thread, NULL, work, queue) != 0) {
        return err_set_nomem(err);
    }
    queue->working = true;
    return 0;
}

int write_queue_put(struct write_queue *queue, struct write_stream *stream,
                    struct write_batch *take_batch, struct err *err) {
    pthread_mutex_lock(&queue->mutex);
    while (!is_lost(stream) && queue->bytes >= QUEUE_BYTES) {
        pthread_cond_wait(&queue->done, &queue->mutex);
    }
    int rc = stream_error(stream, err);
    if (rc == 0) {
        rc = begin_work(queue, err);
    }
    if (rc == 0) {
        take_batch->stream = stream;
        take_batch->next = NULL;
        if (queue->last != NULL && queue->first != NULL) {
            queue->last->next = take_batch;
        } else {
            queue->first = take_batch;
        }
        queue->last = take_batch;
        queue->bytes += take_batch->size;
        stream->pending++;
        pthread_cond_signal(&queue->work);
    }
    pthread_mutex_unlock(&queue->mutex);
    if (rc != 0) {
        take_batch->destroy(take_batch);
    }
    return rc;
}

void write_queue_give_up(struct write_queue *queue, struct write_stream *stream) {
    pthread_mutex_lock(&queue->mutex);
    give_up(stream);
    pthread_mutex_unlock(&queue->mutex);
}

int write_queue_drain(struct write_queue *queue, struct write_stream *stream,
                      struct err *err) {
    pthread_mutex_lock(&queue->mutex);
    while (stream->pending > 0) {
        pthread_cond_wait(&queue->done, &queue->mutex);
    }
    const int rc = stream_error(stream, err);
    pthread_mutex_unlock(&queue->mutex);
    return rc;
}
