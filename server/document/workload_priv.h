/* SPDX-License-Identifier: MIT */
/*
 * workload_priv - what the files that read a workload share.
 *
 *   workload.c        jobs, actors, tasks, signals
 *   workload_steps.c  their steps
 */
#ifndef SERVER_DOCUMENT_WORKLOAD_PRIV_H
#define SERVER_DOCUMENT_WORKLOAD_PRIV_H

#include "server/document/objects.h"
#include "server/document/workload.h"

/* What tasks that tasks start are called, and exceptions. */
struct task_name {
    bool spawned;   /* somewhere */
    uint32_t asked; /* the first step that joins or cancels it; NO_STEP = none */
};

#define NO_STEP UINT32_MAX

/* Names are looked up one after the other. */
enum { MAX_NAMES = 256 };

/* Arrays grow while reading and move into the plan's arena at the end. */
struct builder {
    struct reader *reader;
    struct arena *arena;
    struct step *steps;
    char **sites; /* as many as steps */
    size_t step_count, step_capacity, site_capacity;
    struct actor_plan *actors;
    size_t actor_count, actor_capacity;
    struct task_plan *tasks;
    size_t task_count, task_capacity;
    struct objects objects;
    struct task_name *names;
    char **name_texts; /* as many; for the plan */
    size_t name_count, name_capacity, text_capacity;
    uint64_t thread_total, task_total; /* what the actors add up to */
};

/* Where a list of steps stands. */
struct surroundings {
    enum schema_context context;
    bool daemon;
};

/* Reads the list in the member "steps"; the place is that of the object which has it. */
int workload_read_steps(struct builder *builder, const json_t *object,
                        struct surroundings where, struct step_slice *out) WARN_UNUSED;

/* What is joined or cancelled has to be spawned somewhere. */
int workload_check_names(const struct builder *builder) WARN_UNUSED;

#endif
