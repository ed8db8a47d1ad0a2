/* SPDX-License-Identifier: MIT */
#include "server/fidelity/error_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

const char error_table_head[] = "build,family,strategy,work,workers,switch_interval_us,"
                                "gil_wait_share,measured_s,predicted_s,deviation,"
                                "p50_error";

/* Families whose rows do not name a strategy themselves: what their work runs on. */
static const char *const strategies[][2] = {
    {"procs", "processes"},     {"aio_tasks", "asyncio"},
    {"aio_blocked", "asyncio"}, {"aio_offload", "asyncio_to_thread"},
    {"aio_sem", "asyncio"},     {"aio_queue", "asyncio"},
};

static const char *strategy_of(const struct measured_group *group) {
    const json_t *named = json_object_get(group->params, "strategy");
    if (json_is_string(named)) {
        return json_string_value(named);
    }
    for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++) {
        if (strcmp(group->family, strategies[i][0]) == 0) {
            return strategies[i][1];
        }
    }
    return "threads";
}

/* --- lines --------------------------------------------------------------------- */

struct line {
    char *text; /* ERROR_LINE_SIZE; what does not fit is cut off, and embed complains */
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line,
                                                           const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    const size_t room = ERROR_LINE_SIZE - line->length;
    const int length = vsnprintf(line->text + line->length, room, fmt, args);
    va_end(args);
    line->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

/* Four digits: prediction is exact, but nobody needs more. */
static void line_add_number(struct line *line, double value) {
    if (isnan(value)) {
        line_add(line, ",");
    } else {
        line_add(line, ",%.4g", value);
    }
}

/* By name; the measurements name them in any order. */
static void line_add_work(struct line *line, const json_t *params) {
    const char *before = ",", *last = "";
    for (;;) {
        const char *next = NULL, *key;
        json_t *value;
        json_object_foreach((json_t *)params, key, value) {
            if (strcmp(key, last) > 0 && (next == NULL || strcmp(key, next) < 0)) {
                next = key;
            }
        }
        if (next == NULL) {
            break;
        }
        last = next;
        value = json_object_get(params, next);
        if (strcmp(next, "strategy") == 0 || strcmp(next, "workers") == 0) {
            continue;
        }
        if (json_is_number(value)) {
            line_add(line, "%s%s=%g", before, next, json_number_value(value));
        } else {
            line_add(line, "%s%s=%s", before, next,
                     json_is_string(value) ? json_string_value(value)
                     : json_is_true(value) ? "yes"
                                           : "no");
        }
        before = " ";
    }
    if (before[0] == ',') {
        line_add(line, ",");
    }
}

bool error_table_line(const struct score_row *row, char out[ERROR_LINE_SIZE]) {
    struct line line = {.text = out};
    const struct measured_group *group = row->group;
    if (!row->eligible || isnan(row->predicted_s)) {
        return false;
    }
    line_add(&line, "%s,%s,%s", group->build, group->family, strategy_of(group));
    line_add_work(&line, group->params);
    line_add_number(&line, measured_number(group->params, "workers", NULL));
    line_add_number(&line, group->switch_interval_s * 1e6);
    line_add_number(&line, row->gil_wait_share);
    line_add_number(&line, row->measured_s);
    line_add_number(&line, row->predicted_s);
    line_add_number(&line, row->deviation);
    line_add_number(&line, row->detail_error);
    return true;
}

void error_table_write(const struct score *score, FILE *out) {
    char line[ERROR_LINE_SIZE];
    fprintf(out, "%s\n", error_table_head);
    for (size_t i = 0; i < score->count; i++) {
        if (error_table_line(&score->rows[i], line)) {
            fprintf(out, "%s\n", line);
        }
    }
}
