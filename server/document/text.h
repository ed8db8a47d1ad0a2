/* SPDX-License-Identifier: MIT */
/*
 * text - bytes from a stranger become a JSON tree, or a sentence with line and column.
 *
 * Refused are: more than DOCUMENT_MAX_BYTES, nesting deeper than DOCUMENT_MAX_DEPTH
 * (found by a scan before anything recurses), invalid UTF-8, NUL in strings, NaN,
 * infinities, numbers out of range, a member written twice, text after the end, and
 * anything but an object.
 */
#ifndef SERVER_DOCUMENT_TEXT_H
#define SERVER_DOCUMENT_TEXT_H

#include "engine/base/err.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * ERR_INVALID (pointer "" for errors of syntax, the member for one written twice), or
 * ERR_NOMEM. The caller releases `*out` with json_decref().
 */
int text_parse(json_t **out, const char *text, size_t size, struct err *err) WARN_UNUSED;

/* "a string", "a list", "null" ... for sentences. */
const char *text_type_name(const json_t *value);

/* Whether two values mean the same: 2 and 2.0 do. Either may be NULL, which is like nothing. */
bool text_values_equal(const json_t *a, const json_t *b);

#endif
