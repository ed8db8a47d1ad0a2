/* SPDX-License-Identifier: MIT */
#include "server/document/mistakes.h"

#include <string.h>

#include "engine/base/check.h"
#include "server/document/document.h"
#include "server/document/objects.h"
#include "server/document/reader.h"
#include "server/document/step_mistakes.h"
#include "server/document/text.h"
#include "server/document/times.h"

/* An object or a list that is being looked through. */
struct frame {
    const json_t *value;
    const struct schema_object *object; /* of an object with members of its own */
    const struct schema_field *field;   /* of a list or a map: what its elements are */
    void *iter;                         /* of an object or a map: the next member */
    size_t index;                       /* of a list: the next element */
    bool is_wrong;                      /* a member is */
};

struct search {
    struct reader reader;
    struct err err; /* of the check that is made */
    const struct err *first;
    struct mistakes *out;
    size_t most;
    size_t depth;
    struct frame stack[DOCUMENT_MAX_DEPTH + 1];
};

static bool is_known(const struct search *search, const char *pointer) {
    const struct err *first = search->first;
    bool known = first->code != ERR_OK && strcmp(first->pointer, pointer) == 0;
    for (size_t i = 0; i < search->out->count; i++) {
        known = known || strcmp(search->out->list[i].pointer, pointer) == 0;
    }
    return known;
}

/* What a check said; the place is again that of `depth`. Returns whether all is well. */
static bool note(struct search *search, int rc, size_t depth) {
    struct mistakes *out = search->out;
    search->reader.place.depth = depth;
    if (rc == ERR_INVALID && out->count < search->most &&
        !is_known(search, search->err.pointer)) {
        out->list[out->count++] = search->err;
    }
    err_clear(&search->err);
    return rc == 0;
}

/* --- descending ----------------------------------------------------------------- */

static void push(struct search *search, const json_t *value,
                 const struct schema_object *object, const struct schema_field *field) {
    ASSERT(search->depth <= DOCUMENT_MAX_DEPTH); /* text_parse() has seen to it */
    void *iter =
        json_is_object(value) ? json_object_iter((json_t *)(uintptr_t)value) : NULL;
    search->stack[search->depth++] =
        (struct frame){.value = value, .object = object, .field = field, .iter = iter};
}

/* The root has no name. */
static void pop(struct search *search) {
    search->depth--;
    if (search->depth > 0) {
        place_pop(&search->reader.place);
    }
}

static bool enter_variant(struct search *search, const json_t *value,
                          const struct schema_variants *variants) {
    const struct schema_variant *variant = NULL;
    const size_t depth = search->reader.place.depth;
    const int rc = reader_find_variant(&search->reader, value, variants, &variant);
    if (!note(search, rc, depth)) {
        return false;
    }
    push(search, value, &variant->object, NULL);
    return true;
}

static bool enter_law(struct search *search, const json_t *value) {
    const struct schema_variant *law = NULL;
    const size_t depth = search->reader.place.depth;
    if (!note(search, times_find_law(&search->reader, value, &law), depth)) {
        return false;
    }
    push(search, value, &law->object, NULL);
    return true;
}

static bool has_elements(const struct schema_field *field) {
    return field->variants != NULL || field->object != NULL || field->names != NAMES_ANY;
}

/* Whether there is something to look through in the value of a member, which has the right
 * type; the place is the value's. */
static bool enter_value(struct search *search, const struct schema_field *field,
                        const json_t *value) {
    if (field->type == SCHEMA_OBJECT && field->variants != NULL) {
        return enter_variant(search, value, field->variants);
    }
    if (field->type == SCHEMA_OBJECT) {
        push(search, value, field->object, NULL);
        return true;
    }
    if (field->type == SCHEMA_TIME && json_is_object(value)) {
        return enter_law(search, value);
    }
    if ((field->type == SCHEMA_LIST || field->type == SCHEMA_MAP) &&
        has_elements(field)) {
        push(search, value, NULL, field);
        return true;
    }
    return false;
}

/* The same of an element of a list, which has not been looked at. */
static bool enter_element(struct search *search, const struct schema_field *field,
                          const json_t *value) {
    const size_t depth = search->reader.place.depth;
    const enum names_kind names =
        field->variants != NULL ? field->variants->names : field->names;
    if (json_is_string(value) && names != NAMES_ANY) {
        note(search, reader_check_name(&search->reader, value, names), depth);
        return false;
    }
    if (field->variants != NULL) {
        return enter_variant(search, value, field->variants);
    }
    if (!note(search,
              reader_check_is_object(&search->reader, value, field->object->phrase),
              depth)) {
        return false;
    }
    push(search, value, field->object, NULL);
    return true;
}

/* --- looking through ------------------------------------------------------------ */

static void look_at_member(struct search *search, struct frame *frame) {
    struct place *place = &search->reader.place;
    const char *name = json_object_iter_key(frame->iter);
    const json_t *value = json_object_iter_value(frame->iter);
    frame->iter = json_object_iter_next((json_t *)(uintptr_t)frame->value, frame->iter);
    const int rc = reader_check_member(&search->reader, name, value, frame->object);
    if (!note(search, rc, place->depth)) {
        frame->is_wrong = true;
        return;
    }
    const struct schema_field *field = schema_field_find(frame->object, name);
    place_push_name(place, name);
    if (field == NULL || !enter_value(search, field, value)) {
        place_pop(place);
    }
}

static void end_object(struct search *search, const struct frame *frame) {
    if (!frame->is_wrong) {
        const int rc =
            reader_check_required(&search->reader, frame->value, frame->object);
        note(search, rc, search->reader.place.depth);
    }
    pop(search);
}

/* Shared objects, each under its name. */
static void look_at_shared(struct search *search, struct frame *frame) {
    struct place *place = &search->reader.place;
    const size_t depth = place->depth;
    const char *name = json_object_iter_key(frame->iter);
    const json_t *value = json_object_iter_value(frame->iter);
    frame->iter = json_object_iter_next((json_t *)(uintptr_t)frame->value, frame->iter);
    place_push_name(place, name);
    note(search, objects_check(&search->reader, name, value), depth);
}

static void look_at_element(struct search *search, struct frame *frame) {
    struct place *place = &search->reader.place;
    const json_t *value = json_array_get(frame->value, frame->index);
    place_push_index(place, frame->index++);
    if (!enter_element(search, frame->field, value)) {
        place_pop(place);
    }
}

static void look_on(struct search *search) {
    struct frame *frame = &search->stack[search->depth - 1];
    if (frame->object != NULL && frame->iter != NULL) {
        look_at_member(search, frame);
    } else if (frame->object != NULL) {
        end_object(search, frame);
    } else if (frame->iter != NULL) {
        look_at_shared(search, frame);
    } else if (frame->index < json_array_size(frame->value)) {
        look_at_element(search, frame);
    } else {
        pop(search);
    }
}

void mistakes_find(struct mistakes *out, const char *text, size_t size,
                   const struct err *first, size_t most) {
    json_t *root = NULL;
    struct search search = {
        .first = first,
        .out = out,
        .most = most < MISTAKES_MAX ? most : MISTAKES_MAX,
    };
    search.reader.err = &search.err;
    out->count = 0;
    if (text_parse(&root, text, size, NULL) != 0) {
        return;
    }
    push(&search, root, &schema_document, NULL);
    while (search.depth > 0 && out->count < search.most) {
        look_on(&search);
    }
    if (out->count == 0 && size <= STEP_MISTAKES_BYTES) {
        step_mistakes_find(out, root, first, search.most);
    }
    json_decref(root);
}
