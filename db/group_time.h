/* SPDX-License-Identifier: MIT */
/*
 * group_time - how long the lanes of a group were in each state between two instants, read
 * through a connection to SQLite that is somebody else's: the SQL function span_time.
 *
 * As in range_totals it is the difference of two totals since the beginning of the run, so
 * that the length of the range costs nothing.
 */
#ifndef DB_GROUP_TIME_H
#define DB_GROUP_TIME_H

#include "engine/base/err.h"
#include "engine/record/sink.h"

struct sqlite3;
struct group_time;

enum { GROUP_TIME_ALL = -1 };

struct group_time_query {
    int64_t run;
    sim_ns from_ns, to_ns; /* 0 <= from < to */
    int64_t group;         /* lane / 64, or GROUP_TIME_ALL */
};

/* By lane % 64; of all groups the sum, as if it were that of lane 0. */
struct group_time_totals {
    sim_ns state_ns[LANE_GROUP_LANES][STATE_COUNT];
};

/* `sqlite` must outlive it. ERR_NOMEM */
int group_time_open(struct group_time **out, struct sqlite3 *sqlite,
                    struct err *err) WARN_UNUSED;

/* Leaves the connection as it was. NULL is accepted. */
void group_time_close(struct group_time *time);

/* Zeros where there is no such lane. ERR_NOT_FOUND: no such run, or no timeline of it.
 * ERR_CORRUPT also when a single chunk that is needed is damaged: a sum with a part missing
 * would look like any other. */
int group_time_read(struct group_time *time, const struct group_time_query *query,
                    struct group_time_totals *out, struct err *err) WARN_UNUSED;

#endif
