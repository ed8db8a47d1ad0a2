/* SPDX-License-Identifier: MIT */
/* range_totals - for who has a connection instead of a reader. Inside db only. */
#ifndef DB_RANGE_TOTALS_PRIV_H
#define DB_RANGE_TOTALS_PRIV_H

#include "db/connection_priv.h"
#include "db/range_totals.h"

/* The first lane of the query; see range_totals_lane(). */
int range_totals_of_lane(struct connection *connection, const struct range_query *query,
                         struct range_lane *out, struct err *err) WARN_UNUSED;

#endif
