/* SPDX-License-Identifier: MIT */
/*
 * field - a table row that describes one parameter of a model: where it lies in its
 * struct, its unit, range, meaning and the source of its default.
 *
 * Machine profiles and runtimes are structs of plain numbers. One table per struct names
 * every member; the document reader (overrides), `gilscope models` and the API all read
 * it, so that a parameter cannot exist without a unit and a source.
 *
 * In a document a parameter is written in `unit`; in the struct it is an int64_t in
 * nanoseconds (unit "us"), parts per million (unit "ratio"), or the number itself
 * ("count", "flag").
 */
#ifndef ENGINE_BASE_FIELD_H
#define ENGINE_BASE_FIELD_H

#include <stddef.h>
#include <stdint.h>

enum field_unit {
    FIELD_US,    /* written in microseconds, held in nanoseconds */
    FIELD_RATIO, /* written as a factor, held in parts per million */
    FIELD_COUNT, /* a whole number */
    FIELD_FLAG,  /* 0 or 1, written as false or true */
    FIELD_UNIT_COUNT
};

struct field {
    const char *name; /* as in the document, with its unit: "timer_slack_us" */
    size_t offset;    /* of an int64_t member */
    enum field_unit unit;
    double min, max; /* in the written unit, both included */
    const char *meaning;
    const char *source; /* file and function, publication or measurement */
};

/* "us", "ratio", "count", "flag". */
const char *field_unit_name(enum field_unit unit);

/* The row with this name, or NULL. */
const struct field *field_find(const struct field *table, size_t count, const char *name);

/* Value of the member in the written unit. */
double field_get(const struct field *field, const void *base);

/* Stores a value given in the written unit; the caller has checked the range. Rounds
 * once. */
void field_set(const struct field *field, void *base, double value);

#endif
