/* SPDX-License-Identifier: MIT */
/* finished_run - inside a transaction of somebody else. Inside db only. */
#ifndef DB_FINISHED_RUN_PRIV_H
#define DB_FINISHED_RUN_PRIV_H

#include "db/finished_run.h"

struct connection;

int finished_run_insert(struct connection *connection, const struct finished_run *runs,
                        size_t count, struct err *err) WARN_UNUSED;

#endif
