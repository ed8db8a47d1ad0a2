/* SPDX-License-Identifier: MIT */
#include "engine/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void err_clear(struct err *err) {
    if (err != NULL) {
        memset(err, 0, sizeof *err);
    }
}

/* True when the caller may fill the object: the first error wins. */
static bool err_begin(struct err *err, const char *file, int line, int code) {
    if (err == NULL || err->code != 0) {
        return false;
    }
    err->code = code;
    err->file = file;
    err->line = line;
    return true;
}

/* --- sentences ------------------------------------------------------------------- */

/* Bytes that occur in no UTF-8 text: they stand around a value while it is printed. */
static const char hole_begins = '\xfe', hole_ends = '\xff';

enum { MARKED_SIZE = sizeof((struct err *)0)->text + 2 * ERR_HOLES_MAX };

/* Copies a format with marks around each conversion; false when there are too many. */
static bool mark_format(const char *fmt, char out[MARKED_SIZE]) {
    size_t used = 0;
    int count = 0;
    while (*fmt != '\0') {
        const bool is_value = fmt[0] == '%' && fmt[1] != '%';
        const size_t size = fmt[0] != '%' ? strcspn(fmt, "%")
                            : is_value    ? strcspn(fmt, "diouxXeEfFgGcsp") + 1
                                          : 2;
        if (used + size + 3 > MARKED_SIZE || (is_value && count++ == ERR_HOLES_MAX)) {
            return false;
        }
        if (is_value) {
            out[used++] = hole_begins;
        }
        memcpy(out + used, fmt, size);
        used += size;
        if (is_value) {
            out[used++] = hole_ends;
        }
        fmt += size;
    }
    out[used] = '\0';
    return true;
}

/* Takes the marks out of a printed sentence and notes where they were. */
static void fill_text(struct err *err, const char *marked) {
    short used = 0;
    for (; *marked != '\0' && used < (short)sizeof err->text - 1; marked++) {
        if (*marked == hole_begins && err->hole_count < ERR_HOLES_MAX) {
            err->holes[err->hole_count++] = (struct err_hole){.at = used};
        } else if (*marked == hole_ends && err->hole_count > 0) {
            struct err_hole *hole = &err->holes[err->hole_count - 1];
            hole->size = (short)(used - hole->at);
        } else if (*marked != hole_begins && *marked != hole_ends) {
            err->text[used++] = *marked;
        }
    }
    err->text[used] = '\0';
}

static void print_text(struct err *err, const char *fmt, va_list args) {
    char format[MARKED_SIZE], marked[MARKED_SIZE];
    /* "%s" alone is a sentence that was made elsewhere. */
    if (strcmp(fmt, "%s") == 0 || !mark_format(fmt, format)) {
        vsnprintf(err->text, sizeof err->text, fmt, args);
        return;
    }
    /* Not a literal, but one with marks that mean nothing to printf. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const int size = vsnprintf(marked, sizeof marked, format, args);
#pragma GCC diagnostic pop
    fill_text(err, marked);
    if (size >= (int)(sizeof err->text + 2 * (size_t)err->hole_count)) {
        err->hole_count = 0;
    }
}

int err_vset_at(struct err *err, const char *file, int line, int code,
                const char *pointer, const char *fmt, va_list args) {
    if (err_begin(err, file, line, code)) {
        print_text(err, fmt, args);
        snprintf(err->pointer, sizeof err->pointer, "%s", pointer);
    }
    return code;
}

int err_set_at(struct err *err, const char *file, int line, int code, const char *fmt,
               ...) {
    va_list args;
    va_start(args, fmt);
    err_vset_at(err, file, line, code, "", fmt, args);
    va_end(args);
    return code;
}

int err_set_pointer_at(struct err *err, const char *file, int line, const char *pointer,
                       const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    err_vset_at(err, file, line, ERR_INVALID, pointer, fmt, args);
    va_end(args);
    return ERR_INVALID;
}

int err_set_from_at(struct err *err, const char *file, int line, int code,
                    const struct err *cause) {
    if (err_begin(err, file, line, code)) {
        memcpy(err->text, cause->text, sizeof err->text);
        memcpy(err->holes, cause->holes, sizeof err->holes);
        err->hole_count = cause->hole_count;
    }
    return code;
}

const char *err_code_name(int code) {
    static const char *const names[] = {
        "ok",        "out-of-memory", "invalid",      "limit",
        "not-found", "unsupported",   "input-output", "database",
        "cancelled", "corrupt",       "conflict",
    };
    const int index = -code;
    if (index < 0 || index >= (int)(sizeof names / sizeof names[0])) {
        return "unknown";
    }
    return names[index];
}
