/* SPDX-License-Identifier: MIT */
/* speedup_command - `gilscope speedup`: what a faster step would bring. */
#include "server/cli/commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/advice/advice.h"
#include "server/advice/speedup_view.h"
#include "server/cli/cli.h"
#include "server/cli/document_file.h"
#include "server/cli/json_output.h"
#include "server/cli/text_table.h"

static void add_gain(struct text_table *table, const struct speedup_row *row, int index) {
    if (isnan(row->gain[index])) {
        text_table_add(table, "-");
    } else {
        text_table_add(table, "%.1f %%", 100 * row->gain[index]);
    }
}

static int print_table(const struct speedup *speedup, struct err *err) {
    struct text_table table = {.columns = 1 + SPEEDUP_STEPS, .right = 0xE};
    printf("%s is %.6g %s. Better by so much if this step took less time:\n\n",
           metrics[speedup->goal].name, speedup->value, metrics[speedup->goal].unit);
    text_table_add(&table, "step");
    for (int k = 0; k < SPEEDUP_STEPS; k++) {
        text_table_add(&table, "%.0f %% less", 100 * (1 - speedup_factors[k]));
    }
    for (size_t i = 0; i < speedup->count; i++) {
        text_table_add(&table, "%s", speedup->rows[i].site);
        for (int k = 0; k < SPEEDUP_STEPS; k++) {
            add_gain(&table, &speedup->rows[i], k);
        }
    }
    const int code = text_table_print(&table, stdout, err);
    text_table_deinit(&table);
    if (speedup->left_out > 0) {
        printf("\n%zu further steps were not tried.\n", speedup->left_out);
    }
    return code;
}

static int print_json(const struct speedup *speedup, struct err *err) {
    struct json_writer writer = {0};
    speedup_view_write(&writer, speedup);
    return json_output_print(&writer, stdout, err);
}

static int run(const struct document *document, size_t cell, bool json, struct err *err) {
    struct grid *grid = NULL;
    struct speedup speedup;
    int code = grid_create(&grid, document, err);
    if (code == 0 && cell >= grid_cell_count(grid)) {
        code = err_set(err, ERR_INVALID, "it has no cell %zu: the last one is %zu", cell,
                       grid_cell_count(grid) - 1);
    }
    if (code == 0) {
        const struct speedup_request request = {
            .document = document,
            .grid = grid,
            .cell = cell,
            .options = {.repetitions = advice_repetitions(document)},
        };
        code = speedup_make(&speedup, &request, err);
    }
    if (code == 0) {
        code = json ? print_json(&speedup, err) : print_table(&speedup, err);
        speedup_deinit(&speedup);
    }
    grid_destroy(grid);
    return code;
}

int speedup_command(int argc, char **argv) {
    const char *file = NULL, *cell_text = NULL;
    bool json = false;
    long cell = 0;
    const struct cli_option options[] = {
        {"--cell", "N", "which cell of the grid, from 0 on (default: 0)", &cell_text,
         NULL},
        {"--json", NULL, "print one JSON object", NULL, &json},
    };
    const struct cli_usage usage = {
        .command = "speedup",
        .arguments = "FILE|-",
        .summary =
            "Virtual speed-up: runs a cell again with each step of its program 10, 25 "
            "and\n50 % faster, and prints how much better its goal would be (without "
            "one the\nmakespan, of arrivals latency_p99_us).",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_min = 1,
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &file)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (cell_text != NULL && !cli_parse_number(cell_text, 0, GRID_MAX_CELLS - 1, &cell)) {
        cli_complain("--cell must be a number from 0 to %d, not '%s'", GRID_MAX_CELLS - 1,
                     cell_text);
        return CLI_REFUSED;
    }
    struct document *document = NULL;
    struct err err = {0};
    int code = document_file_read(&document, file, &err);
    if (code == 0) {
        code = run(document, (size_t)cell, json, &err);
    }
    if (code != 0) {
        cli_report(&err, file);
    }
    document_destroy(document);
    return code == 0                                        ? CLI_OK
           : code == ERR_INVALID || code == ERR_UNSUPPORTED ? CLI_REFUSED
                                                            : CLI_FAILED;
}
