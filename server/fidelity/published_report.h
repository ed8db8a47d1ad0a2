/* SPDX-License-Identifier: MIT */
/* published_report - the published figures beside the model's, for people and programs.
 */
#ifndef SERVER_FIDELITY_PUBLISHED_REPORT_H
#define SERVER_FIDELITY_PUBLISHED_REPORT_H

#include <stdio.h>

#include "server/fidelity/published.h"

/* Tables, one for each experiment, and a count of verdicts. ERR_NOMEM. */
int published_report_print(const struct published *published,
                           struct err *err) WARN_UNUSED;

/* {"rows": [...], "summary": {...}}: ERR_IO, ERR_NOMEM. */
int published_report_json(const struct published *published, FILE *out,
                          struct err *err) WARN_UNUSED;

#endif
