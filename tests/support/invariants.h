/* SPDX-License-Identifier: MIT */
/*
 * invariants - what must be true of every timeline, whatever ran.
 *
 *   lanes    the spans of a lane follow one another without gap or overlap, from its
 * birth cores    a thread is on at most one core at any instant; while its lane says that
 * it runs (running, running_c, detached, spin), a core says that it runs it GIL      a
 * thread runs attached (running, running_c) only inside a held span of its process's GIL
 * that names it, and inside such a span it does nothing else but run or wait for a core:
 * so no two threads of a process are attached at once
 * world    while a process is paused only the requester that its lane names runs attached
 * waits    a wait names what it waits for
 *
 * No cmocka here: fuzz targets link it too.
 */
#ifndef TESTS_SUPPORT_INVARIANTS_H
#define TESTS_SUPPORT_INVARIANTS_H

#include "tests/support/timeline.h"

struct violation {
    char text[256]; /* "" when there is none */
};

/* True when every rule holds; else `violation` says which one does not, and where. */
bool timeline_is_sound(const struct timeline *timeline, struct violation *violation);

#endif
