/* SPDX-License-Identifier: MIT */
/*
 * ranking - the question of the `jobs` family: of one batch of jobs on one build, which
 * strategy is the fastest? Measured and predicted order, and whether the strategy that the
 * model puts first is within 10 % of the best measured one.
 *
 * A workload is (count, python_ms, c_ms, io_ms, payload_kb); its entries are the groups
 * that differ in strategy and workers and have a quiet repetition. An entry without a
 * prediction can be the best measured one, never the first predicted one.
 */
#ifndef SERVER_FIDELITY_RANKING_H
#define SERVER_FIDELITY_RANKING_H

#include "server/fidelity/score.h"

struct json_t;

/* One strategy. Ranks begin at 1; equal times share one; 0 = not predicted. */
struct ranking_entry {
    const struct score_row *row; /* borrowed from the score */
    size_t measured_rank, predicted_rank;
    bool tied; /* predicted as nearly as fast as the first: within 2 % */
};

struct ranking {
    struct ranking_entry *entries; /* in the order of measured time */
    size_t count;
    size_t first; /* index of the first predicted entry; count = none is predicted */
    bool within;  /* ... whose measured time is at most 1.10 times the best */
};

struct ranking_list {
    struct ranking *rankings;
    struct ranking_entry *entries; /* of all of them */
    size_t count;
};

/* Borrows the score. ERR_NOMEM. */
int ranking_list_make(struct ranking_list *out, const struct score *score,
                      struct err *err) WARN_UNUSED;
void ranking_list_deinit(struct ranking_list *list);

/* A table per build and workload. */
void ranking_list_print(const struct ranking_list *list);

/* [{"build", "workload", "best_measured", "first_predicted", "within", "order"}] */
struct json_t *ranking_list_json(const struct ranking_list *list);

#endif
