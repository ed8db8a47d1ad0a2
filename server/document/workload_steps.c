/* SPDX-License-Identifier: MIT */
/* workload_steps - the steps of a workload, however deep they are nested. */
#include "workload_priv.h"

#include <string.h>

#include "server/document/text.h"
#include "server/document/times.h"

/* --- one step ----------------------------------------------------------------- */

static int check_surroundings(struct reader *reader, const struct schema_variant *variant,
                              const struct surroundings *where, const json_t *value) {
    if (where->context == SCHEMA_IN_GROUP && variant->kind != STEP_TASK) {
        return reader_refuse_member(
            reader, variant->name,
            "here stand only tasks: {\"task\": \"name\", \"steps\": [...]}");
    }
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

/* --- names of tasks ----------------------------------------------------------- */

static int add_name(struct builder *builder, const char *name, uint32_t *out) {
    struct reader *reader = builder->reader;
    if (builder->name_count == MAX_NAMES) {
        return reader_refuse(reader,
                             "with this there are more than %d names of tasks and "
                             "exceptions; use fewer, and 'count'",
                             MAX_NAMES);
    }
    char *text = arena_strdup(builder->arena, name);
    if (text == NULL ||
        vec_reserve((void **)&builder->names, &builder->name_capacity,
                    builder->name_count, sizeof builder->names[0]) != 0 ||
        vec_reserve((void **)&builder->name_texts, &builder->text_capacity,
                    builder->name_count, sizeof builder->name_texts[0]) != 0) {
        return err_set_nomem(reader->err);
    }
    *out = (uint32_t)builder->name_count++;
    builder->names[*out] = (struct task_name){.asked = NO_STEP};
    builder->name_texts[*out] = text;
    return 0;
}

static int read_name(struct builder *builder, const char *name, struct step *step) {
    uint32_t index = 0;
    while (index < builder->name_count && strcmp(builder->name_texts[index], name) != 0) {
        index++;
    }
    const int rc = index < builder->name_count ? 0 : add_name(builder, name, &index);
    if (rc != 0) {
        return rc;
    }
    step->name = index;
    struct task_name *known = &builder->names[index];
    known->spawned = known->spawned || step->kind == STEP_SPAWN;
    if ((step->kind == STEP_JOIN || step->kind == STEP_CANCEL) &&
        known->asked == NO_STEP) {
        known->asked = (uint32_t)builder->step_count; /* its index, once it is appended */
    }
    return 0;
}

int workload_check_names(const struct builder *builder) {
    for (size_t i = 0; i < builder->name_count; i++) {
        if (builder->names[i].asked == NO_STEP || builder->names[i].spawned) {
            continue;
        }
        struct spelling known = {0};
        for (size_t j = 0; j < builder->name_count; j++) {
            if (builder->names[j].spawned) {
                spelling_add(&known, builder->name_texts[j]);
            }
        }
        char quoted[SPELLING_QUOTE_SIZE], advice[SPELLING_ADVICE_SIZE] = "";
        spelling_quote(builder->name_texts[i], quoted);
        if (known.count > 0) {
            spelling_advise(&known, builder->name_texts[i], advice);
        }
        return err_set_pointer(builder->reader->err,
                               builder->sites[builder->names[i].asked],
                               "no step spawns a task %s; %s", quoted,
                               known.count > 0 ? advice : "add a 'spawn' of that name");
    }
    return 0;
}

/* Steps that only tasks have. */
static int read_task_step(struct builder *builder, const struct schema_variant *variant,
                          const json_t *value, struct step *step) {
    const json_t *name = json_object_get(value, variant->name);
    step->count = json_object_get(value, "count") == NULL
                      ? 1
                      : json_integer_value(json_object_get(value, "count"));
    switch (step->kind) {
    case STEP_WAIT_FOR: {
        const int rc = read_name(builder, "wait_for", step);
        return rc != 0 ? rc
                       : times_read(builder->reader, value, variant->name, &step->time);
    }
    case STEP_TIMEOUT:
        return times_read(builder->reader, value, variant->name, &step->time);
    case STEP_TRY:
        return json_object_get(value, "except") == NULL &&
                       json_object_get(value, "finally") == NULL
                   ? reader_refuse(builder->reader,
                                   "a try step without 'except' and 'finally' changes "
                                   "nothing; add one, or write its steps alone")
                   : 0;
    default:
        return json_is_string(name) ? read_name(builder, json_string_value(name), step)
                                    : 0;
    }
}

/* Reads a step without its body; the place is the step's. */
static int read_step(struct builder *builder, const struct objects_use *use,
                     struct step *out) {
    const struct schema_variant *variant = use->variant;
    const json_t *value = use->value;
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
        if (step.kind >= STEP_GATHER && step.kind <= STEP_RAISE) {
            rc = read_task_step(builder, variant, value, &step);
        } else if (objects_concern(step.kind)) {
            rc = objects_read_step(&builder->objects, reader, use, &step);
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
    const json_t *step; /* whose body this is, and what it is; NULL at the bottom */
    const struct schema_variant *variant;
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
    case STEP_READ:
    case STEP_SOCK_RECV:
        return true;
    case STEP_PUT:
        return (object->kind == OBJECT_QUEUE || object->kind == OBJECT_ASYNC_QUEUE ||
                object->kind == OBJECT_INTERPRETER_QUEUE) &&
               object->size > 0;
    case STEP_WAIT:
        return object->kind == OBJECT_CONDITION ||
               object->kind == OBJECT_ASYNC_CONDITION ||
               (object->kind == OBJECT_BARRIER && object->size > 1);
    default:
        return false;
    }
}

/* What costs time only on some machine and runtime does not count: a lock, a reference, an
 * allocation may be free. */
static bool makes_progress(const struct builder *builder, const struct step *step) {
    if (step->kind >= STEP_GATHER && step->kind <= STEP_RAISE) {
        return false; /* as their bodies do */
    }
    if (step_has_body(step->kind)) {
        return false;
    }
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
    case STEP_ALLOCATE:
    case STEP_FREE:
        return false;
    default:
        return true;
    }
}

/* Where the body of such a step stands. What has a time-out, or ends with the loop, may go
 * on for ever by itself. */
static struct surroundings inside(const struct schema_variant *variant,
                                  struct surroundings where) {
    switch (variant->kind) {
    case STEP_TO_THREAD:
        where.context = SCHEMA_IN_OFFLOAD;
        break;
    case STEP_GATHER:
    case STEP_TASK_GROUP:
        where.context = SCHEMA_IN_GROUP;
        break;
    case STEP_TASK:
        where.context = SCHEMA_IN_TASK;
        break;
    case STEP_SPAWN:
    case STEP_TIMEOUT:
    case STEP_WAIT_FOR:
        where.daemon = true;
        break;
    default:
        break;
    }
    return where;
}

/* Opens the body of the last step; the place is the step's and becomes the body's. */
static int enter_body(struct walk *walk, const struct schema_variant *variant,
                      const json_t *step, const char *name) {
    struct reader *reader = walk->builder->reader;
    const json_t *list = json_object_get(step, name);
    if (walk->depth == STEP_MAX_DEPTH + 1) {
        return reader_refuse_member(reader, name,
                                    "steps are nested more than %d deep; nest them less",
                                    STEP_MAX_DEPTH);
    }
    place_push_name(&reader->place, name);
    walk->frame[walk->depth] =
        (struct frame){.list = list,
                       .owner = (uint32_t)walk->builder->step_count - 1,
                       .where = inside(variant, walk->frame[walk->depth - 1].where),
                       .step = step,
                       .variant = variant};
    walk->depth++;
    return 0;
}

/* The next of a step's further bodies, as a step of its own; the place is the step's. 1
 * when it has been opened, 0 when there is none. */
static int enter_next_body(struct walk *walk, const struct frame *ended,
                           enum step_kind kind) {
    for (int i = 0; i < SCHEMA_MORE_BODIES; i++) {
        const char *name = ended->variant->more[i].name;
        const enum step_kind next = (enum step_kind)ended->variant->more[i].kind;
        if (name == NULL || next <= kind || json_object_get(ended->step, name) == NULL) {
            continue;
        }
        int rc = append_step(walk->builder, &(struct step){.kind = next});
        if (rc == 0) {
            rc = enter_body(walk, ended->variant, ended->step, name);
        }
        return rc != 0 ? rc : 1;
    }
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
    if ((owner->kind == STEP_FOREVER || owner->kind == STEP_UNTIL) && !body->progress) {
        return reader_refuse(
            builder->reader,
            "nothing in '%s' takes time on every machine and runtime, so that there the "
            "clock would stand still; add a step with a time above 0, such as python_us",
            body->variant->name);
    }
    const bool runs = owner->kind == STEP_REPEAT
                          ? owner->count > 0
                          : owner->kind != STEP_SPAWN && owner->kind != STEP_EXCEPT;
    outer->progress =
        outer->progress || (runs && body->progress) || owner->kind == STEP_TO_THREAD;
    outer->ended = owner->kind == STEP_FOREVER;
    const struct frame ended = *body;
    const enum step_kind kind = owner->kind;
    place_pop(&builder->reader->place);
    walk->depth--;
    const int rc = enter_next_body(walk, &ended, kind);
    if (rc <= 0) {
        place_pop(&builder->reader->place);
    }
    return rc < 0 ? rc : 0;
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
        rc =
            read_step(walk->builder,
                      &(struct objects_use){variant, value, frame->where.context}, &step);
    }
    if (rc == 0) {
        rc = append_step(walk->builder, &step);
    }
    if (rc != 0) {
        return rc;
    }
    frame->progress = frame->progress || makes_progress(walk->builder, &step);
    if (variant->body != NULL) {
        return enter_body(walk, variant, value, variant->body);
    }
    place_pop(&reader->place);
    return 0;
}

int workload_read_steps(struct builder *builder, const json_t *object,
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
