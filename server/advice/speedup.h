/* SPDX-License-Identifier: MIT */
/*
 * speedup - virtual speed-up in the manner of Coz (Curtsinger and Berger, SOSP 2015): how much
 * better a cell's goal would be if one step of its program took 10, 25 or 50 % less time.
 *
 * Coz slows everything else down, since a real program cannot be made faster at will. A model
 * can: the step's time is scaled and the cell is run again, with the same seed and the same
 * random numbers, and compared pair by pair.
 *
 * A step that is never waited for gains nothing however fast it is; one that everybody waits
 * for gains more than its own share.
 *
 * Time: that of 3 x as many trials as there are steps with a time.
 */
#ifndef SERVER_ADVICE_SPEEDUP_H
#define SERVER_ADVICE_SPEEDUP_H

#include "server/advice/trial.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

enum { SPEEDUP_STEPS = 3, SPEEDUP_MAX_SITES = 64 };

extern const double speedup_factors[SPEEDUP_STEPS]; /* 0.90, 0.75, 0.50 of the time */

struct speedup_row {
    const char *site; /* JSON pointer into the cell's document */
    struct bootstrap_ratio ratio[SPEEDUP_STEPS]; /* goal then / goal as it is */
    double gain[SPEEDUP_STEPS];                  /* share by which it is better; NaN */
};

struct speedup {
    struct plan plan; /* owns the texts */
    enum metric_id goal;
    uint32_t repetitions;     /* of every trial */
    double value;             /* median of the goal as it is */
    struct speedup_row *rows; /* by the gain at the last factor, the largest first */
    size_t count;
    size_t left_out; /* steps beyond SPEEDUP_MAX_SITES, in the order of the document */
};

struct speedup_request {
    const struct document *document;
    const struct grid *grid; /* of the document */
    size_t cell;
    struct trial_options options;
};

/* ERR_UNSUPPORTED: the cell does not exist. ERR_CANCELLED, ERR_NOMEM. Free with
 * speedup_deinit(). */
int speedup_make(struct speedup *out, const struct speedup_request *request,
                 struct err *err) WARN_UNUSED;
void speedup_deinit(struct speedup *speedup);

#endif
