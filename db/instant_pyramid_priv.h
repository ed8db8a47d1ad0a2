/* SPDX-License-Identifier: MIT */
/*
 * instant_pyramid - what the instants of a run look like from further and further away, made
 * while they come in: for them what pyramid_priv.h is for spans. Inside db only.
 *
 * A node is what a lane has in a cell of 2^level ns: the time of its first instant and how
 * many there are of each kind. Nodes of the same cell add up, and a node of a level is the
 * sum of four of the level below. A chunk's base is the lowest level at which a node stands
 * for NODE_INSTANTS of its instants on average; the first chunks have none.
 *
 * A sheet covers chunks first_seq and up to the next sheet of the level, or to a chunk with
 * a higher base. It is handed out at the end of a chunk, when it has SHEET_NODES nodes, and
 * as many as there are lanes with instants: of those each may have one that is cut there.
 */
#ifndef DB_INSTANT_PYRAMID_PRIV_H
#define DB_INSTANT_PYRAMID_PRIV_H

#include "db/instant_sheet_codec_priv.h"

/* Takes a sheet, which is borrowed. */
typedef int (*instant_sheet_fn)(void *context, const struct instant_sheet *sheet,
                                struct err *err);

struct instant_pyramid; /* of a run */

int instant_pyramid_create(struct instant_pyramid **out, instant_sheet_fn give,
                           void *context, struct err *err) WARN_UNUSED;
void instant_pyramid_destroy(struct instant_pyramid *pyramid);

/* Adds a valid chunk, the next of the run; its base into *base. ERR_NOMEM, or what `give`
 * says; the pyramid is of no use then. */
int instant_pyramid_add(struct instant_pyramid *pyramid,
                        const struct instant_chunk *chunk, unsigned *base,
                        struct err *err) WARN_UNUSED;

/* Hands out what is left, up to the level at which the run is a cell. */
int instant_pyramid_finish(struct instant_pyramid *pyramid, struct err *err) WARN_UNUSED;

#endif
