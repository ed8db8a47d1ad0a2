/* SPDX-License-Identifier: MIT */
/* schema_priv - what the files that hold the rows of schema.h share. */
#ifndef SERVER_DOCUMENT_SCHEMA_PRIV_H
#define SERVER_DOCUMENT_SCHEMA_PRIV_H

#include "server/document/schema.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Longest time of one step or answer: a million seconds, so that sums and scaling stay far from the
 * end of 64-bit nanoseconds. */
#define TIME_MAX_US 1e12

/* A table of rows as an object. */
#define OBJECT(what, rows)                                                               \
    { .phrase = (what), .fields = (rows), .field_count = COUNT_OF(rows) }

/* The row of a member that holds steps. */
#define STEP_BODY(label, what)                                                           \
    {                                                                                    \
        .name = (label), .type = SCHEMA_LIST, .required = true, .min = 1, .max = 1e6,    \
        .unit = "", .meaning = (what), .variants = &schema_steps                         \
    }

#endif
