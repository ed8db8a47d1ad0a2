/* SPDX-License-Identifier: MIT */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/document/canonical.h"
#include "server/document/reader.h"
#include "server/grid/tree.h"

/* --- pointers ----------------------------------------------------------------- */

/* Splits the pointer as far as it leads to something; false when it does not do so to its
 * end. There are never more tokens than the document has levels. */
static bool split(struct sweep_axis *axis, const json_t *root, char *buffer) {
    const char *at = axis->pointer;
    const json_t *value = root;
    while (*at == '/') {
        const char *token = ++at;
        at += strcspn(at, "/");
        const size_t size = (size_t)(at - token);
        if (axis->token_count == DOCUMENT_MAX_DEPTH ||
            !place_unescape(token, size, buffer)) {
            return false;
        }
        value = tree_step(value, buffer);
        if (value == NULL) {
            return false;
        }
        axis->token[axis->token_count++] = buffer;
        buffer += strlen(buffer) + 1;
    }
    return *at == '\0';
}

/* --- axes --------------------------------------------------------------------- */

/* "/machine", "/seed" ... for sentences. */
static void list_swept(char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < schema_document.field_count && used < size; i++) {
        if (schema_document.fields[i].swept) {
            used +=
                (size_t)snprintf(out + used, size - used, "%s/%s", used == 0 ? "" : ", ",
                                 schema_document.fields[i].name);
        }
    }
}

/* Cells share everything of the document that is not marked as swept, and the lists of
 * runtimes and strategies keep their length. */
static int check_target(struct reader *reader, const struct sweep_axis *axis) {
    const struct schema_field *field =
        axis->token_count == 0 ? NULL
                               : schema_field_find(&schema_document, axis->token[0]);
    if (field == NULL || !field->swept) {
        char known[SPELLING_ADVICE_SIZE];
        list_swept(known, sizeof known);
        return reader_refuse_member(
            reader, axis->pointer,
            "this is the same in every cell and cannot be swept; what "
            "can be is inside %s",
            known);
    }
    if (field->type == SCHEMA_LIST && axis->token_count == 1) {
        return reader_refuse_member(
            reader, axis->pointer,
            "the list itself cannot be swept, only its elements, such "
            "as '/%s/0'",
            field->name);
    }
    return 0;
}

/* True when `inner` is `outer` or lies inside it. */
static bool is_inside(const char *inner, const char *outer) {
    const size_t size = strlen(outer);
    return strncmp(inner, outer, size) == 0 &&
           (inner[size] == '\0' || inner[size] == '/');
}

static int read_axis(struct reader *reader, const json_t *root, struct arena *arena,
                     struct sweep_axis *axis) {
    char *buffer = arena_alloc(arena, strlen(axis->pointer) + 1, 1);
    if (buffer == NULL) {
        return err_set_nomem(reader->err);
    }
    if (axis->pointer[0] != '/' && axis->pointer[0] != '\0') {
        return reader_refuse_member(reader, axis->pointer,
                                    "a JSON pointer begins with '/', such as "
                                    "'/machine/cores'");
    }
    if (!split(axis, root, buffer)) {
        char quoted[SPELLING_QUOTE_SIZE];
        spelling_quote(axis->pointer, quoted);
        return reader_refuse_member(
            reader, axis->pointer,
            "this document has nothing at %s; write the field there "
            "first, or correct the pointer",
            quoted);
    }
    return check_target(reader, axis);
}

static int check_overlap(struct reader *reader, const struct sweep *sweep) {
    for (size_t i = 0; i < sweep->axis_count; i++) {
        for (size_t j = 0; j < sweep->axis_count; j++) {
            const char *inner = sweep->axis[i].pointer, *outer = sweep->axis[j].pointer;
            if (i != j && is_inside(inner, outer)) {
                char quoted[SPELLING_QUOTE_SIZE];
                spelling_quote(outer, quoted);
                return reader_refuse_member(
                    reader, inner,
                    "%s is swept too and contains this; sweep only "
                    "one of them",
                    quoted);
            }
        }
    }
    return 0;
}

static void multiply_points(struct sweep *sweep) {
    sweep->points = 1;
    for (size_t i = 0; i < sweep->axis_count; i++) {
        if (__builtin_mul_overflow(sweep->points, sweep->axis[i].count, &sweep->points)) {
            sweep->points = SIZE_MAX;
            return;
        }
    }
}

static int compare_axes(const void *a, const void *b) {
    const struct sweep_axis *x = a, *y = b;
    return strcmp(x->pointer, y->pointer);
}

static int read_axes(struct reader *reader, struct sweep *sweep, const json_t *root,
                     struct arena *arena) {
    const json_t *members = json_object_get(root, "sweep");
    sweep->axis = arena_alloc(arena, json_object_size(members), sizeof sweep->axis[0]);
    if (sweep->axis == NULL) {
        return err_set_nomem(reader->err);
    }
    place_push_name(&reader->place, "sweep");
    const char *pointer;
    json_t *values;
    json_object_foreach((json_t *)(uintptr_t)members, pointer, values) {
        struct sweep_axis *axis = &sweep->axis[sweep->axis_count++];
        *axis = (struct sweep_axis){
            .pointer = pointer, .values = values, .count = json_array_size(values)};
        const int rc = read_axis(reader, root, arena, axis);
        if (rc != 0) {
            return rc;
        }
    }
    qsort(sweep->axis, sweep->axis_count, sizeof sweep->axis[0], compare_axes);
    return check_overlap(reader, sweep);
}

int sweep_init(struct sweep *out, const json_t *root, struct arena *arena,
               struct err *err) {
    struct reader reader = {.err = err};
    struct sweep sweep = {0};
    const int rc = read_axes(&reader, &sweep, root, arena);
    if (rc != 0) {
        return rc;
    }
    multiply_points(&sweep);
    *out = sweep;
    return 0;
}

/* --- values that occur twice -------------------------------------------------- */

struct digest {
    struct hash hash;
    size_t index;
};

static int compare_digests(const void *a, const void *b) {
    const struct digest *x = a, *y = b;
    if (x->hash.high != y->hash.high) {
        return x->hash.high < y->hash.high ? -1 : 1;
    }
    if (x->hash.low != y->hash.low) {
        return x->hash.low < y->hash.low ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Hashes every value of an axis; `*largest` becomes the size of the longest text. */
static int digest_values(const struct sweep_axis *axis, struct digest *digests,
                         size_t *largest, struct err *err) {
    for (size_t i = 0; i < axis->count; i++) {
        char *text;
        size_t size;
        const int rc = canonical_text(json_array_get(axis->values, i), &text, &size, err);
        if (rc != 0) {
            return rc;
        }
        digests[i] = (struct digest){.hash = hash_begin(), .index = i};
        hash_add(&digests[i].hash, text, size);
        *largest = size > *largest ? size : *largest;
        memory_free(text);
    }
    return 0;
}

/* The first element that repeats an earlier one, or axis->count. */
static size_t find_repeated(const struct sweep_axis *axis, struct digest *digests) {
    size_t repeated = axis->count;
    qsort(digests, axis->count, sizeof digests[0], compare_digests);
    for (size_t i = 1; i < axis->count; i++) {
        const struct hash *a = &digests[i - 1].hash, *b = &digests[i].hash;
        if (a->high == b->high && a->low == b->low && digests[i].index < repeated) {
            repeated = digests[i].index;
        }
    }
    return repeated;
}

static int check_axis_values(const struct sweep_axis *axis, size_t *bytes,
                             struct err *err) {
    struct digest *digests = memory_zeroed(axis->count, sizeof digests[0]);
    if (digests == NULL) {
        return err_set_nomem(err);
    }
    size_t largest = 0;
    int rc = digest_values(axis, digests, &largest, err);
    const size_t repeated = rc == 0 ? find_repeated(axis, digests) : axis->count;
    memory_free(digests);
    if (repeated < axis->count) {
        struct reader reader = {.err = err};
        place_push_name(&reader.place, "sweep");
        place_push_name(&reader.place, axis->pointer);
        place_push_index(&reader.place, repeated);
        rc = reader_refuse(&reader, "this value is in the list already; remove one");
    }
    *bytes += largest;
    return rc;
}

int sweep_check_values(const struct sweep *sweep, size_t *bytes, struct err *err) {
    int rc = 0;
    for (size_t i = 0; i < sweep->axis_count && rc == 0; i++) {
        rc = check_axis_values(&sweep->axis[i], bytes, err);
    }
    return rc;
}

/* --- points ------------------------------------------------------------------- */

/* Which value each axis has at a point. */
static void indices_of(const struct sweep *sweep, size_t point,
                       size_t index[SWEEP_MAX_AXES]) {
    for (size_t i = sweep->axis_count; i-- > 0;) {
        index[i] = point % sweep->axis[i].count;
        point /= sweep->axis[i].count;
    }
}

/* Copies the containers on the way to the swept value and puts it there. `root` is ours.
 */
static int substitute(json_t *root, const struct sweep_axis *axis, size_t index) {
    json_t *container = root;
    for (size_t i = 0; i + 1 < axis->token_count; i++) {
        json_t *copy = tree_copy(tree_step(container, axis->token[i]));
        if (copy == NULL || tree_replace(container, axis->token[i], copy) != 0) {
            return -1;
        }
        container = copy;
    }
    return tree_replace(container, axis->token[axis->token_count - 1],
                        json_incref(json_array_get(axis->values, index)));
}

int sweep_resolve(const struct sweep *sweep, const json_t *root, size_t point,
                  json_t **out, struct err *err) {
    size_t index[SWEEP_MAX_AXES] = {0};
    indices_of(sweep, point, index);
    json_t *copy = tree_copy(root);
    if (copy == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < sweep->axis_count; i++) {
        if (substitute(copy, &sweep->axis[i], index[i]) != 0) {
            json_decref(copy);
            return err_set_nomem(err);
        }
    }
    /* Fails only when there is no sweep. */
    (void)json_object_del(copy, "sweep");
    *out = copy;
    return 0;
}

int sweep_describe(const struct sweep *sweep, size_t point, json_t **out,
                   struct err *err) {
    size_t index[SWEEP_MAX_AXES] = {0};
    indices_of(sweep, point, index);
    json_t *object = json_object();
    if (object == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < sweep->axis_count; i++) {
        json_t *value = json_array_get(sweep->axis[i].values, index[i]);
        if (json_object_set(object, sweep->axis[i].pointer, value) != 0) {
            json_decref(object);
            return err_set_nomem(err);
        }
    }
    *out = object;
    return 0;
}

/* --- errors ------------------------------------------------------------------- */

/* The axis that put the wrong value there: the one whose value contains the place, else
 * the only one that changes something inside it. */
static const struct sweep_axis *find_culprit(const struct sweep *sweep,
                                             const char *pointer) {
    const struct sweep_axis *inside = NULL;
    size_t inside_count = 0;
    for (size_t i = 0; i < sweep->axis_count; i++) {
        const struct sweep_axis *axis = &sweep->axis[i];
        if (is_inside(pointer, axis->pointer)) {
            return axis;
        }
        if (is_inside(axis->pointer, pointer)) {
            inside = axis;
            inside_count++;
        }
    }
    if (inside_count == 0 && sweep->axis_count == 1) {
        return &sweep->axis[0];
    }
    return inside_count == 1 ? inside : NULL;
}

/* Appends "/" and what follows as long as whole tokens fit. */
static void append_tokens(char *out, size_t size, const char *tokens) {
    size_t used = strlen(out);
    while (*tokens == '/') {
        const size_t more = 1 + strcspn(tokens + 1, "/");
        if (used + more >= size) {
            return;
        }
        memcpy(out + used, tokens, more);
        used += more;
        out[used] = '\0';
        tokens += more;
    }
}

void sweep_place_error(const struct sweep *sweep, size_t point, struct err *err) {
    if (err == NULL || err->code != ERR_INVALID || sweep->axis_count == 0) {
        return;
    }
    const struct sweep_axis *axis = find_culprit(sweep, err->pointer);
    if (axis == NULL) {
        return;
    }
    size_t index[SWEEP_MAX_AXES] = {0};
    indices_of(sweep, point, index);
    struct place place = {0};
    place_push_name(&place, "sweep");
    place_push_name(&place, axis->pointer);
    place_push_index(&place, index[axis - sweep->axis]);
    char pointer[sizeof err->pointer];
    place_format(&place, pointer, sizeof pointer);
    if (is_inside(err->pointer, axis->pointer)) {
        append_tokens(pointer, sizeof pointer, err->pointer + strlen(axis->pointer));
    }
    memcpy(err->pointer, pointer, sizeof pointer);
}
