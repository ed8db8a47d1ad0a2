/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include <stdio.h>

/* FNV prime for 128 bits: 2^88 + 2^8 + 0x3b (draft-eastlake-fnv). */
static const uint64_t prime_low = 0x13b;
enum { PRIME_SHIFT = 88 - 64 };

struct hash hash_begin(void) {
    return (struct hash){.high = 0x6c62272e07bb0142, .low = 0x62b821756295c58d};
}

/* value * 0x13b as 128 bits; 0x13b fits 32 bits, so two partial products are exact. */
static struct hash multiply_low(uint64_t value) {
    const uint64_t bottom = (value & 0xffffffff) * prime_low;
    const uint64_t top = (value >> 32) * prime_low + (bottom >> 32);
    return (struct hash){.high = top >> 32, .low = (top << 32) | (bottom & 0xffffffff)};
}

void hash_add(struct hash *hash, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        const uint64_t low = hash->low ^ byte[i];
        const struct hash product = multiply_low(low);
        hash->high = hash->high * prime_low + product.high + (low << PRIME_SHIFT);
        hash->low = product.low;
    }
}

void hash_text(const struct hash *hash, char out[HASH_TEXT_SIZE]) {
    snprintf(out, HASH_TEXT_SIZE, "%016llx%016llx", (unsigned long long)hash->high,
             (unsigned long long)hash->low);
}
