/* SPDX-License-Identifier: MIT */
#include "server/jobs/live_run.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine/base/check.h"
#include "server/clock/clock.h"

enum { LOOK_SHARE = 100 };

struct live_runs {
    pthread_mutex_t mutex; /* guards everything below */
    struct live_run *first;
    struct live_run *last; /* the newest */
    uint64_t serial;
};

/* --- who executes a run ------------------------------------------------------------ */

static bool wants(void *context) {
    struct live_run *run = context;
    if (!atomic_load_explicit(&run->asked, memory_order_relaxed)) {
        return false;
    }
    run->begun_ns = clock_ns();
    return run->begun_ns >= run->due_ns;
}

static void show(void *context, const struct run_so_far *so_far) {
    struct live_run *run = context;
    pthread_mutex_lock(&run->runs->mutex);
    run->so_far = *so_far;
    run->is_new = true;
    pthread_mutex_unlock(&run->runs->mutex);
    atomic_store(&run->asked, false);
    const int64_t now_ns = clock_ns();
    const int64_t rest_ns = LOOK_SHARE * (now_ns - run->begun_ns);
    const int64_t least_ns = LIVE_RUN_MS * NS_PER_MS;
    run->due_ns = now_ns + (rest_ns > least_ns ? rest_ns : least_ns);
}

void live_run_begin(struct live_run *run, struct live_runs *runs,
                    const struct live_run_name *name) {
    *run = (struct live_run){.runs = runs, .name = *name};
    if (runs == NULL) {
        return;
    }
    run->watcher = (struct run_watcher){.context = run, .wants = wants, .show = show};
    pthread_mutex_lock(&runs->mutex);
    run->serial = ++runs->serial;
    run->previous = runs->last;
    if (runs->last != NULL) {
        runs->last->next = run;
    } else {
        runs->first = run;
    }
    runs->last = run;
    pthread_mutex_unlock(&runs->mutex);
}

void live_run_end(struct live_run *run) {
    struct live_runs *runs = run->runs;
    if (runs == NULL) {
        return;
    }
    pthread_mutex_lock(&runs->mutex);
    if (run->previous != NULL) {
        run->previous->next = run->next;
    } else {
        runs->first = run->next;
    }
    if (run->next != NULL) {
        run->next->previous = run->previous;
    } else {
        runs->last = run->previous;
    }
    pthread_mutex_unlock(&runs->mutex);
}

void live_run_set_id(struct live_run *run, int64_t id) {
    if (run->runs != NULL) {
        pthread_mutex_lock(&run->runs->mutex);
        run->name.run = id;
        pthread_mutex_unlock(&run->runs->mutex);
    }
}

const struct run_watcher *live_run_watcher(const struct live_run *run) {
    return run->runs != NULL ? &run->watcher : NULL;
}

/* --- the reader -------------------------------------------------------------------- */

bool live_runs_take(struct live_runs *runs, uint64_t after, struct live_run_known *out) {
    pthread_mutex_lock(&runs->mutex);
    struct live_run *run = runs->first;
    while (run != NULL && run->serial <= after) {
        run = run->next;
    }
    if (run != NULL) {
        out->serial = run->serial;
        out->name = run->name;
        out->is_new = run->is_new;
        if (run->is_new) {
            out->so_far = run->so_far;
        }
        run->is_new = false;
    }
    pthread_mutex_unlock(&runs->mutex);
    return run != NULL;
}

void live_runs_ask(struct live_runs *runs, uint64_t serial) {
    pthread_mutex_lock(&runs->mutex);
    for (struct live_run *run = runs->first; run != NULL; run = run->next) {
        if (run->serial == serial) {
            atomic_store(&run->asked, true);
        }
    }
    pthread_mutex_unlock(&runs->mutex);
}

/* --- life -------------------------------------------------------------------------- */

int live_runs_create(struct live_runs **out, struct err *err) {
    struct live_runs *runs = calloc(1, sizeof *runs);
    if (runs == NULL) {
        return err_set_nomem(err);
    }
    pthread_mutex_init(&runs->mutex, NULL);
    *out = runs;
    return 0;
}

void live_runs_destroy(struct live_runs *runs) {
    if (runs != NULL) {
        ASSERT(runs->first == NULL);
        pthread_mutex_destroy(&runs->mutex);
        free(runs);
    }
}
