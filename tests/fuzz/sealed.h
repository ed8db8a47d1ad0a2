/* SPDX-License-Identifier: MIT */
/*
 * sealed - bytes as the decoders of db get them: with the right checksum, so that it does not
 * keep a fuzzer out, and not a byte longer than they are, so that a sanitizer sees the first
 * one that is read beyond them.
 */
#ifndef TESTS_FUZZ_SEALED_H
#define TESTS_FUZZ_SEALED_H

#include <stddef.h>
#include <stdint.h>

/* A copy, of at least one byte of memory, whose last bytes are replaced by the checksum of
 * what the first ones say it is. Released with free(). */
uint8_t *sealed_copy(const uint8_t *data, size_t size);

#endif
