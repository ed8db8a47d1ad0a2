/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <stdint.h>

json_t *tree_copy(const json_t *value) {
    json_t *copy = json_copy((json_t *)(uintptr_t)value);
    if (copy != NULL && (json_object_size(copy) != json_object_size(value) ||
                         json_array_size(copy) != json_array_size(value))) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

/* A list index as RFC 6901 writes it: digits without a leading zero. */
static bool parse_index(const char *token, size_t *out) {
    size_t index = 0;
    if (token[0] == '\0' || (token[0] == '0' && token[1] != '\0')) {
        return false;
    }
    for (; *token != '\0'; token++) {
        if (*token < '0' || *token > '9' || index > SIZE_MAX / 100) {
            return false;
        }
        index = index * 10 + (size_t)(*token - '0');
    }
    *out = index;
    return true;
}

json_t *tree_step(const json_t *value, const char *token) {
    size_t index;
    if (json_is_object(value)) {
        return json_object_get(value, token);
    }
    if (json_is_array(value) && parse_index(token, &index)) {
        return json_array_get(value, index);
    }
    return NULL;
}

int tree_replace(json_t *container, const char *token, json_t *take_value) {
    size_t index;
    if (json_is_object(container)) {
        return json_object_set_new(container, token, take_value);
    }
    if (!parse_index(token, &index)) {
        json_decref(take_value);
        return -1;
    }
    return json_array_set_new(container, index, take_value);
}
