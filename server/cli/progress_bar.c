/* SPDX-License-Identifier: MIT */
#include "server/cli/progress_bar.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "server/clock/clock.h"

enum { BAR_WIDTH = 30, REDRAW_MS = 100, ETA_AFTER_MS = 1000 };

void progress_bar_init(struct progress_bar *bar, bool wanted) {
    *bar = (struct progress_bar){.visible = wanted && isatty(STDERR_FILENO) == 1};
    pthread_mutex_init(&bar->mutex, NULL);
}

void progress_bar_deinit(struct progress_bar *bar) {
    if (bar->drawn) {
        fputs("\r\033[K", stderr);
    }
    pthread_mutex_destroy(&bar->mutex);
}

/* ", 12 s left"; at the pace so far, once that can be told. */
static void describe_rest(char *out, size_t size, double share, int64_t elapsed_ms) {
    out[0] = '\0';
    if (elapsed_ms < ETA_AFTER_MS || share <= 0 || share >= 1) {
        return;
    }
    const double seconds = (double)elapsed_ms * 1e-3 * (1 - share) / share;
    if (seconds < 90) {
        snprintf(out, size, ", %.0f s left", ceil(seconds));
    } else if (seconds < 5400) {
        snprintf(out, size, ", %.0f min left", ceil(seconds / 60));
    } else {
        snprintf(out, size, ", %.1f h left", seconds / 3600);
    }
}

static void draw(const struct progress_bar *bar, const struct job_event *event,
                 int64_t now) {
    const double share =
        event->runs > 0 ? (double)event->runs_done / (double)event->runs : 1.0;
    char blocks[BAR_WIDTH + 1], rest[32];
    for (int i = 0; i < BAR_WIDTH; i++) {
        blocks[i] = i < (int)(share * BAR_WIDTH) ? '#' : '.';
    }
    blocks[BAR_WIDTH] = '\0';
    describe_rest(rest, sizeof rest, share, now - bar->begun_ms);
    fprintf(stderr, "\r[%s] %llu of %llu runs, %.1f million events%s\033[K", blocks,
            (unsigned long long)event->runs_done, (unsigned long long)event->runs,
            (double)event->events / 1e6, rest);
    fflush(stderr);
}

static void notify(void *context, const struct job_event *event) {
    struct progress_bar *bar = context;
    if (!bar->visible || event->kind != JOB_EVENT_PROGRESS) {
        return;
    }
    pthread_mutex_lock(&bar->mutex);
    const int64_t now = clock_ms();
    if (!bar->drawn || now - bar->drawn_ms >= REDRAW_MS) {
        bar->begun_ms = bar->drawn ? bar->begun_ms : now;
        draw(bar, event, now);
        bar->drawn = true;
        bar->drawn_ms = now;
    }
    pthread_mutex_unlock(&bar->mutex);
}

struct job_listener progress_bar_listener(struct progress_bar *bar) {
    return (struct job_listener){.context = bar, .notify = notify};
}
