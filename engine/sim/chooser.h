/* SPDX-License-Identifier: MIT */
/*
 * chooser - the one place where a tie is decided.
 *
 * When the mechanism leaves open who goes first (which idle core, which of several cores
 * to preempt), the scheduler lists the candidates in a fixed order and asks. The default
 * takes the first. A replay answers from a recording; an explorer of schedules tries
 * every answer.
 */
#ifndef ENGINE_SIM_CHOOSER_H
#define ENGINE_SIM_CHOOSER_H

#include <stdint.h>

enum choice_kind {
    CHOICE_IDLE_CORE,    /* candidates: idle cores, by index */
    CHOICE_PREEMPT_CORE, /* candidates: cores whose thread has used up its slice, by index
                          */
    CHOICE_KIND_COUNT
};

struct chooser {
    /* Returns 0 .. count - 1; count >= 2. */
    uint32_t (*choose)(void *context, enum choice_kind kind, uint32_t count);
    void *context;
};

/* Index of the chosen candidate. NULL is the default chooser; one candidate is no choice.
 */
static inline uint32_t chooser_choose(const struct chooser *chooser,
                                      enum choice_kind kind, uint32_t count) {
    return chooser == 0 || count < 2 ? 0 : chooser->choose(chooser->context, kind, count);
}

#endif
