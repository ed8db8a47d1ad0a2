/* SPDX-License-Identifier: MIT */
/*
 * recommend - which of an experiment's cells to choose for the document's goal, point by
 * point of the sweep: the best one, the runner-up, how they compare with what the document
 * lists first, and what limits each.
 *
 * Cells are compared repetition by repetition (db/cell_compare.h); who is not done, or lacks
 * the goal in some repetition, does not take part. What is listed first is taken for what the
 * user has today. A change is worth nothing when it would gain less than RECOMMEND_WORTH, or
 * when chance alone could have made the difference.
 *
 * These numbers know the spread over seeds only. How far the model itself is off is not in
 * them.
 */
#ifndef SERVER_ADVICE_RECOMMEND_H
#define SERVER_ADVICE_RECOMMEND_H

#include "db/cell_store.h"
#include "engine/analysis/limit.h"
#include "engine/base/memory.h"

#define RECOMMEND_WORTH 0.05 /* our choice */

enum recommend_verdict {
    RECOMMEND_CHANGE,  /* the best one is worth the change */
    RECOMMEND_STAY,    /* no difference worth the change: what is listed first will do */
    RECOMMEND_IS_BEST, /* what is listed first is the best one */
    RECOMMEND_ALONE,   /* there is nothing to compare it with */
    RECOMMEND_VERDICT_COUNT
};

/* "change", "stay", "is_best", "alone". */
const char *recommend_verdict_name(enum recommend_verdict verdict);

/* A cell beside the best one. */
struct recommended {
    const struct cell_row *cell; /* NULL: there is none */
    double value;                /* median of the goal */
    double loss; /* by which factor it is worse than the best one: 1 or more; NaN */
    struct bootstrap_interval loss_95;
    enum limit limit;
};

struct recommendation {
    enum recommend_verdict verdict;
    const char *point; /* of the sweep */
    struct recommended best, runner_up, first;
    size_t cells; /* that took part */
};

struct recommendation_list {
    enum metric_id goal;          /* METRIC_COUNT: none, and no items */
    struct recommendation *items; /* by the first cell of each point */
    size_t count;
};

/* `cells` have been compared. ERR_NOMEM. Rows are borrowed; free with
 * recommendation_list_deinit(). */
int recommendation_list_make(struct recommendation_list *out,
                             const struct cell_list *cells, struct err *err) WARN_UNUSED;
void recommendation_list_deinit(struct recommendation_list *list);

enum { RECOMMEND_TEXT_SIZE = 1024 };

/* One or two English sentences with the numbers above. */
void recommend_sentence(const struct recommendation *recommendation, enum metric_id goal,
                        char out[RECOMMEND_TEXT_SIZE]);

#endif
