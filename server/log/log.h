/* SPDX-License-Identifier: MIT */
/*
 * log - one line per event on standard error, in logfmt:
 *
 *     ts=2026-11-27T18:01:34.250Z level=error at=jobs msg="run r12 could not be stored"
 *
 * `ts` is the wall clock's time in UTC (RFC 3339), to the millisecond, when it was written.
 * The environment variable GILSCOPE_LOG (error, warn, info, debug; default warn) says
 * from which level on. Lines of several threads never mix. No other module of the server
 * writes to standard error, except the command line's messages to its user.
 */
#ifndef SERVER_LOG_LOG_H
#define SERVER_LOG_LOG_H

#include "engine/base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

/* Reads the environment. Before the first thread starts; without it the level is warn. */
void log_init(void);

/* Whether a line of that level is written at all. */
bool log_is_on(enum log_level level);

/* `at`: the part of the server that speaks ("http", "jobs"). */
void log_write(enum log_level level, const char *at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void log_write_v(enum log_level level, const char *at, const char *fmt, va_list args)
    PRINTF_LIKE(3, 0);

/* The same with fields of its own, "id=7 path=\"/x\"", which must be logfmt already. */
void log_fields(enum log_level level, const char *at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Any text as the value of a field, in quotes; cut where there is no room. At least three
 * bytes. */
void log_quote(const char *text, char *out, size_t capacity);

#endif
