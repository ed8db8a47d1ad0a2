/* SPDX-License-Identifier: MIT */
#include "db/chunk_check_priv.h"

static bool is_of_group(const struct span_chunk *c, lane_id lane) {
    const int64_t place = lane - (int64_t)c->group * LANE_GROUP_LANES;
    return place >= 0 && place < LANE_GROUP_LANES;
}

static const char *before_fault(const struct span_chunk *c, struct chunk_lanes *lanes) {
    for (int i = 0; i < LANE_GROUP_LANES; i++) {
        lanes->start_ns[i] = SIM_NEVER;
    }
    for (uint32_t i = 0; i < c->before_count; i++) {
        const struct lane_before *lane = &c->before[i];
        if (!is_of_group(c, lane->lane) || (i > 0 && lane->lane <= lane[-1].lane)) {
            return "a lane before it is of another group, or out of order";
        }
        if (lane->since_ns < 0 || lane->since_ns > c->t1_ns) {
            return "a lane before it begins outside its time";
        }
        lanes->start_ns[chunk_place(lane->lane)] = lane->since_ns;
    }
    return NULL;
}

static const char *after_fault(const struct span_chunk *c, struct chunk_lanes *lanes) {
    lanes->lives_on = 0;
    for (uint32_t i = 0; i < c->after_count; i++) {
        const struct lane_after *lane = &c->after[i];
        if (!is_of_group(c, lane->lane) || (i > 0 && lane->lane <= lane[-1].lane) ||
            lanes->start_ns[chunk_place(lane->lane)] == SIM_NEVER) {
            return "a lane after it is unknown, or out of order";
        }
        if (lane->state >= STATE_COUNT || lane->resource < -1 || lane->site < -1) {
            return "a lane after it is in an unknown state";
        }
        lanes->lives_on |= UINT64_C(1) << chunk_place(lane->lane);
    }
    return NULL;
}

const char *chunk_frame_fault(const struct span_chunk *c, struct chunk_lanes *lanes) {
    if (c->t0_ns < 0 || c->t1_ns < c->t0_ns) {
        return "wrong times";
    }
    if (c->before_count > LANE_GROUP_LANES || c->after_count > LANE_GROUP_LANES) {
        return "more lanes than a group has";
    }
    const char *fault = before_fault(c, lanes);
    return fault != NULL ? fault : after_fault(c, lanes);
}

const char *chunk_lost_fault(const struct span_chunk *c,
                             const struct chunk_lanes *lanes) {
    for (uint32_t i = 0; i < c->before_count; i++) {
        const uint32_t place = chunk_place(c->before[i].lane);
        if (lanes->start_ns[place] == c->before[i].since_ns &&
            (lanes->lives_on >> place & 1) == 0) {
            return "a lane before it is lost";
        }
    }
    return NULL;
}

/* NULL, or what is wrong with the time of row i. */
static const char *row_fault(const struct span_chunk *c, uint32_t i,
                             struct chunk_lanes *lanes) {
    if (!is_of_group(c, c->lane[i])) {
        return "a lane of another group";
    }
    sim_ns *start = &lanes->start_ns[chunk_place(c->lane[i])];
    if (c->start_ns[i] != *start && *start != SIM_NEVER) {
        return "a gap before it";
    }
    if (c->end_ns[i] <= c->t0_ns || c->end_ns[i] > c->t1_ns) {
        return "a span that ends outside the time of the chunk";
    }
    if (i > 0 && c->end_ns[i] < c->end_ns[i - 1]) {
        return "spans out of order";
    }
    return chunk_end_fault(start, c->end_ns[i]);
}

/* NULL, or what is wrong with the rest of row i, which is the same in all of its kind. */
static const char *kind_fault(const struct span_chunk *c, uint32_t i) {
    if (c->state[i] >= STATE_COUNT) {
        return "an unknown state";
    }
    return c->resource[i] < -1 || c->by[i] < -1 || c->site[i] < -1
               ? "a negative reference"
               : NULL;
}

static const char *instant_fault(const struct instant_chunk *c, uint32_t i) {
    if (c->lane[i] < 0) {
        return "a negative lane";
    }
    if (c->kind[i] >= INSTANT_COUNT) {
        return "an unknown kind of instant";
    }
    if (c->by[i] < -1) {
        return "a negative reference";
    }
    if (c->at_ns[i] < c->t0_ns || c->at_ns[i] > c->t1_ns) {
        return "an instant outside the time of the chunk";
    }
    return i > 0 && c->at_ns[i] < c->at_ns[i - 1] ? "instants out of order" : NULL;
}

static const char *sample_fault(const struct counter_chunk *c, uint32_t i) {
    if (c->lane[i] < 0) {
        return "a negative lane";
    }
    if (c->kind[i] >= COUNTER_COUNT) {
        return "an unknown kind of counter";
    }
    if (c->at_ns[i] < c->t0_ns || c->at_ns[i] > c->t1_ns) {
        return "a sample outside the time of the chunk";
    }
    return i > 0 && c->at_ns[i] < c->at_ns[i - 1] ? "samples out of order" : NULL;
}

int chunk_check_count(uint32_t count, uint32_t least, struct err *err) {
    if (count < least || count > CHUNK_SPANS) {
        return err_set(err, ERR_INVALID, "a chunk of %u rows: %u to %d are possible",
                       count, least, CHUNK_SPANS);
    }
    return 0;
}

int chunk_wrong(const struct span_chunk *chunk, const char *fault, int code,
                struct err *err) {
    return err_set(err, code, "span chunk %u of lane group %u: %s", chunk->seq,
                   chunk->group, fault);
}

int chunk_wrong_row(const struct span_chunk *chunk, uint32_t row, const char *fault,
                    int code, struct err *err) {
    return err_set(err, code, "span chunk %u of lane group %u, row %u: %s", chunk->seq,
                   chunk->group, row, fault);
}

int chunk_check_spans(const struct span_chunk *chunk, struct err *err) {
    struct chunk_lanes lanes;
    const char *fault = chunk_frame_fault(chunk, &lanes);
    for (uint32_t i = 0; fault == NULL && i < chunk->count; i++) {
        fault = row_fault(chunk, i, &lanes);
        if (fault != NULL) {
            return chunk_wrong_row(chunk, i, fault, ERR_INVALID, err);
        }
    }
    if (fault == NULL) {
        fault = chunk_lost_fault(chunk, &lanes);
    }
    return fault == NULL ? 0 : chunk_wrong(chunk, fault, ERR_INVALID, err);
}

int chunk_check_kinds(const struct span_chunk *chunk,
                      const struct chunk_sequence *sequence, struct err *err) {
    for (uint32_t i = 0; i < sequence->kind_count; i++) {
        const uint32_t row = sequence->first[i];
        const char *fault = kind_fault(chunk, row);
        if (fault != NULL) {
            return chunk_wrong_row(chunk, row, fault, ERR_INVALID, err);
        }
    }
    return 0;
}

int chunk_check_instants(const struct instant_chunk *chunk, int code, struct err *err) {
    for (uint32_t i = 0; i < chunk->count; i++) {
        const char *fault = instant_fault(chunk, i);
        if (fault != NULL) {
            return err_set(err, code, "instant chunk %u, row %u: %s", chunk->seq, i,
                           fault);
        }
    }
    return 0;
}

int chunk_check_counters(const struct counter_chunk *chunk, int code, struct err *err) {
    const char *fault = chunk->t0_ns < 0 ? "wrong times" : NULL;
    uint32_t row = 0;
    for (uint32_t i = 0; fault == NULL && i < chunk->count; i++) {
        row = i;
        fault = sample_fault(chunk, i);
    }
    return fault == NULL ? 0
                         : err_set(err, code, "counter chunk %u, row %u: %s", chunk->seq,
                                   row, fault);
}
