/* SPDX-License-Identifier: MIT */
/*
 * instant_pyramid - the pyramid (point_pyramid_priv.h) of the instants of a run: a node has
 * how many there are of each kind on a lane. Inside db only.
 */
#ifndef DB_INSTANT_PYRAMID_PRIV_H
#define DB_INSTANT_PYRAMID_PRIV_H

#include "db/instant_sheet_priv.h"

/* `give` takes an instant sheet. */
int instant_pyramid_create(struct point_pyramid **out, point_sheet_fn give, void *context,
                           struct err *err) WARN_UNUSED;

/* See point_pyramid_add(). */
int instant_pyramid_add(struct point_pyramid *pyramid, const struct instant_chunk *chunk,
                        unsigned *base, struct err *err) WARN_UNUSED;

#endif
