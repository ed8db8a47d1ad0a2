/* SPDX-License-Identifier: MIT */
/*
 * counter_pyramid - the pyramid (point_pyramid_priv.h) of the counters of a run: a node has
 * the least, the largest and the last value of a counter's samples. Inside db only.
 *
 * Beside it, what all counters are at present, so that a reader who begins somewhere finds
 * what they were before: a *carry* is a sheet of level 0, from 0 to where a chunk begins, whose
 * nodes are the last sample of each counter before that chunk. The pyramid says before which
 * chunks one is due: it stands for CARRY_SAMPLES times as many samples as it has nodes.
 */
#ifndef DB_COUNTER_PYRAMID_PRIV_H
#define DB_COUNTER_PYRAMID_PRIV_H

#include "db/counter_sheet_priv.h"

enum { CARRY_SAMPLES = 32 };

struct counter_pyramid; /* of a run */

/* `give` takes a counter sheet. */
int counter_pyramid_create(struct counter_pyramid **out, point_sheet_fn give,
                           void *context, struct err *err) WARN_UNUSED;
void counter_pyramid_destroy(struct counter_pyramid *pyramid);

/* The carry before the next chunk, when it is due; else NULL. Borrowed until that is added. */
const struct point_sheet *counter_pyramid_carry(struct counter_pyramid *pyramid,
                                                const struct counter_chunk *next);

/* See point_pyramid_add(). */
int counter_pyramid_add(struct counter_pyramid *pyramid,
                        const struct counter_chunk *chunk, unsigned *base,
                        struct err *err) WARN_UNUSED;
int counter_pyramid_finish(struct counter_pyramid *pyramid, struct err *err) WARN_UNUSED;

#endif
