/* SPDX-License-Identifier: MIT */
#include "server/api/event_feed.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db/experiment_queue.h"
#include "db/experiment_store.h"
#include "db/run_store.h"
#include "server/api/experiment_standing.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"
#include "server/clock/clock.h"
#include "server/log/log.h"

struct told_cell {
    int64_t id;
    size_t index;
    enum cell_status status;
};

/* What was told of an experiment since the last round. */
struct told {
    struct told *next;
    struct job_event progress; /* the newest */
    bool has_progress, has_finished;
    enum experiment_status status; /* of the end */
    struct told_cell *cells;       /* owned */
    size_t cell_count, cell_room;
};

/* A run that a stream is about. */
struct watched {
    int64_t run;
    sim_ns known_ns; /* -1: it is not being recorded */
};

/* Those of a round, by run. */
struct watch {
    struct watched *items; /* owned */
    size_t count;
};

struct event_feed {
    struct hub *hub;
    struct live_runs *runs;
    struct db_reader *reader; /* the thread's */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows, up to the next comment */
    pthread_cond_t changed;
    struct told *told; /* owned */
    bool queue_changed, stopping;
    bool is_running; /* the thread */
    /* The thread's own. */
    struct watch watch;
    struct other_processes others;
    bool is_blind;                 /* others could not be looked at, the last time */
    struct experiment_queue queue; /* as it was told last */
};

/* --- gathering --------------------------------------------------------------------- */

/* Under the mutex; NULL without memory. */
static struct told *told_of(struct event_feed *feed, int64_t experiment) {
    struct told **at = &feed->told;
    while (*at != NULL && (*at)->progress.experiment != experiment) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        *at = calloc(1, sizeof **at);
        if (*at != NULL) {
            (*at)->progress.experiment = experiment;
        }
    }
    return *at;
}

static bool add_cell(struct told *told, const struct job_event *event) {
    if (told->cell_count == told->cell_room) {
        const size_t room = told->cell_room > 0 ? 2 * told->cell_room : 16;
        struct told_cell *cells = realloc(told->cells, room * sizeof *cells);
        if (cells == NULL) {
            return false;
        }
        told->cells = cells;
        told->cell_room = room;
    }
    told->cells[told->cell_count++] =
        (struct told_cell){event->cell, event->cell_index, event->cell_status};
    return true;
}

static bool gather(struct event_feed *feed, const struct job_event *event) {
    struct told *told = told_of(feed, event->experiment);
    if (told == NULL) {
        return false;
    }
    switch (event->kind) {
    case JOB_EVENT_CELL:
        return add_cell(told, event);
    case JOB_EVENT_PROGRESS:
        feed->queue_changed = feed->queue_changed || event->runs_done == 0;
        told->progress = *event;
        told->has_progress = true;
        return true;
    case JOB_EVENT_FINISHED:
        feed->queue_changed = true;
        told->has_finished = true;
        told->status = event->status;
        return true;
    }
    return true;
}

static void notify(void *context, const struct job_event *event) {
    struct event_feed *feed = context;
    pthread_mutex_lock(&feed->mutex);
    const bool kept = gather(feed, event);
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->mutex);
    if (!kept) {
        log_write(LOG_ERROR, "events", "out of memory, an event is lost");
    }
}

struct job_listener event_feed_listener(struct event_feed *feed) {
    return (struct job_listener){.context = feed, .notify = notify};
}

void event_feed_cancelled(struct event_feed *feed, int64_t experiment) {
    notify(feed, &(struct job_event){.kind = JOB_EVENT_FINISHED,
                                     .experiment = experiment,
                                     .status = EXPERIMENT_INTERRUPTED});
}

void event_feed_queue_changed(struct event_feed *feed) {
    pthread_mutex_lock(&feed->mutex);
    feed->queue_changed = true;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->mutex);
}

struct live_runs *event_feed_runs(struct event_feed *feed) {
    return feed->runs;
}

/* --- as JSON ----------------------------------------------------------------------- */

static void write_uint(struct json_writer *writer, const char *key, uint64_t value) {
    json_writer_key(writer, key);
    json_writer_uint(writer, value);
}

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

void event_feed_write_progress(struct json_writer *writer,
                               const struct job_event *event) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "experiment", RESOURCE_EXPERIMENT, event->experiment);
    write_text(writer, "status", experiment_status_name(event->status));
    write_uint(writer, "cells", event->cells);
    write_uint(writer, "cells_done", event->cells_done);
    if (event->runs > 0) {
        write_uint(writer, "runs", event->runs);
    }
    write_uint(writer, "runs_done", event->runs_done);
    write_uint(writer, "events", event->events);
    json_writer_end_object(writer);
}

void event_feed_write_finished(struct json_writer *writer,
                               const struct job_event *event) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "experiment", RESOURCE_EXPERIMENT, event->experiment);
    write_text(writer, "status", experiment_status_name(event->status));
    json_writer_end_object(writer);
}

/* Those that have a meaning so far. */
static void write_metrics(struct json_writer *writer, const double *values) {
    json_writer_key(writer, "metrics");
    json_writer_begin_object(writer);
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (isfinite(values[i])) {
            json_writer_key(writer, metrics[i].name);
            json_writer_real(writer, values[i]);
        }
    }
    json_writer_end_object(writer);
}

void event_feed_write_metrics(struct json_writer *writer,
                              const struct live_run_known *known) {
    const struct run_so_far *so_far = &known->so_far;
    json_writer_begin_object(writer);
    experiment_view_id(writer, "experiment", RESOURCE_EXPERIMENT, known->name.experiment);
    experiment_view_id(writer, "cell", RESOURCE_CELL, known->name.cell);
    if (known->name.run != 0) {
        experiment_view_id(writer, "run", RESOURCE_RUN, known->name.run);
    } else {
        write_text(writer, "run", NULL);
    }
    write_uint(writer, "repetition", known->name.repetition);
    write_uint(writer, "duration_ns", (uint64_t)so_far->now_ns);
    write_uint(writer, "events", so_far->transitions);
    write_uint(writer, "spans", so_far->spans);
    write_uint(writer, "units", so_far->units);
    write_metrics(writer, so_far->metric);
    json_writer_end_object(writer);
}

void event_feed_write_queue(struct json_writer *writer,
                            const struct experiment_queue *queue) {
    json_writer_begin_object(writer);
    write_uint(writer, "running", (uint64_t)queue->running);
    write_uint(writer, "waiting", (uint64_t)queue->waiting);
    json_writer_end_object(writer);
}

void event_feed_write_known(struct json_writer *writer, int64_t run, sim_ns known_ns) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "run", RESOURCE_RUN, run);
    json_writer_key(writer, "known_until");
    if (known_ns >= 0) {
        json_writer_int(writer, known_ns);
    } else {
        json_writer_null(writer);
    }
    json_writer_end_object(writer);
}

static void write_cells(struct json_writer *writer, const struct told *told) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "experiment", RESOURCE_EXPERIMENT,
                       told->progress.experiment);
    json_writer_key(writer, "cells");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < told->cell_count; i++) {
        json_writer_begin_object(writer);
        experiment_view_id(writer, "cell", RESOURCE_CELL, told->cells[i].id);
        write_uint(writer, "index", told->cells[i].index);
        write_text(writer, "status", cell_status_name(told->cells[i].status));
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

/* Takes what was written. */
static void publish(const struct event_feed *feed, const struct hub_topics *topics,
                    const char *name, struct json_writer *writer) {
    struct hub_event event = {.name = name};
    char *text = NULL;
    if (json_writer_steal(writer, &text, &event.size, NULL) != 0) {
        log_write(LOG_ERROR, "events", "out of memory, an event is lost");
        return;
    }
    event.data = text;
    hub_publish(feed->hub, topics, &event);
    free(text);
}

static void publish_told(const struct event_feed *feed, struct told *told) {
    struct hub_topics topics = {.name = {EVENT_TOPIC_EXPERIMENTS}, .count = 2};
    struct json_writer writer = {0};
    resource_id_format(RESOURCE_EXPERIMENT, told->progress.experiment, topics.name[1]);
    if (told->cell_count > 0) {
        write_cells(&writer, told);
        publish(feed, &topics, "cells", &writer);
    }
    if (told->has_progress) {
        event_feed_write_progress(&writer, &told->progress);
        publish(feed, &topics, "progress", &writer);
    }
    if (told->has_finished) {
        told->progress.status = told->status;
        event_feed_write_finished(&writer, &told->progress);
        publish(feed, &topics, "finished", &writer);
    }
}

static void free_told(struct told *told) {
    while (told != NULL) {
        struct told *next = told->next;
        free(told->cells);
        free(told);
        told = next;
    }
}

/* --- the queue --------------------------------------------------------------------- */

static void publish_queue(struct event_feed *feed, const struct experiment_queue *queue) {
    static const struct hub_topics topics = {.name = {EVENT_TOPIC_QUEUE}, .count = 1};
    struct json_writer writer = {0};
    event_feed_write_queue(&writer, queue);
    publish(feed, &topics, "queue", &writer);
    feed->queue = *queue;
}

/* Tells also what is the same as before when we were told that it has changed: an experiment
 * may have ended while another one was submitted. */
static void look_at_queue(struct event_feed *feed, bool has_changed) {
    struct experiment_queue queue;
    if (experiment_queue_read(feed->reader, &queue, NULL) == 0 &&
        (has_changed || queue.running != feed->queue.running ||
         queue.waiting != feed->queue.waiting)) {
        publish_queue(feed, &queue);
    } /* else the next change tells */
}

/* What other processes do becomes news of the next round. */
static void look_at_others(struct event_feed *feed) {
    const struct job_listener listener = event_feed_listener(feed);
    struct err err = {0};
    const bool was_blind = feed->is_blind;
    feed->is_blind =
        other_processes_look(&feed->others, feed->reader, &listener, &err) != 0;
    if (feed->is_blind && !was_blind) { /* not four times a second */
        log_write(LOG_WARN, "events", "what other processes do cannot be seen: %s",
                  err.text);
    }
}

/* --- running runs ------------------------------------------------------------------ */

static int compare_runs(const void *a, const void *b) {
    const int64_t x = ((const struct watched *)a)->run;
    const int64_t y = ((const struct watched *)b)->run;
    return (x > y) - (x < y);
}

/* Whether that was not told yet. */
static bool is_news(const struct watch *told, const struct watched *watched) {
    const struct watched *before = told->count == 0
                                       ? NULL
                                       : bsearch(watched, told->items, told->count,
                                                 sizeof *told->items, compare_runs);
    return before == NULL || before->known_ns != watched->known_ns;
}

static void publish_known(const struct event_feed *feed, const struct watched *watched) {
    struct hub_topics topics = {.count = 1};
    struct json_writer writer = {0};
    resource_id_format(RESOURCE_RUN, watched->run, topics.name[0]);
    event_feed_write_known(&writer, watched->run, watched->known_ns);
    publish(feed, &topics, "timeline", &writer);
}

/* How far each run with such a topic is known; what is no run is left out. */
static void read_known(const struct event_feed *feed, const struct hub_names *topics,
                       struct watch *out) {
    for (size_t i = 0; i < topics->count; i++) {
        struct watched *watched = &out->items[out->count];
        if (resource_id_parse(RESOURCE_RUN, topics->items[i], &watched->run, NULL) != 0) {
            continue;
        }
        const int code = run_store_known(feed->reader, watched->run, LANE_NONE,
                                         &watched->known_ns, NULL);
        watched->known_ns = code == 1 ? watched->known_ns : -1;
        out->count += code >= 0 ? 1 : 0;
    }
    qsort(out->items, out->count, sizeof *out->items, compare_runs);
}

/* What is known of each run that a stream is about, if that is not what was told last. All of
 * them in one transaction: there may be thousands, and a question is soon answered. */
static void look_at_runs(struct event_feed *feed) {
    struct hub_names followed;
    struct watch now = {0};
    if (hub_followed(feed->hub, RESOURCE_RUN, &followed, NULL) != 0) {
        return; /* the next round tells */
    }
    if (followed.count > 0) {
        now.items = calloc(followed.count, sizeof *now.items);
        if (now.items == NULL || db_reader_begin(feed->reader, NULL) != 0) {
            hub_names_deinit(&followed);
            free(now.items);
            return; /* what was told stays told */
        }
        read_known(feed, &followed, &now);
        db_reader_end(feed->reader);
    }
    for (size_t i = 0; i < now.count; i++) {
        if (is_news(&feed->watch, &now.items[i])) {
            publish_known(feed, &now.items[i]);
        }
    }
    hub_names_deinit(&followed);
    free(feed->watch.items);
    feed->watch = now;
}

/* The topics that a run is about, as far as a stream is about them. */
static void find_followed(const struct event_feed *feed, const struct live_run_name *name,
                          struct hub_topics *out) {
    const struct {
        enum resource_kind kind;
        int64_t id;
    } topics[] = {{RESOURCE_EXPERIMENT, name->experiment}, {RESOURCE_RUN, name->run}};
    out->count = 0;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        resource_id_format(topics[i].kind, topics[i].id, out->name[out->count]);
        out->count += hub_is_followed(feed->hub, out->name[out->count]) ? 1 : 0;
    }
}

/* Tells what is known of the runs that go on, and asks for more. */
static void look_at_metrics(const struct event_feed *feed) {
    struct live_run_known known = {0};
    while (live_runs_take(feed->runs, known.serial, &known)) {
        struct hub_topics topics;
        find_followed(feed, &known.name, &topics);
        if (topics.count == 0) {
            continue;
        }
        if (known.is_new) {
            struct json_writer writer = {0};
            event_feed_write_metrics(&writer, &known);
            publish(feed, &topics, "metrics", &writer);
        }
        live_runs_ask(feed->runs, known.serial);
    }
}

/* --- the thread -------------------------------------------------------------------- */

/* Waits until there is something to tell, runs are to be looked at, or all is over. */
static void wait_for_news(struct event_feed *feed) {
    const struct timespec due = clock_after_ms(EVENT_FEED_TIMELINE_MS);
    int code = 0;
    while (feed->told == NULL && !feed->queue_changed && !feed->stopping && code == 0) {
        code = pthread_cond_timedwait(&feed->changed, &feed->mutex, &due);
    }
}

/* Waits for the end of the round, so that the next one is not too soon. */
static void wait_for_round(struct event_feed *feed, const struct timespec *due) {
    int code = 0;
    while (!feed->stopping && code == 0) {
        code = pthread_cond_timedwait(&feed->changed, &feed->mutex, due);
    }
}

static void *feed_main(void *context) {
    struct event_feed *feed = context;
    bool stopping = false;
    /* Thousands of runs may be followed: they are not looked at in every round of a busy
     * grid. */
    int64_t due_ms = 0;
    pthread_mutex_lock(&feed->mutex);
    while (!stopping) {
        wait_for_news(feed);
        struct told *told = feed->told;
        const bool queue_changed = feed->queue_changed;
        const struct timespec due = clock_after_ms(EVENT_FEED_MS);
        stopping = feed->stopping;
        feed->told = NULL;
        feed->queue_changed = false;
        pthread_mutex_unlock(&feed->mutex);
        for (struct told *at = told; at != NULL; at = at->next) {
            publish_told(feed, at);
        }
        free_told(told);
        const bool is_due = clock_ms() >= due_ms;
        if (queue_changed || is_due) {
            look_at_queue(feed, queue_changed);
        }
        if (is_due) {
            look_at_runs(feed);
            look_at_others(feed);
            due_ms = clock_ms() + EVENT_FEED_TIMELINE_MS - EVENT_FEED_MS;
        }
        look_at_metrics(feed);
        pthread_mutex_lock(&feed->mutex);
        wait_for_round(feed, &due);
    }
    pthread_mutex_unlock(&feed->mutex);
    return NULL;
}

/* --- life -------------------------------------------------------------------------- */

int event_feed_start(struct event_feed **out, struct db *db, struct hub *hub,
                     struct err *err) {
    struct event_feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL) {
        return err_set_nomem(err);
    }
    pthread_mutex_init(&feed->mutex, NULL);
    clock_condition_init(&feed->changed);
    feed->hub = hub;
    int code = live_runs_create(&feed->runs, err);
    if (code == 0) {
        code = db_reader_open(&feed->reader, db, err);
    }
    if (code == 0) {
        code = other_processes_begin(&feed->others, feed->reader, err);
    }
    if (code == 0) {
        code = experiment_queue_read(feed->reader, &feed->queue, err);
    }
    if (code == 0 && pthread_create(&feed->thread, NULL, feed_main, feed) != 0) {
        code = err_set(err, ERR_NOMEM, "a thread could not be started");
    }
    feed->is_running = code == 0;
    if (code != 0) {
        event_feed_destroy(feed);
        return code;
    }
    *out = feed;
    return 0;
}

void event_feed_close(struct event_feed *feed) {
    if (feed == NULL || !feed->is_running) {
        return;
    }
    pthread_mutex_lock(&feed->mutex);
    feed->stopping = true;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->mutex);
    pthread_join(feed->thread, NULL);
    feed->is_running = false;
}

void event_feed_destroy(struct event_feed *feed) {
    if (feed == NULL) {
        return;
    }
    event_feed_close(feed);
    if (feed->reader != NULL) {
        db_reader_close(feed->reader);
    }
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->mutex);
    free_told(feed->told);
    free(feed->watch.items);
    other_processes_deinit(&feed->others);
    live_runs_destroy(feed->runs);
    free(feed);
}
