/* SPDX-License-Identifier: MIT */
/*
 * place - where in a document a reader is: a stack of member names and indices that
 * becomes a JSON pointer (RFC 6901) when somebody needs one.
 *
 * Names are borrowed from the JSON tree. The stack never exceeds DOCUMENT_MAX_DEPTH,
 * because deeper text is refused before it is parsed.
 */
#ifndef SERVER_DOCUMENT_PLACE_H
#define SERVER_DOCUMENT_PLACE_H

#include "engine/base/err.h"
#include "engine/base/memory.h"
#include "server/document/document.h"

struct place_token {
    const char *name; /* a member; NULL for an element */
    size_t index;     /* an element */
};

struct place {
    size_t depth;
    struct place_token token[DOCUMENT_MAX_DEPTH + 2];
};

void place_push_name(struct place *place, const char *name);
void place_push_index(struct place *place, size_t index);
void place_pop(struct place *place);

/*
 * Writes the pointer, NUL-terminated. When it does not fit, the pointer of the nearest
 * enclosing place that does: a pointer is never cut in the middle.
 */
void place_format(const struct place *place, char *out, size_t size);

/* The whole pointer in the arena, NULL when out of memory. */
char *place_copy(const struct place *place, struct arena *arena) WARN_UNUSED;

/* Bytes of `name` as a reference token, without the NUL: "~" and "/" take two. */
size_t place_escaped_size(const char *name);

/* Writes `name` as a reference token and a NUL; `out` has room. Returns the bytes written
 * without the NUL. */
size_t place_escape(const char *name, char *out);

/*
 * Undoes the escapes of one reference token of `size` bytes: writes it and a NUL (at most
 * size + 1 bytes). False when a "~" is followed by anything but 0 or 1.
 */
bool place_unescape(const char *token, size_t size, char *out);

#endif
