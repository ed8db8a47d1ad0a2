/* SPDX-License-Identifier: MIT */
#include "server/advice/json_difference.h"

#include "server/document/place.h"
#include "server/document/text.h"

/* Where the walk is, and what it found. */
struct walk {
    struct place place;
    struct json_differences *out;
    struct err *err;
};

static int add(struct walk *walk, const json_t *a, const json_t *b) {
    struct json_differences *out = walk->out;
    if (out->count >= JSON_DIFFERENCES_MAX) {
        return 0;
    }
    const char *pointer = place_copy(&walk->place, &out->arena);
    if (pointer == NULL || vec_reserve((void **)&out->items, &out->capacity, out->count,
                                       sizeof *out->items) != 0) {
        return err_set_nomem(walk->err);
    }
    out->items[out->count++] = (struct json_difference){pointer, a, b};
    return 0;
}

static int visit(struct walk *walk, const json_t *a, const json_t *b);

/* Members of `a`, then those that only `b` has. */
static int visit_members(struct walk *walk, const json_t *a, const json_t *b) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)a, name, value) {
        place_push_name(&walk->place, name);
        const int rc = visit(walk, value, json_object_get(b, name));
        place_pop(&walk->place);
        if (rc != 0) {
            return rc;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)b, name, value) {
        if (json_object_get(a, name) == NULL) {
            place_push_name(&walk->place, name);
            const int rc = visit(walk, NULL, value);
            place_pop(&walk->place);
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

static int visit_elements(struct walk *walk, const json_t *a, const json_t *b) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(a); i++) {
        place_push_index(&walk->place, i);
        rc = visit(walk, json_array_get(a, i), json_array_get(b, i));
        place_pop(&walk->place);
    }
    return rc;
}

/* Documents are at most DOCUMENT_MAX_DEPTH deep. */
static int visit(struct walk *walk, const json_t *a, const json_t *b) {
    if (json_is_object(a) && json_is_object(b)) {
        return visit_members(walk, a, b);
    }
    if (json_is_array(a) && json_is_array(b) &&
        json_array_size(a) == json_array_size(b)) {
        return visit_elements(walk, a, b);
    }
    return text_values_equal(a, b) ? 0 : add(walk, a, b);
}

int json_differences_find(struct json_differences *out, const json_t *a, const json_t *b,
                          struct err *err) {
    struct json_differences list = {0};
    struct walk walk = {.out = &list, .err = err};
    const int rc = visit(&walk, a, b);
    if (rc != 0) {
        json_differences_deinit(&list);
        return rc;
    }
    *out = list;
    return 0;
}

void json_differences_deinit(struct json_differences *list) {
    memory_free(list->items);
    arena_deinit(&list->arena);
    *list = (struct json_differences){0};
}
