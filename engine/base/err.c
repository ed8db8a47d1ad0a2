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

int err_set_at(struct err *err, const char *file, int line, int code, const char *fmt,
               ...) {
    if (err_begin(err, file, line, code)) {
        va_list args;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
    }
    return code;
}

int err_set_pointer_at(struct err *err, const char *file, int line, const char *pointer,
                       const char *fmt, ...) {
    if (err_begin(err, file, line, ERR_INVALID)) {
        va_list args;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        snprintf(err->pointer, sizeof err->pointer, "%s", pointer);
    }
    return ERR_INVALID;
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
