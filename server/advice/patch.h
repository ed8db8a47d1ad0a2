/* SPDX-License-Identifier: MIT */
/*
 * patch - a JSON patch (RFC 6902) of a document: made operation by operation, and applied.
 *
 * Of the operations there are those that advice needs: add, remove, replace, move. They
 * are applied in order, each to what the one before it left.
 */
#ifndef SERVER_ADVICE_PATCH_H
#define SERVER_ADVICE_PATCH_H

#include "engine/base/err.h"

#include <jansson.h>

/*
 * Appends one operation to an array. `take_value` is consumed, NULL for remove, and for
 * move the string "from". -1 when out of memory, also when patch or value are NULL.
 */
int patch_add(json_t *patch, const char *path, json_t *take_value) WARN_UNUSED;
int patch_replace(json_t *patch, const char *path, json_t *take_value) WARN_UNUSED;
int patch_remove(json_t *patch, const char *path) WARN_UNUSED;
int patch_move(json_t *patch, const char *from, const char *path) WARN_UNUSED;

/*
 * A copy of the document with the patch applied; release with json_decref(). ERR_INVALID
 * when it is no patch or does not fit, with the pointer that leads nowhere; ERR_NOMEM.
 */
int patch_apply(const json_t *document, const json_t *patch, json_t **out,
                struct err *err) WARN_UNUSED;

/* The value that a pointer leads to (borrowed), or NULL. */
json_t *patch_find(const json_t *document, const char *pointer);

#endif
