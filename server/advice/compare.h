/* SPDX-License-Identifier: MIT */
/*
 * compare - cells side by side, metric by metric: medians, by what factor each differs from
 * the first, and whether chance alone could have made the difference.
 *
 * Cells draw the same random numbers in the same repetition, so that they are compared in
 * pairs. A difference is certain when the 95 % interval of the median ratio leaves 1 out;
 * with a single repetition nothing is known of chance.
 *
 * Only runs of the same work can be compared: the same "workload", "reference" and "seed".
 * Where it is the work that was changed on purpose, a caller may allow differences within
 * it; the unit of work (jobs of one kind of source, or actors of the same names) must still
 * be the same.
 */
#ifndef SERVER_ADVICE_COMPARE_H
#define SERVER_ADVICE_COMPARE_H

#include "server/advice/json_difference.h"
#include "server/advice/trial.h"

#include <stdbool.h>

enum { COMPARE_MAX = 8 };

struct compare_side {
    const char *label;  /* for messages */
    json_t *document;   /* of the cell, as grid_cell_document() writes it; owned */
    struct trial trial; /* owned */
};
void compare_side_deinit(struct compare_side *side);

enum compare_verdict {
    COMPARE_SAME, /* equal, or chance alone could make them differ */
    COMPARE_BETTER,
    COMPARE_WORSE,
    COMPARE_DIFFERENT, /* of a metric that is neither better high nor low */
    COMPARE_UNSURE,    /* they differ, but there is one repetition only */
    COMPARE_NO_VALUE,  /* one of them lacks the metric */
    COMPARE_VERDICT_COUNT
};

/* "same", "better", "worse", "different", "unsure", "no_value". */
const char *compare_verdict_name(enum compare_verdict verdict);

struct compare_figure {
    double median;                /* NaN: none */
    struct bootstrap_ratio ratio; /* to the first side */
    enum compare_verdict verdict;
};

struct compare_row {
    enum metric_id metric;
    struct compare_figure figures[COMPARE_MAX];
};

struct comparison {
    size_t sides;
    /* Those that some side has; by importance: certain before unsure before neutral ones; of
     * these what the user of a program feels before what explains it, and the larger factor
     * first. */
    struct compare_row rows[METRIC_COUNT];
    size_t row_count;
    struct json_differences
        differences[COMPARE_MAX]; /* of the documents, to the first's */
};

/*
 * `count` from 2 to COMPARE_MAX; trials of as many repetitions each. ERR_CONFLICT: they
 * cannot be compared, with the place and values that differ. ERR_NOMEM. The sides must
 * outlive the comparison; free with comparison_deinit().
 */
int compare_make(struct comparison *out, const struct compare_side *sides, size_t count,
                 bool other_work, struct err *err) WARN_UNUSED;
void comparison_deinit(struct comparison *comparison);

#endif
