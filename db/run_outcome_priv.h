/* SPDX-License-Identifier: MIT */
/* run_outcome - what all ways to store a run share. Inside db only. */
#ifndef DB_RUN_OUTCOME_PRIV_H
#define DB_RUN_OUTCOME_PRIV_H

#include "engine/analysis/run.h"

#include <stdint.h>

struct connection;

enum { RUN_FINGERPRINT_SIZE = 17 };

/* 16 hexadecimal digits; "" of a run that was stopped. */
void run_outcome_fingerprint(const struct run_result *result,
                             char out[RUN_FINGERPRINT_SIZE]);

/* ERR_NOT_FOUND when there is no such cell, ERR_INVALID when the sites are no JSON. */
int run_outcome_check(struct connection *connection, int64_t cell, const char *sites,
                      struct err *err) WARN_UNUSED;

/* Metrics and histograms, inside a transaction that holds the run's row. */
int run_outcome_insert(struct connection *connection, int64_t run,
                       const struct run_result *result, struct err *err) WARN_UNUSED;

#endif
