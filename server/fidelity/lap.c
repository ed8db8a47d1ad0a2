/* SPDX-License-Identifier: MIT */
#include "server/fidelity/lap.h"

#include "engine/base/memory.h"
#include "engine/program/plan.h"

#include <string.h>

static site_id find_site(const struct plan *plan, const char *step) {
    for (size_t i = 0; i < plan->site_count; i++) {
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

static int see_lane(void *context, const struct lane *lane, struct err *err) {
    struct lap_list *list = context;
    (void)err;
    if (lane->kind == LANE_THREAD && strcmp(lane->name, list->watch.thread) == 0) {
        list->lane = lane->id;
    }
    return 0;
}

static int arrive(struct lap_list *list, sim_ns now, struct err *err) {
    if (list->running) {
        if (vec_reserve((void **)&list->lap_s, &list->capacity, list->count,
                        sizeof *list->lap_s) != 0) {
            return err_set_nomem(err);
        }
        list->lap_s[list->count++] = (double)(now - list->began_ns) * 1e-9;
    }
    list->running = true;
    list->began_ns = now;
    return 0;
}

static int see_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct lap_list *list = context;
    for (uint32_t i = 0; i < chunk->count; i++) {
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
    return (struct sink){list, see_lane, see_spans, see_instants};
}
