/* SPDX-License-Identifier: MIT */
/*
 * sheet_format - what writing and reading a sheet have in common. The format is specified at
 * the head of sheet_codec.c. Inside db only.
 */
#ifndef DB_SHEET_FORMAT_PRIV_H
#define DB_SHEET_FORMAT_PRIV_H

#include "db/column_codec_priv.h"
#include "db/pyramid_priv.h"

#define SHEET_MAGIC "GSpy"

enum {
    SHEET_VERSION = 3,
    SHEET_ALL_TIMES = 2, /* the version that has all times */
    SHEET_HEADER_BYTES = 40,
    SHEET_SUM_BYTES = 8,
    SHEET_NODES_MOST = 1 << 20
};

static inline uint64_t sheet_checksum_step(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum << 31 | sum >> 33;
}

/* Of every byte before it. */
static inline uint64_t sheet_checksum(const uint8_t *data, size_t size) {
    const uint8_t *at = data, *end = data + size;
    uint64_t sum = size;
    for (; end - at >= 8; at += 8) {
        sum = sheet_checksum_step(sum, column_get_word(at));
    }
    return at == end ? sum
                     : sheet_checksum_step(sum, column_get_fixed(at, (size_t)(end - at)));
}

/* What a long span that touches the cell beginning at `start` has of it. */
static inline sim_ns sheet_part_of(const struct long_span *span, sim_ns start,
                                   unsigned level) {
    const sim_ns end = start + (INT64_C(1) << level);
    const sim_ns from = span->start_ns > start ? span->start_ns : start;
    const sim_ns to = span->end_ns < end ? span->end_ns : end;
    return to > from ? to - from : 0;
}

#endif
