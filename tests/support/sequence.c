/* SPDX-License-Identifier: MIT */
#include "tests/support/sequence.h"

static void sequence_next(void *state, const struct resume *resume,
                          struct action *action) {
    struct sequence *sequence = state;
    if (sequence->resumes < SEQUENCE_RESUMES) {
        sequence->resume[sequence->resumes] = *resume;
    }
    sequence->resumes++;
    if (sequence->at < sequence->count) {
        *action = sequence->actions[sequence->at++];
    }
}

const struct program_ops sequence_ops = {
    .next = sequence_next,
    .state_size = sizeof(struct sequence),
};
