/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/document/text.h"
#include "server/document/times.h"

void objects_deinit(struct objects *objects) {
    memory_free(objects->list);
    *objects = (struct objects){0};
}

/* --- the list ----------------------------------------------------------------- */

static enum object_kind kind_of(const char *name) {
    enum object_kind kind = 0;
    while (strcmp(object_kind_name(kind), name) != 0) {
        kind++;
    }
    return kind;
}

static enum object_sharing sharing_of(const char *name) {
    enum object_sharing sharing = 0;
    while (strcmp(object_sharing_name(sharing), name) != 0) {
        sharing++;
    }
    return sharing;
}

/* The value of {"queue": 100} or {"list": "each"}, or what the table says when only the
 * name is written. */
static void read_value(const struct schema_variant *variant, const json_t *value,
                       struct object_plan *out) {
    const struct schema_field *field = schema_field_find(&variant->object, variant->name);
    out->kind = (enum object_kind)variant->kind;
    if (field->type == SCHEMA_STRING) {
        out->sharing =
            sharing_of(value != NULL ? json_string_value(value) : variant->alone);
    } else if (field->type == SCHEMA_NUMBER) {
        out->size = times_to_ns(value); /* has no value of its own */
    } else {
        out->size =
            value != NULL ? json_integer_value(value) : strtoll(variant->alone, NULL, 10);
    }
}

static bool is_plain_kind(const char *name) {
    struct spelling plain;
    names_list(NAMES_OBJECTS, &plain);
    for (size_t i = 0; i < plain.count; i++) {
        if (strcmp(plain.word[i], name) == 0) {
            return schema_variant_find(&schema_objects, name) == NULL;
        }
    }
    return false;
}

/* "lock", or "queue": a variant that is written without its value. */
static int read_named(struct reader *reader, const json_t *kind,
                      struct object_plan *out) {
    const char *name = json_string_value(kind);
    const struct schema_variant *sized = schema_variant_find(&schema_objects, name);
    if (sized != NULL && sized->alone == NULL) {
        return reader_refuse(reader, "%s needs its %s; write {\"%s\": 4}",
                             sized->object.phrase,
                             sized->kind == OBJECT_PEER ? "time" : "size", name);
    }
    const int rc = reader_check_name(reader, kind, NAMES_OBJECTS);
    if (rc == 0 && sized != NULL) {
        read_value(sized, NULL, out);
    } else if (rc == 0) {
        out->kind = kind_of(name);
    }
    return rc;
}

/* {"queue": 100}, {"list": "each"} */
static int read_sized(struct reader *reader, const json_t *value,
                      struct object_plan *out) {
    const char *name = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)value));
    if (name != NULL && is_plain_kind(name)) {
        return reader_refuse_member(reader, name,
                                    "'%s' has neither size nor sharing; write only "
                                    "\"%s\"",
                                    name, name);
    }
    const struct schema_variant *variant = NULL;
    const int rc = reader_check_variant(reader, value, &schema_objects, &variant);
    if (rc == 0) {
        read_value(variant, json_object_get(value, variant->name), out);
    }
    return rc;
}

/* The place is the object's. */
static int read_object(struct reader *reader, const char *name, const json_t *kind,
                       struct object_plan *out) {
    if (name[0] == '\0' || strlen(name) >= sizeof out->name) {
        return reader_refuse(reader, "the name of an object has 1 to %zu bytes",
                             sizeof out->name - 1);
    }
    strcpy(out->name, name);
    if (json_is_string(kind)) {
        return read_named(reader, kind, out);
    }
    if (json_is_object(kind)) {
        return read_sized(reader, kind, out);
    }
    return reader_refuse(reader,
                         "a shared object is a kind, such as \"lock\", or a kind and its "
                         "size, such as {\"queue\": 100}, not %s",
                         text_type_name(kind));
}

int objects_check(struct reader *reader, const char *name, const json_t *kind) {
    struct object_plan object = {0};
    return read_object(reader, name, kind, &object);
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct object_plan *)a)->name,
                  ((const struct object_plan *)b)->name);
}

int objects_read(struct objects *objects, struct reader *reader, const json_t *value) {
    const char *name;
    const json_t *kind;
    place_push_name(&reader->place, "objects");
    json_object_foreach((json_t *)(uintptr_t)value, name, kind) {
        struct object_plan object = {0};
        place_push_name(&reader->place, name);
        const int rc = read_object(reader, name, kind, &object);
        if (rc != 0) {
            return rc;
        }
        if (vec_reserve((void **)&objects->list, &objects->capacity, objects->count,
                        sizeof object) != 0) {
            return err_set_nomem(reader->err);
        }
        objects->list[objects->count++] = object;
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    if (objects->count > 0) {
        qsort(objects->list, objects->count, sizeof objects->list[0], compare);
    }
    return 0;
}

/* --- which objects a step can be done with ------------------------------------- */

bool objects_concern(enum step_kind kind) { return step_has_object(kind); }

/* Whether lists and dicts have the operation. */
static bool has_operation(enum object_kind kind, enum container_op op) {
    static const bool of_list[CONTAINER_OP_COUNT] = {
        [OP_APPEND] = true,  [OP_POP] = true,     [OP_INSERT] = true,
        [OP_SETITEM] = true, [OP_GETITEM] = true, [OP_LEN] = true};
    static const bool of_dict[CONTAINER_OP_COUNT] = {[OP_SETITEM] = true,
                                                     [OP_GETITEM] = true,
                                                     [OP_DELITEM] = true,
                                                     [OP_CONTAINS] = true,
                                                     [OP_LEN] = true};
    return kind == OBJECT_LIST ? of_list[op] : of_dict[op];
}

/* Whether whoever is there has objects of that kind. */
static bool is_within_reach(enum object_kind kind, enum schema_context context) {
    return context == SCHEMA_IN_INTERPRETER
               ? kind == OBJECT_INTERPRETER_QUEUE
               : context == SCHEMA_IN_TASK || !object_is_async(kind);
}

/* What a step can be done with, as far as the place of the step decides it. */
static bool fits(const struct step *step, enum object_kind kind,
                 enum schema_context context) {
    return step_fits_object(step->kind, kind) && is_within_reach(kind, context) &&
           (step->kind != STEP_USE || has_operation(kind, step->op));
}

enum { KINDS_SIZE = 128 };

/* "lock, rlock, condition or semaphore" */
static void list_kinds(const struct step *step, enum schema_context context,
                       char out[KINDS_SIZE]) {
    int last = 0;
    for (int i = 0; i < OBJECT_KIND_COUNT; i++) {
        last = fits(step, (enum object_kind)i, context) ? i : last;
    }
    size_t used = 0;
    for (int i = 0; i <= last; i++) {
        if (fits(step, (enum object_kind)i, context)) {
            used += (size_t)snprintf(out + used, KINDS_SIZE - used, "%s%s",
                                     used == 0   ? ""
                                     : i == last ? " or "
                                                 : ", ",
                                     object_kind_name((enum object_kind)i));
        }
    }
}

static const char *article(const char *word) {
    return strchr("aeiou", word[0]) != NULL ? "an" : "a";
}

static int refuse_kind(struct reader *reader, const struct objects_use *use,
                       const struct step *step, const struct object_plan *object) {
    const char *member = use->variant->name;
    char kinds[KINDS_SIZE], quoted[SPELLING_QUOTE_SIZE];
    const char *kind = object_kind_name(object->kind);
    list_kinds(step, use->context, kinds);
    spelling_quote(object->name, quoted);
    if (use->context == SCHEMA_IN_INTERPRETER) {
        return reader_refuse_member(reader, member,
                                    "%s is %s %s, which belongs to the main interpreter; "
                                    "here '%s' needs %s %s",
                                    quoted, article(kind), kind, member, article(kinds),
                                    kinds);
    }
    if (object_is_async(object->kind) && step_fits_object(step->kind, object->kind)) {
        return reader_refuse_member(reader, member,
                                    "%s is %s %s, which only tasks of an event loop can "
                                    "use; here '%s' needs %s %s",
                                    quoted, article(kind), kind, member, article(kinds),
                                    kinds);
    }
    if (step_fits_object(step->kind, object->kind)) {
        return reader_refuse_member(
            reader, "op", "'%s' is an operation of a %s, and %s is %s %s",
            container_op_name(step->op), kinds, quoted, article(kind), kind);
    }
    return reader_refuse_member(reader, member, "'%s' needs %s %s, and %s is %s %s",
                                member, article(kinds), kinds, quoted, article(kind),
                                kind);
}

/* The nearest of the objects that would fit, or how to add one. */
static int refuse_missing(const struct objects *objects, struct reader *reader,
                          const struct objects_use *use, const struct step *step) {
    const char *member = use->variant->name;
    const char *name = json_string_value(json_object_get(use->value, member));
    struct spelling known = {0};
    for (size_t i = 0; i < objects->count; i++) {
        if (fits(step, objects->list[i].kind, use->context)) {
            spelling_add(&known, objects->list[i].name);
        }
    }
    char quoted[SPELLING_QUOTE_SIZE], advice[SPELLING_ADVICE_SIZE];
    spelling_quote(name, quoted);
    spelling_advise(&known, name, advice);
    const bool near = strncmp(advice, "known: ", 7) != 0;
    enum object_kind kind = 0;
    while (!fits(step, kind, use->context)) {
        kind++;
    }
    char json[SPELLING_QUOTE_SIZE]; /* the name in the other quotes */
    const size_t end = strlen(quoted) - 1;
    snprintf(json, sizeof json, "\"%.*s\"", (int)(end - 1), quoted + 1);
    const bool timed = kind == OBJECT_PEER; /* cannot be written alone */
    return reader_refuse_member(
        reader, member,
        "there is no object %s; %s%sadd %s: %s\"%s\"%s to 'objects' of the workload",
        quoted, near ? advice : "", near ? " If not, " : "", json, timed ? "{" : "",
        object_kind_name(kind), timed ? ": 7}" : "");
}

/* --- steps -------------------------------------------------------------------- */

static enum container_op op_of(const char *name) {
    enum container_op op = 0;
    while (strcmp(container_op_name(op), name) != 0) {
        op++;
    }
    return op;
}

/* What such a step says besides its object. */
static void read_members(const struct schema_object *schema, const json_t *value,
                         struct step *step) {
    switch (step->kind) {
    case STEP_SEND:
    case STEP_UPDATE:
    case STEP_USE:
        step->call = reader_get_flag(value, "call");
        step->time =
            (struct distribution){.kind = DISTRIBUTION_CONSTANT,
                                  .a = times_to_ns(json_object_get(value, "compute_us"))};
        if (step->kind == STEP_USE) {
            step->op = op_of(json_string_value(json_object_get(value, "op")));
        }
        break;
    case STEP_PUT:
        step->count = reader_get_integer(value, schema, "payload_bytes");
        step->pickled = reader_get_flag(value, "pickled");
        break;
    case STEP_TOUCH:
        step->count = reader_get_integer(value, schema, "times");
        break;
    case STEP_NOTIFY: /* "notify_all" has no count; 0 stands for it */
        step->count = schema_field_find(schema, "count") == NULL
                          ? 0
                          : reader_get_integer(value, schema, "count");
        break;
    default:
        break;
    }
}

/* Other queues pass references. */
static int check_data(struct reader *reader, const struct objects_use *use,
                      const struct object_plan *object) {
    static const char *const members[] = {"payload_bytes", "pickled"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (object->kind != OBJECT_INTERPRETER_QUEUE &&
            json_object_get(use->value, members[i]) != NULL) {
            char quoted[SPELLING_QUOTE_SIZE];
            spelling_quote(object->name, quoted);
            return reader_refuse_member(
                reader, members[i],
                "%s is %s %s, which passes items on as they are, without a copy; remove "
                "'%s', or make it an interpreter_queue",
                quoted, article(object_kind_name(object->kind)),
                object_kind_name(object->kind), members[i]);
        }
    }
    return 0;
}

int objects_read_step(const struct objects *objects, struct reader *reader,
                      const struct objects_use *use, struct step *step) {
    const char *name = json_string_value(json_object_get(use->value, use->variant->name));
    read_members(&use->variant->object, use->value, step);
    for (size_t i = 0; i < objects->count; i++) {
        const struct object_plan *object = &objects->list[i];
        if (strcmp(object->name, name) == 0) {
            step->object = (uint32_t)i;
            return fits(step, object->kind, use->context)
                       ? check_data(reader, use, object)
                       : refuse_kind(reader, use, step, object);
        }
    }
    return refuse_missing(objects, reader, use, step);
}
