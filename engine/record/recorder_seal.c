/* SPDX-License-Identifier: MIT */
/* recorder_seal - when chunks of a recording are given away, and what is in them. */
#include "engine/record/recorder_priv.h"

/*
 * A group in which little happens is settled, too, so that a run can be looked at while it
 * goes on: when so many chunks were filled since it was, and two for each group, so that
 * groups which fill theirs in turn are left alone. Only chunks count, so that all machines
 * store the same.
 */
enum { QUIET_CHUNKS = 16 };

/* --- the order of groups -------------------------------------------------------- */

void recorder_append_group(struct recorder *recorder, uint32_t index) {
    struct group_buffer *group = &recorder->groups[index];
    group->settled_at = recorder->filled;
    group->before = recorder->liveliest;
    group->after = NO_GROUP;
    if (recorder->liveliest != NO_GROUP) {
        recorder->groups[recorder->liveliest].after = index;
    } else {
        recorder->quietest = index;
    }
    recorder->liveliest = index;
}

static void move_to_end(struct recorder *recorder, uint32_t index) {
    const struct group_buffer *group = &recorder->groups[index];
    if (group->before != NO_GROUP) {
        recorder->groups[group->before].after = group->after;
    } else {
        recorder->quietest = group->after;
    }
    if (group->after != NO_GROUP) {
        recorder->groups[group->after].before = group->before;
    } else {
        recorder->liveliest = group->before;
    }
    recorder_append_group(recorder, index);
}

/* --- sealing chunks ------------------------------------------------------------ */

/* Lanes of a chunk, at its beginning and at its end. */
struct chunk_lanes {
    uint32_t before_count, after_count;
    bool has_newborn; /* one was born later */
    struct lane_before before[LANE_GROUP_LANES];
    struct lane_after after[LANE_GROUP_LANES];
};

static void note_lane(const struct recorder *recorder, lane_id lane, sim_ns t1_ns,
                      struct chunk_lanes *out) {
    const struct group_buffer *group = &recorder->groups[lane / LANE_GROUP_LANES];
    const struct lane_present *present = &recorder->lanes.present[lane];
    const uint32_t place = (uint32_t)lane % LANE_GROUP_LANES;
    const bool lives_on = lane_table_is_alive(&recorder->lanes, lane);
    const bool is_born_later = present->since_ns > t1_ns;
    out->has_newborn |= lives_on && is_born_later;
    if (lives_on ? is_born_later : (group->ended >> place & 1) == 0) {
        return;
    }
    out->before[out->before_count++] =
        (struct lane_before){.lane = lane, .since_ns = group->since_ns[place]};
    if (lives_on) {
        out->after[out->after_count++] =
            (struct lane_after){.lane = lane,
                                .resource = lane_resource_of(present->doing),
                                .site = present->site,
                                .state = (uint8_t)lane_state_of(present->doing)};
    }
}

/* What there is of a group up to t1_ns, behind which no span of it has ended. */
static struct span_chunk spans_of(const struct recorder *recorder, uint32_t index,
                                  sim_ns t1_ns, struct chunk_lanes *lanes) {
    const struct group_buffer *group = &recorder->groups[index];
    const size_t first = (size_t)index * LANE_GROUP_LANES;
    const size_t rest = recorder->lanes.count - first;
    const size_t count = rest < LANE_GROUP_LANES ? rest : LANE_GROUP_LANES;
    lanes->before_count = lanes->after_count = 0;
    lanes->has_newborn = false;
    for (size_t i = 0; i < count; i++) {
        note_lane(recorder, (lane_id)(first + i), t1_ns, lanes);
    }
    return (struct span_chunk){
        .group = index,
        .seq = group->seq,
        .count = group->count,
        .before_count = lanes->before_count,
        .after_count = lanes->after_count,
        .t0_ns = group->sealed_ns,
        .t1_ns = t1_ns,
        .before = lanes->before,
        .after = lanes->after,
        .lane = group->lane,
        .start_ns = group->start_ns,
        .end_ns = group->end_ns,
        .state = group->state,
        .resource = group->resource,
        .by = group->by,
        .site = group->site,
    };
}

/* The next chunk goes on where this one ends. */
static void begin_spans(struct recorder *recorder, struct group_buffer *group,
                        const struct chunk_lanes *lanes) {
    for (uint32_t i = 0; i < lanes->after_count; i++) {
        const lane_id lane = lanes->after[i].lane;
        group->since_ns[lane % LANE_GROUP_LANES] = recorder->lanes.present[lane].since_ns;
    }
    group->sealed_ns = group->end_ns[group->count - 1];
    group->has_newborn = lanes->has_newborn;
    group->seq++;
    group->count = group->shown = 0;
    group->full = FULL_SPANS;
    group->ended = 0;
}

void recorder_seal_group(struct recorder *recorder, uint32_t index) {
    struct group_buffer *group = &recorder->groups[index];
    if (group->count == 0 || recorder->err.code != 0) {
        return;
    }
    struct chunk_lanes lanes;
    /* Spans are in the order of their ends. */
    const struct span_chunk chunk =
        spans_of(recorder, index, group->end_ns[group->count - 1], &lanes);
    begin_spans(recorder, group, &lanes);
    /* The result is kept in recorder->err, which the scheduler looks at. */
    (void)recorder->sink->spans(recorder->sink->context, &chunk, &recorder->err);
}

static struct instant_chunk instants_of(const struct instant_buffer *buffer) {
    return (struct instant_chunk){
        .seq = buffer->seq,
        .count = buffer->count,
        .t0_ns = buffer->at_ns[0],
        .t1_ns = buffer->at_ns[buffer->count - 1],
        .lane = buffer->lane,
        .at_ns = buffer->at_ns,
        .kind = buffer->kind,
        .by = buffer->by,
    };
}

void recorder_seal_instants(struct recorder *recorder) {
    struct instant_buffer *buffer = recorder->instants;
    if (buffer == NULL || buffer->count == 0 || recorder->err.code != 0) {
        return;
    }
    const struct instant_chunk chunk = instants_of(buffer);
    buffer->seq++;
    buffer->count = buffer->shown = 0;
    buffer->settled_at = recorder->filled;
    (void)recorder->sink->instants(recorder->sink->context, &chunk, &recorder->err);
}

/* Everything before `now` is in chunks: another span of the group, -1: another instant,
 * would end now at the earliest. */
static void tell_settled(struct recorder *recorder, int64_t group, sim_ns now) {
    if (recorder->sink->settled != NULL && recorder->err.code == 0) {
        (void)recorder->sink->settled(recorder->sink->context, group, now,
                                      &recorder->err);
    }
}

/* One that has a span which ended just now may get another one: it is sealed later. */
static void settle_group(struct recorder *recorder, uint32_t index, sim_ns now) {
    struct group_buffer *group = &recorder->groups[index];
    if (group->count > 0 && group->end_ns[group->count - 1] >= now) {
        group->full = 0;
    } else {
        recorder_seal_group(recorder, index);
        if (!group->has_newborn) {
            tell_settled(recorder, index, now);
        }
    }
    move_to_end(recorder, index);
}

/* A chunk was filled. At most one other is settled: it costs no more with many groups. */
static void settle_quiet(struct recorder *recorder, sim_ns now) {
    const uint64_t lag = QUIET_CHUNKS + 2 * recorder->group_count;
    recorder->filled++;
    const struct group_buffer *quietest = &recorder->groups[recorder->quietest];
    if (recorder->filled - quietest->settled_at >= lag) {
        settle_group(recorder, recorder->quietest, now);
    }
    if (recorder->filled - recorder->instants->settled_at >= QUIET_CHUNKS) {
        recorder_seal_instants(recorder);
        tell_settled(recorder, -1, now);
        recorder->instants->settled_at = recorder->filled;
    }
}

__attribute__((noinline)) void recorder_fill_group(struct recorder *recorder,
                                                   uint32_t index, sim_ns now) {
    const bool is_filled = recorder->groups[index].full == FULL_SPANS;
    recorder_seal_group(recorder, index);
    move_to_end(recorder, index);
    if (is_filled) {
        settle_quiet(recorder, now);
    }
}

/* --- showing what is open -------------------------------------------------------- */

/* A chunk only when there is something new in it. */
static void show_group(struct recorder *recorder, uint32_t index, sim_ns now) {
    struct group_buffer *group = &recorder->groups[index];
    if (group->count == group->shown && !group->has_newborn) {
        tell_settled(recorder, index, now);
        return;
    }
    struct chunk_lanes lanes;
    struct span_chunk chunk = spans_of(recorder, index, now, &lanes);
    chunk.is_open = true;
    group->shown = group->count;
    group->has_newborn = false;
    if (recorder->err.code == 0) {
        (void)recorder->sink->spans(recorder->sink->context, &chunk, &recorder->err);
    }
}

static void show_instants(struct recorder *recorder, sim_ns now) {
    struct instant_buffer *buffer = recorder->instants;
    if (buffer->count == buffer->shown) {
        tell_settled(recorder, -1, now);
        return;
    }
    struct instant_chunk chunk = instants_of(buffer);
    chunk.is_open = true;
    chunk.t1_ns = now;
    buffer->shown = buffer->count;
    if (recorder->err.code == 0) {
        (void)recorder->sink->instants(recorder->sink->context, &chunk, &recorder->err);
    }
}

bool recorder_wants_open(const struct recorder *recorder) {
    const struct sink *sink = recorder->sink;
    return sink != NULL && sink->wants_open != NULL && sink->wants_open(sink->context);
}

void recorder_show(struct recorder *recorder, sim_ns now) {
    for (size_t i = 0; i < recorder->group_count; i++) {
        show_group(recorder, (uint32_t)i, now);
    }
    show_instants(recorder, now);
    if (recorder->counters != NULL) {
        counter_log_show(recorder->counters, now);
    }
}
