/* SPDX-License-Identifier: MIT */
/*
 * naive_chunk - a second reader of span chunks, written from the text at the head of
 * db/chunk_codec.c and from nothing else; for chunks that are known to be right.
 */
#ifndef TESTS_DB_NAIVE_CHUNK_H
#define TESTS_DB_NAIVE_CHUNK_H

#include "engine/record/sink.h"

#include <stdbool.h>
#include <stddef.h>

/* True when the bytes say exactly what the chunk does. */
bool naive_chunk_equals(const uint8_t *data, size_t size, const struct span_chunk *chunk);

#endif
