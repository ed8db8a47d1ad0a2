/* SPDX-License-Identifier: MIT */
#include "server/api/experiment_standing.h"

#include <stdlib.h>

#include "db/experiment_queue.h"
#include "db/experiment_store.h"
#include "db/run_store.h"

int experiment_standing_read(struct db_reader *reader, int64_t id, struct job_event *out,
                             struct err *err) {
    struct experiment experiment;
    struct run_count runs;
    int code = experiment_store_read(reader, id, &experiment, err);
    if (code != 0) {
        return code;
    }
    *out = (struct job_event){
        .kind = JOB_EVENT_PROGRESS,
        .experiment = id,
        .status = experiment.row.status,
        .cells = (uint64_t)experiment.row.cells,
        .cells_done = (uint64_t)experiment.row.cells_done,
    };
    experiment_deinit(&experiment);
    code = run_store_count(reader, id, &runs, err);
    if (code == 0) {
        out->runs_done = runs.ended;
        out->events = runs.transitions;
    }
    return code;
}

bool experiment_standing_has_ended(const struct job_event *standing) {
    return standing->status != EXPERIMENT_QUEUED &&
           standing->status != EXPERIMENT_RUNNING;
}

/* --- other processes -------------------------------------------------------------- */

void other_processes_deinit(struct other_processes *others) {
    free(others->known);
    *others = (struct other_processes){0};
}

int other_processes_begin(struct other_processes *others, struct db_reader *reader,
                          struct err *err) {
    struct experiment_ids ids;
    others->newest = INT64_MAX;
    const int code = experiment_queue_others(reader, &others->newest, &ids, err);
    if (code == 0) {
        experiment_ids_deinit(&ids); /* the first look tells where they stand */
    }
    return code;
}

static const struct job_event *find_known(const struct other_processes *others,
                                          int64_t id) {
    for (size_t i = 0; i < others->count; i++) {
        if (others->known[i].experiment == id) {
            return &others->known[i];
        }
    }
    return NULL;
}

static bool has_id(const struct experiment_ids *ids, int64_t id) {
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->items[i] == id) {
            return true;
        }
    }
    return false;
}

static bool is_news(const struct job_event *before, const struct job_event *now) {
    return before == NULL || before->status != now->status ||
           before->cells_done != now->cells_done || before->runs_done != now->runs_done;
}

static void tell(const struct job_listener *listener, struct job_event standing) {
    listener->notify(listener->context, &standing);
    if (experiment_standing_has_ended(&standing)) {
        standing.kind = JOB_EVENT_FINISHED;
        listener->notify(listener->context, &standing);
    }
}

/* Tells of one, and keeps in `next` what goes on. What was removed is passed over, and what is
 * ours now: its own job tells. */
static int look_at(const struct other_processes *others, struct db_reader *reader,
                   int64_t id, bool is_theirs, const struct job_listener *listener,
                   struct other_processes *next, struct err *err) {
    struct err cause = {0};
    struct job_event now;
    const int code = experiment_standing_read(reader, id, &now, &cause);
    if (code != 0) {
        return code == ERR_NOT_FOUND ? 0 : err_set_from(err, code, &cause);
    }
    const bool has_ended = experiment_standing_has_ended(&now);
    if (!has_ended && !is_theirs) {
        return 0;
    }
    if (is_news(find_known(others, id), &now)) {
        tell(listener, now);
    }
    if (!has_ended) {
        next->known[next->count++] = now;
    }
    return 0;
}

int other_processes_look(struct other_processes *others, struct db_reader *reader,
                         const struct job_listener *listener, struct err *err) {
    struct other_processes next = {.newest = others->newest};
    struct experiment_ids ids;
    int code = experiment_queue_others(reader, &next.newest, &ids, err);
    if (code != 0) {
        return code;
    }
    next.known = calloc(ids.count + others->count + 1, sizeof *next.known);
    if (next.known == NULL) {
        code = err_set_nomem(err);
    }
    for (size_t i = 0; code == 0 && i < ids.count; i++) {
        code = look_at(others, reader, ids.items[i], true, listener, &next, err);
    }
    for (size_t i = 0; code == 0 && i < others->count; i++) {
        const int64_t id = others->known[i].experiment;
        if (!has_id(&ids, id)) {
            code = look_at(others, reader, id, false, listener, &next, err);
        }
    }
    experiment_ids_deinit(&ids);
    if (code != 0) {
        other_processes_deinit(&next);
        return code;
    }
    free(others->known);
    *others = next;
    return 0;
}
