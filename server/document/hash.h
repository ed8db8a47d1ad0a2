/* SPDX-License-Identifier: MIT */
/*
 * hash - FNV-1a with 128 bits: the names of documents and cells.
 *
 * It tells apart what people write; it is no defence against somebody who searches for
 * two documents of the same hash. The text form is 32 lower-case hex digits.
 */
#ifndef SERVER_DOCUMENT_HASH_H
#define SERVER_DOCUMENT_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_TEXT_SIZE = 33 }; /* with the NUL */

struct hash {
    uint64_t high, low;
};

/* The hash of nothing. */
struct hash hash_begin(void);

/* Adds bytes; adding "ab" equals adding "a" and then "b". */
void hash_add(struct hash *hash, const void *bytes, size_t size);

/* Writes 32 hex digits and a NUL. */
void hash_text(const struct hash *hash, char out[HASH_TEXT_SIZE]);

#endif
