/* SPDX-License-Identifier: MIT */
/* compare_command - `gilscope compare`: cells side by side, and what one change does. */
#include "server/cli/commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/compare_view.h"
#include "server/api/resource_id.h"
#include "server/cli/cli.h"
#include "server/cli/document_file.h"
#include "server/cli/json_output.h"
#include "server/cli/text_table.h"
#include "server/grid/grid.h"
#include "server/jobs/compare_source.h"

struct request {
    const char *names[COMPARE_MAX]; /* as given; NULL ends them */
    const char *database, *change;
    bool json, other_work, all;
    char pointer[512]; /* of the change */
};

/* --- sides ------------------------------------------------------------------------- */

/* "grid.json#3" is cell 3; without a number the only one. */
static int run_file(struct compare_side *out, const char *name, struct err *err) {
    char path[4096];
    const char *mark = strrchr(name, '#');
    long cell = 0;
    struct document *document = NULL;
    if (mark != NULL && !cli_parse_number(mark + 1, 0, GRID_MAX_CELLS - 1, &cell)) {
        mark = NULL; /* the name of a file may have one, too */
    }
    snprintf(path, sizeof path, "%.*s",
             (int)(mark != NULL ? (size_t)(mark - name) : strlen(name)), name);
    int code = document_file_read(&document, path, err);
    if (code == 0) {
        code = compare_source_run(out, document, (size_t)cell, name, err);
    }
    document_destroy(document);
    return code;
}

static int read_stored(struct compare_side *out, struct db_reader *reader,
                       const char *name, struct err *err) {
    int64_t cell;
    const int code = resource_id_parse(RESOURCE_CELL, name, &cell, err);
    return code == 0 ? compare_source_read(out, reader, cell, name, err) : code;
}

/* Complains with the name of the side that is to blame. */
static int make_sides(const struct request *request, struct db_reader *reader,
                      struct compare_side *sides, size_t *count) {
    int code = 0;
    for (*count = 0; *count < COMPARE_MAX && request->names[*count] != NULL; ++*count) {
        struct err err = {0};
        const char *name = request->names[*count];
        code = reader != NULL ? read_stored(&sides[*count], reader, name, &err)
                              : run_file(&sides[*count], name, &err);
        if (code != 0) {
            cli_report(&err, name);
            return code;
        }
    }
    if (request->change != NULL) {
        struct err err = {0};
        code = compare_source_change(&sides[*count], &sides[0], request->pointer,
                                     request->change + strlen(request->pointer) + 1,
                                     request->change, &err);
        if (code != 0) {
            cli_report(&err, request->change);
            return code;
        }
        ++*count;
    }
    return code;
}

/* --- printing ---------------------------------------------------------------------- */

static void add_value(struct text_table *table, enum metric_id metric, double value) {
    if (isnan(value)) {
        text_table_add(table, "-");
    } else if (strcmp(metrics[metric].unit, "ratio") == 0) {
        text_table_add(table, "%.4g %%", 100 * value);
    } else {
        text_table_add(table, "%.6g", value);
    }
}

/* "x 1.25 (1.20 - 1.31) better" */
static void add_figure(struct text_table *table, const struct compare_figure *figure) {
    const struct bootstrap_ratio *ratio = &figure->ratio;
    const char *verdict = compare_verdict_name(figure->verdict);
    if (isnan(ratio->median)) {
        text_table_add(table, "%s", verdict);
    } else if (ratio->median_95.low < ratio->median_95.high) {
        text_table_add(table, "x %.3g (%.3g - %.3g) %s", ratio->median,
                       ratio->median_95.low, ratio->median_95.high, verdict);
    } else {
        text_table_add(table, "x %.3g %s", ratio->median, verdict);
    }
}

static bool is_same(const struct compare_row *row, size_t sides) {
    for (size_t i = 1; i < sides; i++) {
        const enum compare_verdict verdict = row->figures[i].verdict;
        if (verdict != COMPARE_SAME && verdict != COMPARE_NO_VALUE) {
            return false;
        }
    }
    return true;
}

static void print_sides(const struct comparison *comparison,
                        const struct compare_side *sides) {
    for (size_t i = 0; i < comparison->sides; i++) {
        const struct json_differences *list = &comparison->differences[i];
        printf("%c  %s, %u repetition%s\n", (char)('A' + i), sides[i].label,
               sides[i].trial.count, sides[i].trial.count == 1 ? "" : "s");
        for (size_t k = 0; k < list->count; k++) {
            char *a = json_dumps(list->items[k].a, JSON_COMPACT | JSON_ENCODE_ANY);
            char *b = json_dumps(list->items[k].b, JSON_COMPACT | JSON_ENCODE_ANY);
            printf("   %s: %s instead of %s\n", list->items[k].pointer,
                   b != NULL ? b : "nothing", a != NULL ? a : "nothing");
            free(a);
            free(b);
        }
    }
    putchar('\n');
}

static int print_table(const struct request *request, const struct comparison *comparison,
                       const struct compare_side *sides, struct err *err) {
    struct text_table table = {.columns = 2 * comparison->sides,
                               .right = 2}; /* only A's value */
    size_t hidden = 0;
    print_sides(comparison, sides);
    text_table_add(&table, "metric");
    text_table_add(&table, "A");
    for (size_t i = 1; i < comparison->sides; i++) {
        text_table_add(&table, "%c", (char)('A' + i));
        text_table_add(&table, "%c / A", (char)('A' + i));
        table.right |= 1u << (2 * i);
    }
    for (size_t k = 0; k < comparison->row_count; k++) {
        const struct compare_row *row = &comparison->rows[k];
        if (!request->all && is_same(row, comparison->sides)) {
            hidden++;
            continue;
        }
        text_table_add(&table, "%s", metrics[row->metric].name);
        add_value(&table, row->metric, row->figures[0].median);
        for (size_t i = 1; i < comparison->sides; i++) {
            add_value(&table, row->metric, row->figures[i].median);
            add_figure(&table, &row->figures[i]);
        }
    }
    const int code = text_table_print(&table, stdout, err);
    text_table_deinit(&table);
    if (hidden > 0) {
        printf(
            "\n%zu more metrics are the same, differ by no more than chance, or have no "
            "value on one side (--all shows them).\n",
            hidden);
    }
    if (sides[0].trial.count < 2) {
        puts("With one repetition nothing is known of chance.");
    }
    return code;
}

static int print_json(const struct comparison *comparison,
                      const struct compare_side *sides, struct err *err) {
    struct json_writer writer = {0};
    const int code = compare_view_write(&writer, comparison, sides, err);
    if (code != 0) {
        json_writer_deinit(&writer);
        return code;
    }
    return json_output_print(&writer, stdout, err);
}

static int print_comparison(const struct request *request, struct compare_side *sides,
                            size_t count, struct err *err) {
    struct comparison *comparison = malloc(sizeof *comparison);
    if (comparison == NULL) {
        return err_set_nomem(err);
    }
    compare_source_align(sides, count);
    /* Who changes the work with --set means it. */
    int code = compare_make(comparison, sides, count,
                            request->other_work || request->change != NULL, err);
    if (code == 0) {
        code = request->json ? print_json(comparison, sides, err)
                             : print_table(request, comparison, sides, err);
        comparison_deinit(comparison);
    }
    free(comparison);
    return code;
}

/* --- the command ------------------------------------------------------------------- */

static int compare_all(const struct request *request, struct db_reader *reader) {
    struct compare_side sides[COMPARE_MAX] = {0};
    struct err err = {0};
    size_t count = 0;
    int code = make_sides(request, reader, sides, &count);
    if (code == 0) {
        code = print_comparison(request, sides, count, &err);
        if (code != 0) {
            cli_report(&err, NULL);
        }
    }
    for (size_t i = 0; i < COMPARE_MAX; i++) {
        compare_side_deinit(&sides[i]);
    }
    const bool refused = code == ERR_INVALID || code == ERR_CONFLICT ||
                         code == ERR_UNSUPPORTED || code == ERR_NOT_FOUND;
    return code == 0 ? CLI_OK : refused ? CLI_REFUSED : CLI_FAILED;
}

static int compare_stored(const struct request *request) {
    struct db *db = NULL;
    struct db_reader *reader = NULL;
    struct err err = {0};
    int exit_code = CLI_FAILED;
    if (db_open(&db, request->database, DB_READ, &err) == 0 &&
        db_reader_open(&reader, db, &err) == 0) {
        exit_code = compare_all(request, reader);
        db_reader_close(reader);
    } else {
        cli_report(&err, NULL);
    }
    db_close(db);
    return exit_code;
}

/* Splits "POINTER=VALUE" and counts the sides. */
static bool check(struct request *request) {
    size_t count = request->change != NULL ? 1 : 0;
    while (count < COMPARE_MAX && request->names[count] != NULL) {
        count++;
    }
    if (request->change != NULL) {
        const char *equals = strchr(request->change, '=');
        if (equals == NULL || request->change[0] != '/' ||
            (size_t)(equals - request->change) >= sizeof request->pointer) {
            cli_complain("--set takes POINTER=VALUE: /machine/cores=4");
            return false;
        }
        memcpy(request->pointer, request->change, (size_t)(equals - request->change));
    }
    if (request->names[1] == NULL && request->change == NULL) {
        cli_complain("one is nothing to compare: name another, or change this one with "
                     "--set");
        return false;
    }
    return true;
}

int compare_command(int argc, char **argv) {
    struct request request = {0};
    const struct cli_option options[] = {
        {"--database", "FILE", "compare cells that are stored there: c3 c7",
         &request.database, NULL},
        {"--set", "POINTER=VALUE",
         "what if: add the first one with this value of its document changed",
         &request.change, NULL},
        {"--other-work", NULL,
         "compare although the work differs; the unit of work must still be the same",
         NULL, &request.other_work},
        {"--all", NULL, "show metrics that are the same, too", NULL, &request.all},
        {"--json", NULL, "print one JSON object, as GET /compare gives it", NULL,
         &request.json},
    };
    const struct cli_usage usage = {
        .command = "compare",
        .arguments = "A [B ...]",
        .summary =
            "Cells side by side, metric by metric: medians, the factor by which each\n"
            "differs from the first, repetition by repetition, and whether chance alone\n"
            "could have made the difference. Each of A, B ... is a document, which is "
            "run\n"
            "now (FILE, or FILE#N for cell N of its grid), or, with --database, a "
            "stored\n"
            "cell (c3). Only the same work with the same seed can be compared.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_min = 1,
        .arguments_max = COMPARE_MAX - 1,
    };
    switch (cli_parse(&usage, argc, argv, request.names)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (!check(&request)) {
        return CLI_REFUSED;
    }
    return request.database != NULL ? compare_stored(&request)
                                    : compare_all(&request, NULL);
}
