/* SPDX-License-Identifier: MIT */
/*
 * point_sheet_codec - a sheet of point_pyramid_priv.h as bytes, and back, whatever kind its
 * nodes are of. The format is specified at the head of point_sheet_codec.c. Inside db only.
 */
#ifndef DB_POINT_SHEET_CODEC_PRIV_H
#define DB_POINT_SHEET_CODEC_PRIV_H

#include "db/chunk_codec.h"
#include "db/point_pyramid_priv.h"

/* A member of a node: a number of 32 or 64 bits in [low, high], signed when low < 0; or a
 * time, which is stored as the difference from t0. */
struct point_column {
    size_t offset, size;
    int64_t low, high;
    bool is_time;
};

#define POINT_COLUMN(node, member, low, high)                                            \
    { offsetof(node, member), sizeof(((node *)0)->member), (low), (high), false }
#define POINT_TIME(node, member)                                                         \
    { offsetof(node, member), sizeof(((node *)0)->member), 0, 0, true }

struct point_format {
    const char *magic; /* four characters */
    const char *name;  /* of what the points are: "instants" */
    size_t node_size;
    const struct point_column *columns;
    size_t column_count;
    /* NULL, or what is wrong with a node that was read; it may fill in the rest of it. */
    const char *(*check)(void *node);
};

/* A zeroed sheet is empty. */
void point_sheet_deinit(struct point_sheet *sheet);

/* Appends the encoded sheet to `out`. ERR_NOMEM, or ERR_LIMIT when it has more nodes than
 * the format allows; `out` keeps its size then. */
int point_sheet_encode(const struct point_format *format, const struct point_sheet *sheet,
                       struct chunk_bytes *out, struct err *err) WARN_UNUSED;

/*
 * Reads a sheet into one that is zeroed or was read before in the same format. ERR_CORRUPT
 * says what is wrong with the bytes, ERR_NOMEM; the sheet is empty then. What is accepted
 * is a valid sheet: times lie inside of it, and its nodes pass the check.
 */
int point_sheet_decode(const struct point_format *format, const void *data, size_t size,
                       struct point_sheet *out, struct err *err) WARN_UNUSED;

#endif
