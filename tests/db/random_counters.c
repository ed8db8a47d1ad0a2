/* SPDX-License-Identifier: MIT */
#include "tests/db/random_counters.h"

#include <stdlib.h>

/* What a counter is, and since when. */
struct present {
    sim_ns at;
    int64_t value;
};

static void *make(size_t count, size_t size) {
    void *items = calloc(count, size);
    assert_non_null(items);
    return items;
}

static int64_t any_value(uint32_t height, uint64_t *random) {
    return fixture_below(random, 500) == 0 ? (int64_t)fixture_random(random)
                                           : (int64_t)fixture_below(random, height);
}

struct counter_samples samples_random(const struct counter_shape *shape,
                                      uint64_t *random) {
    struct counter_samples out = {
        .lane = make(shape->count, sizeof *out.lane),
        .kind = make(shape->count, sizeof *out.kind),
        .at = make(shape->count, sizeof *out.at),
        .value = make(shape->count, sizeof *out.value),
    };
    struct present *all = make((size_t)shape->lanes * COUNTER_COUNT, sizeof *all);
    for (size_t i = 0; i < (size_t)shape->lanes * COUNTER_COUNT; i++) {
        all[i].at = -1;
    }
    sim_ns at = 0;
    for (uint32_t i = 0; i < shape->count; i++) {
        const bool pause = fixture_below(random, 3000) == 0;
        at += fixture_below(random, 3) == 0
                  ? 0
                  : fixture_below(random, shape->step_ns * (pause ? 1000 : 1));
        const uint32_t born = 1 + (uint32_t)((uint64_t)shape->lanes * i / shape->count);
        const uint32_t lane = fixture_below(random, born);
        const uint32_t kind = fixture_below(random, COUNTER_COUNT);
        struct present *it = &all[lane * COUNTER_COUNT + kind];
        const int64_t value = any_value(shape->height, random);
        if (it->at == at || it->value == value) {
            continue;
        }
        *it = (struct present){at, value};
        out.lane[out.count] = (lane_id)lane;
        out.kind[out.count] = (uint8_t)kind;
        out.at[out.count] = at;
        out.value[out.count++] = value;
    }
    free(all);
    return out;
}

void samples_deinit(struct counter_samples *samples) {
    free(samples->lane);
    free(samples->kind);
    free(samples->at);
    free(samples->value);
}

struct counter_chunk samples_chunk(const struct counter_samples *samples, uint32_t seq,
                                   uint32_t first, uint32_t end) {
    return (struct counter_chunk){
        .seq = seq,
        .count = end - first,
        .t0_ns = samples->at[first],
        .t1_ns = samples->at[end - 1],
        .lane = samples->lane + first,
        .kind = samples->kind + first,
        .at_ns = samples->at + first,
        .value = samples->value + first,
    };
}

void samples_send(const struct counter_samples *samples, const struct sink *sink,
                  uint32_t room, uint64_t *random) {
    struct err err = {0};
    uint32_t seq = 0;
    for (uint32_t first = 0, end; first < samples->count; first = end) {
        end = first + 1 + fixture_below(random, room);
        end = end < samples->count ? end : samples->count;
        const struct counter_chunk chunk = samples_chunk(samples, seq++, first, end);
        fixture_ok(sink->counters(sink->context, &chunk, &err), &err);
    }
}
