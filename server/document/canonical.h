/* SPDX-License-Identifier: MIT */
/*
 * canonical - one text for equal documents: members sorted by the bytes of their names,
 * no white space, non-ASCII characters as they are, real numbers with the fewest digits
 * that read back as the same number. Reading it and writing it again yields the same
 * bytes.
 *
 * Whole numbers and reals stay what they were written as: 2 and 2.0 differ.
 */
#ifndef SERVER_DOCUMENT_CANONICAL_H
#define SERVER_DOCUMENT_CANONICAL_H

#include "engine/base/err.h"
#include "server/document/document.h"

#include <jansson.h>

/* A swept value may lie at the deepest place and be as deep itself. */
enum { CANONICAL_MAX_DEPTH = 2 * DOCUMENT_MAX_DEPTH };

/* `value` is at most CANONICAL_MAX_DEPTH deep. The caller frees with memory_free(). */
int canonical_text(const json_t *value, char **out, size_t *size,
                   struct err *err) WARN_UNUSED;

#endif
