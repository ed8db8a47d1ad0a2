/* SPDX-License-Identifier: MIT */
/* finding_shared - rules about what threads share: reference counts, locks, counters. */
#include "engine/analysis/finding_priv.h"

#include <string.h>

#include "engine/analysis/overlap.h"
#include "engine/base/memory.h"

/* --- reference counts ------------------------------------------------------------ */

static const uint32_t ON_CORE = UINT32_C(1) << STATE_RUNNING |
                                UINT32_C(1) << STATE_RUNNING_C |
                                UINT32_C(1) << STATE_DETACHED;

/* Whether the span is of a step of that kind on that object. */
static bool is_step_on(const struct scene_of_run *run, const struct span *span,
                       enum step_kind kind, size_t object) {
    const struct step *step = step_of_site(run, span->site);
    return step != NULL && step->kind == kind && step->object == object;
}

/* What threads did on one object. */
struct use_of_object {
    struct overlap overlap; /* of the spans, each thread once */
    double total_ns;
    lane_id lane; /* of the longest */
    const struct span *longest;
};

static int add_use(const struct scene_of_run *run, struct use_of_object *use,
                   enum step_kind kind, size_t object, uint32_t states, struct err *err) {
    int rc = 0;
    for (lane_id id = 0; rc == 0 && (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        for (size_t i = 0; rc == 0 && lane->kind == LANE_THREAD && i < lane->count; i++) {
            const struct span *span = &lane->spans[i];
            if ((states >> span->state & 1) == 0 ||
                !is_step_on(run, span, kind, object)) {
                continue;
            }
            rc = overlap_add(&use->overlap, span->start_ns, span->end_ns, 1, err);
            use->total_ns += (double)span_in_window(run, span);
            if (is_longer(span, use->longest)) {
                use->longest = span;
                use->lane = id;
            }
        }
    }
    return rc;
}

/* The object on which threads spent most time in steps of that kind, of those that they
 * share; FINDING_NO_OBJECT: none. `*all_ns`: their time in those states, whatever for. */
static int find_busiest(const struct scene_of_run *run, enum step_kind kind,
                        uint32_t states, int32_t *out, double *all_ns, struct err *err) {
    const size_t count = run->plan->object_count;
    double *sums = memory_zeroed(count + 1, sizeof *sums);
    if (sums == NULL) {
        return err_set_nomem(err);
    }
    *all_ns = 0;
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        for (size_t i = 0; lane->kind == LANE_THREAD && i < lane->count; i++) {
            const struct span *span = &lane->spans[i];
            const struct step *step = step_of_site(run, span->site);
            const double length =
                (states >> span->state & 1) != 0 ? (double)span_in_window(run, span) : 0;
            *all_ns += length;
            if (step != NULL && step->kind == kind &&
                run->plan->objects[step->object].sharing == SHARING_ONE) {
                sums[step->object] += length;
            }
        }
    }
    *out = FINDING_NO_OBJECT;
    for (size_t i = 0; i < count; i++) {
        if (sums[i] > (*out == FINDING_NO_OBJECT ? 0 : sums[*out])) {
            *out = (int32_t)i;
        }
    }
    memory_free(sums);
    return 0;
}

int finding_refcount(const struct scene_of_run *run, struct finding *finding,
                     struct err *err) {
    struct use_of_object use = {.lane = LANE_NONE};
    int32_t object = FINDING_NO_OBJECT;
    double core_ns = 0;
    int rc = run->recording == NULL
                 ? 0
                 : find_busiest(run, STEP_TOUCH, ON_CORE, &object, &core_ns, err);
    if (rc != 0 || object == FINDING_NO_OBJECT) {
        return rc;
    }
    rc = add_use(run, &use, STEP_TOUCH, (size_t)object, ON_CORE, err);
    const struct overlap_level both = overlap_at_least(&use.overlap, 2);
    const struct overlap_level any = overlap_at_least(&use.overlap, 1);
    /* Half of the time in which anybody counts it, somebody else does, too. */
    if (rc == 0 && both.total_ns > 0 && 2 * both.total_ns >= any.total_ns) {
        finding->number = ratio_of(use.total_ns, core_ns);
        finding->severity = finding->number;
        finding->object = object;
        finding_set_span(finding, use.lane, use.longest);
        finding_set_proof(finding, use.lane, both.from_ns, both.to_ns);
        finding_add_value(finding, "counting_us", in_us(use.total_ns));
        finding_add_value(finding, "at_once_share",
                          ratio_of((double)both.total_ns, (double)any.total_ns));
        finding_add_value(finding, "most_threads", (double)overlap_peak(&use.overlap));
    }
    overlap_deinit(&use.overlap);
    return rc;
}

/* --- locks --------------------------------------------------------------------- */

static const uint32_t WAITS_FOR_LOCK = UINT32_C(1) << STATE_WAIT_LOCK |
                                       UINT32_C(1) << STATE_SPIN |
                                       UINT32_C(1) << STATE_AWAIT_LOCK;

/* The object whose lane has its name; those of asyncio have one in each loop. */
static int32_t object_of_lane(const struct scene_of_run *run, lane_id id) {
    const struct lane lane = lane_table_lane(&run->result->lanes, id);
    for (size_t i = 0; i < run->plan->object_count; i++) {
        if (strcmp(run->plan->objects[i].name, lane.name) == 0) {
            return (int32_t)i;
        }
    }
    return FINDING_NO_OBJECT;
}

int finding_lock_contended(const struct scene_of_run *run, struct finding *finding,
                           struct err *err) {
    struct resource_waits of = {0};
    lane_id lock = LANE_NONE;
    const int rc =
        run->recording == NULL
            ? 0
            : find_most_wanted(run, LANE_LOCK, WAITS_FOR_LOCK, &lock, &of, err);
    finding->object = lock == LANE_NONE ? FINDING_NO_OBJECT : object_of_lane(run, lock);
    if (rc != 0 || finding->object == FINDING_NO_OBJECT) {
        return rc; /* the semaphore of a strategy is its number of workers */
    }
    finding->number = ratio_of(of.total_ns, window_ns(run));
    finding->severity = finding->number / (1 + finding->number);
    finding_add_value(finding, "waits", of.count);
    finding_add_value(finding, "wait_mean_us", in_us(of.total_ns / of.count));
    finding_add_value(finding, "longest_wait_us",
                      in_us((double)(of.longest->end_ns - of.longest->start_ns)));
    return finding_set_wait(run, finding, of.lane, of.longest, err);
}

/* --- counters ------------------------------------------------------------------ */

/* Inside of an update, whatever it does there. */
static const uint32_t ANYTHING = UINT32_MAX;

/* The longest time in which two were inside of an update of one counter. */
static int prove_lost(const struct scene_of_run *run, struct finding *finding,
                      struct err *err) {
    struct use_of_object use = {.lane = LANE_NONE};
    double all_ns;
    int rc = find_busiest(run, STEP_UPDATE, ANYTHING, &finding->object, &all_ns, err);
    if (rc != 0 || finding->object == FINDING_NO_OBJECT) {
        return rc;
    }
    rc = add_use(run, &use, STEP_UPDATE, (size_t)finding->object, ANYTHING, err);
    const struct overlap_level both = overlap_at_least(&use.overlap, 2);
    if (rc == 0 && both.total_ns > 0) {
        finding_set_span(finding, use.lane, use.longest);
        finding_set_proof(finding, use.lane, both.from_ns, both.to_ns);
    }
    overlap_deinit(&use.overlap);
    return rc;
}

int finding_lost_updates(const struct scene_of_run *run, struct finding *finding,
                         struct err *err) {
    const double *metric = run->result->metric;
    finding->number = metric[METRIC_LOST_UPDATES];
    finding->severity = metric[METRIC_LOST_UPDATES] > 0 ? 1 : 0; /* a wrong result */
    finding_add_value(finding, "updates", metric[METRIC_UPDATES]);
    finding_add_value(finding, "lost_share", metric[METRIC_LOST_UPDATE_SHARE]);
    return finding->number > 0 && run->recording != NULL ? prove_lost(run, finding, err)
                                                         : 0;
}
