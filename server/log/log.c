/* SPDX-License-Identifier: MIT */
#include "server/log/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static_assert(sizeof level_names / sizeof level_names[0] == LOG_LEVEL_COUNT,
              "a name per level");

/* Set once by log_init(), before threads, and only read after that. */
static enum log_level log_level = LOG_WARN;

void log_init(void) {
    const char *wanted = getenv("GILSCOPE_LOG");
    for (int i = 0; wanted != NULL && i < LOG_LEVEL_COUNT; i++) {
        if (strcmp(wanted, level_names[i]) == 0) {
            log_level = (enum log_level)i;
        }
    }
}

/* Quotes, line ends and a backslash, which readers take with the quote behind it, would break
 * the format, control characters a terminal. */
static void clean(char *text) {
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n') {
        text[--length] = '\0';
    }
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '"') {
            *c = '\'';
        } else if (*c == '\\') {
            *c = '/';
        } else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = ' ';
        }
    }
}

/* "2026-11-27T18:01:34.250Z" */
enum { TIME_SIZE = 32 };

static void write_time(char out[TIME_SIZE]) {
    struct timespec now;
    struct tm utc;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, TIME_SIZE, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

/* One call: stdio locks the stream for it. `fields` is logfmt. */
static void write_line(enum log_level level, const char *at, const char *fields) {
    char time[TIME_SIZE];
    write_time(time);
    fprintf(stderr, "ts=%s level=%s at=%s %s\n", time, level_names[level], at, fields);
}

bool log_is_on(enum log_level level) { return level <= log_level; }

void log_write_v(enum log_level level, const char *at, const char *fmt, va_list args) {
    if (!log_is_on(level)) {
        return;
    }
    char text[512];
    char field[sizeof text + 8];
    vsnprintf(text, sizeof text, fmt, args);
    clean(text);
    snprintf(field, sizeof field, "msg=\"%s\"", text);
    write_line(level, at, field);
}

void log_write(enum log_level level, const char *at, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    log_write_v(level, at, fmt, args);
    va_end(args);
}

void log_fields(enum log_level level, const char *at, const char *fmt, ...) {
    if (!log_is_on(level)) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    write_line(level, at, text);
}

void log_quote(const char *text, char *out, size_t capacity) {
    snprintf(out + 1, capacity - 2, "%s", text);
    out[0] = '"';
    clean(out + 1);
    strcat(out, "\"");
}
