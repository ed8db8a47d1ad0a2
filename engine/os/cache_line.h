/* SPDX-License-Identifier: MIT */
/*
 * cache_line - a cache line that several cores write (MESI and its relatives).
 *
 * To write a line a core must own it. Another core's line has to be fetched, which takes
 * the transfer time; until then the owner keeps it, and what it writes meanwhile costs
 * nothing. Transfers come one after the other, in the order in which they were asked for;
 * each core owns the line from the end of its transfer to the end of the next.
 *
 *     core 0   owns ............|
 *     core 1      fetch ------->owns .........|
 *     core 0            (here)     fetch ---->owns ...
 *
 * Simplified: a core that only reads gets a copy in the same time, in no order and without
 * taking the line from its owner; and when CACHE_LINE_PENDING transfers are under way the
 * owner of the line is not known any more: it has to fetch it again.
 */
#ifndef ENGINE_OS_CACHE_LINE_H
#define ENGINE_OS_CACHE_LINE_H

#include "engine/base/time.h"

#include <stdbool.h>
#include <stdint.h>

enum { CACHE_LINE_PENDING = 8 };

/* Zeroed: nobody has written it. */
struct cache_line {
    uint64_t transfers; /* so far, those under way included; n is at n modulo */
    sim_ns end_ns[CACHE_LINE_PENDING];
    uint16_t owner[CACHE_LINE_PENDING];
};

/* True when the core may write the line at once. The first core ever may. */
bool cache_line_is_here(struct cache_line *line, uint32_t core, sim_ns now);

/* The core fetches the line, in `transfer_ns` once its turn has come; returns the time
 * from `now` until the line is here. */
sim_ns cache_line_fetch(struct cache_line *line, uint32_t core, sim_ns now,
                        sim_ns transfer_ns);

#endif
