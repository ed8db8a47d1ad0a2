/* SPDX-License-Identifier: MIT */
#include "server/jobs/timeline_maker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/jobs/timeline_job.h"

struct making {
    int64_t run;
    struct timeline_state state;
};

struct timeline_maker {
    struct db *db;
    struct db_reader *reader; /* the thread's */
    pthread_t thread;
    atomic_bool cancel; /* what is being made */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct making items[TIMELINE_MAKER_MAX]; /* oldest first; guarded by mutex */
    size_t count;                            /* guarded by mutex */
    bool is_closed;                          /* guarded by mutex */
};

/* --- the list, with the mutex held ------------------------------------------------ */

static struct making *find(struct timeline_maker *maker, int64_t run) {
    for (size_t i = 0; i < maker->count; i++) {
        if (maker->items[i].run == run) {
            return &maker->items[i];
        }
    }
    return NULL;
}

static struct making *find_status(struct timeline_maker *maker,
                                  enum timeline_status status) {
    for (size_t i = 0; i < maker->count; i++) {
        if (maker->items[i].state.status == status) {
            return &maker->items[i];
        }
    }
    return NULL;
}

static void forget(struct timeline_maker *maker, struct making *item) {
    const struct making *end = &maker->items[--maker->count];
    for (; item < end; item++) {
        item[0] = item[1];
    }
}

static void set_failed(struct making *item, const char *reason) {
    item->state.status = TIMELINE_FAILED;
    snprintf(item->state.reason, sizeof item->state.reason, "%s", reason);
}

/* --- the thread ------------------------------------------------------------------ */

/* Makes the first that waits. The mutex is not held meanwhile. */
static void make_first(struct timeline_maker *maker, struct making *item) {
    const int64_t run = item->run;
    struct err err = {0};
    item->state.status = TIMELINE_MAKING;
    atomic_store(&maker->cancel, false);
    pthread_mutex_unlock(&maker->mutex);
    const int code =
        timeline_job_run(maker->db, maker->reader, run, &maker->cancel, &err);
    pthread_mutex_lock(&maker->mutex);
    item = find(maker, run);
    if (item != NULL && code == 0) {
        forget(maker, item);
    } else if (item != NULL) {
        set_failed(item, err.text);
    }
}

static void *work(void *context) {
    struct timeline_maker *maker = context;
    pthread_mutex_lock(&maker->mutex);
    while (!maker->is_closed) {
        struct making *item = find_status(maker, TIMELINE_WAITING);
        if (item != NULL) {
            make_first(maker, item);
        } else {
            pthread_cond_wait(&maker->changed, &maker->mutex);
        }
    }
    pthread_mutex_unlock(&maker->mutex);
    return NULL;
}

/* --- life ---------------------------------------------------------------------- */

int timeline_maker_open(struct timeline_maker **out, struct db *db, struct err *err) {
    struct timeline_maker *maker = calloc(1, sizeof *maker);
    if (maker == NULL) {
        return err_set_nomem(err);
    }
    maker->db = db;
    const int code = db_reader_open(&maker->reader, db, err);
    if (code != 0) {
        free(maker);
        return code;
    }
    pthread_mutex_init(&maker->mutex, NULL);
    pthread_cond_init(&maker->changed, NULL);
    if (pthread_create(&maker->thread, NULL, work, maker) != 0) {
        db_reader_close(maker->reader);
        free(maker);
        return err_set(err, ERR_NOMEM, "the system has no thread for timelines");
    }
    *out = maker;
    return 0;
}

void timeline_maker_close(struct timeline_maker *maker) {
    if (maker == NULL) {
        return;
    }
    pthread_mutex_lock(&maker->mutex);
    maker->is_closed = true;
    atomic_store(&maker->cancel, true);
    pthread_cond_signal(&maker->changed);
    pthread_mutex_unlock(&maker->mutex);
    pthread_join(maker->thread, NULL);
    pthread_cond_destroy(&maker->changed);
    pthread_mutex_destroy(&maker->mutex);
    db_reader_close(maker->reader);
    free(maker);
}

/* --- asking -------------------------------------------------------------------- */

int timeline_maker_ask(struct timeline_maker *maker, int64_t run, struct err *err) {
    int code = 0;
    pthread_mutex_lock(&maker->mutex);
    struct making *item = find(maker, run);
    if (item != NULL && item->state.status == TIMELINE_FAILED) {
        forget(maker, item);
        item = NULL;
    }
    if (item == NULL && maker->count == TIMELINE_MAKER_MAX) {
        item = find_status(maker, TIMELINE_FAILED); /* the oldest makes room */
        if (item != NULL) {
            forget(maker, item);
            item = NULL;
        } else {
            code = err_set(err, ERR_LIMIT, "%d timelines are being made already",
                           TIMELINE_MAKER_MAX);
        }
    }
    if (code == 0 && item == NULL) {
        maker->items[maker->count++] =
            (struct making){.run = run, .state = {.status = TIMELINE_WAITING}};
        pthread_cond_signal(&maker->changed);
    }
    pthread_mutex_unlock(&maker->mutex);
    return code;
}

void timeline_maker_cancel(struct timeline_maker *maker, int64_t run) {
    pthread_mutex_lock(&maker->mutex);
    struct making *item = find(maker, run);
    if (item != NULL && item->state.status == TIMELINE_WAITING) {
        set_failed(item, "cancelled");
    } else if (item != NULL && item->state.status == TIMELINE_MAKING) {
        atomic_store(&maker->cancel, true);
    }
    pthread_mutex_unlock(&maker->mutex);
}

void timeline_maker_state(struct timeline_maker *maker, int64_t run,
                          struct timeline_state *out) {
    pthread_mutex_lock(&maker->mutex);
    const struct making *item = find(maker, run);
    *out = item != NULL ? item->state : (struct timeline_state){.status = TIMELINE_NONE};
    pthread_mutex_unlock(&maker->mutex);
}
