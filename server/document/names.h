/* SPDX-License-Identifier: MIT */
/*
 * names - the strings that a document may contain where not every string will do:
 * runtimes, machine profiles, metrics and a few words. Each list comes from the table
 * that owns it.
 */
#ifndef SERVER_DOCUMENT_NAMES_H
#define SERVER_DOCUMENT_NAMES_H

#include "server/document/spelling.h"

enum names_kind {
    NAMES_ANY, /* every string will do */
    NAMES_RUNTIMES,
    NAMES_PROFILES,
    NAMES_METRICS,
    NAMES_STRATEGIES, /* those without workers */
    NAMES_LAWS,
    NAMES_GIL,
    NAMES_RECORD,
    NAMES_OVER,              /* which repetitions a gate looks at */
    NAMES_OBJECTS,           /* kinds of shared objects that may be named alone */
    NAMES_SHARING,           /* who has an object */
    NAMES_CONTAINER_SHARING, /* who has a list or dict */
    NAMES_OPS,               /* operations on lists and dicts */
    NAMES_START,             /* ways to start a process */
    NAMES_ARRIVALS,          /* how jobs arrive */
    NAMES_KIND_COUNT
};

/* The allowed strings; none for NAMES_ANY. */
void names_list(enum names_kind kind, struct spelling *out);

/* "runtime", "metric" ...: what a string of that kind is. */
const char *names_phrase(enum names_kind kind);

/* What could stand there besides these strings, to follow a list of them; or "". */
const char *names_alternative(enum names_kind kind);

#endif
