/* SPDX-License-Identifier: MIT */
#include "server/api/readiness.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "server/clock/clock.h"

/* With less room than this, SQLite may not even be able to write that it failed. */
enum { DISK_LEAST_BYTES = 1024 * 1024, TOUCH_MS = 1000 };

struct readiness {
    struct db *db;
    struct job_queue *queue;
    pthread_mutex_t mutex; /* guards the rest; held while the store is touched */
    int64_t touched_ms;    /* on the monotonic clock; -1: never */
    struct err touch;      /* what came of it */
};

static int check_queue(struct job_queue *queue, struct err *err) {
    struct job_totals totals;
    job_queue_read_totals(queue, &totals);
    if (totals.workers == 0) {
        return err_set(err, ERR_CANCELLED, "no thread is left that would run anything");
    }
    if (totals.unsettled > 0) {
        return err_set(err, ERR_IO,
                       "the outcome of %u experiments cannot be stored; the log says why",
                       totals.unsettled);
    }
    return totals.unbegun.code != 0
               ? err_set(err, totals.unbegun.code, "no experiment can be begun: %s",
                         totals.unbegun.text)
               : 0;
}

static int check_disk(const char *database, struct err *err) {
    struct statvfs disk;
    if (statvfs(database, &disk) != 0) {
        return err_set(err, ERR_IO, "the disk of the store: %s", strerror(errno));
    }
    if ((double)disk.f_bavail * (double)disk.f_frsize < DISK_LEAST_BYTES) {
        return err_set(err, ERR_IO, "the disk of the store is full; make room on it");
    }
    return 0;
}

static int check_store(struct readiness *readiness, struct err *err) {
    pthread_mutex_lock(&readiness->mutex);
    const int64_t now_ms = clock_ms();
    if (readiness->touched_ms < 0 || now_ms - readiness->touched_ms >= TOUCH_MS) {
        err_clear(&readiness->touch);
        readiness->touched_ms = now_ms;
        if (db_touch(readiness->db, &readiness->touch) == 0) {
            err_clear(&readiness->touch);
        }
    }
    const struct err touch = readiness->touch;
    pthread_mutex_unlock(&readiness->mutex);
    return touch.code != 0
               ? err_set(err, touch.code, "nothing can be stored: %s", touch.text)
               : 0;
}

int readiness_check(struct readiness *readiness, struct err *err) {
    int code = check_queue(readiness->queue, err);
    if (code == 0) {
        code = check_disk(db_path(readiness->db), err);
    }
    return code == 0 ? check_store(readiness, err) : code;
}

int readiness_create(struct readiness **out, struct db *db, struct job_queue *queue,
                     struct err *err) {
    struct readiness *readiness = calloc(1, sizeof *readiness);
    if (readiness == NULL) {
        return err_set_nomem(err);
    }
    readiness->db = db;
    readiness->queue = queue;
    readiness->touched_ms = -1;
    pthread_mutex_init(&readiness->mutex, NULL);
    *out = readiness;
    return 0;
}

void readiness_destroy(struct readiness *readiness) {
    if (readiness != NULL) {
        pthread_mutex_destroy(&readiness->mutex);
        free(readiness);
    }
}
