/* SPDX-License-Identifier: MIT */
/*
 * sequence - a program that asks for recorded actions, one after the other, and remembers
 * how the last ones ended: the second of the producers that prove the pull interface.
 */
#ifndef TESTS_SUPPORT_SEQUENCE_H
#define TESTS_SUPPORT_SEQUENCE_H

#include "engine/program/action.h"

enum { SEQUENCE_RESUMES = 64 };

struct sequence {
    const struct action *actions; /* borrowed; ACTION_EXIT follows the last */
    uint32_t count, at;
    uint32_t resumes; /* how often it was asked */
    struct resume resume[SEQUENCE_RESUMES];
};

extern const struct program_ops sequence_ops;

#endif
