/* SPDX-License-Identifier: MIT */
#include "server/cli/progress_bar.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30, REDRAW_MS = 100 };

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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

static void draw(const struct job_event *event) {
    const double share =
        event->runs > 0 ? (double)event->runs_done / (double)event->runs : 1.0;
    char bar[BAR_WIDTH + 1];
    for (int i = 0; i < BAR_WIDTH; i++) {
        bar[i] = i < (int)(share * BAR_WIDTH) ? '#' : '.';
    }
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %llu of %llu runs, %.1f million events\033[K", bar,
            (unsigned long long)event->runs_done, (unsigned long long)event->runs,
            (double)event->events / 1e6);
    fflush(stderr);
}

static void notify(void *context, const struct job_event *event) {
    struct progress_bar *bar = context;
    if (!bar->visible || event->kind != JOB_EVENT_PROGRESS) {
        return;
    }
    pthread_mutex_lock(&bar->mutex);
    const int64_t now = monotonic_ms();
    if (!bar->drawn || now - bar->drawn_ms >= REDRAW_MS) {
        draw(event);
        bar->drawn = true;
        bar->drawn_ms = now;
    }
    pthread_mutex_unlock(&bar->mutex);
}

struct job_listener progress_bar_listener(struct progress_bar *bar) {
    return (struct job_listener){.context = bar, .notify = notify};
}
