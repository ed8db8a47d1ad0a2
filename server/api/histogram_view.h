/* SPDX-License-Identifier: MIT */
/* histogram_view - a histogram as JSON: for the API and for `gilscope run --json`. */
#ifndef SERVER_API_HISTOGRAM_VIEW_H
#define SERVER_API_HISTOGRAM_VIEW_H

#include "engine/analysis/run_histogram.h"
#include "server/http/json_writer.h"

/* The object; `name` may be of another version. */
void histogram_view_write(struct json_writer *writer, const char *name,
                          const struct run_histogram *histogram);

/* An array of those that have a value. */
void histogram_view_write_all(struct json_writer *writer,
                              const struct run_histogram table[RUN_HISTOGRAM_COUNT]);

#endif
