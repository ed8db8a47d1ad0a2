/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"

static void push(struct place *place, struct place_token token) {
    ASSERT(place->depth < sizeof place->token / sizeof place->token[0]);
    place->token[place->depth++] = token;
}

void place_push_name(struct place *place, const char *name) {
    push(place, (struct place_token){.name = name});
}

void place_push_index(struct place *place, size_t index) {
    push(place, (struct place_token){.index = index});
}

void place_pop(struct place *place) {
    ASSERT(place->depth > 0);
    place->depth--;
}

/* --- reference tokens --------------------------------------------------------- */

size_t place_escaped_size(const char *name) {
    size_t size = 0;
    for (; *name != '\0'; name++) {
        size += *name == '~' || *name == '/' ? 2 : 1;
    }
    return size;
}

size_t place_escape(const char *name, char *out) {
    char *end = out;
    for (; *name != '\0'; name++) {
        if (*name == '~' || *name == '/') {
            *end++ = '~';
            *end++ = *name == '~' ? '0' : '1';
        } else {
            *end++ = *name;
        }
    }
    *end = '\0';
    return (size_t)(end - out);
}

bool place_unescape(const char *token, size_t size, char *out) {
    for (size_t i = 0; i < size; i++) {
        if (token[i] != '~') {
            *out++ = token[i];
            continue;
        }
        i++;
        if (i == size || (token[i] != '0' && token[i] != '1')) {
            return false;
        }
        *out++ = token[i] == '0' ? '~' : '/';
    }
    *out = '\0';
    return true;
}

/* --- pointers ----------------------------------------------------------------- */

/* "/" + the digits of a size_t + NUL fit. */
enum { INDEX_TEXT_SIZE = 24 };

static size_t token_size(const struct place_token *token) {
    if (token->name != NULL) {
        return 1 + place_escaped_size(token->name);
    }
    char text[INDEX_TEXT_SIZE];
    return (size_t)snprintf(text, sizeof text, "/%zu", token->index);
}

/* Writes a token with its slash and a NUL; `out` has room. */
static size_t token_write(const struct place_token *token, char *out) {
    if (token->name != NULL) {
        *out = '/';
        return 1 + place_escape(token->name, out + 1);
    }
    char text[INDEX_TEXT_SIZE];
    const size_t size = (size_t)snprintf(text, sizeof text, "/%zu", token->index);
    memcpy(out, text, size + 1);
    return size;
}

void place_format(const struct place *place, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < place->depth; i++) {
        const size_t more = token_size(&place->token[i]);
        if (more >= size - used) {
            return;
        }
        used += token_write(&place->token[i], out + used);
    }
}

char *place_copy(const struct place *place, struct arena *arena) {
    size_t size = 1;
    for (size_t i = 0; i < place->depth; i++) {
        size += token_size(&place->token[i]);
    }
    char *out = arena_alloc(arena, size, 1);
    if (out != NULL) {
        place_format(place, out, size);
    }
    return out;
}
