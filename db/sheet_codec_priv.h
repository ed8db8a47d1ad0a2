/* SPDX-License-Identifier: MIT */
/*
 * sheet_codec - a sheet of the pyramid as bytes, and back. The format is specified at the
 * head of sheet_codec.c. Inside db only.
 */
#ifndef DB_SHEET_CODEC_PRIV_H
#define DB_SHEET_CODEC_PRIV_H

#include "db/chunk_codec.h"
#include "db/pyramid_priv.h"

/* Appends the encoded sheet to `out`. ERR_NOMEM; `out` keeps its size then. */
int sheet_codec_encode(const struct sheet *sheet, struct chunk_bytes *out,
                       struct err *err) WARN_UNUSED;

/*
 * Reads a sheet into one that is zeroed or was read before. ERR_CORRUPT says what is wrong
 * with the bytes, ERR_NOMEM; the sheet is empty then. What is accepted is a valid sheet:
 * every lane is of its group, states are known, masks fit to the columns, long spans last
 * at least a cell and end in theirs.
 */
int sheet_codec_decode(const void *data, size_t size, struct sheet *out,
                       struct err *err) WARN_UNUSED;

#endif
