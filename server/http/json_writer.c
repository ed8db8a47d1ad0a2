/* SPDX-License-Identifier: MIT */
#include "server/http/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"

/* --- the buffer ------------------------------------------------------------------ */

/* Room for `more` bytes and the final NUL; false when there is no memory. */
static bool reserve(struct json_writer *writer, size_t more) {
    if (writer->failed) {
        return false;
    }
    if (more < writer->capacity - writer->size) {
        return true;
    }
    size_t capacity = writer->capacity > 0 ? writer->capacity : 512;
    while (capacity - writer->size <= more) {
        if (capacity > SIZE_MAX / 2) {
            writer->failed = true;
            return false;
        }
        capacity *= 2;
    }
    char *data = realloc(writer->data, capacity);
    if (data == NULL) {
        writer->failed = true;
        return false;
    }
    writer->data = data;
    writer->capacity = capacity;
    return true;
}

static void append(struct json_writer *writer, const char *text, size_t size) {
    if (reserve(writer, size)) {
        memcpy(writer->data + writer->size, text, size);
        writer->size += size;
    }
}

static void append_char(struct json_writer *writer, char c) {
    if (reserve(writer, 1)) {
        writer->data[writer->size++] = c;
    }
}

/* --- structure ------------------------------------------------------------------- */

/* The comma, if one is due, before a key or a value. */
static void separate(struct json_writer *writer) {
    if (writer->after_key) {
        writer->after_key = false;
        return;
    }
    const uint32_t bit = UINT32_C(1) << writer->depth;
    if ((writer->filled & bit) != 0) {
        append_char(writer, ',');
    }
    writer->filled |= bit;
}

static void begin(struct json_writer *writer, char bracket) {
    separate(writer);
    append_char(writer, bracket);
    ASSERT(writer->depth + 1 < JSON_WRITER_MAX_DEPTH);
    writer->depth++;
    writer->filled &= ~(UINT32_C(1) << writer->depth);
}

static void end(struct json_writer *writer, char bracket) {
    ASSERT(writer->depth > 0 && !writer->after_key);
    writer->depth--;
    append_char(writer, bracket);
}

void json_writer_begin_object(struct json_writer *writer) { begin(writer, '{'); }

void json_writer_end_object(struct json_writer *writer) { end(writer, '}'); }

void json_writer_begin_array(struct json_writer *writer) { begin(writer, '['); }

void json_writer_end_array(struct json_writer *writer) { end(writer, ']'); }

/* --- strings --------------------------------------------------------------------- */

/* Length of the valid UTF-8 sequence at `text`, 0 when there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *text, size_t size) {
    const unsigned char lead = text[0];
    if (lead < 0x80) {
        return 1;
    }
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length > size) {
        return 0;
    }
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead == 0xE0) {
        low = 0xA0; /* overlong */
    } else if (lead == 0xED) {
        high = 0x9F; /* surrogates */
    } else if (lead == 0xF0) {
        low = 0x90; /* overlong */
    } else if (lead == 0xF4) {
        high = 0x8F; /* beyond U+10FFFF */
    }
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (text[i] < 0x80 || text[i] > 0xBF) {
            return 0;
        }
    }
    return length;
}

static void append_control(struct json_writer *writer, unsigned char c) {
    static const char names[] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char text[8];
    if (c < sizeof names && names[c] != '\0') {
        const int length = snprintf(text, sizeof text, "\\%c", names[c]);
        append(writer, text, (size_t)length);
    } else {
        const int length = snprintf(text, sizeof text, "\\u%04x", c);
        append(writer, text, (size_t)length);
    }
}

static void append_quoted(struct json_writer *writer, const char *text, size_t size) {
    append_char(writer, '"');
    size_t plain = 0; /* start of the bytes not copied yet */
    size_t i = 0;
    while (i < size) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            i++;
            continue;
        }
        const size_t length =
            c < 0x80 ? 0 : utf8_length((const unsigned char *)text + i, size - i);
        if (length > 0) {
            i += length;
            continue;
        }
        append(writer, text + plain, i - plain);
        if (c == '"' || c == '\\') {
            append_char(writer, '\\');
            append_char(writer, (char)c);
        } else if (c < 0x20) {
            append_control(writer, c);
        } else {
            append(writer, "\xEF\xBF\xBD", 3);
        }
        plain = ++i;
    }
    append(writer, text + plain, size - plain);
    append_char(writer, '"');
}

void json_writer_key(struct json_writer *writer, const char *key) {
    ASSERT(!writer->after_key);
    separate(writer);
    append_quoted(writer, key, strlen(key));
    append_char(writer, ':');
    writer->after_key = true;
}

void json_writer_string_n(struct json_writer *writer, const char *text, size_t size) {
    separate(writer);
    append_quoted(writer, text, size);
}

void json_writer_string(struct json_writer *writer, const char *text) {
    if (text == NULL) {
        json_writer_null(writer);
    } else {
        json_writer_string_n(writer, text, strlen(text));
    }
}

/* --- numbers and words ----------------------------------------------------------- */

void json_writer_uint(struct json_writer *writer, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    separate(writer);
    append(writer, digits + at, sizeof digits - at);
}

void json_writer_int(struct json_writer *writer, int64_t value) {
    if (value >= 0) {
        json_writer_uint(writer, (uint64_t)value);
        return;
    }
    separate(writer);
    append_char(writer, '-');
    writer->after_key = true; /* the digits belong to the minus: no comma */
    json_writer_uint(writer, 0 - (uint64_t)value);
}

void json_writer_real(struct json_writer *writer, double value) {
    if (!isfinite(value)) {
        json_writer_null(writer);
        return;
    }
    struct json_real *last = &writer->last;
    if (last->length == 0 || memcmp(&last->value, &value, sizeof value) != 0) {
        *last = (struct json_real){.value = value};
        last->length = real_text_write(last->text, value);
    }
    separate(writer);
    append(writer, last->text, last->length);
}

void json_writer_interval(struct json_writer *writer, double low, double high) {
    if (isnan(low) || isnan(high)) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_array(writer);
    json_writer_real(writer, low);
    json_writer_real(writer, high);
    json_writer_end_array(writer);
}

void json_writer_bool(struct json_writer *writer, bool value) {
    json_writer_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_writer_null(struct json_writer *writer) { json_writer_raw(writer, "null", 4); }

void json_writer_end_line(struct json_writer *writer) {
    ASSERT(writer->depth == 0 && !writer->after_key);
    append_char(writer, '\n');
    writer->filled = 0;
}

void json_writer_raw(struct json_writer *writer, const char *json, size_t size) {
    separate(writer);
    append(writer, json, size);
}

/* --- life ------------------------------------------------------------------------ */

void json_writer_deinit(struct json_writer *writer) {
    free(writer->data);
    *writer = (struct json_writer){0};
}

int json_writer_steal(struct json_writer *writer, char **out, size_t *size,
                      struct err *err) {
    if (!reserve(writer, 0)) {
        json_writer_deinit(writer);
        return err_set_nomem(err);
    }
    ASSERT(writer->depth == 0 && !writer->after_key);
    writer->data[writer->size] = '\0';
    *out = writer->data;
    *size = writer->size;
    *writer = (struct json_writer){0};
    return 0;
}
