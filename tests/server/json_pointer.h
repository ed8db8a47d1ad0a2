/* SPDX-License-Identifier: MIT */
/* json_pointer - RFC 6901 read literally, to check what the server says about documents.
 */
#ifndef TESTS_SERVER_JSON_POINTER_H
#define TESTS_SERVER_JSON_POINTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What the pointer leads to, or NULL. */
const json_t *json_pointer_get(const json_t *root, const char *pointer);

/* Whether the pointer leads to something in the text; true as well when the text is no
 * JSON, because then there is nothing that it could lead to. */
bool json_pointer_resolves(const char *text, size_t size, const char *pointer);

#endif
