/* SPDX-License-Identifier: MIT */
/*
 * recommend - which of an experiment's cells to choose for the document's goal, point by
 * point of the sweep: the best one, the runner-up, how they compare with what the document
 * lists first, and what limits each.
 *
 * The best cell is the best in all sizes of all pools. Beside it stand the best one of another
 * strategy or runtime, the same with the next smaller and the next larger pool, so that one
 * sees what the size is worth, and who is nearly as good with far less memory.
 *
 * Cells are compared repetition by repetition (db/cell_compare.h); who is not done, or lacks
 * the goal in some repetition, does not take part. What is listed first is taken for what the
 * user has today. A change is worth nothing when it would gain less than RECOMMEND_WORTH, or
 * when chance alone could have made the difference.
 *
 * Two numbers say how far a value may be off, and stay apart: the spread over seeds, which
 * is the document's own randomness, and the error of the model (model_error.h). The stated
 * range is the wider one. Two cells that are nearer to one another than the model may be
 * wrong about their ratio are not told apart, and then no change is recommended.
 */
#ifndef SERVER_ADVICE_RECOMMEND_H
#define SERVER_ADVICE_RECOMMEND_H

#include "db/cell_store.h"
#include "engine/analysis/limit.h"
#include "engine/base/memory.h"
#include "server/advice/model_error.h"

struct grid;

#define RECOMMEND_WORTH 0.05 /* our choice; of a patch against a finding, too */
#define RECOMMEND_LEAN 0.5   /* our choice: of the memory, what is worth a mention */

enum recommend_verdict {
    RECOMMEND_CHANGE,  /* the best one is worth the change */
    RECOMMEND_STAY,    /* no difference worth the change: what is listed first will do */
    RECOMMEND_UNSURE,  /* the model cannot tell the best one from what is listed first */
    RECOMMEND_IS_BEST, /* what is listed first is the best one */
    RECOMMEND_ALONE,   /* there is nothing to compare it with */
    RECOMMEND_VERDICT_COUNT
};

/* "change", "stay", "unsure", "is_best", "alone". */
const char *recommend_verdict_name(enum recommend_verdict verdict);

/* Which of the two is wider. */
enum recommend_range { RECOMMEND_NO_RANGE, RECOMMEND_SPREAD, RECOMMEND_MODEL };

/* A cell beside the best one. */
struct recommended {
    const struct cell_row *cell; /* NULL: there is none */
    double value;                /* median of the goal */
    double memory_bytes;         /* median of the peak; NaN: not known */
    double loss; /* by which factor it is worse than the best one: 1 or more; NaN */
    struct bootstrap_interval loss_95;
    enum limit limit;
    struct bootstrap_interval spread_95; /* of the value, over seeds */
    struct model_error model;
    enum recommend_range range_by;
    struct bootstrap_interval range; /* of the value; NaN when there is none */
    double
        pair_error; /* of the loss, as model_error_between(); NaN: not known, or the best */
};

/* False where the model may be wrong by as much as the cell is worse than the best one; true
 * also where nothing is known of its error. */
bool recommended_is_told_apart(const struct recommended *one);

struct recommendation {
    enum recommend_verdict verdict;
    const char *point; /* of the sweep */
    struct recommended best, first;
    /* Of another strategy or runtime; of another size only where there is no other. */
    struct recommended runner_up;
    /* The best one's strategy with the next smaller and larger size that was tried. Of their
     * model error nothing is said. */
    struct recommended smaller, larger;
    /* Worse than the best by less than RECOMMEND_WORTH, with RECOMMEND_LEAN of its memory at
     * most; of these who needs least. */
    struct recommended leaner;
    size_t cells; /* that took part */
};

struct recommendation_list {
    enum metric_id goal;          /* METRIC_COUNT: none, and no items */
    struct recommendation *items; /* by the first cell of each point */
    size_t count;
};

/* `cells` have been compared; `grid` is what they are cells of, or NULL: then nothing is
 * known of the model's error. ERR_NOMEM. Rows are borrowed; free with
 * recommendation_list_deinit(). */
int recommendation_list_make(struct recommendation_list *out,
                             const struct cell_list *cells, const struct grid *grid,
                             struct err *err) WARN_UNUSED;
void recommendation_list_deinit(struct recommendation_list *list);

enum { RECOMMEND_TEXT_SIZE = 2048 };

/* One or two English sentences with the numbers above. */
void recommend_sentence(const struct recommendation *recommendation, enum metric_id goal,
                        char out[RECOMMEND_TEXT_SIZE]);

/* How far off the recommended value may be, by spread and by model, and in what it lies
 * outside of what was measured. */
void recommend_honesty(const struct recommendation *recommendation, enum metric_id goal,
                       char out[RECOMMEND_TEXT_SIZE]);

#endif
