/* SPDX-License-Identifier: MIT */
/*
 * fair_share - whose turn it is: clients share the workers, whatever each of them has
 * submitted.
 *
 * The next cell is that of the client with the fewest cells at work; of several the one whose
 * cells have taken the least time. Who comes later begins where the least served of the others
 * is, and not at 0: waiting saves up nothing.
 */
#ifndef SERVER_JOBS_FAIR_SHARE_H
#define SERVER_JOBS_FAIR_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAIR_SHARES_MAX = 64,
    FAIR_CLIENT_MAX = 64,                       /* characters of a name */
    FAIR_CLIENT_SIZE = 4 * FAIR_CLIENT_MAX + 1, /* in UTF-8 */
};

struct fair_share {
    char client[FAIR_CLIENT_SIZE]; /* "": nobody in particular */
    unsigned jobs;                 /* 0: this place is free */
    unsigned running;              /* cells at work */
    int64_t used_ns;
};

struct fair_shares {
    struct fair_share items[FAIR_SHARES_MAX];
};

/* The client's share, with one more job; NULL when all places are taken. */
struct fair_share *fair_share_join(struct fair_shares *shares, const char *client);

/* One job less. */
void fair_share_leave(struct fair_share *share);

/* A cell of the client begins, or has ended after so much time. */
void fair_share_begin(struct fair_share *share);
void fair_share_end(struct fair_share *share, int64_t ns);

/* Whether it is `a`'s turn before `b`'s; false when they are alike. */
bool fair_share_before(const struct fair_share *a, const struct fair_share *b);

#endif
