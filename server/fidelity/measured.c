/* SPDX-License-Identifier: MIT */
#include "server/fidelity/measured.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const double QUIET_STEAL = 0.10; /* share of all CPUs that the host took */
static const double SHORT_S = 0.2;      /* below it the share cannot be resolved */

/* --- values -------------------------------------------------------------------- */

double measured_number(const struct json_t *object, const char *key, const char *inner) {
    const json_t *value = json_object_get(object, key);
    if (inner != NULL) {
        value = json_object_get(value, inner);
    }
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static double first_number(const json_t *object, const char *const *keys) {
    for (; *keys != NULL; keys++) {
        const double value = measured_number(object, *keys, NULL);
        if (!isnan(value)) {
            return value;
        }
    }
    return 1.0;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static bool same_interval(double a, double b) { return (isnan(a) && isnan(b)) || a == b; }

/* --- grouping ------------------------------------------------------------------ */

static struct measured_group *find_group(struct measured *measured, const json_t *line) {
    const double interval = measured_number(line, "switch_interval", NULL);
    for (size_t i = 0; i < measured->group_count; i++) {
        struct measured_group *group = &measured->groups[i];
        if (strcmp(group->build, text_of(line, "build")) == 0 &&
            strcmp(group->family, text_of(line, "family")) == 0 &&
            same_interval(group->switch_interval_s, interval) &&
            json_equal(group->params, json_object_get(line, "params"))) {
            return group;
        }
    }
    return NULL;
}

static struct measured_group *add_group(struct measured *measured, const json_t *line) {
    if (vec_reserve((void **)&measured->groups, &measured->group_capacity,
                    measured->group_count, sizeof *measured->groups) != 0) {
        return NULL;
    }
    struct measured_group *group = &measured->groups[measured->group_count++];
    *group = (struct measured_group){
        .build = text_of(line, "build"),
        .family = text_of(line, "family"),
        .params = json_object_get(line, "params"),
        .switch_interval_s = measured_number(line, "switch_interval", NULL),
        .primitive = strcmp(text_of(line, "set"), "primitive") == 0,
    };
    return group;
}

static int add_row(struct measured *measured, const json_t *line, struct err *err) {
    static const char *const solo_keys[] = {"solo_s", "solo_cpu_s", NULL};
    const json_t *result = json_object_get(line, "result");
    if (!json_is_object(result)) {
        return 0; /* the build does not have the family */
    }
    struct measured_group *group = find_group(measured, line);
    if (group == NULL) {
        group = add_group(measured, line);
    }
    if (group == NULL || vec_reserve((void **)&group->rows, &group->row_capacity,
                                     group->row_count, sizeof *group->rows) != 0) {
        return err_set_nomem(err);
    }
    const double wall = measured_number(result, "wall_s", NULL);
    const double steal = measured_number(result, "steal", NULL);
    group->rows[group->row_count++] = (struct measured_row){
        .result = result,
        .wall_s = wall,
        .solo_s = first_number(result, solo_keys),
        .steal = steal,
        .quiet = wall < SHORT_S || isnan(steal) || steal <= QUIET_STEAL,
    };
    return 0;
}

/* --- reading ------------------------------------------------------------------- */

static int read_line(struct measured *measured, const char *text, size_t size,
                     size_t number, struct err *err) {
    json_error_t where;
    json_t *line = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (line != NULL && !json_is_object(line)) {
        json_decref(line);
        return err_set(err, ERR_INVALID, "line %zu is no JSON object", number);
    }
    if (line == NULL) {
        return err_set(err, ERR_INVALID, "line %zu is no JSON object: %s", number,
                       where.text);
    }
    if (json_array_append_new(measured->lines, line) != 0) {
        return err_set_nomem(err);
    }
    return add_row(measured, line, err);
}

static int read_lines(struct measured *measured, FILE *file, struct err *err) {
    char *text = NULL;
    size_t capacity = 0, number = 0;
    ssize_t size;
    int rc = 0;
    while (rc == 0 && (size = getline(&text, &capacity, file)) >= 0) {
        number++;
        if (text[strspn(text, " \t\r\n")] != '\0') {
            rc = read_line(measured, text, (size_t)size, number, err);
        }
    }
    free(text);
    if (rc == 0 && ferror(file)) {
        rc = err_set(err, ERR_IO, "cannot read line %zu", number + 1);
    }
    if (rc == 0 && measured->group_count == 0) {
        rc =
            err_set(err, ERR_INVALID,
                    "holds no measurements; tests/fidelity/measure.py writes such files");
    }
    return rc;
}

int measured_read(struct measured *out, const char *path, struct err *err) {
    struct measured measured = {.lines = json_array()};
    FILE *file = fopen(path, "r");
    if (file == NULL || measured.lines == NULL) {
        json_decref(measured.lines);
        if (file != NULL) {
            fclose(file);
        }
        return err_set(err, ERR_IO, "cannot open it: %s", strerror(errno));
    }
    const int rc = read_lines(&measured, file, err);
    fclose(file);
    if (rc != 0) {
        measured_deinit(&measured);
        return rc;
    }
    *out = measured;
    return 0;
}

void measured_deinit(struct measured *measured) {
    for (size_t i = 0; i < measured->group_count; i++) {
        memory_free(measured->groups[i].rows);
    }
    memory_free(measured->groups);
    json_decref(measured->lines);
    *measured = (struct measured){0};
}

/* --- primitives ---------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool group_matches(const struct measured_group *group,
                          const struct measured_figure *figure) {
    return group->primitive && strcmp(group->build, figure->build) == 0 &&
           strcmp(group->family, figure->family) == 0 &&
           (figure->param == NULL ||
            measured_number(group->params, figure->param, NULL) == figure->value);
}

double measured_primitive(const struct measured *measured,
                          const struct measured_figure *figure) {
    enum { MAX = 64 };
    double values[MAX];
    size_t count = 0;
    for (size_t i = 0; i < measured->group_count; i++) {
        const struct measured_group *group = &measured->groups[i];
        for (size_t k = 0; group_matches(group, figure) && k < group->row_count; k++) {
            const double value =
                measured_number(group->rows[k].result, figure->key, figure->inner);
            if (!isnan(value) && count < MAX) {
                values[count++] = value;
            }
        }
    }
    if (count == 0) {
        return NAN;
    }
    qsort(values, count, sizeof values[0], compare_doubles);
    return values[(count - 1) / 4];
}
