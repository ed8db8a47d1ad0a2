/* SPDX-License-Identifier: MIT */
/*
 * range_totals - what lanes did between two instants, exactly, and in a time that does not
 * depend on how long that is: the difference of two totals since the beginning of the run,
 * each from what is stored and at most a few chunks.
 *
 *     begin           from              to
 *       |--- totals --->|
 *       |------------- totals ---------->|
 *                       |--- range ------|
 */
#ifndef DB_RANGE_TOTALS_H
#define DB_RANGE_TOTALS_H

#include "db/damage.h"
#include "db/db.h"
#include "engine/record/lane.h"

struct range_query {
    int64_t run;
    sim_ns from_ns, to_ns; /* 0 <= from < to */
    const lane_id *lanes;  /* ascending, each once; NULL: all lanes */
    size_t lane_count;
};

struct range_lane {
    lane_id lane;
    sim_ns state_ns[STATE_COUNT]; /* cut at the edges of the range */
    int64_t spans[STATE_COUNT];   /* that overlap the range */
    sim_ns known_until_ns;        /* what comes later is missing; SIM_NEVER: nothing is */
};

/* Time in which a lane, a GIL or a lock, was held, or a thread waited for a GIL. */
struct range_holding {
    lane_id lane;     /* the GIL, the lock; or who waited */
    lane_id resource; /* who held it; or what was waited for */
    sim_ns ns;        /* > 0 */
    uint8_t state;    /* held; wait_gil or forced_wait */
};

struct range_totals {
    struct range_lane *lanes; /* as asked for; without a list: those that lived, by id */
    size_t lane_count;
    struct range_holding *holdings; /* by lane, state, resource */
    size_t holding_count;
    struct damage_list damages;
    size_t lane_capacity, holding_capacity; /* private */
};

/*
 * ERR_INVALID: the range is none, or a lane is not in the run. ERR_NOT_FOUND: no such run, or
 * no timeline of it. ERR_CORRUPT, ERR_NOMEM. On success release with range_totals_deinit().
 */
int range_totals_read(struct db_reader *reader, const struct range_query *query,
                      struct range_totals *out, struct err *err) WARN_UNUSED;
void range_totals_deinit(struct range_totals *totals);

#endif
