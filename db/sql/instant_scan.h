/* SPDX-License-Identifier: MIT */
/*
 * instant_scan - the instants of stored runs, by run and time, as a filter wants them. Chunks
 * that cannot hold a wanted instant are not read. See span_scan.h.
 */
#ifndef DB_SQL_INSTANT_SCAN_H
#define DB_SQL_INSTANT_SCAN_H

#include "db/sql/span_scan.h"

struct instant_scan;

struct instant_filter {
    struct int_range run, at;
    struct lane_filter lane;
    uint32_t kinds; /* bit 1 << enum instant_kind */
};

#define INSTANT_FILTER_ALL                                                               \
    ((struct instant_filter){.run = INT_RANGE_ALL,                                       \
                             .at = INT_RANGE_ALL,                                        \
                             .lane = LANE_FILTER_ALL,                                    \
                             .kinds = UINT32_MAX})

int instant_scan_create(struct instant_scan **out, struct sqlite3 *sqlite,
                        struct err *err) WARN_UNUSED;
void instant_scan_destroy(struct instant_scan *scan);

int instant_scan_start(struct instant_scan *scan, const struct instant_filter *filter,
                       struct err *err) WARN_UNUSED;
int instant_scan_next(struct instant_scan *scan, struct err *err) WARN_UNUSED;

struct instant_place {
    const struct instant_block *block;
    int64_t run;
    int64_t rowid;
    uint32_t index;
};
void instant_scan_place(const struct instant_scan *scan, struct instant_place *out);

/* The lanes of the run where the scan is. */
int instant_scan_names(struct instant_scan *scan, const struct run_names **out,
                       struct err *err) WARN_UNUSED;

#endif
