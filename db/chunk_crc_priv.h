/* SPDX-License-Identifier: MIT */
/*
 * chunk_crc - the checksum of a chunk: zlib's CRC-32 of its bytes, in a fraction of the
 * instructions where the processor multiplies without carries. Inside db only.
 */
#ifndef DB_CHUNK_CRC_PRIV_H
#define DB_CHUNK_CRC_PRIV_H

#include <stddef.h>
#include <stdint.h>

/* Of at most UINT32_MAX bytes. */
uint32_t chunk_crc(const uint8_t *data, size_t size);

#endif
