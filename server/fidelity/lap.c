/* SPDX-License-Identifier: MIT */
#include "server/fidelity/lap.h"

#include "engine/base/memory.h"
#include "engine/program/plan.h"

#include <string.h>

static site_id find_site(const struct plan *plan, const char *step) {
    for (size_t i = 0; step != NULL && i < plan->site_count; i++) {
        if (strcmp(plan->sites[i], step) == 0) {
            return (site_id)i;
        }
    }
    return SITE_NONE;
}

void lap_list_init(struct lap_list *list, const struct lap_watch *watch,
                   const struct plan *plan) {
    *list = (struct lap_list){
        .watch = *watch,
        .lane = LANE_NONE,
        .site = find_site(plan, watch->step),
        .last = SITE_NONE,
    };
}

void lap_list_deinit(struct lap_list *list) {
    memory_free(list->lap_s);
    *list = (struct lap_list){0};
}

static int append(struct lap_list *list, double lap_s, struct err *err) {
    if (vec_reserve((void **)&list->lap_s, &list->capacity, list->count,
                    sizeof *list->lap_s) != 0) {
        return err_set_nomem(err);
    }
    list->lap_s[list->count++] = lap_s;
    return 0;
}

/* "name", or one of "name 0", "name 1" ... */
static bool is_named(const char *lane, const char *name) {
    const size_t length = strlen(name);
    return strncmp(lane, name, length) == 0 &&
           (lane[length] == '\0' || lane[length] == ' ');
}

/* The tasks of one name are born one after the other. */
static int see_task(struct lap_list *list, const struct lane *lane, struct err *err) {
    if (lane->kind != LANE_TASK || !is_named(lane->name, list->watch.name)) {
        return 0;
    }
    if (list->lane == LANE_NONE) {
        list->lane = lane->id;
        list->began_ns = SIM_NEVER;
    }
    list->lane_end = lane->id + 1;
    return append(list, 0.0, err);
}

static int see_lane(void *context, const struct lane *lane, struct err *err) {
    struct lap_list *list = context;
    if (list->watch.step == NULL) {
        return see_task(list, lane, err);
    }
    if ((lane->kind == LANE_THREAD || lane->kind == LANE_TASK) &&
        strcmp(lane->name, list->watch.name) == 0) {
        list->lane = lane->id;
    }
    return 0;
}

/* Spans of a lane arrive in order: the last one ends with the task. */
static void see_end(struct lap_list *list, const struct span_chunk *chunk, uint32_t i) {
    const lane_id lane = chunk->lane[i];
    if (lane < list->lane || lane >= list->lane_end) {
        return;
    }
    if (list->began_ns == SIM_NEVER) {
        list->began_ns = chunk->start_ns[i];
    }
    list->lap_s[lane - list->lane] = (double)(chunk->end_ns[i] - list->began_ns) * 1e-9;
}

static int arrive(struct lap_list *list, sim_ns now, struct err *err) {
    const double lap_s = (double)(now - list->began_ns) * 1e-9;
    const int rc = list->running ? append(list, lap_s, err) : 0;
    list->running = true;
    list->began_ns = now;
    return rc;
}

static int see_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct lap_list *list = context;
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (list->watch.step == NULL) {
            see_end(list, chunk, i);
            continue;
        }
        if (chunk->lane[i] != list->lane || chunk->site[i] == SITE_NONE) {
            continue; /* threads start and end outside any step */
        }
        const bool arrives = chunk->site[i] == list->site && list->last != list->site;
        list->last = chunk->site[i];
        const int rc = arrives ? arrive(list, chunk->start_ns[i], err) : 0;
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int see_instants(void *context, const struct instant_chunk *chunk,
                        struct err *err) {
    (void)context;
    (void)chunk;
    (void)err;
    return 0;
}

struct sink lap_list_sink(struct lap_list *list) {
    return (struct sink){
        .context = list, .lane = see_lane, .spans = see_spans, .instants = see_instants};
}
