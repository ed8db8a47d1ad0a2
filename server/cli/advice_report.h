/* SPDX-License-Identifier: MIT */
/* advice_report - recommendations and scaling curves of an experiment, for people. */
#ifndef SERVER_CLI_ADVICE_REPORT_H
#define SERVER_CLI_ADVICE_REPORT_H

#include "db/cell_store.h"
#include "engine/base/err.h"

#include <stdio.h>

/* Nothing when there is nothing to say. `cells` have been compared. ERR_NOMEM */
int advice_report_print(const struct cell_list *cells, FILE *out,
                        struct err *err) WARN_UNUSED;

#endif
