/* SPDX-License-Identifier: MIT */
/*
 * json_writer - JSON text straight into one growing buffer, without a tree in between.
 *
 * Everything the server and the command line print as JSON goes through it: commas and
 * nesting are the writer's business, the order of calls is the order of the text. Failure
 * (out of memory) is sticky: calls after it do nothing and json_writer_steal() reports
 * it, so that a caller checks once.
 *
 *     json_writer_begin_object(&w);
 *     json_writer_key(&w, "id");
 *     json_writer_string(&w, "e12");
 *     json_writer_end_object(&w);            ->  {"id":"e12"}
 *
 * Strings are UTF-8; bytes that are not are written as U+FFFD, so that the text is always
 * valid JSON. Reals are the shortest text that reads back as the same (real_text.h); NaN and
 * infinities, which JSON does not have, are null.
 */
#ifndef SERVER_HTTP_JSON_WRITER_H
#define SERVER_HTTP_JSON_WRITER_H

#include "engine/base/err.h"
#include "server/http/real_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_WRITER_MAX_DEPTH = 32 };

/* A number and its text, which is dear to find: median, mean and both ends of a single
 * repetition are one number. */
struct json_real {
    double value;
    size_t length; /* 0: there is none */
    char text[REAL_TEXT_SIZE];
};

struct json_writer {
    char *data;      /* heap, not NUL-terminated */
    size_t size;     /* bytes written */
    size_t capacity; /* bytes allocated */
    uint32_t depth;  /* open arrays and objects */
    uint32_t filled; /* bit per depth: something was written there already */
    bool after_key;  /* the next value belongs to a key */
    bool failed;     /* out of memory */
    struct json_real last;
};

/* A zeroed struct is an empty writer. */
void json_writer_deinit(struct json_writer *writer);

void json_writer_begin_object(struct json_writer *writer);
void json_writer_end_object(struct json_writer *writer);
void json_writer_begin_array(struct json_writer *writer);
void json_writer_end_array(struct json_writer *writer);

/* In an object, before each value. */
void json_writer_key(struct json_writer *writer, const char *key);

/* NULL is written as null. */
void json_writer_string(struct json_writer *writer, const char *text);
void json_writer_string_n(struct json_writer *writer, const char *text, size_t size);
void json_writer_int(struct json_writer *writer, int64_t value);
void json_writer_uint(struct json_writer *writer, uint64_t value);
void json_writer_real(struct json_writer *writer, double value);
/* [low, high]; null when one of them is no number. */
void json_writer_interval(struct json_writer *writer, double low, double high);
void json_writer_bool(struct json_writer *writer, bool value);
void json_writer_null(struct json_writer *writer);

/* Ends a line of text in which every line is one value, between them: NDJSON. */
void json_writer_end_line(struct json_writer *writer);

/* Text that is one JSON value already, for example a stored document. */
void json_writer_raw(struct json_writer *writer, const char *json, size_t size);

/*
 * Hands over the text, NUL-terminated (the NUL is not counted); the caller frees it with
 * free(). The writer is empty again. ERR_NOMEM if any call failed. Every array and object
 * must be closed.
 */
int json_writer_steal(struct json_writer *writer, char **out, size_t *size,
                      struct err *err) WARN_UNUSED;

#endif
