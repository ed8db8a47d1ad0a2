/* SPDX-License-Identifier: MIT */
/*
 * reach - what the rules of tests/fidelity/README.md ask for besides small errors, and
 * whether it is reached. It counts over all families.
 */
#ifndef SERVER_FIDELITY_REACH_H
#define SERVER_FIDELITY_REACH_H

#include "server/fidelity/score.h"

/* Rules that a group keeps or breaks. */
enum reach_rule {
    REACH_NAIVE,     /* where the naive error exceeds 10 %: at most half of it */
    REACH_LOST,      /* lost share within 0.10 */
    REACH_LOST_ZERO, /* exactly 0 where 0 was measured */
    REACH_LONG,      /* share of long cycles within 0.15, in most repetitions */
    REACH_RULE_COUNT
};

enum reach_verdict { REACH_NOT_ASKED, REACH_KEPT, REACH_BROKEN };

/* One line: either an error against an aim, or groups that keep a rule against all. */
struct reach_goal {
    char what[64];
    double figure, aim; /* NaN for rules */
    size_t kept, asked; /* 0 for errors */
    bool reached;
};

enum { REACH_GOALS = 64 };

struct reach {
    struct reach_goal goals[REACH_GOALS];
    size_t count;
};

/* "half of the naive error" ... */
const char *reach_rule_name(enum reach_rule rule);

enum reach_verdict reach_judge(const struct score_row *row, enum reach_rule rule);

int reach_make(struct reach *out, const struct score *score, struct err *err) WARN_UNUSED;

#endif
