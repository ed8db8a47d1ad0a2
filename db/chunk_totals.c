/* SPDX-License-Identifier: MIT */
#include "db/chunk_totals_priv.h"

#include "db/carried_spans_priv.h"
#include "db/column_codec_priv.h"

enum { ENTRIES = LANE_GROUP_LANES * STATE_COUNT };

static void add(struct chunk_totals *totals, lane_id lane, unsigned state, sim_ns from,
                sim_ns to) {
    if (to > from) {
        totals->state_ns[lane % LANE_GROUP_LANES][state] += to - from;
    }
}

static sim_ns later(sim_ns a, sim_ns b) { return a > b ? a : b; }
static sim_ns earlier(sim_ns a, sim_ns b) { return a < b ? a : b; }

void chunk_totals_add(struct chunk_totals *totals, const struct span_chunk *c,
                      sim_ns until) {
    sim_ns since[LANE_GROUP_LANES];
    carried_spans_begin(c, since);
    for (uint32_t i = 0; i < c->count; i++) {
        add(totals, c->lane[i], c->state[i], later(c->start_ns[i], c->t0_ns),
            earlier(c->end_ns[i], until));
        totals->ended[c->lane[i] % LANE_GROUP_LANES][c->state[i]] +=
            c->end_ns[i] <= until;
        since[c->lane[i] % LANE_GROUP_LANES] = c->end_ns[i];
    }
    for (uint32_t i = 0; i < c->after_count; i++) {
        const struct lane_after *after = &c->after[i];
        add(totals, after->lane, after->state,
            later(since[after->lane % LANE_GROUP_LANES], c->t0_ns), until);
    }
}

int chunk_totals_encode(const struct chunk_totals *totals, struct chunk_bytes *out,
                        struct err *err) {
    int64_t places[LANE_GROUP_LANES], masks[LANE_GROUP_LANES], times[ENTRIES];
    int64_t ended[ENTRIES];
    uint32_t lanes = 0, count = 0;
    for (uint32_t place = 0; place < LANE_GROUP_LANES; place++) {
        int64_t mask = 0;
        for (unsigned state = 0; state < STATE_COUNT; state++) {
            if (totals->state_ns[place][state] != 0) {
                mask |= INT64_C(1) << state;
                ended[count] = totals->ended[place][state];
                times[count++] = totals->state_ns[place][state];
            }
        }
        places[lanes] = place;
        masks[lanes] = mask;
        lanes += mask != 0;
    }
    const size_t values = 2 * ((size_t)lanes + count);
    if (chunk_bytes_reserve(out, 4 * COLUMN_HEADER_BYTES + values * COLUMN_VALUE_BYTES) !=
        0) {
        return err_set_nomem(err);
    }
    uint8_t *at = column_put(out->data + out->size, places, lanes);
    at = column_put(at, masks, lanes);
    at = column_put(at, times, count);
    at = column_put(at, ended, count);
    out->size = (size_t)(at - out->data);
    return 0;
}

/* The columns of times and of numbers of spans, and how much of them is used. */
struct entries {
    sim_ns until;
    int64_t times[ENTRIES], ended[ENTRIES];
    uint32_t count, used;
};

/* Every span that has ended took a nanosecond at least. */
static bool place_entries(struct chunk_totals *out, int64_t place, int64_t mask,
                          struct entries *entries) {
    for (uint64_t rest = (uint64_t)mask; rest != 0; rest &= rest - 1) {
        if (entries->used == entries->count) {
            return false;
        }
        const int64_t time = entries->times[entries->used];
        const int64_t ended = entries->ended[entries->used++];
        if (time < 1 || time > entries->until || ended < 0 || ended > time) {
            return false;
        }
        const int state = __builtin_ctzll(rest);
        out->ended[place][state] = ended;
        out->state_ns[place][state] = time;
    }
    return true;
}

int chunk_totals_decode(struct chunk_totals *out, sim_ns until, const void *data,
                        size_t size, struct err *err) {
    int64_t places[LANE_GROUP_LANES], masks[LANE_GROUP_LANES];
    const uint8_t *at = data, *end = at + size;
    struct entries entries = {.until = until};
    struct column columns[4];
    uint32_t lanes;
    bool ok = column_take(&at, end, &columns[0]) && column_take(&at, end, &columns[1]) &&
              column_take(&at, end, &columns[2]) && column_take(&at, end, &columns[3]) &&
              at == end &&
              column_get_all(&columns[0], LANE_GROUP_LANES, places, &lanes) &&
              column_get(&columns[1], lanes, masks) &&
              column_get_all(&columns[2], ENTRIES, entries.times, &entries.count) &&
              column_get(&columns[3], entries.count, entries.ended);
    *out = (struct chunk_totals){0};
    for (uint32_t i = 0; ok && i < lanes; i++) {
        ok = places[i] >= (i > 0 ? places[i - 1] + 1 : 0) &&
             places[i] < LANE_GROUP_LANES && masks[i] > 0 &&
             masks[i] >> STATE_COUNT == 0 &&
             place_entries(out, places[i], masks[i], &entries);
    }
    return ok && entries.used == entries.count
               ? 0
               : err_set(err, ERR_CORRUPT, "the totals of a chunk are damaged");
}
