/* SPDX-License-Identifier: MIT */
/*
 * finding - rules that say what a run suffered from: which number passed which threshold,
 * and the interval of the run that proves it.
 *
 * A rule looks at what happened - who waited how long for what, and who had it meanwhile -
 * and not at the plan, except to tell what a lane or a site stands for. What to do about
 * it, and what that would gain, is for the caller to try (server/advice).
 *
 * Most rules need the run's spans. Without a recording only those speak that can be told
 * from the times per state and the metrics; with a window of one, all numbers that come
 * from spans are those of the window.
 *
 * Thresholds are in the table finding_rules and nowhere else. They say from where on a
 * rule speaks, not how much it matters: that is `severity`, the share of the time that
 * would be saved at most if what the rule names did not exist.
 */
#ifndef ENGINE_ANALYSIS_FINDING_H
#define ENGINE_ANALYSIS_FINDING_H

#include "engine/analysis/run.h"
#include "engine/record/recording.h"

enum finding_id {
    FINDING_GIL_BOUND,
    FINDING_GIL_CONVOY,
    FINDING_STARVED_IO_THREAD,
    FINDING_C_CALL_HOLDS_GIL,
    FINDING_SWITCH_INTERVAL,
    FINDING_LOOP_BLOCKED,
    FINDING_LOOP_STARVED_BY_GIL,
    FINDING_TIMER_GRANULARITY,
    FINDING_POOL_TOO_SMALL,
    FINDING_POOL_OVERSUBSCRIBED,
    FINDING_START_COST_DOMINATES,
    FINDING_PICKLING_BOUND,
    FINDING_NESTED_PARALLELISM,
    FINDING_REFCOUNT_PING_PONG,
    FINDING_LOCK_CONTENDED,
    FINDING_LOST_UPDATES,
    FINDING_IDLE_CORES,
    FINDING_UNSTABLE_LOAD,
    FINDING_DEADLOCK,
    FINDING_NOTHING_TO_GAIN,
    FINDING_COUNT
};

struct finding_rule {
    const char *name; /* "gil-bound" */
    const char *number;
    const char *unit; /* of number and threshold: "ratio", "us", "count" */
    double
        threshold; /* the rule speaks from here on; NaN: the switch interval of the run */
    const char *source; /* where the threshold comes from */
};

extern const struct finding_rule finding_rules[FINDING_COUNT];

/* FINDING_COUNT when there is none of that name. */
enum finding_id finding_find(const char *name);

/* A further number of the explanation; names are constants, with their units. */
struct finding_value {
    const char *name;
    double value;
};

enum { FINDING_MAX_VALUES = 6, FINDING_NO_OBJECT = -1 };

struct finding {
    enum finding_id id;
    double number;    /* >= threshold */
    double threshold; /* of this run */
    double severity;  /* 0 .. 1 */
    lane_id lane; /* the proof: what this lane did from then to then; LANE_NONE: none */
    sim_ns from_ns, to_ns;
    lane_id culprit; /* who had meanwhile what the lane wanted; LANE_NONE */
    site_id site;    /* the step to look at; SITE_NONE */
    int32_t state;   /* what was done there, enum lane_state; -1: unknown */
    int32_t object;  /* index in plan.objects; FINDING_NO_OBJECT */
    struct finding_value values[FINDING_MAX_VALUES];
    size_t value_count;
};

/* NaN when the finding has no such number. */
double finding_value(const struct finding *finding, const char *name);

/* `waiter` waits at `site` for what `holder` has and will not give back. */
struct finding_edge {
    lane_id waiter, resource, holder;
    site_id site;
};

struct findings {
    struct finding items[FINDING_COUNT]; /* by severity, highest first */
    size_t count;
    struct finding_edge *cycle; /* of the deadlock: each holder is the next waiter */
    size_t cycle_count;
};

struct finding_input {
    const struct plan *plan;
    const struct run_result *result;   /* not stopped */
    const struct recording *recording; /* all kinds of lanes; NULL: there is none */
};

/* ERR_NOMEM. Free with findings_deinit(). */
int findings_find(const struct finding_input *input, struct findings *out,
                  struct err *err) WARN_UNUSED;
void findings_deinit(struct findings *findings);

#endif
