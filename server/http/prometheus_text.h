/* SPDX-License-Identifier: MIT */
/*
 * prometheus_text - the text format 0.0.4 of Prometheus:
 *
 *     # HELP gilscope_runs_total Runs that ended.
 *     # TYPE gilscope_runs_total counter
 *     gilscope_runs_total{status="done"} 12
 *
 * All samples of a family follow its head. Names, helps and labels are the program's own:
 * nothing is escaped.
 */
#ifndef SERVER_HTTP_PROMETHEUS_TEXT_H
#define SERVER_HTTP_PROMETHEUS_TEXT_H

#include "engine/base/err.h"

#include <stdio.h>

#define PROMETHEUS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* `type`: "counter", "gauge", "histogram". */
void prometheus_text_family(FILE *out, const char *name, const char *type,
                            const char *help);

/* A sample; the labels are a format: "status=\"%s\"". */
void prometheus_text_labelled(FILE *out, const char *name, double value,
                              const char *labels, ...) PRINTF_LIKE(4, 5);

/* A family of one sample without labels. */
void prometheus_text_value(FILE *out, const char *name, const char *type,
                           const char *help, double value);

#endif
