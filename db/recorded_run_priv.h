/* SPDX-License-Identifier: MIT */
/*
 * recorded_run - a run whose recording can be read: a complete one, or one that is being
 * recorded by an owner who lives. Inside db only.
 *
 * Of the latter all that is committed is there, and each lane group is known up to a time of
 * its own:
 *
 *     group 0   |--chunk--|--chunk--|----chunk----|
 *     group 1   |----chunk----|                          - known up to the last chunk's end,
 *     group 2   |-chunk-|. . . . . . . .|                - or as far as the recorder said
 *                                                          that nothing ended (known_time)
 *
 * Everything that ended before that time is in chunks, and what is open at the end of the
 * last one goes on at least as long. The answers to several questions agree when they are
 * put in one transaction.
 */
#ifndef DB_RECORDED_RUN_PRIV_H
#define DB_RECORDED_RUN_PRIV_H

#include "db/connection_priv.h"
#include "engine/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recorded_run {
    struct connection *connection;
    int64_t id;
    size_t lane_count;
    bool is_live; /* it is being recorded */
};

/* ERR_NOT_FOUND: no such run, or no recording of it. ERR_CORRUPT */
int recorded_run_find(struct recorded_run *out, struct connection *connection,
                      int64_t run, struct err *err) WARN_UNUSED;

/* ERR_CORRUPT: the file, the run and `what`. */
int recorded_run_damaged(const struct recorded_run *run, const char *what,
                         struct err *err);

/* The smallest group from *group on that has chunks: 1, or 0 when there is none. ERR_CORRUPT
 * when the run has no such lanes. */
int recorded_run_next_group(const struct recorded_run *run, int64_t *group,
                            struct err *err) WARN_UNUSED;

/* Up to where a lane group, or DAMAGE_INSTANTS or DAMAGE_COUNTERS, is known; SIM_NEVER: to its
 * end. */
int recorded_run_known(const struct recorded_run *run, int64_t group, sim_ns *until_ns,
                       struct err *err) WARN_UNUSED;

/* The furthest of its groups. */
int recorded_run_furthest(const struct recorded_run *run, sim_ns *until_ns,
                          struct err *err) WARN_UNUSED;

/*
 * The pyramid of a run that is being recorded is not sealed up to the top: where the last
 * sheet of a level ends, those of the level below go on. Moves *cut there, when that is
 * later, for a group and a level.
 */
int recorded_run_move_cut(const struct recorded_run *run, int64_t group, unsigned level,
                          sim_ns *cut_ns, struct err *err) WARN_UNUSED;

#endif
