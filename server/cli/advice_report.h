/* SPDX-License-Identifier: MIT */
/* advice_report - recommendations and scaling curves of an experiment, for people. */
#ifndef SERVER_CLI_ADVICE_REPORT_H
#define SERVER_CLI_ADVICE_REPORT_H

#include "db/cell_store.h"
#include "engine/base/err.h"

#include <stdio.h>

struct document;

/* Nothing when there is nothing to say. `cells` are those of `document`, and have been
 * compared. ERR_NOMEM */
int advice_report_print(const struct cell_list *cells, const struct document *document,
                        FILE *out, struct err *err) WARN_UNUSED;

#endif
