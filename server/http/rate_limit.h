/* SPDX-License-Identifier: MIT */
/*
 * rate_limit - how many requests a second an address may send: a bucket of tokens for each.
 *
 * A bucket holds twice the rate, is full at first, and fills at the rate; a request takes a
 * token. Buckets are kept in a table of fixed size: when its place is taken, the address
 * that was quiet longest is forgotten, and so has a full bucket again. Time is the
 * caller's, in milliseconds, and does not run backwards. Not for several threads at once.
 */
#ifndef SERVER_HTTP_RATE_LIMIT_H
#define SERVER_HTTP_RATE_LIMIT_H

#include <stdint.h>

enum { RATE_LIMIT_SLOTS = 4096, RATE_LIMIT_PROBES = 8 };

struct rate_bucket {
    uint64_t key;
    int64_t last_ms;
    int64_t tokens; /* thousandths; 0 with last_ms 0: never used */
};

struct rate_limit {
    struct rate_bucket buckets[RATE_LIMIT_SLOTS];
};

/* Takes a token at `per_second` > 0; returns 0, or after how many milliseconds there will be
 * one. `now_ms` > 0. */
int64_t rate_limit_take(struct rate_limit *limit, uint64_t key, unsigned per_second,
                        int64_t now_ms);

#endif
