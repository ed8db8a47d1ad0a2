/* SPDX-License-Identifier: MIT */
#include "tests/support/counting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool violated(struct violation *violation, const char *rule,
                     const struct timeline_sample *at) {
    snprintf(violation->text, sizeof violation->text,
             "%s (%s of lane %d at %" PRId64 " ns: %" PRId64 ")", rule,
             counter_kind_name(at->kind), at->lane, at->at, at->value);
    return false;
}

static int by_counter(const void *left, const void *right) {
    const struct timeline_sample *a = left, *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->lane != b->lane) {
        return a->lane < b->lane ? -1 : 1;
    }
    return a->at == b->at ? 0 : a->at < b->at ? -1 : 1;
}

static bool is_same_counter(const struct timeline_sample *a,
                            const struct timeline_sample *b) {
    return a->kind == b->kind && a->lane == b->lane;
}

/* Which counter of which lane has a span; false: none has. */
static bool find_counter(const struct timeline *timeline,
                         const struct timeline_span *span, struct timeline_sample *out) {
    enum lane_kind wanted = LANE_LOCK;
    *out = (struct timeline_sample){.lane = span->resource, .kind = COUNTER_LOCK_WAITERS};
    switch (span->state) {
    case STATE_READY:
        wanted = LANE_PROCESS;
        *out = (struct timeline_sample){.lane = timeline->lanes[span->lane].parent,
                                        .kind = COUNTER_READY_THREADS};
        break;
    case STATE_WAIT_GIL:
        wanted = LANE_GIL;
        out->kind = COUNTER_GIL_WAITERS;
        break;
    case STATE_WAIT_LOCK:
    case STATE_SPIN:
    case STATE_AWAIT_LOCK:
        break;
    default:
        return false;
    }
    return out->lane >= 0 && timeline->lanes[out->lane].kind == wanted;
}

/* One more where a span begins and one less where it ends, or the lane that counts. */
static size_t list_changes(const struct timeline *timeline,
                           const struct run_result *result,
                           struct timeline_sample *changes) {
    size_t count = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        struct timeline_sample change;
        if (!find_counter(timeline, span, &change)) {
            continue;
        }
        const sim_ns died = lane_table_died(&result->lanes, change.lane);
        const sim_ns end = span->end < died ? span->end : died;
        if (span->start < end) {
            change.at = span->start;
            change.value = 1;
            changes[count++] = change;
            change.at = end;
            change.value = -1;
            changes[count++] = change;
        }
    }
    qsort(changes, count, sizeof *changes, by_counter);
    return count;
}

/* Makes samples of sorted changes, in place. */
static size_t add_up(struct timeline_sample *changes, size_t count, sim_ns end) {
    size_t samples = 0;
    int64_t value = 0, told = 0;
    for (size_t i = 0; i < count; i++) {
        const struct timeline_sample change = changes[i];
        const bool is_last = i + 1 == count || !is_same_counter(&change, &changes[i + 1]);
        value += change.value;
        if ((is_last || changes[i + 1].at != change.at) && value != told &&
            change.at < end) {
            changes[samples] = change;
            changes[samples++].value = told = value;
        }
        if (is_last) {
            value = told = 0;
        }
    }
    return samples;
}

static bool is_number_of_spans(enum counter_kind kind) {
    return kind <= COUNTER_LOCK_WAITERS;
}

/* Sorted samples, each against the one before it. */
static bool changes_are_sound(const struct timeline_sample *samples, size_t count,
                              struct violation *violation) {
    for (size_t i = 0; i < count; i++) {
        const struct timeline_sample *it = &samples[i];
        const bool is_first = i == 0 || !is_same_counter(it, it - 1);
        if (it->value < 0) {
            return violated(violation, "a counter is not below 0", it);
        }
        if (!is_first && it[-1].at >= it->at) {
            return violated(violation, "a counter has one sample at a time", it);
        }
        if (it->value == (is_first ? 0 : it[-1].value)) {
            return violated(violation, "a counter changes with a sample", it);
        }
    }
    return true;
}

static bool agree(const struct timeline_sample *samples, size_t count,
                  const struct timeline_sample *expected, size_t expected_count,
                  struct violation *violation) {
    for (size_t i = 0; i < count || i < expected_count; i++) {
        if (i == count || i == expected_count || by_counter(&samples[i], &expected[i]) ||
            samples[i].value != expected[i].value) {
            return violated(violation, "a counter is the number of spans",
                            i < count ? &samples[i] : &expected[i]);
        }
    }
    return true;
}

/* In the last nanosecond of the run there are states of which no span is left. */
static size_t keep_numbers_of_spans(struct timeline_sample *samples, size_t count,
                                    sim_ns end) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_number_of_spans(samples[i].kind) && samples[i].at < end) {
            samples[kept++] = samples[i];
        }
    }
    return kept;
}

bool counters_are_sound(const struct timeline *timeline, const struct run_result *result,
                        struct violation *violation) {
    const sim_ns end = result->duration_ns;
    struct timeline_sample *samples =
        malloc((timeline->sample_count + 1) * sizeof *samples);
    struct timeline_sample *expected =
        malloc((2 * timeline->span_count + 1) * sizeof *expected);
    if (samples == NULL || expected == NULL) {
        abort();
    }
    size_t count = timeline->sample_count;
    for (size_t i = 0; i < count; i++) {
        samples[i] = timeline->samples[i];
    }
    qsort(samples, count, sizeof *samples, by_counter);
    bool sound = changes_are_sound(samples, count, violation);
    if (sound) {
        count = keep_numbers_of_spans(samples, count, end);
        const size_t changes = list_changes(timeline, result, expected);
        sound =
            agree(samples, count, expected, add_up(expected, changes, end), violation);
    }
    free(samples);
    free(expected);
    return sound;
}
