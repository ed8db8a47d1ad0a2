/* SPDX-License-Identifier: MIT */
#include "engine/record/recorder.h"

#include "engine/base/check.h"
#include "engine/base/memory.h"
#include "engine/record/counter_log.h"

#include <assert.h>
#include <string.h>

/*
 * A group in which little happens is settled, too, so that a run can be looked at while it
 * goes on: when so many chunks were filled since it was, and two for each group, so that
 * groups which fill theirs in turn are left alone. Only chunks count, so that all machines
 * store the same.
 */
enum { QUIET_CHUNKS = 16 };

/* The others of a moment fit in, one for each lane. */
enum { FULL_SPANS = CHUNK_SPANS - LANE_GROUP_LANES };

#define NO_GROUP UINT32_MAX

/* Columns of one lane group, waiting to be sealed. They grow by doubling up to a full
 * chunk. */
struct group_buffer {
    uint32_t count, capacity, seq;
    uint32_t full;          /* with more spans it is sealed when time goes on */
    uint32_t before, after; /* in the order of settled_at; NO_GROUP */
    bool has_newborn;       /* a lane was born since, whose state is in no chunk */
    uint64_t settled_at;    /* recorder.filled when it was sealed, or found to be empty */
    uint64_t ended;         /* bit of each lane with spans in the columns */
    sim_ns sealed_ns;       /* where the chunk before ended */
    sim_ns *since_ns; /* of each lane at that time, or its birth: LANE_GROUP_LANES */
    lane_id *lane;
    sim_ns *start_ns;
    sim_ns *end_ns;
    uint8_t *state;
    lane_id *resource;
    lane_id *by;
    site_id *site;
};

struct instant_buffer {
    uint32_t count, seq;
    uint64_t settled_at;
    lane_id lane[CHUNK_SPANS];
    sim_ns at_ns[CHUNK_SPANS];
    uint8_t kind[CHUNK_SPANS];
    lane_id by[CHUNK_SPANS];
};

struct recorder {
    const struct sink *sink;
    struct lane_table lanes;
    struct group_buffer *groups; /* only with a sink */
    size_t group_count, group_capacity;
    uint32_t quietest, liveliest; /* first and last in the order of settled_at */
    uint64_t filled; /* chunks of spans that were sealed because they were full */
    struct instant_buffer *instants;          /* only with a sink */
    struct counter_log *counters;             /* only with a sink that wants them */
    struct histogram *lengths[LENGTHS_COUNT]; /* made by the first span of the kind */
    uint64_t fingerprint;
    uint64_t transitions;
    uint64_t spanless; /* transitions that ended no span: births, instants, and changes of
                        * what took no time */
    /* By state: its spans go to the sink, or are counted by length. */
    bool noted[STATE_COUNT];
    struct err err;
};

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

/* --- the order of groups -------------------------------------------------------- */

static void append_group(struct recorder *recorder, uint32_t index) {
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
    append_group(recorder, index);
}

/* --- sealing chunks ------------------------------------------------------------ */

/* Lanes of a chunk, at its beginning and at its end. */
struct chunk_lanes {
    uint32_t before_count, after_count;
    struct lane_before before[LANE_GROUP_LANES];
    struct lane_after after[LANE_GROUP_LANES];
};

static void note_lane(const struct recorder *recorder, struct group_buffer *group,
                      lane_id lane, struct chunk_lanes *out) {
    const struct lane_present *present = &recorder->lanes.present[lane];
    const uint32_t place = (uint32_t)lane % LANE_GROUP_LANES;
    const bool lives_on = lane_table_is_alive(&recorder->lanes, lane);
    const bool is_born_later = present->since_ns > group->end_ns[group->count - 1];
    group->has_newborn |= lives_on && is_born_later;
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
        group->since_ns[place] = present->since_ns;
    }
}

static void note_lanes(const struct recorder *recorder, uint32_t index,
                       struct chunk_lanes *out) {
    const size_t first = (size_t)index * LANE_GROUP_LANES;
    const size_t rest = recorder->lanes.count - first;
    const size_t count = rest < LANE_GROUP_LANES ? rest : LANE_GROUP_LANES;
    out->before_count = out->after_count = 0;
    for (size_t i = 0; i < count; i++) {
        note_lane(recorder, &recorder->groups[index], (lane_id)(first + i), out);
    }
}

static void seal_group(struct recorder *recorder, uint32_t index) {
    struct group_buffer *group = &recorder->groups[index];
    if (group->count == 0 || recorder->err.code != 0) {
        return;
    }
    struct chunk_lanes lanes;
    group->has_newborn = false;
    note_lanes(recorder, index, &lanes);
    const struct span_chunk chunk = {
        .group = index,
        .seq = group->seq++,
        .count = group->count,
        .before_count = lanes.before_count,
        .after_count = lanes.after_count,
        .t0_ns = group->sealed_ns,
        .t1_ns =
            group->end_ns[group->count - 1], /* spans are in the order of their ends */
        .before = lanes.before,
        .after = lanes.after,
        .lane = group->lane,
        .start_ns = group->start_ns,
        .end_ns = group->end_ns,
        .state = group->state,
        .resource = group->resource,
        .by = group->by,
        .site = group->site,
    };
    group->count = 0;
    group->full = FULL_SPANS;
    group->ended = 0;
    group->sealed_ns = chunk.t1_ns;
    /* The result is kept in recorder->err, which the scheduler looks at. */
    (void)recorder->sink->spans(recorder->sink->context, &chunk, &recorder->err);
}

static void seal_instants(struct recorder *recorder) {
    struct instant_buffer *buffer = recorder->instants;
    if (buffer == NULL || buffer->count == 0 || recorder->err.code != 0) {
        return;
    }
    const struct instant_chunk chunk = {
        .seq = buffer->seq++,
        .count = buffer->count,
        .t0_ns = buffer->at_ns[0],
        .t1_ns = buffer->at_ns[buffer->count - 1],
        .lane = buffer->lane,
        .at_ns = buffer->at_ns,
        .kind = buffer->kind,
        .by = buffer->by,
    };
    buffer->count = 0;
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
        seal_group(recorder, index);
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
        seal_instants(recorder);
        tell_settled(recorder, -1, now);
        recorder->instants->settled_at = recorder->filled;
    }
}

/* Time has gone on since the last span of the group ended. */
__attribute__((noinline)) static void fill_group(struct recorder *recorder,
                                                 uint32_t index, sim_ns now) {
    const bool is_filled = recorder->groups[index].full == FULL_SPANS;
    seal_group(recorder, index);
    move_to_end(recorder, index);
    if (is_filled) {
        settle_quiet(recorder, now);
    }
}

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
        fill_group(recorder, index, end);
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
    append_group(recorder, (uint32_t)recorder->group_count - 1);
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

static void count_length(struct recorder *recorder, lane_id lane, enum lane_state state,
                         sim_ns length) {
    const enum span_lengths which =
        state == STATE_HELD && lane_table_kind(&recorder->lanes, lane) == LANE_GIL
            ? LENGTHS_GIL_HOLD
            : (enum span_lengths)(lengths_of[state] - 1);
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
        seal_instants(recorder);
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
        seal_group(recorder, (uint32_t)i);
    }
    seal_instants(recorder);
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
