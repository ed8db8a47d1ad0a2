/* SPDX-License-Identifier: MIT */
/* times - a time of a document: a number of microseconds, or a distribution. */
#ifndef SERVER_DOCUMENT_TIMES_H
#define SERVER_DOCUMENT_TIMES_H

#include "engine/program/distribution.h"
#include "server/document/reader.h"

/* A number of microseconds that has been checked, in nanoseconds. */
sim_ns times_to_ns(const json_t *us);

/* Which distribution an object is, without a look at its other members. */
int times_find_law(struct reader *reader, const json_t *value,
                   const struct schema_variant **out) WARN_UNUSED;

/* The member `name` of a step, which has been checked but for the inside of a
 * distribution; the place is the step's. What a distribution needs lies in the reader's
 * arena. */
int times_read(struct reader *reader, const json_t *step, const char *name,
               struct distribution *out) WARN_UNUSED;

#endif
