/* SPDX-License-Identifier: MIT */
#include "engine/record/counter_log.h"

#include "engine/base/memory.h"

#include <stdbool.h>
#include <string.h>

enum { NOBODY = UINT32_MAX };

struct counter {
    int64_t value;
    int64_t told; /* by its last sample */
    lane_id lane;
    uint32_t next; /* of the same lane, or NOBODY */
    uint8_t kind;
    bool is_changed; /* is in `changed` */
};

/* Changes that are known beforehand. */
struct expected {
    const sim_ns *at; /* the next one's time */
    size_t left;
    lane_id lane;
    uint32_t counter;
};

struct counter_log {
    const struct sink *sink;
    struct err *err;
    bool finished;
    struct counter *counters; /* in the order of their first change */
    size_t count, capacity;
    uint32_t *first; /* by lane: a counter, or NOBODY */
    size_t lane_count;
    struct expected expected;
    sim_ns now;        /* when those below changed */
    uint32_t *changed; /* counters; as many as there is room for in `counters` */
    size_t changed_count, changed_capacity;
    uint32_t sample_count, seq;
    uint32_t shown; /* samples that the sink has seen while the chunk is open */
    lane_id lane[CHUNK_SPANS];
    uint8_t kind[CHUNK_SPANS];
    sim_ns at_ns[CHUNK_SPANS];
    int64_t value[CHUNK_SPANS];
};

/* --- life ---------------------------------------------------------------------- */

struct counter_log *counter_log_create(const struct sink *sink, struct err *err) {
    struct counter_log *log = memory_zeroed(1, sizeof *log);
    if (log != NULL) {
        log->sink = sink;
        log->err = err;
    }
    return log;
}

void counter_log_destroy(struct counter_log *log) {
    if (log != NULL) {
        memory_free(log->counters);
        memory_free(log->first);
        memory_free(log->changed);
        memory_free(log);
    }
}

/* --- samples ------------------------------------------------------------------- */

static struct counter_chunk chunk_of(const struct counter_log *log) {
    return (struct counter_chunk){
        .seq = log->seq,
        .count = log->sample_count,
        .t0_ns = log->at_ns[0],
        .t1_ns = log->at_ns[log->sample_count - 1],
        .lane = log->lane,
        .kind = log->kind,
        .at_ns = log->at_ns,
        .value = log->value,
    };
}

static void seal(struct counter_log *log) {
    if (log->sample_count == 0 || log->err->code != 0) {
        return;
    }
    const struct counter_chunk chunk = chunk_of(log);
    log->seq++;
    log->sample_count = log->shown = 0;
    /* The result is kept in *err, which the scheduler looks at. */
    (void)log->sink->counters(log->sink->context, &chunk, log->err);
}

/* What has changed since the last moment gets its samples. */
static void settle(struct counter_log *log) {
    for (size_t i = 0; i < log->changed_count; i++) {
        struct counter *counter = &log->counters[log->changed[i]];
        counter->is_changed = false;
        if (counter->value == counter->told) {
            continue;
        }
        counter->told = counter->value;
        const uint32_t at = log->sample_count++;
        log->lane[at] = counter->lane;
        log->kind[at] = counter->kind;
        log->at_ns[at] = log->now;
        log->value[at] = counter->value;
        if (log->sample_count == CHUNK_SPANS) {
            seal(log);
        }
    }
    log->changed_count = 0;
}

/* --- counters ------------------------------------------------------------------ */

static bool make_room_for_lane(struct counter_log *log, lane_id lane) {
    const size_t count = (size_t)lane + 1;
    if (count <= log->lane_count) {
        return true;
    }
    const size_t more = count + count / 2;
    uint32_t *first = memory_resize(log->first, more, sizeof *first);
    if (first == NULL) {
        return false;
    }
    memset(first + log->lane_count, 0xff, (more - log->lane_count) * sizeof *first);
    log->first = first;
    log->lane_count = more;
    return true;
}

/* NOBODY without memory. Rare: without it find() needs fewer registers. */
__attribute__((noinline)) static uint32_t add(struct counter_log *log, lane_id lane,
                                              enum counter_kind kind) {
    if (!make_room_for_lane(log, lane) ||
        vec_reserve((void **)&log->counters, &log->capacity, log->count,
                    sizeof *log->counters) != 0 ||
        vec_reserve((void **)&log->changed, &log->changed_capacity, log->count,
                    sizeof *log->changed) != 0) {
        (void)err_set_nomem(log->err); /* it is kept there */
        return NOBODY;
    }
    const uint32_t index = (uint32_t)log->count++;
    log->counters[index] =
        (struct counter){.lane = lane, .next = log->first[lane], .kind = (uint8_t)kind};
    log->first[lane] = index;
    return index;
}

static uint32_t find(struct counter_log *log, lane_id lane, enum counter_kind kind) {
    uint32_t index = (size_t)lane < log->lane_count ? log->first[lane] : NOBODY;
    while (index != NOBODY && log->counters[index].kind != kind) {
        index = log->counters[index].next;
    }
    return index != NOBODY ? index : add(log, lane, kind);
}

static void set(struct counter_log *log, uint32_t index, int64_t value) {
    struct counter *counter = &log->counters[index];
    counter->value = value;
    if (!counter->is_changed) {
        counter->is_changed = true;
        log->changed[log->changed_count++] = index;
    }
}

static void move_to(struct counter_log *log, sim_ns now) {
    if (now != log->now) {
        settle(log);
        log->now = now;
    }
}

/* Time goes on to `now`, and what is expected until then comes. */
static void go_on(struct counter_log *log, sim_ns now) {
    struct expected *expected = &log->expected;
    for (; expected->left > 0 && *expected->at <= now; expected->left--) {
        move_to(log, *expected->at++);
        set(log, expected->counter, log->counters[expected->counter].value + 1);
    }
    move_to(log, now);
}

static bool is_closed(const struct counter_log *log) {
    return log->finished || log->err->code != 0;
}

void counter_log_set(struct counter_log *log, sim_ns now, lane_id lane,
                     enum counter_kind kind, int64_t value) {
    const uint32_t index = is_closed(log) ? NOBODY : find(log, lane, kind);
    if (index != NOBODY && log->counters[index].value != value) {
        go_on(log, now);
        set(log, index, value);
    }
}

void counter_log_add(struct counter_log *log, sim_ns now, lane_id lane,
                     enum counter_kind kind, int64_t by) {
    const uint32_t index = is_closed(log) ? NOBODY : find(log, lane, kind);
    if (index != NOBODY) {
        go_on(log, now);
        set(log, index, log->counters[index].value + by);
    }
}

void counter_log_expect(struct counter_log *log, lane_id lane, enum counter_kind kind,
                        const sim_ns *at, size_t count) {
    const uint32_t index = is_closed(log) ? NOBODY : find(log, lane, kind);
    if (index != NOBODY) {
        log->expected = (struct expected){at, count, lane, index};
    }
}

void counter_log_end_lane(struct counter_log *log, sim_ns now, lane_id lane) {
    if (is_closed(log) || (size_t)lane >= log->lane_count) {
        return;
    }
    go_on(log, now);
    for (uint32_t i = log->first[lane]; i != NOBODY; i = log->counters[i].next) {
        if (log->counters[i].value != 0) {
            set(log, i, 0);
        }
    }
    if (log->expected.lane == lane) {
        log->expected.left = 0;
    }
}

void counter_log_finish(struct counter_log *log, sim_ns now) {
    if (!is_closed(log)) {
        go_on(log, now);
        settle(log);
        seal(log);
        log->finished = true;
    }
}

void counter_log_show(struct counter_log *log, sim_ns now) {
    if (is_closed(log)) {
        return;
    }
    go_on(log, now);
    settle(log);
    if (log->sample_count != log->shown && log->err->code == 0) {
        struct counter_chunk chunk = chunk_of(log);
        chunk.is_open = true;
        chunk.t1_ns = now;
        log->shown = log->sample_count;
        (void)log->sink->counters(log->sink->context, &chunk, log->err);
    } else if (log->sink->settled != NULL && log->err->code == 0) {
        (void)log->sink->settled(log->sink->context, -2, now, log->err);
    }
}
