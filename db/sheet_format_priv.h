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

/* Of every byte before it. */
static inline uint64_t sheet_checksum(const uint8_t *data, size_t size) {
    uint64_t sum = size;
    for (size_t at = 0; at < size; at += 8) {
        const uint64_t word = size - at >= 8 ? column_get_word(data + at)
                                             : column_get_fixed(data + at, size - at);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum = sum << 31 | sum >> 33;
    }
    return sum;
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
