/* SPDX-License-Identifier: MIT */
#include "server/advice/advice.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/advice/cell_document.h"
#include "server/advice/patch.h"
#include "server/advice/recommend.h"
#include "server/advice/remedy.h"
#include "server/advice/trial.h"
#include "server/document/canonical.h"

static const char *const verdict_names[] = {"gains", "no_gain", "loses", "no_number",
                                            "refused"};
static_assert(sizeof verdict_names / sizeof verdict_names[0] == ADVICE_VERDICT_COUNT,
              "a name each");

const char *advice_verdict_name(enum advice_verdict verdict) {
    return verdict_names[verdict];
}

/* --- the run ------------------------------------------------------------------- */

static int record(struct advice *advice, struct recording *recording,
                  const atomic_bool *cancel, struct err *err) {
    const struct run_options options = {
        .repetition = advice->repetition,
        .sink = recording != NULL ? &recording->sink : NULL,
        .cancel = cancel,
    };
    const int rc = run_execute(&advice->result, &advice->plan, &options, err);
    if (rc == 0 && advice->result.status == RUN_STOPPED) {
        run_result_deinit(&advice->result);
        return err_set(err, ERR_CANCELLED, "cancelled");
    }
    return rc;
}

/* A window in the middle of the run that should have no more than half of the spans. */
static void set_window(const struct advice *advice, struct recording *recording) {
    const double spans = (double)advice->result.transitions;
    const double share = (double)recording->span_limit / 2 / fmax(spans, 1);
    const sim_ns length = (sim_ns)((double)advice->result.duration_ns * fmin(share, 1));
    recording->from_ns = (advice->result.duration_ns - length) / 2;
    recording->to_ns = recording->from_ns + length;
}

static void begin_recording(struct recording *recording, size_t max_spans) {
    recording_init(recording);
    recording->span_limit = max_spans;
}

/* The run has more spans than may be kept: a window of it, or nothing. */
static int look_through_window(struct advice *advice, struct recording *recording,
                               bool *recorded, const atomic_bool *cancel,
                               struct err *err) {
    struct err limit = {0};
    int rc = record(advice, NULL, cancel, err);
    if (rc != 0) {
        return rc;
    }
    struct run_result whole = advice->result;
    set_window(advice, recording);
    rc = record(advice, recording, cancel, &limit);
    *recorded = rc == 0;
    if (rc == ERR_LIMIT) { /* most of it happens there: the sums have to do */
        advice->result = whole;
        return 0;
    }
    run_result_deinit(&whole);
    if (rc != 0) {
        advice->result = (struct run_result){0};
        return err_set_from(err, rc, &limit);
    }
    return 0;
}

/* Runs it with a recording of all, or of a window, or without one. */
static int look(struct advice *advice, struct recording *recording, bool *recorded,
                const atomic_bool *cancel, struct err *err) {
    struct err first = {0};
    const size_t max_spans = recording->span_limit;
    const int rc = record(advice, recording, cancel, &first);
    *recorded = rc == 0;
    if (rc != ERR_LIMIT) {
        return rc == 0 ? 0 : err_set_from(err, rc, &first);
    }
    recording_deinit(recording);
    begin_recording(recording, max_spans);
    return look_through_window(advice, recording, recorded, cancel, err);
}

static int find(struct advice *advice, const struct advice_request *request,
                struct err *err) {
    struct recording recording;
    bool recorded;
    begin_recording(&recording,
                    request->max_spans > 0 ? request->max_spans : ADVICE_MAX_SPANS);
    int rc = look(advice, &recording, &recorded, request->cancel, err);
    if (rc == 0) {
        const struct finding_input input = {.plan = &advice->plan,
                                            .result = &advice->result,
                                            .recording = recorded ? &recording : NULL};
        rc = findings_find(&input, &advice->findings, err);
    }
    if (rc == 0 && recorded) {
        advice->from_ns = recording.from_ns;
        advice->to_ns = recording.to_ns < advice->result.duration_ns
                            ? recording.to_ns
                            : advice->result.duration_ns;
    }
    recording_deinit(&recording);
    return rc;
}

/* --- trying -------------------------------------------------------------------- */

/* What has been run, so that nothing is run twice; the first is the cell itself. */
struct bench {
    const json_t *document;
    struct trial_options options;
    struct trial *trials;
    size_t count, capacity;
};

static void bench_deinit(struct bench *bench) {
    for (size_t i = 0; i < bench->count; i++) {
        trial_deinit(&bench->trials[i]);
    }
    memory_free(bench->trials);
    *bench = (struct bench){0};
}

/* Position of the trial of a document; it is run unless it has been. */
static int bench_run(struct bench *bench, const json_t *document, size_t *out,
                     struct err *err) {
    char key[HASH_TEXT_SIZE];
    int rc = trial_key(document, key, err);
    for (size_t i = 0; rc == 0 && i < bench->count; i++) {
        if (strcmp(bench->trials[i].key, key) == 0) {
            *out = i;
            return 0;
        }
    }
    if (rc == 0 && vec_reserve((void **)&bench->trials, &bench->capacity, bench->count,
                               sizeof *bench->trials) != 0) {
        rc = err_set_nomem(err);
    }
    if (rc == 0) {
        rc = trial_run(&bench->trials[bench->count], document, &bench->options, err);
    }
    if (rc == 0) {
        *out = bench->count++;
    }
    return rc;
}

static enum advice_verdict judge_gain(const struct advice_trial *trial, bool lower) {
    const struct bootstrap_interval *interval = &trial->ratio.median_95;
    const bool is_sure = !bootstrap_interval_exists(*interval) ||
                         (lower ? interval->high < 1 : interval->low > 1);
    if (isnan(trial->gain)) {
        return ADVICE_NO_NUMBER;
    }
    if (trial->gain >= RECOMMEND_WORTH && is_sure) {
        return ADVICE_GAINS;
    }
    return trial->gain <= -RECOMMEND_WORTH ? ADVICE_LOSES : ADVICE_NO_GAIN;
}

static double unstable_share(const struct trial *trial) {
    double sum = 0;
    for (uint32_t i = 0; i < trial->count; i++) {
        sum += trial->metrics[i][METRIC_UNSTABLE];
    }
    return sum / trial->count;
}

/* A load that is too much now and then is too much: it helps to be up to it in every run,
 * those included that were so before. */
static void compare_stability(const struct trial *base, const struct trial *tried,
                              struct advice_trial *out) {
    out->before = unstable_share(base);
    out->after = unstable_share(tried);
    out->ratio.median = out->before > 0 ? out->after / out->before : NAN;
    out->gain = 1 - out->ratio.median;
    out->verdict = isnan(out->gain)           ? ADVICE_NO_NUMBER
                   : out->after == 0          ? ADVICE_GAINS
                   : out->after > out->before ? ADVICE_LOSES
                                              : ADVICE_NO_GAIN;
}

static int compare(const struct trial *base, const struct trial *tried,
                   enum metric_id metric, struct advice_trial *out, struct err *err) {
    const bool lower = metric == METRIC_COUNT || metrics[metric].better != METRIC_HIGHER;
    int rc = 0;
    out->before = out->after = out->gain = out->ratio.median = NAN;
    out->ratio.median_95 = (struct bootstrap_interval){NAN, NAN};
    if (metric == METRIC_UNSTABLE) {
        compare_stability(base, tried, out);
    } else if (metric != METRIC_COUNT) {
        out->before = trial_median(base, metric);
        out->after = trial_median(tried, metric);
        rc = trial_compare(tried, base, metric, &out->ratio, err);
        out->gain = lower ? 1 - out->ratio.median : out->ratio.median - 1;
        out->verdict = judge_gain(out, lower);
    } else {
        out->verdict = tried->done == tried->count ? ADVICE_GAINS : ADVICE_NO_GAIN;
    }
    if (tried->done < base->done) {
        out->verdict = ADVICE_LOSES;
        out->unfinished = tried->count - tried->done;
        snprintf(out->reason, sizeof out->reason, "%u of %u runs do not end",
                 out->unfinished, tried->count);
    }
    return rc;
}

static bool is_refusal(int code) {
    return code == ERR_INVALID || code == ERR_UNSUPPORTED;
}

/* Runs a remedy's document; what makes it impossible is the verdict, not an error. */
static int try_one(struct bench *bench, const struct remedy *remedy,
                   enum metric_id metric, struct advice_trial *out, struct err *err) {
    struct err refusal = {0};
    json_t *document = NULL;
    size_t size, at = 0;
    *out = (struct advice_trial){.remedy = remedy->name};
    int rc = canonical_text(remedy->patch, &out->patch, &size, err);
    if (rc != 0) {
        return rc;
    }
    rc = patch_apply(bench->document, remedy->patch, &document, &refusal);
    if (rc == 0) {
        rc = bench_run(bench, document, &at, &refusal);
    }
    json_decref(document);
    if (is_refusal(rc)) {
        out->verdict = ADVICE_REFUSED;
        out->before = out->after = out->gain = out->ratio.median = NAN;
        out->ratio.median_95 = (struct bootstrap_interval){NAN, NAN};
        snprintf(out->reason, sizeof out->reason, "%s%s%s", refusal.pointer,
                 refusal.pointer[0] != '\0' ? ": " : "", refusal.text);
        return 0;
    }
    return rc != 0 ? err_set_from(err, rc, &refusal)
                   : compare(&bench->trials[0], &bench->trials[at], metric, out, err);
}

static void choose_best(struct advice_item *item) {
    for (size_t i = 0; i < item->trial_count; i++) {
        const struct advice_trial *trial = &item->trials[i];
        if (trial->verdict == ADVICE_GAINS &&
            (item->best == NULL || trial->gain > item->best->gain)) {
            item->best = trial;
        }
    }
}

static int try_all(struct advice *advice, struct bench *bench, struct advice_item *item,
                   struct err *err) {
    const struct remedy_case it = {.document = bench->document,
                                   .plan = &advice->plan,
                                   .finding = &item->finding,
                                   .findings = &advice->findings};
    struct remedy_list remedies = {0};
    int rc = remedy_find(&it, &remedies, err);
    if (rc == 0) {
        item->trials = memory_zeroed(remedies.count + 1, sizeof *item->trials);
        rc = item->trials == NULL ? err_set_nomem(err) : 0;
    }
    for (size_t i = 0; rc == 0 && i < remedies.count; i++) {
        rc = try_one(bench, &remedies.items[i], item->metric, &item->trials[i], err);
        item->trial_count = i + 1;
    }
    remedy_list_deinit(&remedies);
    choose_best(item);
    return rc;
}

/* --- all findings ---------------------------------------------------------------- */

enum metric_id advice_goal(const struct document *document, const struct plan *plan) {
    if (document->goal != METRIC_COUNT) {
        return document->goal;
    }
    return plan->arrivals.kind != ARRIVALS_NONE ? METRIC_LATENCY_P99_US
                                                : METRIC_MAKESPAN_US;
}

static enum metric_id metric_of(enum finding_id id, enum metric_id goal) {
    switch (id) {
    case FINDING_LOST_UPDATES:
        return METRIC_LOST_UPDATES;
    case FINDING_UNSTABLE_LOAD:
        return METRIC_UNSTABLE;
    case FINDING_DEADLOCK:
        return METRIC_COUNT;
    default:
        return goal;
    }
}

static void item_deinit(struct advice_item *item) {
    for (size_t i = 0; i < item->trial_count; i++) {
        memory_free(item->trials[i].patch);
    }
    memory_free(item->trials);
    *item = (struct advice_item){0};
}

/* Nothing is to be gained only when nothing gained. */
static void withdraw_nothing_to_gain(struct advice *advice) {
    bool gains = false;
    for (size_t i = 0; i < advice->count; i++) {
        gains = gains || advice->items[i].best != NULL;
    }
    for (size_t i = 0; gains && i < advice->count; i++) {
        if (advice->items[i].finding.id == FINDING_NOTHING_TO_GAIN) {
            item_deinit(&advice->items[i]);
            advice->count--;
            memmove(&advice->items[i], &advice->items[i + 1],
                    (advice->count - i) * sizeof *advice->items);
        }
    }
}

static int advise(struct advice *advice, struct bench *bench, enum metric_id goal,
                  struct err *err) {
    size_t itself;
    int rc = bench_run(bench, bench->document, &itself, err);
    advice->items = memory_zeroed(FINDING_COUNT, sizeof *advice->items);
    if (rc == 0 && advice->items == NULL) {
        rc = err_set_nomem(err);
    }
    for (size_t i = 0; rc == 0 && i < advice->findings.count; i++) {
        struct advice_item *item = &advice->items[advice->count++];
        item->finding = advice->findings.items[i];
        item->metric = metric_of(item->finding.id, goal);
        rc = try_all(advice, bench, item, err);
    }
    if (rc == 0) {
        withdraw_nothing_to_gain(advice);
    }
    return rc;
}

uint32_t advice_repetitions(const struct document *document) {
    return document->repetitions < ADVICE_MAX_REPETITIONS ? document->repetitions
                                                          : ADVICE_MAX_REPETITIONS;
}

int advice_make(struct advice *out, const struct advice_request *request,
                struct err *err) {
    struct advice advice = {
        .repetition = request->repetition,
        .repetitions = advice_repetitions(request->document),
    };
    struct bench bench = {.options = {advice.repetitions, request->cancel}};
    json_t *document = NULL;
    size_t size;
    int rc = grid_cell_plan(request->grid, request->cell, &advice.plan, err);
    if (rc == 0) {
        rc = cell_document_make(request->document, request->grid, request->cell,
                                &document, err);
    }
    if (rc == 0) {
        rc = canonical_text(document, &advice.document, &size, err);
    }
    if (rc == 0) {
        rc = find(&advice, request, err);
    }
    if (rc == 0) {
        bench.document = document;
        rc = advise(&advice, &bench, advice_goal(request->document, &advice.plan), err);
    }
    bench_deinit(&bench);
    json_decref(document);
    if (rc != 0) {
        advice_deinit(&advice);
        return rc;
    }
    *out = advice;
    return 0;
}

void advice_deinit(struct advice *advice) {
    for (size_t i = 0; i < advice->count; i++) {
        item_deinit(&advice->items[i]);
    }
    memory_free(advice->items);
    memory_free(advice->document);
    findings_deinit(&advice->findings);
    run_result_deinit(&advice->result);
    plan_deinit(&advice->plan);
    *advice = (struct advice){0};
}
