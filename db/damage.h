/* SPDX-License-Identifier: MIT */
/*
 * damage - what could not be read of a recording. A damaged chunk costs that chunk, not the
 * run: an answer has what is sound, and a list of what is missing in it.
 *
 * Only what says itself what it is (its lanes and its time) can be missing in this way.
 * Where nothing makes sense any more, a lane that cannot be for example, the answer is
 * ERR_CORRUPT.
 */
#ifndef DB_DAMAGE_H
#define DB_DAMAGE_H

#include "engine/base/err.h"
#include "engine/base/time.h"

#include <stddef.h>
#include <stdint.h>

enum {
    DAMAGE_TEXT_BYTES = 160,
    /* instead of a group: of all lanes */
    DAMAGE_INSTANTS = -1,
    DAMAGE_COUNTERS = -2,
    DAMAGE_UNKNOWN = -3 /* spans of a group that cannot be */
};

struct damage {
    int64_t run;           /* 0: the one that was asked about */
    int64_t group;         /* of lanes: 64 * group .. 64 * group + 63 */
    sim_ns from_ns, to_ns; /* spans that ended in this time are missing */
    char what[DAMAGE_TEXT_BYTES];
};

/* A zeroed list is empty. */
struct damage_list {
    struct damage *items; /* each once */
    size_t count, capacity;
};

/* What is missing: "spans", "instants" or "counters". */
const char *damage_kind_name(const struct damage *damage);

/* Adds one, unless it is there already. ERR_NOMEM */
int damage_list_add(struct damage_list *list, const struct damage *damage,
                    struct err *err) WARN_UNUSED;
void damage_list_deinit(struct damage_list *list);

#endif
