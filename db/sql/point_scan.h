/* SPDX-License-Identifier: MIT */
/*
 * point_scan - the instants, or the samples of counters, of stored runs, by run and time, as
 * a filter wants them. Chunks that cannot hold a wanted one are not read, damaged ones are
 * noted and left out. See span_scan.h.
 */
#ifndef DB_SQL_POINT_SCAN_H
#define DB_SQL_POINT_SCAN_H

#include "db/sql/span_scan.h"

struct point_scan;

/* Of what there is a scan. */
enum point_type { POINT_INSTANTS, POINT_COUNTERS, POINT_TYPE_COUNT };

struct point_filter {
    struct int_range run, at;
    struct lane_filter lane;
    uint32_t kinds; /* bit 1 << enum instant_kind, or counter_kind */
};

/* Adds to `damages`, unless it is NULL, what is left out. */
int point_scan_create(struct point_scan **out, struct sqlite3 *sqlite,
                      enum point_type type, struct damage_list *damages,
                      struct err *err) WARN_UNUSED;
void point_scan_destroy(struct point_scan *scan);

int point_scan_start(struct point_scan *scan, const struct point_filter *filter,
                     struct err *err) WARN_UNUSED;
int point_scan_next(struct point_scan *scan, struct err *err) WARN_UNUSED;

/* A row. */
struct point_place {
    int64_t run;
    int64_t rowid;
    sim_ns at_ns;
    lane_id lane;
    uint8_t kind;  /* enum instant_kind, or counter_kind */
    lane_id by;    /* of an instant */
    int64_t value; /* of a counter */
};
void point_scan_place(const struct point_scan *scan, struct point_place *out);

/* The lanes of the run where the scan is. */
int point_scan_names(struct point_scan *scan, const struct run_names **out,
                     struct err *err) WARN_UNUSED;

#endif
