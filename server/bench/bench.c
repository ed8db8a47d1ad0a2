/* SPDX-License-Identifier: MIT */
#include "server/bench/bench.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "engine/analysis/run.h"
#include "server/bench/bench_http.h"
#include "server/bench/bench_store.h"
#include "server/cli/cli.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

/* --- running a document -------------------------------------------------------- */

static double cpu_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail: it exists */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int bench_each_cell(const char *text, const struct bench_visitor *visitor,
                    struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    int rc = document_parse(&document, text, strlen(text), err);
    if (rc == 0) {
        rc = grid_create(&grid, document, err);
    }
    for (size_t i = 0; rc == 0 && i < grid_cell_count(grid); i++) {
        struct plan plan;
        if (grid_cell(grid, i)->reason != NULL) {
            continue;
        }
        rc = grid_cell_plan(grid, i, &plan, err);
        if (rc == 0) {
            rc = visitor->visit(visitor->context, &plan, err);
            plan_deinit(&plan);
        }
    }
    grid_destroy(grid);
    document_destroy(document);
    return rc;
}

struct summing {
    struct bench_run sum;
    const struct sink *sink;
};

static int run_cell(void *context, const struct plan *plan, struct err *err) {
    struct summing *summing = context;
    struct bench_run *sum = &summing->sum;
    struct run_result result;
    const double begin = cpu_s();
    int rc =
        run_execute(&result, plan, &(struct run_options){.sink = summing->sink}, err);
    if (rc == 0) {
        sum->seconds += cpu_s() - begin;
        sum->transitions += (double)result.transitions;
        const double drops = result.metric[METRIC_GIL_FORCED_DROPS];
        sum->forced_drops += isnan(drops) ? 0.0 : drops;
        sum->duration_s += (double)result.duration_ns * 1e-9;
        sum->fingerprint ^= result.fingerprint;
        if (result.status != RUN_DONE) {
            rc = err_set(err, ERR_LIMIT, "%s", result.reason);
        }
        run_result_deinit(&result);
    }
    return rc;
}

static int run_once(struct bench_run *out, const char *text, const struct sink *sink,
                    struct err *err) {
    struct summing summing = {.sink = sink};
    const double begin = cpu_s();
    const int rc =
        bench_each_cell(text, &(struct bench_visitor){run_cell, &summing}, err);
    if (rc == 0) {
        *out = summing.sum;
        out->document_s = cpu_s() - begin;
    }
    return rc;
}

int bench_document(struct bench_run *out, const char *text, const struct sink *sink,
                   uint32_t repeats, struct err *err) {
    struct bench_run best = {.seconds = INFINITY, .document_s = INFINITY};
    for (uint32_t i = 0; i < repeats; i++) {
        struct bench_run run = {0};
        const int rc = run_once(&run, text, sink, err);
        if (rc != 0) {
            return rc;
        }
        run.seconds = fmin(run.seconds, best.seconds);
        run.document_s = fmin(run.document_s, best.document_s);
        best = run;
    }
    *out = best;
    return 0;
}

/* --- the command --------------------------------------------------------------- */

static bool print_line(const struct bench_case *bench, double value, const char *note) {
    char how[512];
    snprintf(how, sizeof how, "%s%s%s", bench->what, note[0] != '\0' ? "; " : "", note);
    json_t *line =
        json_pack("{s:s, s:f, s:s, s:s, s:s}", "name", bench->name, "value", value,
                  "unit", bench->unit, "better", bench->better, "how", how);
    if (line == NULL) {
        return false;
    }
    json_dumpf(line, stdout, JSON_REAL_PRECISION(4));
    putchar('\n');
    fflush(stdout);
    json_decref(line);
    return true;
}

static bool measure_case(const struct bench_case *bench) {
    struct err err = {0};
    double value;
    char note[256] = "";
    if (bench->measure(&value, note, sizeof note, &err) != 0) {
        cli_report(&err, bench->name);
        return false;
    }
    return print_line(bench, value, note);
}

/* What a word of the command line stands for. */
struct area {
    const char *name;
    const struct bench_case *cases;
    const size_t *count;
};

static const struct area areas[] = {
    {"engine", bench_engine_cases, &bench_engine_case_count},
    {"store", bench_store_cases, &bench_store_case_count},
    {"http", bench_http_cases, &bench_http_case_count},
};
enum { AREAS = sizeof areas / sizeof areas[0] };

/* NULL: all of them. */
static bool is_wanted(const struct area *area, const char *name) {
    return name == NULL || strcmp(area->name, name) == 0;
}

static bool is_area(const char *name) {
    for (size_t a = 0; a < AREAS; a++) {
        if (is_wanted(&areas[a], name)) {
            return true;
        }
    }
    cli_complain(
        "there is nothing to measure of '%s'; there are 'engine', 'store' and 'http'",
        name);
    return false;
}

static const struct bench_case *find_case(const char *name) {
    for (size_t a = 0; a < AREAS; a++) {
        for (size_t i = 0; i < *areas[a].count; i++) {
            if (strcmp(areas[a].cases[i].name, name) == 0) {
                return &areas[a].cases[i];
            }
        }
    }
    cli_complain("there is no case '%s'; gilscope bench --list names them", name);
    return NULL;
}

static int print_document(const char *name) {
    const struct bench_case *bench = find_case(name);
    char text[BENCH_TEXT_SIZE];
    if (bench == NULL) {
        return CLI_REFUSED;
    }
    if (bench->document == NULL) {
        cli_complain("'%s' is not one document", name);
        return CLI_REFUSED;
    }
    bench->document(text, sizeof text);
    puts(text);
    return CLI_OK;
}

static int list_cases(const char *name) {
    for (size_t a = 0; a < AREAS; a++) {
        for (size_t i = 0; is_wanted(&areas[a], name) && i < *areas[a].count; i++) {
            const struct bench_case *bench = &areas[a].cases[i];
            printf("%s (%s)\n    %s\n", bench->name, bench->unit, bench->what);
        }
    }
    return CLI_OK;
}

static int measure_area(const char *name) {
    int code = CLI_OK;
    for (size_t a = 0; a < AREAS; a++) {
        for (size_t i = 0; is_wanted(&areas[a], name) && i < *areas[a].count; i++) {
            const struct bench_case *bench = &areas[a].cases[i];
            code = bench->only_by_name || measure_case(bench) ? code : CLI_FAILED;
        }
    }
    return code;
}

static int measure_only(const char *name) {
    const struct bench_case *bench = find_case(name);
    return bench == NULL ? CLI_REFUSED : measure_case(bench) ? CLI_OK : CLI_FAILED;
}

static bool set_spans(const char *text) {
    enum { LEAST = 10000, MOST = 1000 * 1000 * 1000 };
    long spans;
    if (!cli_parse_number(text, LEAST, MOST, &spans)) {
        cli_complain("--spans takes a number from %d to %d, not '%s'", LEAST, MOST, text);
        return false;
    }
    bench_store_set_spans((uint64_t)spans);
    return true;
}

int bench_command(int argc, char **argv) {
    const char *area = NULL, *only = NULL, *document = NULL, *spans = NULL;
    bool list = false;
    const struct cli_option options[] = {
        {"--only", "NAME", "measure this case and no other", &only, NULL},
        {"--spans", "N",
         "length of the run that the store's cases are about, else 10000000", &spans,
         NULL},
        {"--document", "NAME", "print the case's document, to time `gilscope run` on it",
         &document, NULL},
        {"--list", NULL, "what is measured", NULL, &list},
    };
    const struct cli_usage usage = {
        .command = "bench",
        .arguments = "[engine|store|http]",
        .summary =
            "Measures how fast the program is: one JSON object a line, name, value, "
            "unit,\n"
            "which direction is better, and how it was measured. Takes about two "
            "minutes,\n"
            "and for the store 100 MB in TMPDIR, or /tmp, which should be on a disk.\n"
            "viewport_growth takes minutes more and 1 GB: only when --only names it.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &area)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (!is_area(area) || (spans != NULL && !set_spans(spans))) {
        return CLI_REFUSED;
    }
    if (document != NULL) {
        return print_document(document);
    }
    if (list) {
        return list_cases(area);
    }
    const int code = only != NULL ? measure_only(only) : measure_area(area);
    bench_http_close();
    bench_store_close();
    return code;
}
