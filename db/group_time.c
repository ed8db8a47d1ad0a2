/* SPDX-License-Identifier: MIT */
#include "db/group_time.h"

#include <string.h>

#include "db/chunk_reader_priv.h"
#include "db/connection_priv.h"
#include "db/edge_totals_priv.h"

struct group_time {
    struct connection *connection;
    struct edge_totals from, to; /* of the group at hand */
};

int group_time_open(struct group_time **out, struct sqlite3 *sqlite, struct err *err) {
    struct group_time *time = memory_zeroed(1, sizeof *time);
    if (time == NULL) {
        return err_set_nomem(err);
    }
    const int rc = connection_borrow(&time->connection, sqlite, err);
    if (rc != 0) {
        memory_free(time);
        return rc;
    }
    *out = time;
    return 0;
}

void group_time_close(struct group_time *time) {
    if (time != NULL) {
        connection_close(time->connection);
        memory_free(time);
    }
}

/* What one reading shares. */
struct reading {
    struct chunk_reader reader;
    struct damage_list damages;
    const struct group_time_query *query;
    struct edge_totals *from, *to;
    struct group_time_totals *out;
};

static int add_lane(struct reading *reading, uint32_t lane, struct err *err) {
    sim_ns *out =
        reading->out->state_ns[reading->query->group == GROUP_TIME_ALL ? 0 : lane];
    for (int state = 0; state < STATE_COUNT; state++) {
        const sim_ns ns = reading->to->totals.state_ns[lane][state] -
                          reading->from->totals.state_ns[lane][state];
        if (ns < 0 || ns > INT64_MAX - out[state]) {
            return recorded_run_damaged(&reading->reader.run,
                                        "more time than there can be", err);
        }
        out[state] += ns;
    }
    return 0;
}

static int add_group(struct reading *reading, uint32_t group, struct err *err) {
    const struct group_time_query *query = reading->query;
    struct chunk_reader *reader = &reading->reader;
    int rc = edge_totals_read(reader, group, query->from_ns, reading->from, NULL, err);
    if (rc == 0) {
        rc = edge_totals_read(reader, group, query->to_ns, reading->to, NULL, err);
    }
    if (rc == 0 && reading->damages.count > 0) {
        rc = recorded_run_damaged(&reader->run, reading->damages.items[0].what, err);
    }
    for (uint32_t lane = 0; rc == 0 && lane < LANE_GROUP_LANES; lane++) {
        rc = add_lane(reading, lane, err);
    }
    return rc;
}

static int add_all(struct reading *reading, struct err *err) {
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    int rc;
    while ((rc = recorded_run_next_group(&reading->reader.run, &group, err)) == 1) {
        rc = add_group(reading, (uint32_t)group++, err);
        if (rc != 0) {
            return rc;
        }
    }
    return rc;
}

static bool is_in_run(const struct reading *reading) {
    const int64_t group = reading->query->group;
    return group >= 0 &&
           group < (int64_t)((reading->reader.run.lane_count + LANE_GROUP_LANES - 1) /
                             LANE_GROUP_LANES);
}

int group_time_read(struct group_time *time, const struct group_time_query *query,
                    struct group_time_totals *out, struct err *err) {
    struct reading reading = {
        .query = query, .from = &time->from, .to = &time->to, .out = out};
    memset(out, 0, sizeof *out);
    int rc = chunk_reader_open(&reading.reader, time->connection, query->run,
                               &reading.damages, err);
    if (rc == 0 && query->group == GROUP_TIME_ALL) {
        rc = add_all(&reading, err);
    } else if (rc == 0 && is_in_run(&reading)) {
        rc = add_group(&reading, (uint32_t)query->group, err);
    }
    damage_list_deinit(&reading.damages);
    return rc;
}
