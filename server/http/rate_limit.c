/* SPDX-License-Identifier: MIT */
#include "server/http/rate_limit.h"

#include <stddef.h>

enum { TOKEN = 1000 };

/* The bucket of the key: its own, or the one that was quiet longest among its places. */
static struct rate_bucket *find(struct rate_limit *limit, uint64_t key) {
    const uint64_t mixed = (key ^ key >> 32) * 0x9e3779b97f4a7c15U;
    struct rate_bucket *quiet = NULL;
    for (uint64_t i = 0; i < RATE_LIMIT_PROBES; i++) {
        struct rate_bucket *at = &limit->buckets[((mixed >> 40) + i) % RATE_LIMIT_SLOTS];
        if (at->key == key && at->last_ms > 0) {
            return at;
        }
        if (quiet == NULL || at->last_ms < quiet->last_ms) {
            quiet = at;
        }
    }
    return quiet;
}

int64_t rate_limit_take(struct rate_limit *limit, uint64_t key, unsigned per_second,
                        int64_t now_ms) {
    const int64_t full = (int64_t)per_second * 2 * TOKEN;
    struct rate_bucket *bucket = find(limit, key);
    if (bucket->key != key || bucket->last_ms == 0) {
        *bucket = (struct rate_bucket){.key = key, .tokens = full};
    } else {
        /* A thousandth of a token for a millisecond and one a second. */
        const int64_t quiet_ms = now_ms - bucket->last_ms;
        const int64_t filled = quiet_ms < 3000 ? quiet_ms * per_second : full;
        bucket->tokens = bucket->tokens + filled < full ? bucket->tokens + filled : full;
    }
    bucket->last_ms = now_ms;
    if (bucket->tokens >= TOKEN) {
        bucket->tokens -= TOKEN;
        return 0;
    }
    return (TOKEN - bucket->tokens + per_second - 1) / per_second;
}
