/* SPDX-License-Identifier: MIT */
#include "server/bench/bench.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "engine/analysis/run.h"
#include "server/cli/cli.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

/* --- running a document -------------------------------------------------------- */

static double cpu_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail: it exists */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int run_cell(struct bench_run *sum, const struct grid *grid, size_t index,
                    const struct sink *sink, struct err *err) {
    struct plan plan;
    struct run_result result;
    int rc = grid_cell_plan(grid, index, &plan, err);
    if (rc != 0) {
        return rc;
    }
    const double begin = cpu_s();
    rc = run_execute(&result, &plan, &(struct run_options){.sink = sink}, err);
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
    plan_deinit(&plan);
    return rc;
}

static int run_once(struct bench_run *out, const char *text, const struct sink *sink,
                    struct err *err) {
    struct bench_run sum = {0};
    struct document *document = NULL;
    struct grid *grid = NULL;
    const double begin = cpu_s();
    int rc = document_parse(&document, text, strlen(text), err);
    if (rc == 0) {
        rc = grid_create(&grid, document, err);
    }
    for (size_t i = 0; rc == 0 && i < grid_cell_count(grid); i++) {
        rc = run_cell(&sum, grid, i, sink, err);
    }
    sum.document_s = cpu_s() - begin;
    grid_destroy(grid);
    document_destroy(document);
    if (rc == 0) {
        *out = sum;
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

static const struct bench_case *find_case(const char *name) {
    for (size_t i = 0; i < bench_engine_case_count; i++) {
        if (strcmp(bench_engine_cases[i].name, name) == 0) {
            return &bench_engine_cases[i];
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
        cli_complain("'%s' is more than one document", name);
        return CLI_REFUSED;
    }
    bench->document(text, sizeof text);
    puts(text);
    return CLI_OK;
}

static void list_cases(void) {
    for (size_t i = 0; i < bench_engine_case_count; i++) {
        printf("%s (%s)\n    %s\n", bench_engine_cases[i].name,
               bench_engine_cases[i].unit, bench_engine_cases[i].what);
    }
}

int bench_command(int argc, char **argv) {
    const char *area = NULL, *only = NULL, *document = NULL;
    bool list = false;
    const struct cli_option options[] = {
        {"--only", "NAME", "measure this case and no other", &only, NULL},
        {"--document", "NAME", "print the case's document, to time `gilscope run` on it",
         &document, NULL},
        {"--list", NULL, "what is measured", NULL, &list},
    };
    const struct cli_usage usage = {
        .command = "bench",
        .arguments = "[engine]",
        .summary =
            "Measures how fast the program is: one JSON object a line, name, value, "
            "unit,\n"
            "which direction is better, and how it was measured. Takes about a minute.",
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
    if (area != NULL && strcmp(area, "engine") != 0) {
        cli_complain("there is nothing to measure of '%s'; there is 'engine'", area);
        return CLI_REFUSED;
    }
    if (document != NULL) {
        return print_document(document);
    }
    if (list) {
        list_cases();
        return CLI_OK;
    }
    if (only != NULL) {
        const struct bench_case *bench = find_case(only);
        return bench == NULL ? CLI_REFUSED : measure_case(bench) ? CLI_OK : CLI_FAILED;
    }
    int code = CLI_OK;
    for (size_t i = 0; i < bench_engine_case_count; i++) {
        code = measure_case(&bench_engine_cases[i]) ? code : CLI_FAILED;
    }
    return code;
}
