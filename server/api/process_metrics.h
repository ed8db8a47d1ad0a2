/* SPDX-License-Identifier: MIT */
/* process_metrics - the standard metrics of a process (process_cpu_seconds_total ...), as
 * Linux tells them. What it does not tell is left out. */
#ifndef SERVER_API_PROCESS_METRICS_H
#define SERVER_API_PROCESS_METRICS_H

#include <stdio.h>

void process_metrics_write(FILE *out);

#endif
