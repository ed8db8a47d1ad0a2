/* SPDX-License-Identifier: MIT */
/* findings_command - `gilscope findings`: what the cells of a document suffer from, and what
 * helps. */
#include "server/cli/commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/advice/advice_view.h"
#include "server/advice/remedy.h"
#include "server/advice/sentence.h"
#include "server/cli/cli.h"
#include "server/cli/document_file.h"
#include "server/cli/json_output.h"

enum { CELLS_MAX = 64 };

struct request {
    const char *file, *cell;
    bool json;
    struct document *document;
    struct grid *grid;
};

/* --- text ------------------------------------------------------------------------ */

static void print_value(enum metric_id metric, double value) {
    char text[SENTENCE_TIME_SIZE];
    if (isnan(value)) {
        printf("nothing");
    } else if (strcmp(metrics[metric].unit, "us") == 0) {
        sentence_time(value, text);
        printf("%s", text);
    } else {
        printf("%.6g", value);
    }
}

static void print_change(const struct advice_item *item,
                         const struct advice_trial *trial) {
    if (item->metric == METRIC_COUNT) {
        printf("%s", trial->verdict == ADVICE_GAINS ? "the runs end" : "no run ends");
        return;
    }
    printf("%s from ", metrics[item->metric].name);
    print_value(item->metric, trial->before);
    printf(" to ");
    print_value(item->metric, trial->after);
    if (!isnan(trial->ratio.median)) {
        printf(", x %.3g", trial->ratio.median);
    }
    if (bootstrap_interval_exists(trial->ratio.median_95)) {
        printf(" (%.3g to %.3g)", trial->ratio.median_95.low,
               trial->ratio.median_95.high);
    }
}

static void print_trial(const struct advice_item *item,
                        const struct advice_trial *trial) {
    static const char *const words[] = {
        [ADVICE_GAINS] = "gains",        [ADVICE_NO_GAIN] = "no gain",
        [ADVICE_LOSES] = "worse",        [ADVICE_NO_NUMBER] = "no number",
        [ADVICE_REFUSED] = "impossible",
    };
    printf("  %s %s: %s, ", trial == item->best ? "->   " : "tried", trial->remedy,
           words[trial->verdict]);
    if (trial->verdict == ADVICE_REFUSED) {
        printf("%s\n", trial->reason);
    } else {
        print_change(item, trial);
        printf("%s%s\n", trial->reason[0] != '\0' ? "; " : "", trial->reason);
    }
    if (trial == item->best) {
        printf("        %s\n        %s\n", remedy_sentence(trial->remedy), trial->patch);
    }
}

static void print_cycle(const struct advice *advice) {
    for (size_t i = 0; i < advice->findings.cycle_count; i++) {
        const struct finding_edge *edge = &advice->findings.cycle[i];
        const struct lane_table *lanes = &advice->result.lanes;
        printf("  %s waits for %s, which %s has\n",
               lane_table_lane(lanes, edge->waiter).name,
               lane_table_lane(lanes, edge->resource).name,
               lane_table_lane(lanes, edge->holder).name);
    }
}

static void print_item(const struct advice *advice, const struct advice_item *item) {
    const struct finding *finding = &item->finding;
    const struct finding_rule *rule = &finding_rules[finding->id];
    char text[SENTENCE_SIZE], from[SENTENCE_TIME_SIZE], to[SENTENCE_TIME_SIZE];
    sentence_of_finding(advice, finding, text);
    sentence_time((double)finding->from_ns / 1e3, from);
    sentence_time((double)finding->to_ns / 1e3, to);
    printf("\n%s: %.4g %s, threshold %.4g\n  %s\n", rule->name, finding->number,
           rule->unit, finding->threshold, text);
    if (finding->to_ns > finding->from_ns) {
        printf("  seen at %s to %s\n", from, to);
    }
    if (finding->id == FINDING_DEADLOCK) {
        print_cycle(advice);
    }
    for (size_t i = 0; i < item->trial_count; i++) {
        print_trial(item, &item->trials[i]);
    }
}

static void print_text(const struct request *request, size_t cell,
                       const struct advice *advice) {
    const struct grid_cell *of = grid_cell(request->grid, cell);
    printf("%scell %zu: %s, %s, %s\n", cell > 0 ? "\n" : "", cell, of->runtime,
           of->strategy, of->point);
    if (advice->count == 0) {
        puts("  no finding");
    }
    for (size_t i = 0; i < advice->count; i++) {
        print_item(advice, &advice->items[i]);
    }
}

/* --- JSON ------------------------------------------------------------------------ */

static void write_cell(struct json_writer *writer, const struct request *request,
                       size_t cell, const struct advice *advice) {
    const struct grid_cell *of = grid_cell(request->grid, cell);
    json_writer_begin_object(writer);
    json_writer_key(writer, "cell");
    json_writer_uint(writer, cell);
    json_writer_key(writer, "runtime");
    json_writer_string(writer, of->runtime);
    json_writer_key(writer, "strategy");
    json_writer_string(writer, of->strategy);
    json_writer_key(writer, "point");
    json_writer_raw(writer, of->point, strlen(of->point));
    json_writer_key(writer, "reason");
    json_writer_string(writer, of->reason);
    json_writer_key(writer, "findings");
    if (advice != NULL) {
        advice_view_write(writer, advice);
    } else {
        json_writer_null(writer);
    }
    json_writer_end_object(writer);
}

/* --- the command ----------------------------------------------------------------- */

static int advise_cell(const struct request *request, size_t cell,
                       struct json_writer *writer, struct err *err) {
    const struct grid_cell *of = grid_cell(request->grid, cell);
    const struct advice_request what = {
        .document = request->document, .grid = request->grid, .cell = cell};
    struct advice advice;
    if (of->reason != NULL) {
        if (request->json) {
            write_cell(writer, request, cell, NULL);
        } else {
            printf("%scell %zu: %s, %s, %s\n  does not exist: %s\n", cell > 0 ? "\n" : "",
                   cell, of->runtime, of->strategy, of->point, of->reason);
        }
        return 0;
    }
    const int code = advice_make(&advice, &what, err);
    if (code != 0) {
        return code;
    }
    if (request->json) {
        write_cell(writer, request, cell, &advice);
    } else {
        print_text(request, cell, &advice);
    }
    advice_deinit(&advice);
    return 0;
}

/* The cells that are wanted: [*first, *end). */
static bool choose_cells(const struct request *request, size_t *first, size_t *end) {
    const size_t count = grid_cell_count(request->grid);
    long cell;
    if (request->cell == NULL) {
        *first = 0;
        *end = count < CELLS_MAX ? count : CELLS_MAX;
        if (count > CELLS_MAX) {
            cli_complain("the document has %zu cells: these are the first %d, --cell "
                         "chooses another",
                         count, CELLS_MAX);
        }
        return true;
    }
    if (!cli_parse_number(request->cell, 0, (long)count - 1, &cell)) {
        cli_complain("--cell must be a number from 0 to %zu, not '%s'", count - 1,
                     request->cell);
        return false;
    }
    *first = (size_t)cell;
    *end = (size_t)cell + 1;
    return true;
}

static int advise(const struct request *request, struct err *err) {
    struct json_writer writer = {0};
    size_t first, end;
    int code = 0;
    if (!choose_cells(request, &first, &end)) {
        return ERR_INVALID;
    }
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "items");
    json_writer_begin_array(&writer);
    for (size_t cell = first; code == 0 && cell < end; cell++) {
        code = advise_cell(request, cell, &writer, err);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    if (code == 0 && request->json) {
        code = json_output_print(&writer, stdout, err);
    }
    json_writer_deinit(&writer);
    return code;
}

static int execute(struct request *request) {
    struct err err = {0};
    int code = document_file_read(&request->document, request->file, &err);
    if (code == 0) {
        code = grid_create(&request->grid, request->document, &err);
    }
    if (code == 0) {
        code = advise(request, &err);
    }
    if (err.code != 0) {
        cli_report(&err,
                   strcmp(request->file, "-") == 0 ? "standard input" : request->file);
    }
    grid_destroy(request->grid);
    document_destroy(request->document);
    return code == 0 ? CLI_OK : code == ERR_INVALID ? CLI_REFUSED : CLI_FAILED;
}

int findings_command(int argc, char **argv) {
    struct request request = {0};
    const struct cli_option options[] = {
        {"--cell", "N", "only that cell, from 0 (default: all, at most the first 64)",
         &request.cell, NULL},
        {"--json", NULL,
         "print one JSON object, for each cell what "
         "GET /runs/{id}/findings gives",
         NULL, &request.json},
    };
    const struct cli_usage usage = {
        .command = "findings",
        .arguments = "FILE|-",
        .summary =
            "Says what the cells of a document suffer from: which rule spoke, by which "
            "number,\n"
            "where it is seen, and what helps. Each patch (RFC 6902, of the document of "
            "the cell,\n"
            "which --json prints) was run with the same seed and repetitions, at most 20 "
            "of them;\n"
            "what did not help is said, too. FILE is JSON; - reads standard input. Exit "
            "code 2\n"
            "when the document was refused.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_min = 1,
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &request.file)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    return execute(&request);
}
