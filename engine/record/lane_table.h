/* SPDX-License-Identifier: MIT */
/*
 * lane_table - the lanes of a run: birth, end, name and the time in each state, in about
 * a hundred bytes a lane, since a run may have a million tasks.
 *
 * A lane has cells for the states of its kind alone. Where in its row a state has its cell
 * is the same for all kinds (lane_columns), so that adding up a span needs no kind:
 *
 *     cells    | r s . t | h f | r y w d ... | r y i t f l | r y i t f l |
 *                core      GIL   thread        task          task
 *
 * Names end mostly in a number: "client 17" is kept as the number 17 and the name "client"
 * of all of them (name_pool.h).
 *
 * Lanes are added, and end, in the order of time. The recorder fills the table and hands
 * it over to the result of the run.
 */
#ifndef ENGINE_RECORD_LANE_TABLE_H
#define ENGINE_RECORD_LANE_TABLE_H

#include "engine/base/err.h"
#include "engine/record/lane.h"
#include "engine/record/name_pool.h"

#include <stdbool.h>

/* What a transition reads and writes of its lane, beside one cell. */
struct lane_present {
    sim_ns since_ns; /* start of the open span; after the end: LANE_ENDED_NS + when */
    uint64_t doing;  /* its state, and above that its resource */
    site_id site;
    uint32_t row; /* the first cell of the lane */
};

static inline uint64_t lane_doing(enum lane_state state, lane_id resource) {
    return (uint64_t)(uint32_t)resource << 32 | state;
}

static inline enum lane_state lane_state_of(uint64_t doing) {
    return (enum lane_state)(uint32_t)doing;
}

static inline lane_id lane_resource_of(uint64_t doing) { return (lane_id)(doing >> 32); }

/* Later than any time, so that the open span of a lane that has ended has no length. */
#define LANE_ENDED_NS (INT64_C(1) << 62)

struct lane_origin {
    sim_ns born_ns;
    lane_id parent;
    uint32_t name;     /* without its number */
    int32_t number;    /* -1: none */
    lane_id next_dead; /* who ended next */
};

/* A zeroed one is empty. */
struct lane_table {
    struct lane_present *present; /* by lane */
    struct lane_origin *origin;   /* by lane */
    uint8_t *kinds;               /* by lane; enum lane_kind */
    sim_ns *cells;
    size_t count; /* lanes */
    size_t present_capacity, origin_capacity, kind_capacity, cell_count, cell_capacity;
    size_t dead_count;
    lane_id first_dead, last_dead; /* with dead_count > 0 */
    struct name_pool names;
};
void lane_table_deinit(struct lane_table *table);

/* Where a state has its cell in the rows of those kinds that have it. */
extern const uint8_t lane_columns[STATE_COUNT];

bool lane_kind_has_state(enum lane_kind kind, enum lane_state state);

/* One more lane, `lane->id` is the number of those before; what it does is for the caller
 * to fill in. ERR_NOMEM; there may be room for more then, but no lane. */
int lane_table_add(struct lane_table *table, const struct lane *lane) WARN_UNUSED;

static inline void lane_table_add_time(struct lane_table *table, lane_id id,
                                       enum lane_state state, sim_ns length) {
    table->cells[table->present[id].row + lane_columns[state]] += length;
}

/* The lane ends, once. */
void lane_table_end(struct lane_table *table, lane_id id, sim_ns now);

static inline bool lane_table_is_alive(const struct lane_table *table, lane_id id) {
    return table->present[id].since_ns < LANE_ENDED_NS;
}

static inline enum lane_kind lane_table_kind(const struct lane_table *table, lane_id id) {
    return (enum lane_kind)table->kinds[id];
}

static inline lane_id lane_table_parent(const struct lane_table *table, lane_id id) {
    return table->origin[id].parent;
}

static inline sim_ns lane_table_born(const struct lane_table *table, lane_id id) {
    return table->origin[id].born_ns;
}

/* -1 while alive. */
static inline sim_ns lane_table_died(const struct lane_table *table, lane_id id) {
    return lane_table_is_alive(table, id) ? -1
                                          : table->present[id].since_ns - LANE_ENDED_NS;
}

/* With its name. */
struct lane lane_table_lane(const struct lane_table *table, lane_id id);

/* The time in every state, complete when the lane has ended. */
void lane_table_times(const struct lane_table *table, lane_id id,
                      sim_ns state_ns[STATE_COUNT]);

/* The same with the span that is open, as long as it is at `now`. */
void lane_table_times_until(const struct lane_table *table, lane_id id, sim_ns now,
                            sim_ns state_ns[STATE_COUNT]);

/* All that is known of one lane. */
struct lane_total {
    struct lane lane;
    sim_ns died_ns;
    sim_ns state_ns[STATE_COUNT];
};
struct lane_total lane_table_total(const struct lane_table *table, lane_id id);

#endif
