/* SPDX-License-Identifier: MIT */
/*
 * err - the one error object of the program.
 *
 * A function that can fail returns 0 or a negative `enum err_code`; its last parameter is
 * a `struct err *` owned by the caller. NULL is allowed. The first error set is kept: a
 * later failure during cleanup never hides the cause. Out-parameters are untouched on
 * failure.
 *
 * `pointer` is a JSON pointer into the user's document when the error is about one, and
 * `text_line`, `text_column` say where in a text of several lines that the document has
 * there, such as a query.
 *
 * A reader of another language needs the sentence apart from what was put into it:
 * `holes` says where in `text` the values of the format stand, in their order.
 */
#ifndef ENGINE_BASE_ERR_H
#define ENGINE_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#define WARN_UNUSED __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_code {
    ERR_OK = 0,
    ERR_NOMEM = -1,       /* memory could not be had */
    ERR_INVALID = -2,     /* the input is wrong: see `pointer` */
    ERR_LIMIT = -3,       /* a limit of the document or of the program was reached */
    ERR_NOT_FOUND = -4,   /* no such thing */
    ERR_UNSUPPORTED = -5, /* a combination that does not exist: "not applicable" */
    ERR_IO = -6,          /* file, socket */
    ERR_DB = -7,          /* SQLite said no */
    ERR_CANCELLED = -8,   /* somebody asked to stop */
    ERR_CORRUPT = -9,     /* stored bytes are damaged */
    ERR_CONFLICT = -10    /* the state of the thing forbids it */
};

enum { ERR_HOLES_MAX = 10 };

struct err_hole {
    short at, size; /* bytes of `text` */
};

struct err {
    int code; /* 0 when nothing was set */
    int line; /* source line that set it */
    const char *file;
    int text_line, text_column; /* from 1; 0 when not about a place in a text */
    char pointer[192];          /* JSON pointer, "" when not about a document */
    char text[320];             /* one sentence, no newline */
    int hole_count;             /* 0 also for a sentence that had to be cut */
    struct err_hole holes[ERR_HOLES_MAX];
};

/* Forgets the error, so that the object can be used again. */
void err_clear(struct err *err);

/* Sets code and text unless an error is already there; returns `code`. */
int err_set_at(struct err *err, const char *file, int line, int code, const char *fmt,
               ...) PRINTF_LIKE(5, 6);

/* The same with a JSON pointer into the document. */
int err_set_pointer_at(struct err *err, const char *file, int line, const char *pointer,
                       const char *fmt, ...) PRINTF_LIKE(5, 6);

/* err_set_at() and err_set_pointer_at() for functions that have a format themselves;
 * `pointer` is "" when the error is not about a document. */
int err_vset_at(struct err *err, const char *file, int line, int code,
                const char *pointer, const char *fmt, va_list args) PRINTF_LIKE(6, 0);

/* Sets the text of another error under a code of its own, with the values in it; the
 * pointer stays behind. */
int err_set_from_at(struct err *err, const char *file, int line, int code,
                    const struct err *cause);

#define err_set(err, code, ...) err_set_at((err), __FILE__, __LINE__, (code), __VA_ARGS__)

/* Always ERR_INVALID. */
#define err_set_pointer(err, pointer, ...)                                               \
    err_set_pointer_at((err), __FILE__, __LINE__, (pointer), __VA_ARGS__)

#define err_set_from(err, code, cause)                                                   \
    err_set_from_at((err), __FILE__, __LINE__, (code), (cause))

#define err_set_nomem(err) err_set((err), ERR_NOMEM, "out of memory")

/* "invalid", "limit" ...: a stable word for each code. */
const char *err_code_name(int code);

#endif
