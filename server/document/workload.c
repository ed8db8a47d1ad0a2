/* SPDX-License-Identifier: MIT */
#include "workload.h"

#include <stdio.h>
#include <string.h>

#include "server/document/objects.h"
#include "server/document/text.h"
#include "server/document/times.h"

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
    uint64_t thread_total, task_total; /* what the actors add up to */
};

static void builder_deinit(struct builder *builder) {
    memory_free(builder->steps);
    memory_free(builder->sites);
    memory_free(builder->actors);
    memory_free(builder->tasks);
    objects_deinit(&builder->objects);
}

/* --- one step ----------------------------------------------------------------- */

/* Where a list of steps stands. */
struct surroundings {
    enum schema_context context;
    bool daemon;
};

static int check_surroundings(struct reader *reader, const struct schema_variant *variant,
                              const struct surroundings *where, const json_t *value) {
    if ((variant->contexts & (unsigned)where->context) == 0) {
        return reader_refuse_member(reader, variant->name, "'%s' cannot be used here: %s",
                                    variant->name, variant->instead);
    }
    if (variant->kind == STEP_FOREVER && !where->daemon) {
        return reader_refuse_member(reader, variant->name,
                                    "'forever' would keep the run from ending; set "
                                    "\"daemon\": true on the actor, or use 'repeat'");
    }
    if (where->context != SCHEMA_IN_JOB && json_object_get(value, "blocking") != NULL) {
        return reader_refuse_member(reader, "blocking",
                                    "'blocking' has a meaning in jobs only, actors do "
                                    "literally what their steps say; remove it");
    }
    return 0;
}

static enum step_kind kind_of_call(const char *gil) {
    if (strcmp(gil, "held") == 0) {
        return STEP_C_HELD;
    }
    return strcmp(gil, "released") == 0 ? STEP_C_RELEASED : STEP_C_BY_SIZE;
}

/* The place is the step's. */
static int read_call(struct reader *reader, const struct schema_variant *variant,
                     const json_t *value, struct step *out) {
    const json_t *bytes = json_object_get(value, "bytes");
    out->kind = kind_of_call(reader_get_string(value, &variant->object, "gil"));
    out->threads = (uint32_t)reader_get_integer(value, &variant->object, "threads");
    if (out->kind == STEP_C_BY_SIZE && bytes == NULL) {
        return reader_refuse(reader,
                             "a call with \"gil\": \"by_size\" lacks 'bytes': how "
                             "much data it works on");
    }
    if (out->kind != STEP_C_BY_SIZE && bytes != NULL) {
        return reader_refuse_member(reader, "bytes",
                                    "'bytes' decides nothing here; remove it, or write "
                                    "\"gil\": \"by_size\"");
    }
    out->count = json_integer_value(bytes);
    return times_read(reader, value, variant->name, &out->time);
}

/* Reads a step without its body; the place is the step's. */
static int read_step(const struct builder *builder, const struct schema_variant *variant,
                     const json_t *value, struct step *out) {
    struct reader *reader = builder->reader;
    struct step step = {.kind = (enum step_kind)variant->kind,
                        .blocking = reader_get_flag(value, "blocking")};
    int rc = 0;
    switch (step.kind) {
    case STEP_REPEAT:
    case STEP_ALLOCATE:
    case STEP_FREE:
        step.count = reader_get_integer(value, &variant->object, variant->name);
        break;
    case STEP_C_HELD:
        rc = read_call(reader, variant, value, &step);
        break;
    default:
        if (objects_concern(step.kind)) {
            rc = objects_read_step(&builder->objects, reader, variant, value, &step);
        } else if (variant->body == NULL) {
            rc = times_read(reader, value, variant->name, &step.time);
        }
    }
    if (rc == 0) {
        *out = step;
    }
    return rc;
}

/* Appends a step with its site. */
static int append_step(struct builder *builder, const struct step *step) {
    char *site = place_copy(&builder->reader->place, builder->arena);
    if (site == NULL ||
        vec_reserve((void **)&builder->steps, &builder->step_capacity,
                    builder->step_count, sizeof builder->steps[0]) != 0 ||
        vec_reserve((void **)&builder->sites, &builder->site_capacity,
                    builder->step_count, sizeof builder->sites[0]) != 0) {
        return err_set_nomem(builder->reader->err);
    }
    const size_t index = builder->step_count++;
    builder->steps[index] = *step;
    builder->steps[index].site = (site_id)index;
    builder->steps[index].end = (uint32_t)builder->step_count;
    builder->sites[index] = site;
    return 0;
}

/* --- lists of steps ----------------------------------------------------------- */

#define NO_OWNER UINT32_MAX

/* A list that is being read. */
struct frame {
    const json_t *list;
    size_t next;
    uint32_t owner; /* the step whose body this is */
    struct surroundings where;
    bool ended;    /* by a `forever`: nothing may follow */
    bool progress; /* something in it takes time or leaves Python */
};

struct walk {
    struct builder *builder;
    size_t depth; /* frames in use */
    struct frame frame[STEP_MAX_DEPTH + 1];
};

/* Whether somebody else has to do something before the step ends, so that no loop around
 * it runs on by itself. An event may be set already. */
static bool waits_for_others(const struct builder *builder, const struct step *step) {
    const struct object_plan *object = &builder->objects.list[step->object];
    switch (step->kind) {
    case STEP_GET:
    case STEP_RECV: /* an answer takes the peer more than no time */
        return true;
    case STEP_PUT:
        return object->kind == OBJECT_QUEUE && object->size > 0;
    case STEP_WAIT:
        return object->kind == OBJECT_CONDITION ||
               (object->kind == OBJECT_BARRIER && object->size > 1);
    default:
        return false;
    }
}

/* What costs time only on some machine and runtime does not count: a lock, a reference, an
 * allocation may be free. */
static bool makes_progress(const struct builder *builder, const struct step *step) {
    if (objects_concern(step->kind)) {
        return distribution_mean(&step->time) > 0 || waits_for_others(builder, step);
    }
    switch (step->kind) {
    case STEP_PYTHON:
    case STEP_PYTHON_CPU:
    case STEP_C_HELD:
    case STEP_C_RELEASED:
    case STEP_C_BY_SIZE:
        return distribution_mean(&step->time) > 0;
    case STEP_REPEAT:
    case STEP_FOREVER:
        return false; /* as their bodies do */
    case STEP_ALLOCATE:
    case STEP_FREE:
        return false;
    default:
        return true;
    }
}

/* Opens the body of the last step; the place is the step's and becomes the body's. */
static int enter_body(struct walk *walk, const struct schema_variant *variant,
                      const json_t *list) {
    struct reader *reader = walk->builder->reader;
    if (walk->depth == STEP_MAX_DEPTH + 1) {
        return reader_refuse_member(reader, variant->body,
                                    "steps are nested more than %d deep; nest them less",
                                    STEP_MAX_DEPTH);
    }
    struct surroundings where = walk->frame[walk->depth - 1].where;
    if (variant->kind == STEP_TO_THREAD) {
        where.context = SCHEMA_IN_OFFLOAD;
    }
    place_push_name(&reader->place, variant->body);
    walk->frame[walk->depth++] = (struct frame){
        .list = list, .owner = (uint32_t)walk->builder->step_count - 1, .where = where};
    return 0;
}

/* The body has been read; its step gets its end. The place becomes that of the outer
 * list. */
static int leave_body(struct walk *walk) {
    struct builder *builder = walk->builder;
    const struct frame *body = &walk->frame[walk->depth - 1];
    struct frame *outer = &walk->frame[walk->depth - 2];
    struct step *owner = &builder->steps[body->owner];
    owner->end = (uint32_t)builder->step_count;
    if (owner->kind == STEP_FOREVER && !body->progress) {
        return reader_refuse(
            builder->reader,
            "nothing in 'forever' takes time on every machine and runtime, so that there "
            "the "
            "clock would stand still; add a step with a time above 0, such as python_us");
    }
    const bool runs = owner->kind != STEP_REPEAT || owner->count > 0;
    outer->progress =
        outer->progress || (runs && body->progress) || owner->kind == STEP_TO_THREAD;
    outer->ended = owner->kind == STEP_FOREVER;
    place_pop(&builder->reader->place);
    place_pop(&builder->reader->place);
    walk->depth--;
    return 0;
}

/* Reads the next element of the innermost list. */
static int walk_element(struct walk *walk) {
    struct reader *reader = walk->builder->reader;
    struct frame *frame = &walk->frame[walk->depth - 1];
    const json_t *value = json_array_get(frame->list, frame->next);
    const struct schema_variant *variant = NULL;
    struct step step = {0};
    place_push_index(&reader->place, frame->next++);
    if (frame->ended) {
        return reader_refuse(reader,
                             "nothing after 'forever' is ever reached; remove it");
    }
    int rc = reader_check_variant(reader, value, &schema_steps, &variant);
    if (rc == 0) {
        rc = check_surroundings(reader, variant, &frame->where, value);
    }
    if (rc == 0) {
        rc = read_step(walk->builder, variant, value, &step);
    }
    if (rc == 0) {
        rc = append_step(walk->builder, &step);
    }
    if (rc != 0) {
        return rc;
    }
    frame->progress = frame->progress || makes_progress(walk->builder, &step);
    if (variant->body != NULL) {
        return enter_body(walk, variant, json_object_get(value, variant->body));
    }
    place_pop(&reader->place);
    return 0;
}

/* Reads the list in the member "steps"; the place is that of the object which has it. */
static int read_steps(struct builder *builder, const json_t *object,
                      struct surroundings where, struct step_slice *out) {
    const size_t first = builder->step_count;
    struct walk walk = {.builder = builder, .depth = 1};
    walk.frame[0] = (struct frame){
        .list = json_object_get(object, "steps"), .owner = NO_OWNER, .where = where};
    place_push_name(&builder->reader->place, "steps");
    for (;;) {
        const struct frame *frame = &walk.frame[walk.depth - 1];
        const bool more = frame->next < json_array_size(frame->list);
        if (!more && walk.depth == 1) {
            break;
        }
        const int rc = more ? walk_element(&walk) : leave_body(&walk);
        if (rc != 0) {
            return rc;
        }
    }
    place_pop(&builder->reader->place);
    *out = (struct step_slice){(uint32_t)first, (uint32_t)builder->step_count};
    return 0;
}

/* --- jobs --------------------------------------------------------------------- */

static int read_jobs(struct builder *builder, const json_t *jobs, struct plan *plan) {
    struct reader *reader = builder->reader;
    place_push_name(&reader->place, "jobs");
    int rc = reader_check_object(reader, jobs, &schema_jobs);
    if (rc == 0) {
        rc = read_steps(builder, jobs, (struct surroundings){.context = SCHEMA_IN_JOB},
                        &plan->job);
    }
    if (rc != 0) {
        return rc;
    }
    place_pop(&reader->place);
    plan->job_count = (uint32_t)reader_get_integer(jobs, &schema_jobs, "count");
    plan->strategy = (struct strategy){.kind = STRATEGY_SEQUENTIAL, .workers = 1};
    return 0;
}

/* --- actors ------------------------------------------------------------------- */

static int read_task(struct builder *builder, const json_t *value, bool daemon,
                     struct task_plan *out) {
    struct reader *reader = builder->reader;
    int rc = reader_check_object(reader, value, &schema_task);
    if (rc != 0) {
        return rc;
    }
    snprintf(out->name, sizeof out->name, "%s",
             json_string_value(json_object_get(value, "name")));
    out->count = (uint32_t)reader_get_integer(value, &schema_task, "count");
    const struct surroundings where = {.context = SCHEMA_IN_TASK, .daemon = daemon};
    return read_steps(builder, value, where, &out->steps);
}

static int read_tasks(struct builder *builder, const json_t *list,
                      struct actor_plan *actor) {
    struct reader *reader = builder->reader;
    actor->first_task = (uint32_t)builder->task_count;
    place_push_name(&reader->place, "tasks");
    for (size_t i = 0; i < json_array_size(list); i++) {
        place_push_index(&reader->place, i);
        struct task_plan task = {0};
        const int rc = read_task(builder, json_array_get(list, i), actor->daemon, &task);
        if (rc != 0) {
            return rc;
        }
        builder->task_total += (uint64_t)task.count * actor->count;
        if (builder->task_total > WORKLOAD_MAX_TASKS) {
            return reader_refuse(
                reader, "with this there are %llu tasks; at most %d can be run",
                (unsigned long long)builder->task_total, WORKLOAD_MAX_TASKS);
        }
        if (vec_reserve((void **)&builder->tasks, &builder->task_capacity,
                        builder->task_count, sizeof task) != 0) {
            return err_set_nomem(reader->err);
        }
        builder->tasks[builder->task_count++] = task;
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    actor->task_end = (uint32_t)builder->task_count;
    return 0;
}

/* The place is the actor's. */
static int read_actor(struct builder *builder, const json_t *value,
                      struct actor_plan *out) {
    struct reader *reader = builder->reader;
    const struct schema_variant *variant = NULL;
    int rc = reader_check_variant(reader, value, &schema_actors, &variant);
    if (rc != 0) {
        return rc;
    }
    snprintf(out->name, sizeof out->name, "%s",
             json_string_value(json_object_get(value, "name")));
    out->kind = (enum actor_kind)variant->kind;
    out->count = (uint32_t)reader_get_integer(value, &variant->object, variant->name);
    out->daemon = reader_get_flag(value, "daemon");
    builder->thread_total += out->count;
    if (builder->thread_total > WORKLOAD_MAX_THREADS) {
        return reader_refuse_member(
            reader, variant->name,
            "with this there are %llu threads; at most %d can be run",
            (unsigned long long)builder->thread_total, WORKLOAD_MAX_THREADS);
    }
    if (out->kind == ACTOR_EVENT_LOOP) {
        return read_tasks(builder, json_object_get(value, "tasks"), out);
    }
    const struct surroundings where = {.context = out->kind == ACTOR_INTERPRETER
                                                      ? SCHEMA_IN_INTERPRETER
                                                      : SCHEMA_IN_THREAD,
                                       .daemon = out->daemon};
    return read_steps(builder, value, where, &out->steps);
}

/* Actors without threads are read like all others and then left out. */
static int append_actor(struct builder *builder, const json_t *value) {
    const size_t step_count = builder->step_count, task_count = builder->task_count;
    struct actor_plan actor = {0};
    const int rc = read_actor(builder, value, &actor);
    if (rc != 0) {
        return rc;
    }
    if (actor.count == 0) {
        builder->step_count = step_count;
        builder->task_count = task_count;
        return 0;
    }
    if (vec_reserve((void **)&builder->actors, &builder->actor_capacity,
                    builder->actor_count, sizeof actor) != 0) {
        return err_set_nomem(builder->reader->err);
    }
    builder->actors[builder->actor_count++] = actor;
    return 0;
}

static int read_actors(struct builder *builder, const json_t *list, struct plan *plan) {
    struct reader *reader = builder->reader;
    bool waits = false;
    place_push_name(&reader->place, "actors");
    for (size_t i = 0; i < json_array_size(list); i++) {
        place_push_index(&reader->place, i);
        const int rc = append_actor(builder, json_array_get(list, i));
        if (rc != 0) {
            return rc;
        }
        place_pop(&reader->place);
    }
    for (size_t i = 0; i < builder->actor_count; i++) {
        waits = waits || !builder->actors[i].daemon;
    }
    if (!waits) {
        return reader_refuse(reader,
                             "a run ends when every actor that is not a daemon has "
                             "ended, and here there is none; add one");
    }
    place_pop(&reader->place);
    plan->strategy = (struct strategy){.kind = STRATEGY_ACTORS, .workers = 1};
    return 0;
}

/* --- signals ------------------------------------------------------------------ */

static int read_signal(struct reader *reader, const json_t *value,
                       struct signal_plan *out) {
    const int rc = reader_check_object(reader, value, &schema_signal);
    if (rc != 0) {
        return rc;
    }
    const json_t *handler = json_object_get(value, "handler_us");
    *out = (struct signal_plan){
        .at_ns = times_to_ns(json_object_get(value, "at_us")),
        .handler_ns = handler == NULL ? 10 * NS_PER_US : times_to_ns(handler),
    };
    return 0;
}

/* They come straight into the plan: their number is known. */
static int read_signals(struct reader *reader, const json_t *list, struct plan *plan) {
    const size_t count = json_array_size(list);
    plan->signals = arena_alloc(&plan->arena, count, sizeof *plan->signals);
    if (plan->signals == NULL) {
        return err_set_nomem(reader->err);
    }
    plan->signal_count = count;
    place_push_name(&reader->place, "signals");
    for (size_t i = 0; i < count; i++) {
        place_push_index(&reader->place, i);
        const int rc = read_signal(reader, json_array_get(list, i), &plan->signals[i]);
        if (rc != 0) {
            return rc;
        }
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    return 0;
}

/* --- the whole ---------------------------------------------------------------- */

static void *move_array(struct arena *arena, const void *items, size_t count,
                        size_t size) {
    void *moved = arena_alloc(arena, count, size);
    if (moved != NULL && count > 0) {
        memcpy(moved, items, count * size);
    }
    return moved;
}

static int move_to_plan(const struct builder *builder, struct plan *plan) {
    struct arena *arena = builder->arena;
    plan->steps =
        move_array(arena, builder->steps, builder->step_count, sizeof builder->steps[0]);
    plan->sites =
        move_array(arena, builder->sites, builder->step_count, sizeof builder->sites[0]);
    plan->actors = move_array(arena, builder->actors, builder->actor_count,
                              sizeof builder->actors[0]);
    plan->objects = move_array(arena, builder->objects.list, builder->objects.count,
                               sizeof builder->objects.list[0]);
    plan->tasks =
        move_array(arena, builder->tasks, builder->task_count, sizeof builder->tasks[0]);
    if (plan->steps == NULL || plan->sites == NULL || plan->actors == NULL ||
        plan->tasks == NULL || plan->objects == NULL) {
        return err_set_nomem(builder->reader->err);
    }
    plan->step_count = builder->step_count;
    plan->site_count = builder->step_count;
    plan->actor_count = builder->actor_count;
    plan->task_count = builder->task_count;
    plan->object_count = builder->objects.count;
    return 0;
}

int workload_read(struct reader *reader, const json_t *value, struct plan *plan) {
    struct builder builder = {.reader = reader, .arena = &plan->arena};
    const struct schema_variant *variant = NULL;
    int rc = reader_check_variant(reader, value, &schema_workload, &variant);
    if (rc == 0) {
        const json_t *member = json_object_get(value, variant->name);
        if (json_is_array(member)) {
            rc =
                objects_read(&builder.objects, reader, json_object_get(value, "objects"));
            rc = rc == 0 ? read_signals(reader, json_object_get(value, "signals"), plan)
                         : rc;
            rc = rc == 0 ? read_actors(&builder, member, plan) : rc;
        } else {
            rc = read_jobs(&builder, member, plan);
        }
    }
    if (rc == 0) {
        rc = move_to_plan(&builder, plan);
    }
    builder_deinit(&builder);
    return rc;
}
