/* SPDX-License-Identifier: MIT */
#include "server/jobs/janitor.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "db/removal.h"
#include "server/clock/clock.h"
#include "server/jobs/stored_job.h"
#include "server/log/log.h"

enum { ROUND_MS = 5000, PAUSE_MS = 10 };

struct janitor {
    struct janitor_options options;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the flags */
    pthread_cond_t changed;
    bool woken, stopping;
};

/* Waits so long, or until it is woken (`until_woken`) or to stop. False: stop. */
static bool pause_for(struct janitor *janitor, int64_t ms, bool until_woken) {
    const struct timespec due = clock_after_ms(ms);
    pthread_mutex_lock(&janitor->mutex);
    int waited = 0;
    while (waited == 0 && !janitor->stopping && !(until_woken && janitor->woken)) {
        waited = pthread_cond_timedwait(&janitor->changed, &janitor->mutex, &due);
    }
    if (until_woken) {
        janitor->woken = false;
    }
    const bool go_on = !janitor->stopping;
    pthread_mutex_unlock(&janitor->mutex);
    return go_on;
}

/* --- a round --------------------------------------------------------------------- */

static int tidy_up_after_others(struct janitor *janitor, struct err *err) {
    struct db_recovered recovered;
    const int code = db_recover(janitor->options.db, &recovered, err);
    if (code == 0 && recovered.runs + recovered.experiments > 0) {
        log_write(LOG_WARN, "janitor",
                  "another process died: %lld experiments and %lld runs are interrupted",
                  (long long)recovered.experiments, (long long)recovered.runs);
    }
    job_queue_notify(janitor->options.queue);
    return code;
}

static int remove_marked(struct janitor *janitor, struct err *err) {
    bool more = true;
    int code = 0;
    while (code == 0 && more) {
        code = removal_step(janitor->options.db, &more, err);
        if (code == 0 && more && !pause_for(janitor, PAUSE_MS, false)) {
            return 0;
        }
    }
    return code;
}

static bool is_stopping(struct janitor *janitor) { return !pause_for(janitor, 0, false); }

/* Removes what is marked, then one more that the rules forbid, until all may stay. */
static int keep_rules(struct janitor *janitor, struct err *err) {
    const struct janitor_options *options = &janitor->options;
    int64_t id = 1;
    int code = 0;
    while (code == 0 && id != 0) {
        code = remove_marked(janitor, err);
        if (code != 0 || is_stopping(janitor)) {
            break;
        }
        code = retention_mark_next(options->db, &options->retention, stored_job_now_ms(),
                                   &id, err);
        if (code == 0 && id != 0) {
            log_write(LOG_INFO, "janitor", "experiment %lld is removed", (long long)id);
        }
    }
    return code;
}

static void *janitor_main(void *context) {
    struct janitor *janitor = context;
    while (pause_for(janitor, ROUND_MS, true)) {
        struct err err = {0};
        if (tidy_up_after_others(janitor, &err) != 0 || keep_rules(janitor, &err) != 0) {
            log_write(LOG_ERROR, "janitor", "%s", err.text);
        }
    }
    return NULL;
}

/* --- life ------------------------------------------------------------------------ */

static void deinit_locks(struct janitor *janitor) {
    pthread_cond_destroy(&janitor->changed);
    pthread_mutex_destroy(&janitor->mutex);
    free(janitor);
}

int janitor_start(struct janitor **out, const struct janitor_options *options,
                  struct err *err) {
    struct janitor *janitor = calloc(1, sizeof *janitor);
    if (janitor == NULL) {
        return err_set_nomem(err);
    }
    janitor->options = *options;
    pthread_mutex_init(&janitor->mutex, NULL);
    clock_condition_init(&janitor->changed);
    if (pthread_create(&janitor->thread, NULL, janitor_main, janitor) != 0) {
        deinit_locks(janitor);
        return err_set(err, ERR_NOMEM, "a thread could not be started");
    }
    *out = janitor;
    return 0;
}

void janitor_wake(struct janitor *janitor) {
    pthread_mutex_lock(&janitor->mutex);
    janitor->woken = true;
    pthread_cond_signal(&janitor->changed);
    pthread_mutex_unlock(&janitor->mutex);
}

void janitor_stop(struct janitor *janitor) {
    if (janitor == NULL) {
        return;
    }
    pthread_mutex_lock(&janitor->mutex);
    janitor->stopping = true;
    pthread_cond_signal(&janitor->changed);
    pthread_mutex_unlock(&janitor->mutex);
    pthread_join(janitor->thread, NULL);
    deinit_locks(janitor);
}
