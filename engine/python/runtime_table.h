/* SPDX-License-Identifier: MIT */
/* runtime_table - the named runtimes: one row per Python version, every parameter with
 * its unit, range, meaning and source. */
#ifndef ENGINE_PYTHON_RUNTIME_TABLE_H
#define ENGINE_PYTHON_RUNTIME_TABLE_H

#include <stdbool.h>

#include "engine/base/field.h"
#include "engine/program/runtime.h"

struct runtime_row {
    const char *title; /* "CPython 3.12" */
    const char *gil;   /* "interval", "none": the word of the API */
    struct runtime runtime;
    bool hypothetical; /* no release of CPython behaves like this */
};

extern const struct runtime_row runtime_rows[];
extern const size_t runtime_row_count;
extern const struct field runtime_fields[];
extern const size_t runtime_field_count;

/* The row whose runtime has that name ("cpython-3.12"), or NULL. */
const struct runtime_row *runtime_row_find(const char *name);

#endif
