/* SPDX-License-Identifier: MIT */
#include "server/gate/gate_check.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *gate_verdict_name(enum gate_verdict verdict) {
    static const char *const names[] = {
        [GATE_HOLDS] = "holds",       [GATE_FAILS] = "fails",
        [GATE_NO_VALUE] = "no_value", [GATE_SKIPPED] = "skipped",
        [GATE_PENDING] = "pending",
    };
    static_assert(sizeof names / sizeof names[0] == GATE_VERDICT_COUNT, "one each");
    return names[verdict];
}

/* The value to be shown: of several that must hold, one that does not if there is any. */
static double value_of(const struct gate *gate, const struct bootstrap_summary *of) {
    if (!gate->every) {
        return of->median;
    }
    return of->min < gate->min || isinf(gate->max) ? of->min : of->max;
}

static enum gate_verdict judge(const struct gate *gate, const struct cell_row *cell,
                               double *value) {
    *value = (double)NAN;
    if (cell->status == CELL_NOT_APPLICABLE) {
        return GATE_SKIPPED;
    }
    if (cell->status == CELL_PENDING || cell->status == CELL_RUNNING) {
        return GATE_PENDING;
    }
    const struct metric_summary *summary = cell_row_metric(cell, gate->metric);
    if (summary == NULL || !cell_row_is_whole(cell, summary)) {
        return GATE_NO_VALUE;
    }
    *value = value_of(gate, &summary->of);
    return *value >= gate->min && *value <= gate->max ? GATE_HOLDS : GATE_FAILS;
}

static int add_finding(struct gate_report *report, const struct gate_finding *finding,
                       struct err *err) {
    if (vec_reserve((void **)&report->items, &report->capacity, report->count,
                    sizeof *report->items) != 0) {
        return err_set_nomem(err);
    }
    report->items[report->count++] = *finding;
    report->fails = report->fails || finding->verdict == GATE_FAILS ||
                    finding->verdict == GATE_NO_VALUE;
    return 0;
}

int gate_check(const struct document *document, const struct cell_list *cells,
               struct gate_report *out, struct err *err) {
    struct gate_report report = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < document->gate_count; i++) {
        const struct gate *gate = &document->gates[i];
        for (size_t k = 0; rc == 0 && k < cells->count; k++) {
            const struct cell_row *cell = &cells->items[k];
            struct gate_finding finding = {.gate = i, .cell = cell};
            if (gate_covers(gate, &(struct gate_cell){cell->runtime, cell->strategy,
                                                      cell->point})) {
                finding.verdict = judge(gate, cell, &finding.value);
                rc = add_finding(&report, &finding, err);
            }
        }
    }
    if (rc != 0) {
        gate_report_deinit(&report);
        return rc;
    }
    *out = report;
    return 0;
}

void gate_report_deinit(struct gate_report *report) {
    memory_free(report->items);
    *report = (struct gate_report){0};
}

void gate_format(const struct gate *gate, char out[GATE_TEXT_SIZE]) {
    char min[32] = "", max[32] = "";
    if (!isinf(gate->min)) {
        snprintf(min, sizeof min, " >= %.15g", gate->min);
    }
    if (!isinf(gate->max)) {
        snprintf(max, sizeof max, " <= %.15g", gate->max);
    }
    snprintf(out, GATE_TEXT_SIZE, "%s%s%s%s%s", gate->every ? "every " : "",
             metrics[gate->metric].name, min,
             min[0] != '\0' && max[0] != '\0' ? " and" : "", max);
}
