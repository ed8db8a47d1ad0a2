/* SPDX-License-Identifier: MIT */
#include "engine/record/recorder.h"

#include "engine/base/check.h"
#include "engine/base/memory.h"
#include "engine/record/recorder_priv.h"

#include <assert.h>
#include <string.h>

/* --- which spans are more than a total ---------------------------------------- */

/* Which histogram takes spans of a state; 0: none, else one more than the enum. */
static const uint8_t lengths_of[STATE_COUNT] = {
    [STATE_HELD] = 1 + LENGTHS_LOCK_HOLD,       [STATE_WAIT_GIL] = 1 + LENGTHS_GIL_WAIT,
    [STATE_WAIT_LOCK] = 1 + LENGTHS_LOCK_WAIT,  [STATE_SPIN] = 1 + LENGTHS_LOCK_WAIT,
    [STATE_AWAIT_LOCK] = 1 + LENGTHS_LOCK_WAIT,
};

/* --- life ---------------------------------------------------------------------- */

int recorder_create(struct recorder **out, const struct sink *sink, struct err *err) {
    struct recorder *recorder = memory_zeroed(1, sizeof *recorder);
    if (recorder == NULL) {
        return err_set_nomem(err);
    }
    recorder->sink = sink;
    recorder->quietest = recorder->liveliest = NO_GROUP;
    for (int state = 0; state < STATE_COUNT; state++) {
        recorder->noted[state] = sink != NULL || lengths_of[state] != 0;
    }
    recorder->fingerprint = UINT64_C(0xcbf29ce484222325);
    if (sink != NULL) {
        recorder->instants = memory_zeroed(1, sizeof *recorder->instants);
        if (recorder->instants == NULL) {
            recorder_destroy(recorder);
            return err_set_nomem(err);
        }
    }
    if (sink != NULL && sink->counters != NULL) {
        recorder->counters = counter_log_create(sink, &recorder->err);
        if (recorder->counters == NULL) {
            recorder_destroy(recorder);
            return err_set_nomem(err);
        }
    }
    *out = recorder;
    return 0;
}

static void group_deinit(struct group_buffer *group) {
    memory_free(group->since_ns);
    memory_free(group->lane);
    memory_free(group->start_ns);
    memory_free(group->end_ns);
    memory_free(group->state);
    memory_free(group->resource);
    memory_free(group->by);
    memory_free(group->site);
}

void recorder_destroy(struct recorder *recorder) {
    if (recorder == NULL) {
        return;
    }
    for (size_t i = 0; i < recorder->group_count; i++) {
        group_deinit(&recorder->groups[i]);
    }
    for (int i = 0; i < LENGTHS_COUNT; i++) {
        memory_free(recorder->lengths[i]);
    }
    memory_free(recorder->groups);
    lane_table_deinit(&recorder->lanes);
    memory_free(recorder->instants);
    counter_log_destroy(recorder->counters);
    memory_free(recorder);
}

static void fail_nomem(struct recorder *recorder) { (void)err_set_nomem(&recorder->err); }

/* --- fingerprint --------------------------------------------------------------- */

/* Only the last multiplication is in the chain from one transition to the next. */
static void fold(struct recorder *recorder, sim_ns now, uint64_t what) {
    const uint64_t in = what ^ ((uint64_t)now * UINT64_C(0x9e3779b97f4a7c15));
    const uint64_t h = (recorder->fingerprint ^ in) * UINT64_C(0xbf58476d1ce4e5b9);
    recorder->fingerprint = h ^ (h >> 32);
    recorder->transitions++;
}

/*
 * Codes of what is folded. The first 23 states are their own; what was appended to them
 * since has its codes behind those of closing and of instants, so that a new state leaves
 * the fingerprints of all runs without it as they are.
 */
enum {
    FIRST_STATES = STATE_ALIVE + 1,
    CODE_CLOSED = FIRST_STATES,
    CODE_INSTANTS,
    CODE_LATER_STATES = 128
};
static_assert(FIRST_STATES == 23 && CODE_INSTANTS + INSTANT_COUNT <= CODE_LATER_STATES &&
                  CODE_LATER_STATES + STATE_COUNT <= 256,
              "a code of one byte each");

static const uint8_t code_of[STATE_COUNT] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
    12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, CODE_LATER_STATES + STATE_THROTTLED,
};
static_assert((int)STATE_THROTTLED == FIRST_STATES &&
                  (int)STATE_COUNT == FIRST_STATES + 1,
              "a code each");

static uint64_t pack(lane_id lane, uint64_t kind, lane_id other) {
    return (uint64_t)(uint32_t)lane << 32 | kind << 24 |
           ((uint64_t)(uint32_t)other & 0xffffff);
}

/* --- spans --------------------------------------------------------------------- */

#define GROW_COLUMN(group, column, to)                                                   \
    grow_column((void **)&(group)->column, (to), sizeof *(group)->column)

static bool grow_column(void **column, uint32_t capacity, size_t size) {
    void *moved = memory_resize(*column, capacity, size);
    if (moved == NULL) {
        return false;
    }
    *column = moved;
    return true;
}

/* Rare, as is sealing: without their code a transition needs fewer registers. */
__attribute__((noinline)) static bool grow_group(struct group_buffer *group) {
    const uint32_t to = group->capacity == 0 ? 64 : group->capacity * 2;
    const bool grown = GROW_COLUMN(group, lane, to) && GROW_COLUMN(group, start_ns, to) &&
                       GROW_COLUMN(group, end_ns, to) && GROW_COLUMN(group, state, to) &&
                       GROW_COLUMN(group, resource, to) && GROW_COLUMN(group, by, to) &&
                       GROW_COLUMN(group, site, to);
    if (grown) {
        group->capacity = to;
    }
    return grown;
}

__attribute__((always_inline)) static inline void
append_span(struct recorder *recorder, lane_id lane, sim_ns end, lane_id by) {
    const struct lane_present *span = &recorder->lanes.present[lane];
    const uint32_t index = (uint32_t)lane / LANE_GROUP_LANES;
    struct group_buffer *group = &recorder->groups[index];
    /* Only when time has gone on: what goes on after the last end is settled then. */
    if (group->count > group->full && end > group->end_ns[group->count - 1]) {
        recorder_fill_group(recorder, index, end);
    }
    if (group->count == group->capacity && !grow_group(group)) {
        fail_nomem(recorder);
        return;
    }
    const uint32_t at = group->count++;
    group->ended |= UINT64_C(1) << ((uint32_t)lane % LANE_GROUP_LANES);
    group->lane[at] = lane;
    group->start_ns[at] = span->since_ns;
    group->end_ns[at] = end;
    group->state[at] = (uint8_t)lane_state_of(span->doing);
    group->resource[at] = lane_resource_of(span->doing);
    group->by[at] = by;
    group->site[at] = span->site;
}

/* --- counters of states -------------------------------------------------------- */

/* Which counter has the lanes in a state; 0: none, else one more than the enum. */
static const uint8_t counter_of[STATE_COUNT] = {
    [STATE_READY] = 1 + COUNTER_READY_THREADS,
    [STATE_WAIT_GIL] = 1 + COUNTER_GIL_WAITERS,
    [STATE_WAIT_LOCK] = 1 + COUNTER_LOCK_WAITERS,
    [STATE_SPIN] = 1 + COUNTER_LOCK_WAITERS,
    [STATE_AWAIT_LOCK] = 1 + COUNTER_LOCK_WAITERS,
};

/* Adds a lane that does this to the counter of its process, or of its resource. */
static void count_doing(struct recorder *recorder, sim_ns now, lane_id lane,
                        uint64_t doing, int change) {
    static const uint8_t kind_of[] = {LANE_PROCESS, LANE_GIL, LANE_LOCK};
    const unsigned counter = counter_of[lane_state_of(doing)];
    if (counter == 0) {
        return;
    }
    const bool is_ready = counter == 1 + COUNTER_READY_THREADS;
    const lane_id on =
        is_ready ? lane_table_parent(&recorder->lanes, lane) : lane_resource_of(doing);
    if (on != LANE_NONE && lane_table_is_alive(&recorder->lanes, on) &&
        lane_table_kind(&recorder->lanes, on) == kind_of[counter - 1]) {
        counter_log_add(recorder->counters, now, on, (enum counter_kind)(counter - 1),
                        change);
    }
}

/* A lane that did `before` does `after`. Rare: without its code a transition needs fewer
 * registers. */
__attribute__((noinline)) static void count_change(struct recorder *recorder, sim_ns now,
                                                   lane_id lane, uint64_t before,
                                                   uint64_t after) {
    count_doing(recorder, now, lane, before, -1);
    count_doing(recorder, now, lane, after, 1);
}

void recorder_count(struct recorder *recorder, sim_ns now, lane_id lane,
                    enum counter_kind kind, int64_t value) {
    if (recorder->counters != NULL && lane != LANE_NONE) {
        counter_log_set(recorder->counters, now, lane, kind, value);
    }
}

void recorder_count_by(struct recorder *recorder, sim_ns now, lane_id lane,
                       enum counter_kind kind, int64_t by) {
    if (recorder->counters != NULL && lane != LANE_NONE) {
        counter_log_add(recorder->counters, now, lane, kind, by);
    }
}

void recorder_count_at(struct recorder *recorder, lane_id lane, enum counter_kind kind,
                       const sim_ns *at, size_t count) {
    if (recorder->counters != NULL && lane != LANE_NONE) {
        counter_log_expect(recorder->counters, lane, kind, at, count);
    }
}

/* --- lanes --------------------------------------------------------------------- */

/* Copies at most size - 1 bytes and never leaves half of a UTF-8 character behind. */
static void copy_name(char *to, size_t size, const char *from) {
    size_t length = strnlen(from, size - 1);
    if (from[length] != '\0') {
        while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

static int make_room_for_group(struct recorder *recorder, lane_id id) {
    if (recorder->sink == NULL || (size_t)id / LANE_GROUP_LANES < recorder->group_count) {
        return 0;
    }
    if (vec_reserve((void **)&recorder->groups, &recorder->group_capacity,
                    recorder->group_count, sizeof *recorder->groups) != 0) {
        return ERR_NOMEM;
    }
    struct group_buffer group = {
        .full = FULL_SPANS,
        .since_ns = memory_zeroed(LANE_GROUP_LANES, sizeof *group.since_ns)};
    if (group.since_ns == NULL) {
        return ERR_NOMEM;
    }
    recorder->groups[recorder->group_count++] = group;
    recorder_append_group(recorder, (uint32_t)recorder->group_count - 1);
    return 0;
}

static inline void begin_span(struct recorder *recorder, lane_id lane, sim_ns now,
                              uint64_t doing, site_id site) {
    const enum lane_state state = lane_state_of(doing);
    struct lane_present *present = &recorder->lanes.present[lane];
    ASSERT_SLOW(lane_kind_has_state(lane_table_kind(&recorder->lanes, lane), state));
    present->since_ns = now;
    present->doing = doing;
    present->site = site;
    fold(recorder, now, pack(lane, code_of[state], lane_resource_of(doing)));
}

lane_id recorder_open_lane(struct recorder *recorder, sim_ns now,
                           const struct lane_birth *birth) {
    if (recorder->err.code != 0 || recorder->lanes.count >= INT32_MAX) {
        return LANE_NONE;
    }
    struct lane lane = {
        .id = (lane_id)recorder->lanes.count,
        .parent = birth->parent,
        .kind = birth->kind,
        .born_ns = now,
    };
    copy_name(lane.name, sizeof lane.name, birth->name);
    if (make_room_for_group(recorder, lane.id) != 0 ||
        lane_table_add(&recorder->lanes, &lane) != 0) {
        fail_nomem(recorder);
        return LANE_NONE;
    }
    begin_span(recorder, lane.id, now,
               lane_doing(birth->first.state, birth->first.resource), birth->first.site);
    recorder->spanless++;
    if (recorder->sink != NULL) {
        struct group_buffer *group = &recorder->groups[lane.id / LANE_GROUP_LANES];
        group->since_ns[lane.id % LANE_GROUP_LANES] = now;
        group->has_newborn = true;
        if (recorder->counters != NULL) {
            count_doing(recorder, now, lane.id, recorder->lanes.present[lane.id].doing,
                        1);
        }
        (void)recorder->sink->lane(recorder->sink->context, &lane, &recorder->err);
    }
    return lane.id;
}

/* The histogram that a span goes to whose state has one. */
static enum span_lengths find_lengths(const struct recorder *recorder, lane_id lane,
                                      enum lane_state state) {
    return state == STATE_HELD && lane_table_kind(&recorder->lanes, lane) == LANE_GIL
               ? LENGTHS_GIL_HOLD
               : (enum span_lengths)(lengths_of[state] - 1);
}

static void count_length(struct recorder *recorder, lane_id lane, enum lane_state state,
                         sim_ns length) {
    const enum span_lengths which = find_lengths(recorder, lane, state);
    if (recorder->lengths[which] == NULL) {
        recorder->lengths[which] = memory_zeroed(1, sizeof(struct histogram));
        if (recorder->lengths[which] == NULL) {
            fail_nomem(recorder);
            return;
        }
    }
    histogram_add(recorder->lengths[which], length);
}

/* The open span of a lane that lives ends after some time. */
__attribute__((always_inline)) static inline void
end_span(struct recorder *recorder, lane_id lane, sim_ns now, lane_id by) {
    const struct lane_present *span = &recorder->lanes.present[lane];
    const enum lane_state state = lane_state_of(span->doing);
    const sim_ns length = now - span->since_ns;
    lane_table_add_time(&recorder->lanes, lane, state, length);
    if (lengths_of[state] != 0) {
        count_length(recorder, lane, state, length);
    }
    if (recorder->sink != NULL && recorder->err.code == 0) {
        append_span(recorder, lane, now, by);
    }
}

/* A transition takes no time after the one before it of its lane. */
static inline bool is_spanless(const struct lane_present *present, sim_ns now) {
    ASSERT(now >= present->since_ns); /* and of a lane that lives */
    return now == present->since_ns;
}

/* A function of its own, so that the ordinary way needs no stack. */
__attribute__((noinline)) static void switch_noted(struct recorder *recorder, sim_ns now,
                                                   lane_id lane, uint64_t doing,
                                                   site_id site, lane_id by) {
    const struct lane_present *present = &recorder->lanes.present[lane];
    const uint64_t before = present->doing;
    if (recorder->counters != NULL &&
        (counter_of[lane_state_of(before)] | counter_of[lane_state_of(doing)]) != 0) {
        count_change(recorder, now, lane, before, doing);
    }
    if (is_spanless(present, now)) {
        recorder->spanless++;
    } else {
        end_span(recorder, lane, now, by);
    }
    begin_span(recorder, lane, now, doing, site);
}

void recorder_switch_packed(struct recorder *recorder, sim_ns now, lane_id lane,
                            uint64_t doing, site_id site, lane_id by) {
    if (lane == LANE_NONE) {
        return; /* only after a failure */
    }
    const struct lane_present *present = &recorder->lanes.present[lane];
    const enum lane_state state = lane_state_of(present->doing);
    if (present->doing == doing && present->site == site) {
        return;
    }
    if (recorder->noted[state]) {
        switch_noted(recorder, now, lane, doing, site, by);
        return;
    }
    if (is_spanless(present, now)) {
        recorder->spanless++;
    } else {
        lane_table_add_time(&recorder->lanes, lane, state, now - present->since_ns);
    }
    begin_span(recorder, lane, now, doing, site);
}

void recorder_close_lane(struct recorder *recorder, sim_ns now, lane_id lane) {
    if (lane == LANE_NONE) {
        return;
    }
    const sim_ns since = recorder->lanes.present[lane].since_ns;
    ASSERT(now >= since);
    if (now == since) {
        recorder->spanless++;
    } else {
        end_span(recorder, lane, now, LANE_NONE);
    }
    if (recorder->counters != NULL) {
        count_doing(recorder, now, lane, recorder->lanes.present[lane].doing, -1);
        counter_log_end_lane(recorder->counters, now, lane);
    }
    lane_table_end(&recorder->lanes, lane, now);
    fold(recorder, now, pack(lane, CODE_CLOSED, LANE_NONE));
}

void recorder_instant(struct recorder *recorder, sim_ns now, lane_id lane,
                      enum instant_kind kind, lane_id by) {
    fold(recorder, now, pack(lane, CODE_INSTANTS + (uint64_t)kind, by));
    recorder->spanless++;
    struct instant_buffer *buffer = recorder->instants;
    if (buffer == NULL || recorder->err.code != 0) {
        return;
    }
    const uint32_t at = buffer->count++;
    buffer->lane[at] = lane;
    buffer->at_ns[at] = now;
    buffer->kind[at] = (uint8_t)kind;
    buffer->by[at] = by;
    if (buffer->count == CHUNK_SPANS) {
        recorder_seal_instants(recorder);
    }
}

int recorder_finish(struct recorder *recorder, sim_ns now, struct err *err) {
    if (recorder->counters != NULL) { /* as they were when the run ended */
        counter_log_finish(recorder->counters, now);
    }
    for (size_t i = 0; i < recorder->lanes.count; i++) {
        if (lane_table_is_alive(&recorder->lanes, (lane_id)i)) {
            recorder_close_lane(recorder, now, (lane_id)i);
        }
    }
    for (size_t i = 0; i < recorder->group_count; i++) {
        recorder_seal_group(recorder, (uint32_t)i);
    }
    recorder_seal_instants(recorder);
    if (recorder->err.code != 0 && err != NULL && err->code == 0) {
        *err = recorder->err;
    }
    return recorder->err.code;
}

/* --- reading ------------------------------------------------------------------- */

bool recorder_failed(const struct recorder *recorder) { return recorder->err.code != 0; }

uint64_t recorder_fingerprint(const struct recorder *recorder) {
    return recorder->fingerprint;
}

uint64_t recorder_transitions(const struct recorder *recorder) {
    return recorder->transitions;
}

uint64_t recorder_spans(const struct recorder *recorder) {
    return recorder->transitions - recorder->spanless;
}

const struct lane_table *recorder_lanes(const struct recorder *recorder) {
    return &recorder->lanes;
}

struct lane_table recorder_steal_lanes(struct recorder *recorder) {
    const struct lane_table lanes = recorder->lanes;
    recorder->lanes = (struct lane_table){0};
    return lanes;
}

const struct histogram *recorder_lengths(const struct recorder *recorder,
                                         enum span_lengths which) {
    return recorder->lengths[which];
}

void recorder_lengths_until(const struct recorder *recorder, sim_ns now,
                            struct histogram out[LENGTHS_COUNT]) {
    for (int i = 0; i < LENGTHS_COUNT; i++) {
        const struct histogram *closed = recorder->lengths[i];
        if (closed != NULL) {
            out[i] = *closed;
        } else {
            memset(&out[i], 0, sizeof out[i]);
        }
    }
    for (lane_id id = 0; (size_t)id < recorder->lanes.count; id++) {
        const struct lane_present *open = &recorder->lanes.present[id];
        const enum lane_state state = lane_state_of(open->doing);
        if (lengths_of[state] != 0 && open->since_ns < now) {
            histogram_add(&out[find_lengths(recorder, id, state)], now - open->since_ns);
        }
    }
}
