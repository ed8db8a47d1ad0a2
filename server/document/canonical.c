/* SPDX-License-Identifier: MIT */
#include "canonical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/memory.h"

/* --- text --------------------------------------------------------------------- */

struct writer {
    char *text;
    size_t size, capacity;
    bool failed; /* out of memory; what follows is ignored */
};

static void grow(struct writer *writer, size_t more) {
    size_t wanted;
    if (__builtin_add_overflow(writer->capacity, more + 1, &wanted) ||
        __builtin_mul_overflow(wanted, (size_t)2, &wanted)) {
        writer->failed = true;
        return;
    }
    char *grown = memory_resize(writer->text, wanted, 1);
    if (grown == NULL) {
        writer->failed = true;
        return;
    }
    writer->text = grown;
    writer->capacity = wanted;
}

static void write_bytes(struct writer *writer, const char *bytes, size_t size) {
    /* One byte stays for the NUL. */
    if (!writer->failed && size >= writer->capacity - writer->size) {
        grow(writer, size);
    }
    if (!writer->failed) {
        memcpy(writer->text + writer->size, bytes, size);
        writer->size += size;
        writer->text[writer->size] = '\0';
    }
}

static void write_text(struct writer *writer, const char *text) {
    write_bytes(writer, text, strlen(text));
}

/* What must be escaped is, and nothing else. */
static void write_string(struct writer *writer, const char *text) {
    write_text(writer, "\"");
    while (*text != '\0') {
        const char *plain = text;
        while ((unsigned char)*text >= 0x20 && *text != '"' && *text != '\\') {
            text++;
        }
        write_bytes(writer, plain, (size_t)(text - plain));
        if (*text == '"' || *text == '\\') {
            write_text(writer, *text == '"' ? "\\\"" : "\\\\");
            text++;
        } else if (*text != '\0') {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text++);
            write_text(writer, escape);
        }
    }
    write_text(writer, "\"");
}

static void write_real(struct writer *writer, double value) {
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    write_text(writer, text);
    if (strpbrk(text, ".e") == NULL) {
        write_text(writer, ".0");
    }
}

static void write_integer(struct writer *writer, json_int_t value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    write_text(writer, text);
}

static void write_scalar(struct writer *writer, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_STRING:
        write_string(writer, json_string_value(value));
        break;
    case JSON_INTEGER:
        write_integer(writer, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(writer, json_real_value(value));
        break;
    case JSON_TRUE:
        write_text(writer, "true");
        break;
    case JSON_FALSE:
        write_text(writer, "false");
        break;
    default:
        write_text(writer, "null");
        break;
    }
}

/* --- containers --------------------------------------------------------------- */

/* A list or object that has been opened. */
struct level {
    const json_t *value;
    const char **names; /* of an object, sorted; NULL for a list */
    size_t next, count;
};

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted_names(const json_t *object) {
    json_t *const iterable = (json_t *)(uintptr_t)object; /* iterating changes nothing */
    const size_t count = json_object_size(object);
    const char **names = memory_zeroed(count, sizeof names[0]);
    if (names == NULL) {
        return NULL;
    }
    void *iter = json_object_iter(iterable);
    for (size_t i = 0; i < count; i++) {
        names[i] = json_object_iter_key(iter);
        iter = json_object_iter_next(iterable, iter);
    }
    qsort(names, count, sizeof names[0], compare_names);
    return names;
}

static void open_level(struct writer *writer, struct level *level, const json_t *value) {
    *level = (struct level){.value = value, .count = json_array_size(value)};
    if (json_is_object(value)) {
        level->count = json_object_size(value);
        level->names = sorted_names(value);
        writer->failed = writer->failed || level->names == NULL;
    }
    write_text(writer, json_is_object(value) ? "{" : "[");
}

/* The next member or element, after what stands before it; NULL at the end. */
static const json_t *next_value(struct writer *writer, struct level *level) {
    if (level->next == level->count) {
        write_text(writer, json_is_object(level->value) ? "}" : "]");
        return NULL;
    }
    if (level->next > 0) {
        write_text(writer, ",");
    }
    const size_t index = level->next++;
    if (level->names == NULL) {
        return json_array_get(level->value, index);
    }
    write_string(writer, level->names[index]);
    write_text(writer, ":");
    return json_object_get(level->value, level->names[index]);
}

static bool is_container(const json_t *value) {
    return json_is_object(value) || json_is_array(value);
}

static void write_value(struct writer *writer, const json_t *root) {
    struct level levels[CANONICAL_MAX_DEPTH];
    size_t depth = 0;
    const json_t *value = root;
    do {
        if (value == NULL) {
            memory_free(levels[--depth].names);
        } else if (is_container(value)) {
            ASSERT(depth < CANONICAL_MAX_DEPTH);
            open_level(writer, &levels[depth++], value);
        } else {
            write_scalar(writer, value);
        }
        value =
            depth > 0 && !writer->failed ? next_value(writer, &levels[depth - 1]) : NULL;
    } while (depth > 0);
}

int canonical_text(const json_t *value, char **out, size_t *size, struct err *err) {
    enum { FIRST_BYTES = 1024 };
    struct writer writer = {.text = memory_resize(NULL, FIRST_BYTES, 1),
                            .capacity = FIRST_BYTES};
    writer.failed = writer.text == NULL;
    write_value(&writer, value);
    if (writer.failed) {
        memory_free(writer.text);
        return err_set_nomem(err);
    }
    *out = writer.text;
    *size = writer.size;
    return 0;
}
