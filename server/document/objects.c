/* SPDX-License-Identifier: MIT */
#include "objects.h"

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

/* The place is the object's. */
static int read_object(struct reader *reader, const char *name, const json_t *kind,
                       struct object_plan *out) {
    if (name[0] == '\0' || strlen(name) >= sizeof out->name) {
        return reader_refuse(reader, "the name of an object has 1 to %zu bytes",
                             sizeof out->name - 1);
    }
    if (!json_is_string(kind)) {
        return reader_refuse(reader, "the kind of an object must be a string, not %s",
                             text_type_name(kind));
    }
    const int rc = reader_check_name(reader, kind, NAMES_OBJECTS);
    if (rc == 0) {
        strcpy(out->name, name);
        out->kind = kind_of(json_string_value(kind));
    }
    return rc;
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

/* --- steps -------------------------------------------------------------------- */

bool objects_concern(enum step_kind kind) {
    return kind == STEP_WITH || kind == STEP_ACQUIRE || kind == STEP_RELEASE ||
           kind == STEP_UPDATE;
}

static int refuse_kind(struct reader *reader, const char *member, enum object_kind needed,
                       const struct object_plan *object) {
    return reader_refuse_member(reader, member, "'%s' needs a %s, and '%s' is a %s",
                                member, object_kind_name(needed), object->name,
                                object_kind_name(object->kind));
}

int objects_read_step(const struct objects *objects, struct reader *reader,
                      const struct schema_variant *variant, const json_t *value,
                      struct step *step) {
    const bool update = step->kind == STEP_UPDATE;
    const enum object_kind needed = update ? OBJECT_COUNTER : OBJECT_LOCK;
    const char *name = json_string_value(json_object_get(value, variant->name));
    if (update) {
        step->call = reader_get_flag(value, "call");
        step->time =
            (struct distribution){.kind = DISTRIBUTION_CONSTANT,
                                  .a = times_to_ns(json_object_get(value, "compute_us"))};
    }
    for (size_t i = 0; i < objects->count; i++) {
        if (strcmp(objects->list[i].name, name) == 0) {
            step->object = (uint32_t)i;
            return objects->list[i].kind == needed
                       ? 0
                       : refuse_kind(reader, variant->name, needed, &objects->list[i]);
        }
    }
    return reader_refuse_member(
        reader, variant->name,
        "there is no object '%s'; add \"%s\": \"%s\" to 'objects' "
        "of the workload",
        name, name, object_kind_name(needed));
}
