/* SPDX-License-Identifier: MIT */
/*
 * lap - how long a thread or task takes from one arrival at a step until the next, or
 * when tasks end, read off the timeline of a run.
 *
 * Units of work are counted for actors that the run waits for, all in one histogram. A
 * heartbeat beside the workload, or a share of cycles above a threshold, needs the cycles
 * of one thread one by one. A lap begins when a span of the watched step begins after a
 * span of another step; the lap that is open when the run ends is not counted.
 *
 * Without a step the laps are those of all tasks of that name: from the birth of the first
 * of them to the end of each.
 */
#ifndef SERVER_FIDELITY_LAP_H
#define SERVER_FIDELITY_LAP_H

#include "engine/record/sink.h"

#include <stdbool.h>

struct plan;

/* Which thread or task and which step; the step is named by its JSON pointer. NULL: the
 * ends of tasks. */
struct lap_watch {
    const char *name, *step;
};

struct lap_list {
    struct lap_watch watch;
    lane_id lane;     /* the first that is watched; LANE_NONE until it is born */
    lane_id lane_end; /* the watched tasks are lane .. lane_end - 1 */
    site_id site;     /* SITE_NONE: the plan has no such step */
    site_id last;     /* of the thread's last span */
    sim_ns began_ns;
    bool running;
    double *lap_s; /* in order */
    size_t count, capacity;
};

/* Prepares a watch over runs of the plan. */
void lap_list_init(struct lap_list *list, const struct lap_watch *watch,
                   const struct plan *plan);
void lap_list_deinit(struct lap_list *list);

/* The sink to run with; borrows the list. */
struct sink lap_list_sink(struct lap_list *list);

#endif
