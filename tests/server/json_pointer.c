/* SPDX-License-Identifier: MIT */
#include "json_pointer.h"

#include <stdlib.h>

/* Decodes the token after the slash; returns where the next one begins. */
static const char *read_token(const char *pointer, char out[512]) {
    size_t used = 0;
    for (pointer++; *pointer != '\0' && *pointer != '/' && used < 511; pointer++) {
        char c = *pointer;
        if (c == '~') {
            pointer++;
            c = *pointer == '0' ? '~' : '/';
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return pointer;
}

const json_t *json_pointer_get(const json_t *root, const char *pointer) {
    const json_t *value = root;
    while (value != NULL && *pointer == '/') {
        char token[512];
        pointer = read_token(pointer, token);
        value = json_is_array(value)
                    ? json_array_get(value, (size_t)strtoul(token, NULL, 10))
                    : json_object_get(value, token);
    }
    return *pointer == '\0' ? value : NULL;
}

bool json_pointer_resolves(const char *text, size_t size, const char *pointer) {
    json_t *root = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    const bool result = root == NULL || json_pointer_get(root, pointer) != NULL;
    json_decref(root);
    return result;
}
