/* SPDX-License-Identifier: MIT */
#include "db/lane_totals_priv.h"

#include <assert.h>
#include <string.h>

static_assert(STATE_COUNT <= UINT8_MAX, "the number of states fits into its byte");

size_t lane_totals_encode(uint8_t bytes[LANE_TOTALS_BYTES],
                          const sim_ns state_ns[STATE_COUNT]) {
    bytes[0] = STATE_COUNT;
    return (size_t)(column_put(bytes + 1, state_ns, STATE_COUNT) - bytes);
}

int lane_totals_decode(sim_ns state_ns[STATE_COUNT], const uint8_t *bytes, size_t size,
                       struct err *err) {
    const uint8_t *at = bytes + 1, *end = bytes + size;
    struct column column;
    sim_ns values[STATE_COUNT] = {0};
    if (size < 1 || bytes[0] < 1 || bytes[0] > STATE_COUNT ||
        !column_take(&at, end, &column) || at != end ||
        !column_get(&column, bytes[0], values)) {
        return err_set(err, ERR_CORRUPT, "the totals of a lane are damaged");
    }
    memcpy(state_ns, values, sizeof values);
    return 0;
}
