/* SPDX-License-Identifier: MIT */
/* answer_sum - an answer as one number: what is added to it, in this order, gives the same. */
#ifndef TESTS_DB_ANSWER_SUM_H
#define TESTS_DB_ANSWER_SUM_H

#include <math.h>
#include <string.h>

#include "db/damage.h"
#include "db/span_lookup.h"

/* FNV-1a, number by number, and mixed. */
static inline void answer_add(uint64_t *sum, int64_t value) {
    *sum = (*sum ^ (uint64_t)value) * UINT64_C(0x100000001b3);
    *sum ^= *sum >> 29;
}

static inline void answer_add_text(uint64_t *sum, const char *text) {
    for (; *text != '\0'; text++) {
        answer_add(sum, *text);
    }
    answer_add(sum, -1);
}

static inline void answer_add_real(uint64_t *sum, double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    answer_add(sum, isnan(value) ? 1 : bits);
}

static inline void answer_add_damages(uint64_t *sum, const struct damage_list *list) {
    answer_add(sum, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++) {
        answer_add_text(sum, list->items[i].what);
    }
}

static inline void answer_add_found(uint64_t *sum, const struct span_found *found) {
    answer_add(sum, found->lane);
    answer_add(sum, found->is_open);
    answer_add(sum, found->span.start_ns);
    answer_add(sum, found->span.end_ns);
    answer_add(sum, found->span.resource);
    answer_add(sum, found->span.by);
    answer_add(sum, found->span.site);
    answer_add(sum, found->span.state);
}

#endif
