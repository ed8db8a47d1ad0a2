/* SPDX-License-Identifier: MIT */
#include "tests/db/span_author.h"

int span_author_order(const void *a, const void *b) {
    const struct authored_span *left = a, *right = b;
    if (left->end != right->end) {
        return left->end < right->end ? -1 : 1;
    }
    return left->lane - right->lane;
}

void span_author_begin(struct span_author *author, const struct authored_span *spans,
                       size_t count, uint32_t group) {
    author->spans = spans;
    author->count = count;
    author->next = 0;
    author->group = group;
    author->seq = 0;
    author->t0_ns = 0;
}

static bool is_of_group(const struct span_author *author, const struct authored_span *s) {
    return (uint32_t)s->lane / LANE_GROUP_LANES == author->group;
}

/* What each lane of the group does from place `from` of the list on, NULL when nothing. */
static void find_lanes(const struct span_author *author, size_t from,
                       const struct authored_span *lanes[LANE_GROUP_LANES]) {
    for (int i = 0; i < LANE_GROUP_LANES; i++) {
        lanes[i] = NULL;
    }
    for (size_t i = from; i < author->count; i++) {
        const struct authored_span *s = &author->spans[i];
        const struct authored_span **lane = &lanes[s->lane % LANE_GROUP_LANES];
        if (is_of_group(author, s) && *lane == NULL) {
            *lane = s;
        }
    }
}

static uint32_t write_before(struct span_author *author, size_t from, sim_ns t1) {
    const struct authored_span *lanes[LANE_GROUP_LANES];
    uint32_t count = 0;
    find_lanes(author, from, lanes);
    for (int i = 0; i < LANE_GROUP_LANES; i++) {
        if (lanes[i] != NULL && lanes[i]->start <= t1) {
            author->before[count++] =
                (struct lane_before){.lane = lanes[i]->lane, .since_ns = lanes[i]->start};
        }
    }
    return count;
}

static uint32_t write_after(struct span_author *author, size_t from, sim_ns t1) {
    const struct authored_span *lanes[LANE_GROUP_LANES];
    uint32_t count = 0;
    find_lanes(author, from, lanes);
    for (int i = 0; i < LANE_GROUP_LANES; i++) {
        if (lanes[i] != NULL && lanes[i]->start <= t1) {
            author->after[count++] = (struct lane_after){.lane = lanes[i]->lane,
                                                         .resource = lanes[i]->resource,
                                                         .site = lanes[i]->site,
                                                         .state = lanes[i]->state};
        }
    }
    return count;
}

static void write_span(struct span_author *author, uint32_t at,
                       const struct authored_span *s) {
    author->lane[at] = s->lane;
    author->start[at] = s->start;
    author->end[at] = s->end;
    author->state[at] = s->state;
    author->resource[at] = s->resource;
    author->by[at] = s->by;
    author->site[at] = s->site;
}

bool span_author_next(struct span_author *author, uint32_t room, struct span_chunk *out) {
    const size_t from = author->next;
    uint32_t count = 0;
    for (size_t i = from; i < author->count; i++) {
        const struct authored_span *s = &author->spans[i];
        if (!is_of_group(author, s) || s->end == SIM_NEVER) {
            continue;
        }
        if (count >= room && s->end > author->end[count - 1]) {
            break;
        }
        write_span(author, count++, s);
        author->next = i + 1;
    }
    if (count == 0) {
        return false;
    }
    const sim_ns t1 = author->end[count - 1];
    *out = (struct span_chunk){
        .group = author->group,
        .seq = author->seq++,
        .count = count,
        .before_count = write_before(author, from, t1),
        .after_count = write_after(author, author->next, t1),
        .t0_ns = author->t0_ns,
        .t1_ns = t1,
        .before = author->before,
        .after = author->after,
        .lane = author->lane,
        .start_ns = author->start,
        .end_ns = author->end,
        .state = author->state,
        .resource = author->resource,
        .by = author->by,
        .site = author->site,
    };
    author->t0_ns = t1;
    return true;
}
