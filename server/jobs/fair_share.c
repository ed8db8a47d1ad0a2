/* SPDX-License-Identifier: MIT */
#include "server/jobs/fair_share.h"

#include <stdio.h>
#include <string.h>

static int64_t least_used(const struct fair_shares *shares) {
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < FAIR_SHARES_MAX; i++) {
        const struct fair_share *share = &shares->items[i];
        if (share->jobs > 0 && share->used_ns < least) {
            least = share->used_ns;
        }
    }
    return least == INT64_MAX ? 0 : least;
}

struct fair_share *fair_share_join(struct fair_shares *shares, const char *client) {
    struct fair_share *place = NULL;
    for (size_t i = 0; i < FAIR_SHARES_MAX; i++) {
        struct fair_share *share = &shares->items[i];
        if (share->jobs == 0) {
            place = share;
        } else if (strcmp(share->client, client) == 0) {
            share->jobs++;
            return share;
        }
    }
    if (place != NULL) {
        *place = (struct fair_share){.jobs = 1, .used_ns = least_used(shares)};
        snprintf(place->client, sizeof place->client, "%s", client);
    }
    return place;
}

void fair_share_leave(struct fair_share *share) { share->jobs--; }

void fair_share_begin(struct fair_share *share) { share->running++; }

void fair_share_end(struct fair_share *share, int64_t ns) {
    share->running--;
    share->used_ns += ns;
}

bool fair_share_before(const struct fair_share *a, const struct fair_share *b) {
    return a->running != b->running ? a->running < b->running : a->used_ns < b->used_ns;
}
