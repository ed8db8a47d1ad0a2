/* SPDX-License-Identifier: MIT */
/*
 * run_names - what the numbers in a run's chunks stand for: lanes with their kind and name,
 * sites with their place in the document. One run at a time, read when asked for.
 */
#ifndef DB_SQL_RUN_NAMES_H
#define DB_SQL_RUN_NAMES_H

#include "engine/base/memory.h"
#include "engine/record/lane.h"

struct sqlite3;

struct lane_name {
    const char *name; /* NULL: there is no such lane */
    sim_ns born_ns, died_ns;
    lane_id parent;
    uint8_t kind; /* enum lane_kind */
};

/* A zeroed one with `sqlite` set is empty. */
struct run_names {
    struct sqlite3 *sqlite;
    int64_t lanes_of, sites_of; /* runs, 0: none */
    struct lane_name *lanes;
    size_t lane_count, lane_capacity;
    const char **sites;
    size_t site_count, site_capacity;
    struct arena lane_texts, site_texts;
};

void run_names_deinit(struct run_names *names);

/* Read the lanes, or the sites, of that run unless they are there. ERR_CORRUPT, ERR_NOMEM. */
int run_names_read_lanes(struct run_names *names, int64_t run,
                         struct err *err) WARN_UNUSED;
int run_names_read_sites(struct run_names *names, int64_t run,
                         struct err *err) WARN_UNUSED;

/* NULL when the run has no such lane, no such site. */
const struct lane_name *run_names_lane(const struct run_names *names, lane_id lane);
const char *run_names_site(const struct run_names *names, site_id site);

/* The position of a word of so many bytes in one of the tables of lane.h; -1: none. */
int run_names_word(const char *(*name_of)(int), int count, const char *text, size_t size);
const char *run_names_state_word(int state);
const char *run_names_kind_word(int kind);
const char *run_names_instant_word(int kind);
const char *run_names_counter_word(int kind);

#endif
