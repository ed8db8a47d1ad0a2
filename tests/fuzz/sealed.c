/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/sealed.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "db/sheet_format_priv.h"
#include "engine/base/check.h"

enum { CRC_BYTES = 4 };

/* A sheet of the pyramid of spans has its own, every other format a CRC-32. */
static void seal(uint8_t *data, size_t size) {
    const bool is_sheet = size >= SHEET_SUM_BYTES && memcmp(data, SHEET_MAGIC, 4) == 0;
    const size_t sum_bytes = is_sheet ? SHEET_SUM_BYTES : CRC_BYTES;
    if (size >= sum_bytes) {
        const size_t body = size - sum_bytes;
        const uint64_t sum =
            is_sheet ? sheet_checksum(data, body) : crc32(0, data, (uInt)body);
        column_put_fixed(data + body, sum, sum_bytes);
    }
}

uint8_t *sealed_copy(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    ASSERT(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    seal(copy, size);
    return copy;
}
