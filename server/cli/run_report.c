/* SPDX-License-Identifier: MIT */
#include "server/cli/run_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/analysis/metrics.h"
#include "server/cli/advice_report.h"
#include "server/cli/text_table.h"

/* The columns after runtime, strategy and point. */
static const struct {
    enum metric_id metric;
    const char *title;
} shown[] = {
    {METRIC_MAKESPAN_US, "makespan"},     {METRIC_THROUGHPUT_PER_S, "per second"},
    {METRIC_LATENCY_P50_US, "p50"},       {METRIC_LATENCY_P99_US, "p99"},
    {METRIC_GIL_WAIT_SHARE, "GIL wait"},  {METRIC_CORE_UTILISATION, "cores busy"},
    {METRIC_LOOP_LAG_MAX_US, "loop lag"},
};

enum { FIXED_COLUMNS = 3, SHOWN = sizeof shown / sizeof shown[0] };

/* How a figure of that unit and size is written: scaled, with a word after it. */
struct scale {
    double factor;
    int digits;
    const char *word;
};

static struct scale scale_of(const char *unit, double figure) {
    const double size = fabs(figure);
    if (strcmp(unit, "us") == 0) {
        return size >= 1e6   ? (struct scale){1e-6, 3, " s"}
               : size >= 1e3 ? (struct scale){1e-3, 2, " ms"}
                             : (struct scale){1, 1, " us"};
    }
    if (strcmp(unit, "ratio") == 0) {
        return (struct scale){100, 1, " %"};
    }
    return (struct scale){1, -1, ""};
}

static void write_figure(char *out, size_t size, const struct scale *scale,
                         double figure) {
    if (scale->digits < 0) {
        snprintf(out, size, "%.6g", figure * scale->factor);
    } else {
        snprintf(out, size, "%.*f", scale->digits, figure * scale->factor);
    }
}

/* "12.30 ms", or "12.30 ms (11.90 - 12.80)" with an interval that has a length. */
static void add_metric(struct text_table *table, const struct cell_row *cell,
                       enum metric_id metric, bool with_interval) {
    enum { SIZE = 40 };
    const struct metric_summary *summary = cell_row_metric(cell, metric);
    if (summary == NULL || !isfinite(summary->of.median)) {
        text_table_add(table, "-");
        return;
    }
    const struct scale scale = scale_of(metrics[metric].unit, summary->of.median);
    const struct bootstrap_interval interval = summary->of.median_95;
    char median[SIZE], low[SIZE], high[SIZE];
    write_figure(median, sizeof median, &scale, summary->of.median);
    if (!with_interval || !(interval.low < interval.high)) {
        text_table_add(table, "%s%s", median, scale.word);
        return;
    }
    write_figure(low, sizeof low, &scale, interval.low);
    write_figure(high, sizeof high, &scale, interval.high);
    text_table_add(table, "%s%s (%s - %s)", median, scale.word, low, high);
}

/* "1.25 x (1.21 - 1.30)", "best". */
static void add_versus(struct text_table *table, const struct cell_row *cell) {
    const struct bootstrap_ratio *ratio = &cell->versus.ratio;
    if (cell->versus.metric == NULL || isnan(ratio->median)) {
        text_table_add(table, "-");
    } else if (cell->versus.best == cell->id) {
        text_table_add(table, "best");
    } else if (ratio->median_95.low < ratio->median_95.high) {
        text_table_add(table, "%.3g x (%.3g - %.3g)", ratio->median, ratio->median_95.low,
                       ratio->median_95.high);
    } else {
        text_table_add(table, "%.3g x", ratio->median);
    }
}

/* --- the table ----------------------------------------------------------------- */

struct report {
    struct text_table table;
    enum metric_id interval; /* the metric that shows its interval */
    bool extra;              /* it has a column of its own */
    bool versus;
};

static void report_init(struct report *report, const struct document *document) {
    const bool goal = document->goal != METRIC_COUNT;
    *report = (struct report){
        .interval = goal ? document->goal : METRIC_MAKESPAN_US,
        .extra = goal,
        .versus = goal && metrics[document->goal].better != METRIC_NEUTRAL,
    };
    for (size_t i = 0; i < SHOWN; i++) {
        report->extra = report->extra && shown[i].metric != document->goal;
    }
    const size_t figures = SHOWN + (size_t)report->extra + (size_t)report->versus;
    report->table.columns = FIXED_COLUMNS + figures + 1;
    report->table.right = ((1u << figures) - 1) << FIXED_COLUMNS;
}

static void add_head(struct report *report) {
    struct text_table *table = &report->table;
    text_table_add(table, "runtime");
    text_table_add(table, "strategy");
    text_table_add(table, "point");
    for (size_t i = 0; i < SHOWN; i++) {
        text_table_add(table, "%s", shown[i].title);
    }
    if (report->extra) {
        text_table_add(table, "%s", metrics[report->interval].name);
    }
    if (report->versus) {
        text_table_add(table, "beside the best");
    }
    text_table_add(table, "status");
}

static bool is_unstable(const struct cell_row *cell) {
    const struct metric_summary *summary = cell_row_metric(cell, METRIC_UNSTABLE);
    return summary != NULL && summary->of.max > 0;
}

static void add_cell(struct report *report, const struct cell_row *cell) {
    struct text_table *table = &report->table;
    text_table_add(table, "%s", cell->runtime);
    text_table_add(table, "%s", cell->strategy);
    text_table_add(table, "%s", strcmp(cell->point, "{}") == 0 ? "" : cell->point);
    for (size_t i = 0; i < SHOWN; i++) {
        add_metric(table, cell, shown[i].metric, shown[i].metric == report->interval);
    }
    if (report->extra) {
        add_metric(table, cell, report->interval, true);
    }
    if (report->versus) {
        add_versus(table, cell);
    }
    text_table_add(table, "%s%s", cell_status_name(cell->status),
                   is_unstable(cell) ? ", unstable" : "");
}

static void print_notes(const struct report *report, const struct document *document,
                        FILE *out) {
    if (document->repetitions > 1) {
        fprintf(out,
                "\nMedians of %u repetitions; (low - high): 95 %% bootstrap interval.\n",
                document->repetitions);
    }
    if (report->versus) {
        fprintf(out, "beside the best: median ratio of %s, repetition by repetition.\n",
                metrics[document->goal].name);
    }
}

int run_report_print(const struct experiment_row *row, const struct cell_list *cells,
                     const struct document *document, FILE *out, struct err *err) {
    struct report report;
    report_init(&report, document);
    add_head(&report);
    for (size_t i = 0; i < cells->count; i++) {
        add_cell(&report, &cells->items[i]);
    }
    if (row->name[0] != '\0') {
        fprintf(out, "%s\n\n", row->name);
    }
    int code = text_table_print(&report.table, out, err);
    text_table_deinit(&report.table);
    if (code != 0) {
        return code;
    }
    code = advice_report_print(cells, document, out, err);
    print_notes(&report, document, out);
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell_row *cell = &cells->items[i];
        if (cell->reason[0] != '\0') {
            fprintf(out, "%s, %s%s%s: %s\n", cell->runtime, cell->strategy,
                    strcmp(cell->point, "{}") == 0 ? "" : ", ",
                    strcmp(cell->point, "{}") == 0 ? "" : cell->point, cell->reason);
        }
    }
    return code;
}

/* "gate 0: latency_p99_us <= 80000 does not hold: cpython-3.12, asyncio(100): 91200" */
static void print_failure(const struct gate_finding *finding,
                          const struct document *document, FILE *out) {
    const struct cell_row *cell = finding->cell;
    const bool has_point = strcmp(cell->point, "{}") != 0;
    char text[GATE_TEXT_SIZE], value[32] = "no value";
    gate_format(&document->gates[finding->gate], text);
    if (finding->verdict == GATE_FAILS) {
        snprintf(value, sizeof value, "%.6g", finding->value);
    }
    fprintf(out, "gate %zu: %s does not hold: %s, %s%s%s: %s\n", finding->gate, text,
            cell->runtime, cell->strategy, has_point ? ", " : "",
            has_point ? cell->point : "", value);
}

void run_report_gates(const struct gate_report *gates, const struct document *document,
                      FILE *out) {
    for (size_t i = 0; i < gates->count; i++) {
        const enum gate_verdict verdict = gates->items[i].verdict;
        if (verdict == GATE_FAILS || verdict == GATE_NO_VALUE) {
            print_failure(&gates->items[i], document, out);
        }
    }
}
