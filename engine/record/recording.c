/* SPDX-License-Identifier: MIT */
#include "engine/record/recording.h"

#include "engine/base/memory.h"

static int on_lane(void *context, const struct lane *lane, struct err *err) {
    return recording_add_lane(context, lane, err);
}

static int on_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    return recording_add_spans(context, chunk, err);
}

static int on_instants(void *context, const struct instant_chunk *chunk,
                       struct err *err) {
    (void)context;
    (void)chunk;
    (void)err;
    return 0;
}

void recording_init(struct recording *recording) {
    *recording = (struct recording){
        .span_limit = SIZE_MAX,
        .kinds = UINT32_MAX,
        .to_ns = SIM_NEVER,
        .sink = {.context = recording,
                 .lane = on_lane,
                 .spans = on_spans,
                 .instants = on_instants},
    };
}

void recording_deinit(struct recording *recording) {
    for (size_t i = 0; i < recording->lane_count; i++) {
        memory_free(recording->lanes[i].spans);
    }
    memory_free(recording->lanes);
    *recording = (struct recording){0};
}

int recording_add_lane(struct recording *recording, const struct lane *lane,
                       struct err *err) {
    if (lane->id < 0 || (size_t)lane->id != recording->lane_count) {
        return err_set(err, ERR_CORRUPT, "lanes must come in the order of their ids");
    }
    if (vec_reserve((void **)&recording->lanes, &recording->lane_capacity,
                    recording->lane_count, sizeof *recording->lanes) != 0) {
        return err_set_nomem(err);
    }
    recording->lanes[recording->lane_count++] =
        (struct recorded_lane){.parent = lane->parent, .kind = lane->kind};
    return 0;
}

static int add_span(struct recording *recording, struct recorded_lane *lane,
                    const struct span *span, struct err *err) {
    if (recording->span_count >= recording->span_limit) {
        return err_set(err, ERR_LIMIT,
                       "more than %zu spans would have to be looked at: ask for a "
                       "shorter time",
                       recording->span_limit);
    }
    if (vec_reserve((void **)&lane->spans, &lane->capacity, lane->count, sizeof *span) !=
        0) {
        return err_set_nomem(err);
    }
    lane->spans[lane->count++] = *span;
    lane->was_held =
        lane->was_held || lane_is_held(lane->kind, (enum lane_state)span->state);
    recording->span_count++;
    return 0;
}

int recording_add_spans(struct recording *recording, const struct span_chunk *chunk,
                        struct err *err) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < chunk->count; i++) {
        if (chunk->lane[i] < 0 || (size_t)chunk->lane[i] >= recording->lane_count) {
            return err_set(err, ERR_CORRUPT, "a span of an unknown lane");
        }
        struct recorded_lane *lane = &recording->lanes[chunk->lane[i]];
        if ((recording->kinds >> lane->kind & 1) == 0 ||
            chunk->end_ns[i] <= recording->from_ns ||
            chunk->start_ns[i] >= recording->to_ns) {
            continue;
        }
        rc = add_span(recording, lane,
                      &(struct span){
                          .start_ns = chunk->start_ns[i],
                          .end_ns = chunk->end_ns[i],
                          .resource = chunk->resource[i],
                          .by = chunk->by[i],
                          .site = chunk->site[i],
                          .state = chunk->state[i],
                      },
                      err);
    }
    return rc;
}

size_t recorded_lane_find(const struct recorded_lane *lane, sim_ns at) {
    size_t low = 0, high = lane->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (lane->spans[middle].end_ns > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}
