/* SPDX-License-Identifier: MIT */
/*
 * schema - what a document may contain, as data: one row per member with type, range,
 * unit, default and meaning.
 *
 * The reader checks documents against these tables and nothing else, so that an accepted
 * member cannot lack a description. A JSON Schema, a form or a page of documentation can
 * be written from them: `schema_document` is the root and leads to all others.
 *
 * Where an object comes in several shapes (a step, an actor), a table of variants lists
 * them; each is told by a member that only it has. Parameters of machines and runtimes
 * are not repeated here: an object names the table of `struct field` that describes them.
 */
#ifndef SERVER_DOCUMENT_SCHEMA_H
#define SERVER_DOCUMENT_SCHEMA_H

#include "engine/base/field.h"
#include "server/document/names.h"

#include <stdbool.h>
#include <stddef.h>

enum schema_type {
    SCHEMA_INTEGER,
    SCHEMA_NUMBER,
    SCHEMA_BOOLEAN,
    SCHEMA_STRING,
    SCHEMA_TIME,    /* a number of microseconds, or a distribution: see schema_laws */
    SCHEMA_OBJECT,  /* `object`, or one of `variants` */
    SCHEMA_LIST,    /* of `object`, of one of `variants`, or of strings from `names` */
    SCHEMA_NUMBERS, /* a list of numbers, each from 0 to SCHEMA_NUMBERS_MAX */
    SCHEMA_MAP,     /* name -> one of `variants`; without them, JSON pointer -> value */
    SCHEMA_SWEEP,   /* JSON pointer -> list of values */
    SCHEMA_TYPE_COUNT
};

/* Largest element of a SCHEMA_NUMBERS: a million seconds in microseconds. */
#define SCHEMA_NUMBERS_MAX 1e12

struct schema_object;
struct schema_variants;

struct schema_field {
    const char *name;
    enum schema_type type;
    bool required;
    bool swept; /* of the document: a sweep may change it */
    enum names_kind names;
    double min,
        max; /* of a number; bytes of a string; elements of a list; both included */
    const char *unit;     /* "us", "s", "bytes", "" */
    const char *fallback; /* the value when it is not written: JSON text, strings without
                           their quotes; NULL: none */
    const char *meaning;  /* continues "... is " */
    const struct schema_object *object;
    const struct schema_variants *variants;
};

struct schema_object {
    const char *phrase; /* "a step", "the machine": for sentences */
    const struct schema_field *fields;
    size_t field_count;
    const struct field *parameters; /* further members; may be NULL */
    const size_t *parameter_count;
};

/* Who runs a step decides what it may be. */
enum schema_context {
    SCHEMA_IN_JOB = 1,          /* of workload.jobs */
    SCHEMA_IN_THREAD = 2,       /* of an actor that is a thread */
    SCHEMA_IN_TASK = 4,         /* of a task of an event loop */
    SCHEMA_IN_OFFLOAD = 8,      /* inside to_thread */
    SCHEMA_IN_ACTOR = 14,       /* where objects are shared: in the main interpreter */
    SCHEMA_IN_INTERPRETER = 16, /* of an actor that is an interpreter */
    SCHEMA_IN_GROUP = 32,       /* directly in gather or task_group: only tasks */
    SCHEMA_IN_PROCESS = 64,     /* of an actor that is a process */
    SCHEMA_ANYWHERE = 95        /* but in a group */
};

/* Further bodies of a step, which become steps of their own after it. */
enum { SCHEMA_MORE_BODIES = 2 };

struct schema_variant {
    const char *name;  /* the member that tells this variant from the others */
    int kind;          /* enum step_kind, object_kind, actor_kind, strategy_kind,
                          distribution_kind */
    unsigned contexts; /* steps: enum schema_context, or-ed */
    const char *body;  /* steps: the member that holds further steps, or NULL */
    struct {
        const char *name; /* of a member that may hold steps, too; NULL: no more */
        int kind;         /* enum step_kind */
    } more[SCHEMA_MORE_BODIES];
    const char *instead; /* steps: what to write where this is not allowed */
    const char *alone;   /* objects: the value when only the name is written, as a string;
                            NULL: it must be written */
    struct schema_object object;
};

struct schema_variants {
    const char *phrase; /* "a step" */
    const struct schema_variant *variant;
    size_t count;
    enum names_kind names; /* strings that may stand in place of an object */
};

extern const struct schema_object schema_document;
extern const struct schema_object schema_machine;
extern const struct schema_object schema_runtime;
extern const struct schema_object schema_limits;
extern const struct schema_object schema_gate;
extern const struct schema_object schema_gate_where;
extern const struct schema_object schema_jobs;
extern const struct schema_object schema_arrivals;
extern const struct schema_object schema_task;
extern const struct schema_object schema_signal;
extern const struct schema_variants schema_strategies;
extern const struct schema_variants
    schema_each; /* strategies of one of several processes */
extern const struct schema_variants schema_workload;
extern const struct schema_variants schema_objects;
extern const struct schema_variants schema_actors;
extern const struct schema_variants schema_steps;
extern const struct schema_variants schema_laws; /* told by the value of "dist" */

/* The row of that name, or NULL; parameters are not looked at. */
const struct schema_field *schema_field_find(const struct schema_object *object,
                                             const char *name);

/* The variant of that name, or NULL. */
const struct schema_variant *schema_variant_find(const struct schema_variants *variants,
                                                 const char *name);

/* Every member an object may have. */
void schema_members_list(const struct schema_object *object, struct spelling *out);

/* Every member that any of the variants may have. */
void schema_variants_list(const struct schema_variants *variants, struct spelling *out);

#endif
