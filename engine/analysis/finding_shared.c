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

static double core_time_ns(const struct scene_of_run *run) {
    double sum = 0;
    for (lane_id id = 0; (size_t)id < run->recording->lane_count; id++) {
        const struct recorded_lane *lane = &run->recording->lanes[id];
        for (size_t i = 0; lane->kind == LANE_THREAD && i < lane->count; i++) {
            sum += (ON_CORE >> lane->spans[i].state & 1) != 0
                       ? (double)span_in_window(run, &lane->spans[i])
                       : 0;
        }
    }
    return sum;
}

static bool is_touched(const struct plan *plan, size_t object) {
    for (size_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].kind == STEP_TOUCH && plan->steps[i].object == object) {
            return true;
        }
    }
    return false;
}

static int ping_pong_of(const struct scene_of_run *run, size_t object,
                        struct finding *finding, struct err *err) {
    struct use_of_object use = {.lane = LANE_NONE};
    int rc = add_use(run, &use, STEP_TOUCH, object, ON_CORE, err);
    const struct overlap_level both = overlap_at_least(&use.overlap, 2);
    const struct overlap_level any = overlap_at_least(&use.overlap, 1);
    const double share = ratio_of(use.total_ns, core_time_ns(run));
    /* Half of the time in which anybody counts it, somebody else does, too. */
    if (rc == 0 && 2 * both.total_ns >= any.total_ns && both.total_ns > 0 &&
        !(share <= finding->number)) {
        finding->number = share;
        finding->severity = share;
        finding->object = (int32_t)object;
        finding->value_count = 0;
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

int finding_refcount(const struct scene_of_run *run, struct finding *finding,
                     struct err *err) {
    int rc = 0;
    for (size_t i = 0; run->recording != NULL && rc == 0 && i < run->plan->object_count;
         i++) {
        const struct object_plan *object = &run->plan->objects[i];
        if (object->kind == OBJECT_REFERENT && object->sharing == SHARING_ONE &&
            is_touched(run->plan, i)) {
            rc = ping_pong_of(run, i, finding, err);
        }
    }
    return rc;
}

/* --- locks --------------------------------------------------------------------- */

static const uint32_t WAITS_FOR_LOCK = UINT32_C(1) << STATE_WAIT_LOCK |
                                       UINT32_C(1) << STATE_SPIN |
                                       UINT32_C(1) << STATE_AWAIT_LOCK;

struct lock_waits {
    double total_ns, count;
    lane_id lane; /* of the longest */
    const struct span *longest;
};

static void add_waits(const struct scene_of_run *run, lane_id id,
                      struct lock_waits *waits) {
    const struct recorded_lane *lane = &run->recording->lanes[id];
    for (size_t i = 0; i < lane->count; i++) {
        const struct span *span = &lane->spans[i];
        if ((WAITS_FOR_LOCK >> span->state & 1) == 0 ||
            !recording_has_lane(run->recording, span->resource, LANE_LOCK)) {
            continue;
        }
        struct lock_waits *of = &waits[span->resource];
        of->total_ns += (double)span_in_window(run, span);
        of->count++;
        if (is_longer(span, of->longest)) {
            of->longest = span;
            of->lane = id;
        }
    }
}

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
    if (run->recording == NULL) {
        return 0;
    }
    const size_t count = run->recording->lane_count;
    struct lock_waits *waits = memory_zeroed(count + 1, sizeof *waits);
    if (waits == NULL) {
        return err_set_nomem(err);
    }
    for (lane_id id = 0; (size_t)id < count; id++) {
        add_waits(run, id, waits);
    }
    size_t worst = count;
    for (size_t i = 0; i < count; i++) {
        worst = waits[i].total_ns > waits[worst].total_ns ? i : worst;
    }
    int rc = 0;
    if (waits[worst].count > 0) {
        const struct lock_waits *of = &waits[worst];
        finding->number = ratio_of(of->total_ns, window_ns(run));
        finding->severity = finding->number / (1 + finding->number);
        finding->object = object_of_lane(run, (lane_id)worst);
        finding_add_value(finding, "waits", of->count);
        finding_add_value(finding, "wait_mean_us", in_us(of->total_ns / of->count));
        finding_add_value(finding, "longest_wait_us",
                          in_us((double)(of->longest->end_ns - of->longest->start_ns)));
        rc = finding_set_wait(run, finding, of->lane, of->longest, err);
    }
    memory_free(waits);
    return rc;
}

/* --- counters ------------------------------------------------------------------ */

/* Inside of an update, whatever it does there. */
static const uint32_t ANYTHING = UINT32_MAX;

static int prove_lost(const struct scene_of_run *run, size_t object,
                      struct finding *finding, struct err *err) {
    struct use_of_object use = {.lane = LANE_NONE};
    const int rc = add_use(run, &use, STEP_UPDATE, object, ANYTHING, err);
    const struct overlap_level both = overlap_at_least(&use.overlap, 2);
    if (rc == 0 && both.total_ns > 0 &&
        both.to_ns - both.from_ns > finding->to_ns - finding->from_ns) {
        finding_set_span(finding, use.lane, use.longest);
        finding_set_proof(finding, use.lane, both.from_ns, both.to_ns);
        finding->object = (int32_t)object;
    }
    overlap_deinit(&use.overlap);
    return rc;
}

int finding_lost_updates(const struct scene_of_run *run, struct finding *finding,
                         struct err *err) {
    const double *metric = run->result->metric;
    int rc = 0;
    finding->number = metric[METRIC_LOST_UPDATES];
    finding->severity = metric[METRIC_LOST_UPDATES] > 0 ? 1 : 0; /* a wrong result */
    finding_add_value(finding, "updates", metric[METRIC_UPDATES]);
    finding_add_value(finding, "lost_share", metric[METRIC_LOST_UPDATE_SHARE]);
    for (size_t i = 0; finding->number > 0 && run->recording != NULL && rc == 0 &&
                       i < run->plan->object_count;
         i++) {
        if (run->plan->objects[i].kind == OBJECT_COUNTER) {
            rc = prove_lost(run, i, finding, err);
        }
    }
    return rc;
}
