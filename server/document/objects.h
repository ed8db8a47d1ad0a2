/* SPDX-License-Identifier: MIT */
/*
 * objects - what the actors of a workload share, and the steps that name it.
 *
 *     "objects": {"l": "lock", "n": "counter", "q": {"queue": 100}, "xs": {"list": "each"}}
 *
 * Objects are kept sorted by name, so that the order in which they are written changes no
 * lane.
 */
#ifndef SERVER_DOCUMENT_OBJECTS_H
#define SERVER_DOCUMENT_OBJECTS_H

#include "engine/program/plan.h"
#include "server/document/reader.h"

struct objects {
    struct object_plan *list;
    size_t count, capacity;
};

/* Zeroed input is accepted. */
void objects_deinit(struct objects *objects);

/* Reads the member "objects" (NULL = none); the place is the workload's. */
int objects_read(struct objects *objects, struct reader *reader,
                 const json_t *value) WARN_UNUSED;

/* Checks one of them; the place is the object's. */
int objects_check(struct reader *reader, const char *name,
                  const json_t *kind) WARN_UNUSED;

/* True for the steps that name an object. */
bool objects_concern(enum step_kind kind);

/* A step that is being read: its row, its text, and who takes it. */
struct objects_use {
    const struct schema_variant *variant;
    const json_t *value;
    enum schema_context context;
};

/* Completes such a step, which has passed the reader; the place is the step's. Objects of
 * asyncio are for tasks only, interpreters share queues of their own kind. */
int objects_read_step(const struct objects *objects, struct reader *reader,
                      const struct objects_use *use, struct step *step) WARN_UNUSED;

#endif
