/* SPDX-License-Identifier: MIT */
#include "engine/os/cache_line.h"

static void append(struct cache_line *line, uint32_t core, sim_ns end) {
    const uint64_t at = line->transfers++ % CACHE_LINE_PENDING;
    line->owner[at] = (uint16_t)core;
    line->end_ns[at] = end;
}

bool cache_line_is_here(struct cache_line *line, uint32_t core, sim_ns now) {
    if (line->transfers == 0) {
        append(line, core, now);
    }
    const uint64_t known =
        line->transfers < CACHE_LINE_PENDING ? line->transfers : CACHE_LINE_PENDING;
    for (uint64_t back = 1; back <= known; back++) {
        const uint64_t at = (line->transfers - back) % CACHE_LINE_PENDING;
        if (line->end_ns[at] <= now) {
            return line->owner[at] == core; /* the latest that has arrived */
        }
    }
    return false;
}

sim_ns cache_line_fetch(struct cache_line *line, uint32_t core, sim_ns now,
                        sim_ns transfer_ns) {
    const sim_ns last = line->end_ns[(line->transfers - 1) % CACHE_LINE_PENDING];
    const sim_ns end = (last > now ? last : now) + transfer_ns;
    append(line, core, end);
    return end - now;
}
