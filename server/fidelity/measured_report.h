/* SPDX-License-Identifier: MIT */
/* measured_report - measured and predicted times of all groups, for people and programs.
 */
#ifndef SERVER_FIDELITY_MEASURED_REPORT_H
#define SERVER_FIDELITY_MEASURED_REPORT_H

#include <stdio.h>

#include "server/fidelity/score.h"

/* A row for each group, then errors by stratum, family and build, then what the rules ask
 * for besides, then what is not predicted. ERR_NOMEM. */
int measured_report_print(const struct score *score, struct err *err) WARN_UNUSED;

/* {"rows": [...], "summary": {...}, "ranking": [...]}: see ranking.h. ERR_IO, ERR_NOMEM. */
int measured_report_json(const struct score *score, FILE *out,
                         struct err *err) WARN_UNUSED;

#endif
