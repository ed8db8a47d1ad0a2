/* SPDX-License-Identifier: MIT */
/* schema_gate - the rows of schema.h for what must hold of the results. */
#include "server/document/schema_priv.h"

static const struct schema_field gate_where_fields[] = {
    {.name = "runtime",
     .type = SCHEMA_STRING,
     .min = 1,
     .max = 1000,
     .unit = "bytes",
     .meaning = "a runtime, with or without what is overridden in it"},
    {.name = "strategy",
     .type = SCHEMA_STRING,
     .min = 1,
     .max = 224,
     .unit = "bytes",
     .meaning = "a strategy: \"asyncio\", or \"asyncio(100)\" as results call it"},
    {.name = "point",
     .type = SCHEMA_MAP,
     .min = 1,
     .max = 16,
     .unit = "",
     .meaning = "JSON pointers of the sweep, each with one of its values"},
};
const struct schema_object schema_gate_where = OBJECT("'where'", gate_where_fields);

static const struct schema_field gate_fields[] = {
    {.name = "metric",
     .type = SCHEMA_STRING,
     .required = true,
     .names = NAMES_METRICS,
     .max = 64,
     .unit = "",
     .meaning = "the metric that is looked at"},
    {.name = "min",
     .type = SCHEMA_NUMBER,
     .max = 1e18,
     .unit = "",
     .meaning = "the smallest value that will do"},
    {.name = "max",
     .type = SCHEMA_NUMBER,
     .max = 1e18,
     .unit = "",
     .meaning = "the largest value that will do"},
    {.name = "over",
     .type = SCHEMA_STRING,
     .names = NAMES_OVER,
     .max = 16,
     .unit = "",
     .fallback = "median",
     .meaning = "what must hold: the median of the repetitions, or every one of them"},
    {.name = "where",
     .type = SCHEMA_OBJECT,
     .unit = "",
     .meaning = "the cells in which it must hold, all when not written",
     .object = &schema_gate_where},
};
const struct schema_object schema_gate = OBJECT("a gate", gate_fields);
