/* SPDX-License-Identifier: MIT */
/* run_report - an experiment's outcome as a table for people. */
#ifndef SERVER_CLI_RUN_REPORT_H
#define SERVER_CLI_RUN_REPORT_H

#include "db/cell_store.h"
#include "db/experiment_store.h"
#include "engine/base/err.h"
#include "server/document/document.h"
#include "server/gate/gate_check.h"

#include <stdio.h>

/*
 * One line per cell: medians over the repetitions. The document's goal, or the makespan,
 * has its 95 % interval beside it, and with a goal a column tells how many times as large
 * it is as in the best cell at the same point. Then why cells are not simply done.
 */
int run_report_print(const struct experiment_row *row, const struct cell_list *cells,
                     const struct document *document, FILE *out,
                     struct err *err) WARN_UNUSED;

/* A line for each gate that does not hold in a cell. */
void run_report_gates(const struct gate_report *gates, const struct document *document,
                      FILE *out);

#endif
