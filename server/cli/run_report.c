/* SPDX-License-Identifier: MIT */
#include "server/cli/run_report.h"

#include <math.h>
#include <string.h>

#include "engine/analysis/metrics.h"
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

static const struct metric_summary *find_metric(const struct cell_row *cell,
                                                enum metric_id metric) {
    for (size_t i = 0; i < cell->metric_count; i++) {
        if (strcmp(cell->metrics[i].name, metrics[metric].name) == 0) {
            return &cell->metrics[i];
        }
    }
    return NULL;
}

static void add_time(struct text_table *table, double us) {
    if (us >= 1e6) {
        text_table_add(table, "%.3f s", us / 1e6);
    } else if (us >= 1e3) {
        text_table_add(table, "%.2f ms", us / 1e3);
    } else {
        text_table_add(table, "%.1f us", us);
    }
}

static void add_metric(struct text_table *table, const struct cell_row *cell,
                       enum metric_id metric) {
    const struct metric_summary *summary = find_metric(cell, metric);
    if (summary == NULL || !isfinite(summary->median)) {
        text_table_add(table, "-");
    } else if (strcmp(metrics[metric].unit, "us") == 0) {
        add_time(table, summary->median);
    } else if (strcmp(metrics[metric].unit, "ratio") == 0) {
        text_table_add(table, "%.1f %%", summary->median * 100);
    } else {
        text_table_add(table, "%.6g", summary->median);
    }
}

static void add_head(struct text_table *table) {
    text_table_add(table, "runtime");
    text_table_add(table, "strategy");
    text_table_add(table, "point");
    for (size_t i = 0; i < SHOWN; i++) {
        text_table_add(table, "%s", shown[i].title);
    }
    text_table_add(table, "status");
}

static void add_cell(struct text_table *table, const struct cell_row *cell) {
    text_table_add(table, "%s", cell->runtime);
    text_table_add(table, "%s", cell->strategy);
    text_table_add(table, "%s", strcmp(cell->point, "{}") == 0 ? "" : cell->point);
    for (size_t i = 0; i < SHOWN; i++) {
        add_metric(table, cell, shown[i].metric);
    }
    text_table_add(table, "%s", cell_status_name(cell->status));
}

int run_report_print(const struct experiment_row *row, const struct cell_list *cells,
                     uint32_t repetitions, FILE *out, struct err *err) {
    struct text_table table = {.columns = FIXED_COLUMNS + SHOWN + 1,
                               .right = ((1u << SHOWN) - 1) << FIXED_COLUMNS};
    add_head(&table);
    for (size_t i = 0; i < cells->count; i++) {
        add_cell(&table, &cells->items[i]);
    }
    if (row->name[0] != '\0') {
        fprintf(out, "%s\n\n", row->name);
    }
    const int code = text_table_print(&table, out, err);
    text_table_deinit(&table);
    if (code != 0) {
        return code;
    }
    if (repetitions > 1) {
        fprintf(out, "\nMedians of %u repetitions.\n", repetitions);
    }
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell_row *cell = &cells->items[i];
        if (cell->reason[0] != '\0') {
            fprintf(out, "%s, %s%s%s: %s\n", cell->runtime, cell->strategy,
                    strcmp(cell->point, "{}") == 0 ? "" : ", ",
                    strcmp(cell->point, "{}") == 0 ? "" : cell->point, cell->reason);
        }
    }
    return 0;
}
