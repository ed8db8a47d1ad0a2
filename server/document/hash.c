/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include <stdio.h>

__extension__ typedef unsigned __int128 wide;

/* FNV prime for 128 bits: 2^88 + 2^8 + 0x3b (draft-eastlake-fnv). */
static const wide PRIME = ((wide)1 << 88) + 0x13b;

struct hash hash_begin(void) {
    return (struct hash){.high = 0x6c62272e07bb0142, .low = 0x62b821756295c58d};
}

void hash_add(struct hash *hash, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    wide value = (wide)hash->high << 64 | hash->low;
    for (size_t i = 0; i < size; i++) {
        value = (value ^ byte[i]) * PRIME;
    }
    *hash = (struct hash){(uint64_t)(value >> 64), (uint64_t)value};
}

void hash_text(const struct hash *hash, char out[HASH_TEXT_SIZE]) {
    snprintf(out, HASH_TEXT_SIZE, "%016llx%016llx", (unsigned long long)hash->high,
             (unsigned long long)hash->low);
}
