/* SPDX-License-Identifier: MIT */
#include "db/range_totals.h"

#include "db/db_priv.h"
#include "db/edge_totals_priv.h"

/* What the groups of an answer share. */
struct range {
    struct chunk_reader reader;
    const struct range_query *query;
    struct edge_totals from, to;
    sim_ns known_ns; /* of the group */
    struct holder_totals held_from, held_to;
    struct range_totals out;
};

void range_totals_deinit(struct range_totals *totals) {
    memory_free(totals->lanes);
    memory_free(totals->holdings);
    damage_list_deinit(&totals->damages);
    *totals = (struct range_totals){0};
}

static int check_query(const struct range_query *query, struct err *err) {
    return query->from_ns < 0 || query->from_ns >= query->to_ns
               ? err_set(err, ERR_INVALID, "the range must have 0 <= from < to")
               : 0;
}

/* --- one lane of a group --------------------------------------------------------- */

/* A span overlaps the range unless it ended before or begins after it. */
static void subtract(const struct range *range, struct range_lane *out) {
    const struct edge_totals *from = &range->from, *to = &range->to;
    const uint32_t place = (uint32_t)out->lane % LANE_GROUP_LANES;
    out->known_until_ns = range->known_ns;
    for (int state = 0; range->known_ns > range->query->from_ns && state < STATE_COUNT;
         state++) {
        out->state_ns[state] =
            to->totals.state_ns[place][state] - from->totals.state_ns[place][state];
        out->spans[state] = to->totals.ended[place][state] -
                            from->totals.ended[place][state] + (to->open[place] == state);
    }
}

static bool has_lived(const struct range_lane *lane) {
    for (int state = 0; state < STATE_COUNT; state++) {
        if (lane->state_ns[state] != 0) {
            return true;
        }
    }
    return false;
}

static int add_lane(struct range *range, const struct range_lane *lane, struct err *err) {
    struct range_totals *out = &range->out;
    if (vec_reserve((void **)&out->lanes, &out->lane_capacity, out->lane_count,
                    sizeof *out->lanes) != 0) {
        return err_set_nomem(err);
    }
    out->lanes[out->lane_count++] = *lane;
    return 0;
}

/* --- holdings ------------------------------------------------------------------ */

static int add_holding(struct range *range, const struct holder_total *total,
                       struct err *err) {
    struct range_totals *out = &range->out;
    if (vec_reserve((void **)&out->holdings, &out->holding_capacity, out->holding_count,
                    sizeof *out->holdings) != 0) {
        return err_set_nomem(err);
    }
    out->holdings[out->holding_count++] = (struct range_holding){
        .lane = total->lane,
        .resource = total->resource,
        .ns = total->ns,
        .state = total->state,
    };
    return 0;
}

/* Both are sorted. Who held it before did so no less later, unless a chunk is damaged. */
static int subtract_holders(struct range *range, struct err *err) {
    holder_totals_sort(&range->held_from);
    holder_totals_sort(&range->held_to);
    const struct holder_totals *from = &range->held_from, *to = &range->held_to;
    int rc = 0;
    for (size_t i = 0, k = 0; rc == 0 && i < to->count; i++) {
        struct holder_total total = to->items[i];
        while (k < from->count && holder_total_order(&from->items[k], &total) < 0) {
            k++;
        }
        if (k < from->count && holder_total_order(&from->items[k], &total) == 0) {
            total.ns -= from->items[k].ns;
        }
        rc = total.ns > 0 ? add_holding(range, &total, err) : 0;
    }
    return rc;
}

/* --- groups -------------------------------------------------------------------- */

static int read_edges(struct range *range, uint32_t group, struct err *err) {
    const struct range_query *query = range->query;
    struct chunk_reader *reader = &range->reader;
    holder_totals_deinit(&range->held_from);
    holder_totals_deinit(&range->held_to);
    int rc = recorded_run_known(&reader->run, group, &range->known_ns, err);
    if (rc == 0) {
        rc = edge_totals_read(reader, group, query->from_ns, &range->from,
                              &range->held_from, err);
    }
    return rc == 0 ? edge_totals_read(reader, group, query->to_ns, &range->to,
                                      &range->held_to, err)
                   : rc;
}

static int add_group(struct range *range, uint32_t group, struct err *err) {
    int rc = read_edges(range, group, err);
    const lane_id first = (lane_id)(group * LANE_GROUP_LANES);
    for (lane_id i = 0; rc == 0 && i < LANE_GROUP_LANES; i++) {
        struct range_lane lane = {.lane = first + i};
        subtract(range, &lane);
        rc = has_lived(&lane) ? add_lane(range, &lane, err) : 0;
    }
    return rc == 0 ? subtract_holders(range, err) : rc;
}

static int add_all(struct range *range, struct err *err) {
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    int rc;
    while ((rc = recorded_run_next_group(&range->reader.run, &group, err)) == 1) {
        rc = add_group(range, (uint32_t)group++, err);
        if (rc != 0) {
            break;
        }
    }
    return rc;
}

/* The lanes that were asked for, group by group; what others held is left out. */
static int add_asked(struct range *range, struct err *err) {
    const struct range_query *query = range->query;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < query->lane_count; i++) {
        const lane_id lane = query->lanes[i];
        rc = chunk_reader_check_lane(&range->reader, lane, err);
        const bool is_new =
            i == 0 || query->lanes[i - 1] / LANE_GROUP_LANES != lane / LANE_GROUP_LANES;
        if (rc == 0 && is_new) {
            rc = read_edges(range, (uint32_t)lane / LANE_GROUP_LANES, err);
            rc = rc == 0 ? subtract_holders(range, err) : rc;
        }
        struct range_lane total = {.lane = lane};
        if (rc == 0) {
            subtract(range, &total);
            rc = add_lane(range, &total, err);
        }
    }
    return rc;
}

static bool is_asked(const struct range_query *query, lane_id lane) {
    size_t low = 0, high = query->lane_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (query->lanes[middle] < lane) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < query->lane_count && query->lanes[low] == lane;
}

static void keep_asked_holdings(struct range *range) {
    struct range_totals *out = &range->out;
    size_t kept = 0;
    for (size_t i = 0; i < out->holding_count; i++) {
        if (is_asked(range->query, out->holdings[i].lane)) {
            out->holdings[kept++] = out->holdings[i];
        }
    }
    out->holding_count = kept;
}

int range_totals_read(struct db_reader *reader, const struct range_query *query,
                      struct range_totals *out, struct err *err) {
    int rc = check_query(query, err);
    if (rc != 0) {
        return rc;
    }
    struct range range = {.query = query};
    rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = chunk_reader_open(&range.reader, db_reader_connection(reader), query->run,
                           &range.out.damages, err);
    if (rc == 0 && query->lanes == NULL) {
        rc = add_all(&range, err);
    } else if (rc == 0) {
        rc = add_asked(&range, err);
        keep_asked_holdings(&range);
    }
    db_reader_end(reader);
    holder_totals_deinit(&range.held_from);
    holder_totals_deinit(&range.held_to);
    if (rc != 0) {
        range_totals_deinit(&range.out);
        return rc;
    }
    *out = range.out;
    return 0;
}
