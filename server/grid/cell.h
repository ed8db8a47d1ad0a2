/* SPDX-License-Identifier: MIT */
/*
 * cell - one cell of a grid as a document of its own, and the key that names its results.
 */
#ifndef SERVER_GRID_CELL_H
#define SERVER_GRID_CELL_H

#include "server/document/hash.h"
#include "server/document/reading.h"

/*
 * The resolved document reduced to one runtime and one strategy: defaults written out,
 * nothing left that cannot change a result (name, description, goal, record,
 * repetitions). `resolved` is not changed; release `*out` with json_decref(). ERR_NOMEM.
 */
int cell_document(const json_t *resolved, const struct reading *reading, size_t runtime,
                  size_t strategy, json_t **out, struct err *err) WARN_UNUSED;

/*
 * A key is the hash of ENGINE_VERSION, of every parameter of the machine, the runtime and the
 * reference, and of the canonical text of cell_document(). The former are the same for many
 * cells of a point: they come first and are hashed once.
 */
struct hash cell_key_begin(const struct reading *reading, size_t runtime);
int cell_key(const json_t *document, struct hash begun, char out[HASH_TEXT_SIZE],
             struct err *err) WARN_UNUSED;

#endif
