/* SPDX-License-Identifier: MIT */
#include "server/jobs/run_maker.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock/clock.h"

struct making {
    int64_t run;
    struct fair_share *share; /* of who asked first, until it has ended */
    struct run_maker_state state;
};

struct run_maker {
    struct db *db;
    run_maker_fn make;
    struct db_reader *reader; /* the thread's */
    pthread_t thread;
    atomic_bool cancel; /* what is being made */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct making items[RUN_MAKER_MAX]; /* oldest first; guarded by mutex */
    size_t count;                       /* guarded by mutex */
    struct fair_shares shares;          /* guarded by mutex */
    bool is_closed;                     /* guarded by mutex */
};

static_assert((int)RUN_MAKER_MAX <= (int)FAIR_SHARES_MAX,
              "each may be of another client");

/* --- the list, with the mutex held ------------------------------------------------ */

static struct making *find(struct run_maker *maker, int64_t run) {
    for (size_t i = 0; i < maker->count; i++) {
        if (maker->items[i].run == run) {
            return &maker->items[i];
        }
    }
    return NULL;
}

static struct making *find_failed(struct run_maker *maker) {
    for (size_t i = 0; i < maker->count; i++) {
        if (maker->items[i].state.status == RUN_MAKER_FAILED) {
            return &maker->items[i];
        }
    }
    return NULL;
}

/* The oldest of the client whose turn it is, or NULL. */
static struct making *choose(struct run_maker *maker) {
    struct making *chosen = NULL;
    for (size_t i = 0; i < maker->count; i++) {
        struct making *item = &maker->items[i];
        if (item->state.status == RUN_MAKER_WAITING &&
            (chosen == NULL || fair_share_before(item->share, chosen->share))) {
            chosen = item;
        }
    }
    return chosen;
}

static unsigned count_of(const struct run_maker *maker, const char *client) {
    for (size_t i = 0; i < maker->count; i++) {
        const struct fair_share *share = maker->items[i].share;
        if (share != NULL && strcmp(share->client, client) == 0) {
            return share->jobs;
        }
    }
    return 0;
}

static void leave_share(struct making *item) {
    if (item->share != NULL) {
        fair_share_leave(item->share);
        item->share = NULL;
    }
}

static void forget(struct run_maker *maker, struct making *item) {
    leave_share(item);
    const struct making *end = &maker->items[--maker->count];
    for (; item < end; item++) {
        item[0] = item[1];
    }
}

static void set_failed(struct making *item, int code, const char *reason) {
    leave_share(item);
    item->state.status = RUN_MAKER_FAILED;
    item->state.code = code;
    snprintf(item->state.reason, sizeof item->state.reason, "%s", reason);
}

/* --- the thread ------------------------------------------------------------------ */

/* Makes one that waits. The mutex is not held meanwhile; the share is that of what is being
 * made, which nobody forgets. */
static void make_one(struct run_maker *maker, struct making *item) {
    const int64_t run = item->run, started_ns = clock_ns();
    struct fair_share *share = item->share;
    struct err err = {0};
    item->state.status = RUN_MAKER_MAKING;
    fair_share_begin(share);
    atomic_store(&maker->cancel, false);
    pthread_mutex_unlock(&maker->mutex);
    const int code = maker->make(maker->db, maker->reader, run, &maker->cancel, &err);
    pthread_mutex_lock(&maker->mutex);
    fair_share_end(share, clock_ns() - started_ns);
    item = find(maker, run);
    if (code == 0) {
        forget(maker, item);
    } else {
        set_failed(item, code, err.text);
    }
}

static void *work(void *context) {
    struct run_maker *maker = context;
    pthread_mutex_lock(&maker->mutex);
    while (!maker->is_closed) {
        struct making *item = choose(maker);
        if (item != NULL) {
            make_one(maker, item);
        } else {
            pthread_cond_wait(&maker->changed, &maker->mutex);
        }
    }
    pthread_mutex_unlock(&maker->mutex);
    return NULL;
}

/* --- life ---------------------------------------------------------------------- */

int run_maker_open(struct run_maker **out, struct db *db, run_maker_fn make,
                   struct err *err) {
    struct run_maker *maker = calloc(1, sizeof *maker);
    if (maker == NULL) {
        return err_set_nomem(err);
    }
    maker->db = db;
    maker->make = make;
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
        return err_set(err, ERR_NOMEM,
                       "the system has no thread for what is asked of runs");
    }
    *out = maker;
    return 0;
}

void run_maker_close(struct run_maker *maker) {
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

/* With the mutex held. What has failed makes room: `failed`, the same run's, or if that is NULL
 * and there is no place, the oldest. Who is refused has not lost the reason. */
static int make_room(struct run_maker *maker, const char *client, struct making *failed,
                     struct err *err) {
    if (count_of(maker, client) >= RUN_MAKER_CLIENT_MAX) {
        return err_set(err, ERR_LIMIT,
                       "%d others are being made for this client already; ask again when "
                       "one of them is there",
                       RUN_MAKER_CLIENT_MAX);
    }
    if (failed == NULL && maker->count == RUN_MAKER_MAX &&
        (failed = find_failed(maker)) == NULL) {
        return err_set(err, ERR_LIMIT, "%d others are being made already", RUN_MAKER_MAX);
    }
    if (failed != NULL) {
        forget(maker, failed);
    }
    return 0;
}

int run_maker_ask(struct run_maker *maker, const struct run_maker_wish *wish,
                  struct err *err) {
    const char *client = wish->client != NULL ? wish->client : "";
    int code = 0;
    pthread_mutex_lock(&maker->mutex);
    struct making *item = find(maker, wish->run);
    const bool is_new = item == NULL || item->state.status == RUN_MAKER_FAILED;
    if (is_new) {
        code = make_room(maker, client, item, err);
    }
    if (code == 0 && is_new) {
        maker->items[maker->count++] =
            (struct making){.run = wish->run,
                            .share = fair_share_join(&maker->shares, client),
                            .state = {.status = RUN_MAKER_WAITING}};
        pthread_cond_signal(&maker->changed);
    }
    pthread_mutex_unlock(&maker->mutex);
    return code;
}

void run_maker_cancel(struct run_maker *maker, int64_t run) {
    pthread_mutex_lock(&maker->mutex);
    struct making *item = find(maker, run);
    if (item != NULL && item->state.status == RUN_MAKER_WAITING) {
        set_failed(item, ERR_CANCELLED, "cancelled");
    } else if (item != NULL && item->state.status == RUN_MAKER_MAKING) {
        atomic_store(&maker->cancel, true);
    }
    pthread_mutex_unlock(&maker->mutex);
}

void run_maker_forget(struct run_maker *maker, int64_t run) {
    pthread_mutex_lock(&maker->mutex);
    struct making *item = find(maker, run);
    if (item != NULL && item->state.status == RUN_MAKER_FAILED) {
        forget(maker, item);
    }
    pthread_mutex_unlock(&maker->mutex);
}

void run_maker_state(struct run_maker *maker, int64_t run, struct run_maker_state *out) {
    pthread_mutex_lock(&maker->mutex);
    const struct making *item = find(maker, run);
    *out =
        item != NULL ? item->state : (struct run_maker_state){.status = RUN_MAKER_NONE};
    pthread_mutex_unlock(&maker->mutex);
}
