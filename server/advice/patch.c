/* SPDX-License-Identifier: MIT */
#include "server/advice/patch.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "server/document/document.h"
#include "server/document/place.h"
#include "server/grid/tree.h"

/* --- making -------------------------------------------------------------------- */

static int append(json_t *patch, json_t *take_operation) {
    if (patch == NULL || take_operation == NULL) {
        json_decref(take_operation);
        return -1;
    }
    return json_array_append_new(patch, take_operation);
}

/* json_pack() consumes the value also when it fails. */
int patch_add(json_t *patch, const char *path, json_t *take_value) {
    return append(patch, json_pack("{s:s,s:s,s:o}", "op", "add", "path", path, "value",
                                   take_value));
}

int patch_replace(json_t *patch, const char *path, json_t *take_value) {
    return append(patch, json_pack("{s:s,s:s,s:o}", "op", "replace", "path", path,
                                   "value", take_value));
}

int patch_remove(json_t *patch, const char *path) {
    return append(patch, json_pack("{s:s,s:s}", "op", "remove", "path", path));
}

int patch_move(json_t *patch, const char *from, const char *path) {
    return append(patch,
                  json_pack("{s:s,s:s,s:s}", "op", "move", "from", from, "path", path));
}

/* --- pointers ------------------------------------------------------------------ */

enum { TOKEN_MAX = 512 }; /* longer names are not found */

/* Reads the token after the slash at *at, and goes on to the next. */
static bool next_token(const char **at, char out[TOKEN_MAX]) {
    const char *token = *at + 1;
    const size_t size = strcspn(token, "/");
    *at = token + size;
    return size < TOKEN_MAX && place_unescape(token, size, out);
}

json_t *patch_find(const json_t *document, const char *pointer) {
    char token[TOKEN_MAX];
    const json_t *value = document;
    while (value != NULL && *pointer == '/') {
        value = next_token(&pointer, token) ? tree_step(value, token) : NULL;
    }
    return *pointer == '\0' ? (json_t *)(uintptr_t)value : NULL;
}

/* The container of what the pointer names, and the name in it; NULL: there is none. */
static json_t *find_parent(const json_t *document, const char *pointer,
                           char token[TOKEN_MAX]) {
    const json_t *value = document;
    if (*pointer != '/') {
        return NULL;
    }
    while (next_token(&pointer, token)) {
        if (*pointer == '\0') {
            return (json_t *)(uintptr_t)value;
        }
        value = tree_step(value, token);
        if (value == NULL || *pointer != '/') {
            return NULL;
        }
    }
    return NULL;
}

/* The index of a new element: one that is there, the end, or "-". */
static bool insert_index(const json_t *list, const char *token, size_t *out) {
    const size_t count = json_array_size(list);
    size_t index = 0;
    if (strcmp(token, "-") == 0) {
        *out = count;
        return true;
    }
    for (const char *c = token; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || index > count) {
            return false;
        }
        index = index * 10 + (size_t)(*c - '0');
    }
    *out = index;
    return token[0] != '\0' && (token[0] != '0' || token[1] == '\0') && index <= count;
}

/* --- applying ------------------------------------------------------------------ */

static int leads_nowhere(const char *path, struct err *err) {
    return err_set_pointer(err, path, "the patch leads to nothing in this document");
}

static int apply_add(json_t *document, const char *path, json_t *take_value,
                     struct err *err) {
    char token[TOKEN_MAX];
    json_t *parent = find_parent(document, path, token);
    size_t index;
    if (json_is_object(parent)) {
        return json_object_set_new(parent, token, take_value) == 0 ? 0
                                                                   : err_set_nomem(err);
    }
    if (json_is_array(parent) && insert_index(parent, token, &index)) {
        return json_array_insert_new(parent, index, take_value) == 0 ? 0
                                                                     : err_set_nomem(err);
    }
    json_decref(take_value);
    return leads_nowhere(path, err);
}

/* The value comes back with a reference of its own. */
static int apply_remove(json_t *document, const char *path, json_t **out,
                        struct err *err) {
    char token[TOKEN_MAX];
    json_t *parent = find_parent(document, path, token);
    json_t *value = parent != NULL ? tree_step(parent, token) : NULL;
    size_t index;
    if (value == NULL) {
        return leads_nowhere(path, err);
    }
    *out = json_incref(value);
    if (json_is_object(parent)) {
        (void)json_object_del(parent, token); /* it is there */
    } else if (insert_index(parent, token, &index)) {
        (void)json_array_remove(parent, index); /* likewise */
    }
    return 0;
}

static int apply_replace(json_t *document, const char *path, json_t *take_value,
                         struct err *err) {
    char token[TOKEN_MAX];
    json_t *parent = find_parent(document, path, token);
    if (parent == NULL || tree_step(parent, token) == NULL) {
        json_decref(take_value);
        return leads_nowhere(path, err);
    }
    return tree_replace(parent, token, take_value) == 0 ? 0 : err_set_nomem(err);
}

static int apply_move(json_t *document, const char *from, const char *path,
                      struct err *err) {
    json_t *value = NULL;
    const int rc = apply_remove(document, from, &value, err);
    return rc != 0 ? rc : apply_add(document, path, value, err);
}

static int apply(json_t *document, const json_t *operation, struct err *err) {
    const char *op = json_string_value(json_object_get(operation, "op"));
    const char *path = json_string_value(json_object_get(operation, "path"));
    const char *from = json_string_value(json_object_get(operation, "from"));
    json_t *value = json_object_get(operation, "value");
    if (op != NULL && path != NULL && strcmp(op, "remove") == 0) {
        json_t *removed = NULL;
        const int rc = apply_remove(document, path, &removed, err);
        json_decref(removed);
        return rc;
    }
    if (op != NULL && path != NULL && from != NULL && strcmp(op, "move") == 0) {
        return apply_move(document, from, path, err);
    }
    const bool adds = op != NULL && strcmp(op, "add") == 0;
    if (path == NULL || value == NULL ||
        (!adds && (op == NULL || strcmp(op, "replace") != 0))) {
        return err_set(err, ERR_INVALID, "this is no JSON patch that can be applied");
    }
    json_t *copy = json_deep_copy(value);
    if (copy == NULL) {
        return err_set_nomem(err);
    }
    return adds ? apply_add(document, path, copy, err)
                : apply_replace(document, path, copy, err);
}

int patch_apply(const json_t *document, const json_t *patch, json_t **out,
                struct err *err) {
    json_t *copy = json_deep_copy(document);
    int rc = copy == NULL ? err_set_nomem(err) : 0;
    if (rc == 0 && !json_is_array(patch)) {
        rc = err_set(err, ERR_INVALID, "a JSON patch is a list of operations");
    }
    for (size_t i = 0; rc == 0 && i < json_array_size(patch); i++) {
        rc = apply(copy, json_array_get(patch, i), err);
    }
    if (rc != 0) {
        json_decref(copy);
        return rc;
    }
    *out = copy;
    return 0;
}
