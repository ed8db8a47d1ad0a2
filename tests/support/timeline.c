/* SPDX-License-Identifier: MIT */
#include "tests/support/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *make_room(void *items, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity == 0 ? 256 : 2 * *capacity;
    void *moved = realloc(items, *capacity * size);
    if (moved == NULL) {
        abort();
    }
    return moved;
}

static int count_call(struct timeline *timeline, struct err *err) {
    if ((int64_t)timeline->calls++ == timeline->fail_at) {
        return err_set(err, ERR_DB, "the sink of the test says no");
    }
    return 0;
}

static void broken(struct timeline *timeline, const char *rule) {
    if (timeline->broken_rule == NULL) {
        timeline->broken_rule = rule;
    }
}

static int take_lane(void *context, const struct lane *lane, struct err *err) {
    struct timeline *timeline = context;
    timeline->lanes = make_room(timeline->lanes, &timeline->lane_capacity,
                                timeline->lane_count, sizeof *timeline->lanes);
    if (lane->id != (lane_id)timeline->lane_count) {
        broken(timeline, "lanes come in the order of their ids");
    }
    timeline->lives = make_room(timeline->lives, &timeline->lives_capacity,
                                timeline->lane_count, sizeof *timeline->lives);
    timeline->lives[timeline->lane_count] =
        (struct timeline_life){.since = lane->born_ns};
    timeline->lanes[timeline->lane_count++] = *lane;
    return count_call(timeline, err);
}

/* --- promises of a chunk ------------------------------------------------------- */

static void check_spans(struct timeline *timeline, const struct span_chunk *chunk) {
    sim_ns last = chunk->t0_ns;
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (chunk->end_ns[i] <= chunk->start_ns[i]) {
            broken(timeline, "a span ends after it starts");
        }
        if (chunk->end_ns[i] < last || chunk->end_ns[i] == chunk->t0_ns) {
            broken(timeline, "spans arrive in the order in which they end, after t0");
        }
        if ((uint32_t)chunk->lane[i] / LANE_GROUP_LANES != chunk->group) {
            broken(timeline, "a chunk holds lanes of its group only");
        }
        last = chunk->end_ns[i];
    }
    if (chunk->count < 1 || chunk->count > CHUNK_SPANS) {
        broken(timeline, "a chunk holds 1 .. CHUNK_SPANS spans");
    }
    if (last != chunk->t1_ns) {
        broken(timeline, "t1 is the largest end");
    }
}

/* Chunks of a group follow each other. */
static void check_order(struct timeline *timeline, const struct span_chunk *chunk) {
    if (chunk->group >= 1024) {
        return;
    }
    if (chunk->seq != timeline->group_seq[chunk->group]++) {
        broken(timeline, "chunks are numbered from 0 within their group");
    }
    if (chunk->t0_ns != timeline->group_sealed[chunk->group]) {
        broken(timeline, "a chunk begins where the one before it ended");
    }
    timeline->group_sealed[chunk->group] = chunk->t1_ns;
}

static uint32_t place_in(const struct span_chunk *chunk, lane_id lane) {
    return (uint32_t)lane - chunk->group * LANE_GROUP_LANES;
}

/* Which lanes were there; they go on from where the chunk before it left them. */
static uint64_t check_before(struct timeline *timeline, const struct span_chunk *chunk) {
    uint64_t there = 0;
    for (uint32_t i = 0; i < chunk->before_count; i++) {
        const struct lane_before *before = &chunk->before[i];
        const struct timeline_life *life = &timeline->lives[before->lane];
        if (life->over || before->since_ns != life->since ||
            before->since_ns > chunk->t1_ns) {
            broken(timeline, "a lane before goes on from where it was");
        }
        if (!life->lives && chunk->seq > 0 && before->since_ns <= chunk->t0_ns) {
            broken(timeline, "a lane before was there after the last chunk, or is new");
        }
        there |= UINT64_C(1) << place_in(chunk, before->lane);
    }
    for (uint32_t i = 0; i < LANE_GROUP_LANES; i++) {
        const size_t lane = (size_t)chunk->group * LANE_GROUP_LANES + i;
        if (lane < timeline->lane_count && timeline->lives[lane].lives &&
            (there >> i & 1) == 0) {
            broken(timeline, "a lane after the last chunk is before this one");
        }
    }
    return there;
}

static bool does(const struct lane_after *doing, const struct lane_after *other) {
    return doing->state == other->state && doing->resource == other->resource &&
           doing->site == other->site;
}

/* What a lane did after the last chunk is what it ended with its next span, if ever. */
static void check_doing(struct timeline *timeline, const struct lane_after *now) {
    struct timeline_life *life = &timeline->lives[now->lane];
    if (life->lives && !does(&life->doing, now)) {
        broken(timeline, "a lane does what was said to be going on after a chunk");
    }
}

/* Returns the lanes that ended a span. */
static uint64_t check_lanes(struct timeline *timeline, const struct span_chunk *chunk,
                            uint64_t there) {
    uint64_t ended = 0;
    for (uint32_t i = 0; i < chunk->count; i++) {
        struct timeline_life *life = &timeline->lives[chunk->lane[i]];
        const uint64_t bit = UINT64_C(1) << place_in(chunk, chunk->lane[i]);
        if ((there & bit) == 0 || chunk->start_ns[i] != life->since) {
            broken(timeline, "a span starts where the one before it of its lane ended");
        }
        check_doing(timeline, &(struct lane_after){chunk->lane[i], chunk->resource[i],
                                                   chunk->site[i], chunk->state[i]});
        life->lives = false; /* until `after` says so */
        life->since = chunk->end_ns[i];
        ended |= bit;
    }
    return ended;
}

static void check_after(struct timeline *timeline, const struct span_chunk *chunk,
                        uint64_t there, uint64_t ended) {
    uint64_t alive = 0;
    for (uint32_t i = 0; i < chunk->after_count; i++) {
        const struct lane_after *after = &chunk->after[i];
        struct timeline_life *life = &timeline->lives[after->lane];
        check_doing(timeline, after);
        life->lives = true;
        life->doing = *after;
        alive |= UINT64_C(1) << place_in(chunk, after->lane);
    }
    if ((alive & ~there) != 0 || (there & ~(alive | ended)) != 0) {
        broken(timeline, "lanes before end a span, or are there after a chunk");
    }
    for (uint32_t i = 0; i < LANE_GROUP_LANES; i++) {
        if (((there & ~alive) >> i & 1) != 0) {
            timeline->lives[chunk->group * LANE_GROUP_LANES + i].over = true;
        }
    }
}

static void check_chunk(struct timeline *timeline, const struct span_chunk *chunk) {
    check_spans(timeline, chunk);
    check_order(timeline, chunk);
    const uint64_t there = check_before(timeline, chunk);
    const uint64_t ended = check_lanes(timeline, chunk, there);
    check_after(timeline, chunk, there, ended);
}

static int take_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct timeline *timeline = context;
    check_chunk(timeline, chunk);
    for (uint32_t i = 0; i < chunk->count; i++) {
        timeline->spans = make_room(timeline->spans, &timeline->span_capacity,
                                    timeline->span_count, sizeof *timeline->spans);
        timeline->spans[timeline->span_count++] = (struct timeline_span){
            .lane = chunk->lane[i],
            .start = chunk->start_ns[i],
            .end = chunk->end_ns[i],
            .state = (enum lane_state)chunk->state[i],
            .resource = chunk->resource[i],
            .by = chunk->by[i],
            .site = chunk->site[i],
        };
    }
    return count_call(timeline, err);
}

static int take_instants(void *context, const struct instant_chunk *chunk,
                         struct err *err) {
    struct timeline *timeline = context;
    if (chunk->seq != timeline->instant_seq++) {
        broken(timeline, "chunks of instants are numbered from 0");
    }
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (i > 0 && chunk->at_ns[i] < chunk->at_ns[i - 1]) {
            broken(timeline, "instants ascend");
        }
        timeline->instants =
            make_room(timeline->instants, &timeline->instant_capacity,
                      timeline->instant_count, sizeof *timeline->instants);
        timeline->instants[timeline->instant_count++] = (struct timeline_instant){
            .lane = chunk->lane[i],
            .at = chunk->at_ns[i],
            .kind = (enum instant_kind)chunk->kind[i],
            .by = chunk->by[i],
        };
    }
    return count_call(timeline, err);
}

static int take_counters(void *context, const struct counter_chunk *chunk,
                         struct err *err) {
    struct timeline *timeline = context;
    if (chunk->seq != timeline->counter_seq++) {
        broken(timeline, "chunks of counters are numbered from 0");
    }
    if (chunk->count < 1 || chunk->count > CHUNK_SPANS ||
        chunk->t0_ns != chunk->at_ns[0] ||
        chunk->t1_ns != chunk->at_ns[chunk->count - 1]) {
        broken(timeline, "a chunk of counters begins and ends with a sample");
    }
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (timeline->sample_count > 0 &&
            chunk->at_ns[i] < timeline->samples[timeline->sample_count - 1].at) {
            broken(timeline, "samples ascend");
        }
        timeline->samples = make_room(timeline->samples, &timeline->sample_capacity,
                                      timeline->sample_count, sizeof *timeline->samples);
        timeline->samples[timeline->sample_count++] = (struct timeline_sample){
            .lane = chunk->lane[i],
            .at = chunk->at_ns[i],
            .kind = (enum counter_kind)chunk->kind[i],
            .value = chunk->value[i],
        };
    }
    return count_call(timeline, err);
}

void timeline_init(struct timeline *timeline) {
    *timeline = (struct timeline){
        .sink = {.context = timeline,
                 .lane = take_lane,
                 .spans = take_spans,
                 .instants = take_instants,
                 .counters = take_counters},
        .fail_at = -1,
    };
}

void timeline_deinit(struct timeline *timeline) {
    free(timeline->lanes);
    free(timeline->lives);
    free(timeline->spans);
    free(timeline->instants);
    free(timeline->samples);
    memset(timeline, 0, sizeof *timeline);
}

lane_id timeline_find(const struct timeline *timeline, enum lane_kind kind,
                      const char *name) {
    for (size_t i = 0; i < timeline->lane_count; i++) {
        if (timeline->lanes[i].kind == kind &&
            strcmp(timeline->lanes[i].name, name) == 0) {
            return (lane_id)i;
        }
    }
    return LANE_NONE;
}

const char *timeline_describe(const struct timeline *timeline, lane_id lane,
                              struct timeline_text *text) {
    size_t used = 0;
    sim_ns last = -1;
    text->text[0] = '\0';
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane != lane || used + 64 > sizeof text->text) {
            continue;
        }
        const char *gap = last >= 0 && last != span->start ? "gap@? " : "";
        used += (size_t)snprintf(text->text + used, sizeof text->text - used,
                                 "%s%s@%" PRId64 " ", gap, lane_state_name(span->state),
                                 span->start);
        last = span->end;
    }
    snprintf(text->text + used, sizeof text->text - used, "end@%" PRId64, last);
    return text->text;
}

enum lane_state timeline_state_at(const struct timeline *timeline, lane_id lane,
                                  sim_ns at) {
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane == lane && span->start <= at && at < span->end) {
            return span->state;
        }
    }
    return STATE_COUNT;
}

sim_ns timeline_total(const struct timeline *timeline, lane_id lane,
                      enum lane_state state) {
    sim_ns sum = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        sum += span->lane == lane && span->state == state ? span->end - span->start : 0;
    }
    return sum;
}

size_t timeline_instants(const struct timeline *timeline, enum instant_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < timeline->instant_count; i++) {
        count += timeline->instants[i].kind == kind;
    }
    return count;
}

const char *timeline_samples(const struct timeline *timeline, lane_id lane,
                             enum counter_kind kind, struct timeline_text *text) {
    size_t size = 0;
    text->text[0] = '\0';
    for (size_t i = 0; i < timeline->sample_count; i++) {
        const struct timeline_sample *it = &timeline->samples[i];
        if (it->lane == lane && it->kind == kind && size < sizeof text->text) {
            size += (size_t)snprintf(text->text + size, sizeof text->text - size,
                                     "%s%" PRId64 "@%" PRId64, size > 0 ? " " : "",
                                     it->value, it->at);
        }
    }
    return text->text;
}
