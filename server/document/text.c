/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdio.h>
#include <string.h>

#include "server/document/place.h"
#include "server/document/spelling.h"

/* --- scanning ----------------------------------------------------------------- */

/*
 * A scan follows brackets and strings without building anything. It agrees with the
 * parser up to the first error of syntax, where the parser stops anyway.
 */
struct scan_level {
    bool is_object;
    size_t index;               /* elements before the one at hand */
    size_t key_first, key_last; /* of the member at hand: its quotes */
};

struct scan {
    const char *text;
    size_t at, size;
    size_t depth;
    struct scan_level level[DOCUMENT_MAX_DEPTH + 1]; /* [0] is outside everything */
};

/* `at` is at an opening quote; leaves it after the closing one. */
static void scan_string(struct scan *scan) {
    struct scan_level *level = &scan->level[scan->depth];
    const size_t first = scan->at++;
    while (scan->at < scan->size && scan->text[scan->at] != '"') {
        scan->at += scan->text[scan->at] == '\\' ? 2 : 1;
    }
    scan->at++;
    /* Only the first string after a brace or comma is a name; others are values. */
    if (level->is_object && level->key_last < level->key_first) {
        level->key_first = first;
        level->key_last = scan->at - 1;
    }
}

/* Marks that the next string of this object is a name. */
static void expect_key(struct scan *scan, struct scan_level *level) {
    level->key_first = scan->size;
    level->key_last = 0;
}

/* Goes on until `end`, or until the nesting is too deep: then false. */
static bool scan_until(struct scan *scan, size_t end) {
    while (scan->at < end) {
        const char c = scan->text[scan->at];
        struct scan_level *level = &scan->level[scan->depth];
        if (c == '"') {
            scan_string(scan);
            continue;
        }
        if (c == '{' || c == '[') {
            if (scan->depth == DOCUMENT_MAX_DEPTH) {
                return false;
            }
            level = &scan->level[++scan->depth];
            *level = (struct scan_level){.is_object = c == '{'};
            expect_key(scan, level);
        } else if ((c == '}' || c == ']') && scan->depth > 0) {
            scan->depth--;
        } else if (c == ',') {
            level->index++;
            expect_key(scan, level);
        }
        scan->at++;
    }
    return true;
}

static void line_and_column(const char *text, size_t at, size_t *line, size_t *column) {
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            (*column)++;
        }
    }
}

static int check_depth(const char *text, size_t size, struct err *err) {
    struct scan scan = {.text = text, .size = size};
    if (scan_until(&scan, size)) {
        return 0;
    }
    size_t line, column;
    line_and_column(text, scan.at, &line, &column);
    return err_set_pointer(
        err, "",
        "line %zu, column %zu: lists and objects are nested more than %d "
        "deep; nest them less",
        line, column, DOCUMENT_MAX_DEPTH);
}

/* --- a member written twice --------------------------------------------------- */

/* The name between two quotes, decoded; NULL when that fails. */
static json_t *decode_key(const struct scan *scan, const struct scan_level *level) {
    if (level->key_last <= level->key_first || level->key_last >= scan->size) {
        return NULL;
    }
    return json_loadb(scan->text + level->key_first,
                      level->key_last - level->key_first + 1, JSON_DECODE_ANY, NULL);
}

/* `end` is just after the second name. Without memory for a name the pointer is shorter.
 */
static int refuse_duplicate(const char *text, size_t size, size_t end, struct err *err) {
    struct scan scan = {.text = text, .size = size};
    struct place place = {0};
    json_t *names[DOCUMENT_MAX_DEPTH + 1] = {0};
    bool whole = scan_until(&scan, end < size ? end : size);
    for (size_t i = 1; whole && i <= scan.depth; i++) {
        if (!scan.level[i].is_object) {
            place_push_index(&place, scan.level[i].index);
            continue;
        }
        names[i] = decode_key(&scan, &scan.level[i]);
        whole = json_is_string(names[i]);
        if (whole) {
            place_push_name(&place, json_string_value(names[i]));
        }
    }
    char pointer[sizeof err->pointer];
    place_format(&place, pointer, sizeof pointer);
    size_t line, column;
    line_and_column(text, scan.at < size ? scan.at : size, &line, &column);
    const int rc =
        err_set_pointer(err, pointer,
                        "line %zu, column %zu: this member is written twice in the "
                        "same object; remove one of them",
                        line, column);
    for (size_t i = 0; i <= DOCUMENT_MAX_DEPTH; i++) {
        json_decref(names[i]);
    }
    return rc;
}

/* --- parsing ------------------------------------------------------------------ */

/* jansson's own sentences quote the text and can hold anything; these are ours. */
static const char *syntax_sentence(enum json_error_code code) {
    switch (code) {
    case json_error_invalid_utf8:
        return "the text is not valid UTF-8; save it as UTF-8";
    case json_error_premature_end_of_input:
        return "the text ends too early: a bracket, brace or quote is not closed";
    case json_error_end_of_input_expected:
        return "text follows the end of the document; remove it";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string contains the character NUL; remove it";
    case json_error_numeric_overflow:
        return "the number is too large; write a smaller one";
    default:
        return "this is no JSON; look for a missing comma or quote, a comma after the "
               "last "
               "element, or a word such as NaN or Infinity";
    }
}

static int refuse_syntax(const char *text, size_t size, const json_error_t *error,
                         struct err *err) {
    const enum json_error_code code = json_error_code(error);
    /* Out of memory outside a token jansson sets nothing at all, not even a line. */
    if (error->line < 0 || code == json_error_out_of_memory) {
        return err_set_nomem(err);
    }
    if (code == json_error_duplicate_key) {
        const size_t end = error->position > 0 ? (size_t)error->position : 0;
        return refuse_duplicate(text, size, end, err);
    }
    return err_set_pointer(err, "", "line %d, column %d: %s", error->line, error->column,
                           syntax_sentence(code));
}

static bool is_blank(const char *text, size_t size) {
    size_t i = 0;
    while (i < size && memchr(" \t\r\n", text[i], 4) != NULL) {
        i++;
    }
    return i == size;
}

int text_parse(json_t **out, const char *text, size_t size, struct err *err) {
    if (size > DOCUMENT_MAX_BYTES) {
        return err_set_pointer(
            err, "",
            "the document has %zu bytes; at most %d are read, so make it "
            "shorter",
            size, DOCUMENT_MAX_BYTES);
    }
    if (is_blank(text, size)) {
        return err_set_pointer(err, "",
                               "the text is empty; write a JSON object: { ... }");
    }
    int rc = check_depth(text, size, err);
    if (rc != 0) {
        return rc;
    }
    json_error_t error = {0};
    json_t *root =
        json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL) {
        return refuse_syntax(text, size, &error, err);
    }
    if (!json_is_object(root)) {
        rc = err_set_pointer(err, "", "the document must be an object: { ... }, not %s",
                             text_type_name(root));
        json_decref(root);
        return rc;
    }
    *out = root;
    return 0;
}

const char *text_type_name(const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        break;
    }
    return "null";
}

bool text_values_equal(const json_t *a, const json_t *b) {
    if (json_is_number(a) && json_is_number(b)) {
        const double difference = json_number_value(a) - json_number_value(b);
        return !(difference < 0) && !(difference > 0);
    }
    return json_equal(a, b) != 0;
}
