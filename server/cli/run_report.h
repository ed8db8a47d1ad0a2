/* SPDX-License-Identifier: MIT */
/* run_report - an experiment's outcome as a table for people. */
#ifndef SERVER_CLI_RUN_REPORT_H
#define SERVER_CLI_RUN_REPORT_H

#include "db/cell_store.h"
#include "db/experiment_store.h"
#include "engine/base/err.h"

#include <stdint.h>
#include <stdio.h>

/* One line per cell: medians over the repetitions; then why cells are not simply done. */
int run_report_print(const struct experiment_row *row, const struct cell_list *cells,
                     uint32_t repetitions, FILE *out, struct err *err) WARN_UNUSED;

#endif
