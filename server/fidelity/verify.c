/* SPDX-License-Identifier: MIT */
#include "server/fidelity/verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/cli/cli.h"
#include "server/fidelity/score.h"

/* --- selections ---------------------------------------------------------------- */

static bool in_stratum(const struct score_row *row, const char *key) {
    return strcmp(family_stratum_name(row->stratum), key) == 0;
}

static bool in_family(const struct score_row *row, const char *key) {
    return strcmp(row->group->family, key) == 0;
}

static bool in_build(const struct score_row *row, const char *key) {
    return strcmp(row->group->build, key) == 0;
}

static const char *key_stratum(const struct score_row *row) {
    return family_stratum_name(row->stratum);
}

static const char *key_family(const struct score_row *row) { return row->group->family; }

static const char *key_build(const struct score_row *row) { return row->group->build; }

static const struct partition {
    const char *name;
    const char *(*key)(const struct score_row *row);
    score_select_fn select;
} partitions[] = {
    {"by_stratum", key_stratum, in_stratum},
    {"by_family", key_family, in_family},
    {"by_build", key_build, in_build},
};
enum { PARTITIONS = sizeof partitions / sizeof partitions[0] };

/* True for the first row with its key. */
static bool is_first(const struct score *score, size_t index,
                     const struct partition *partition) {
    const char *key = partition->key(&score->rows[index]);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(partition->key(&score->rows[i]), key) == 0) {
            return false;
        }
    }
    return true;
}

/* --- JSON ---------------------------------------------------------------------- */

static json_t *number(double value) {
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *row_object(const struct score_row *row) {
    return json_pack(
        "{s:s, s:s, s:O, s:o, s:i, s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, "
        "s:s?}",
        "build", row->group->build, "family", row->group->family, "params",
        row->group->params, "switch_interval", number(row->group->switch_interval_s),
        "repetitions", (int)row->group->row_count, "quiet", (int)row->quiet, "eligible",
        (int)row->eligible, "measured_s", number(row->measured_s), "spread",
        number(row->spread), "predicted_s", number(row->predicted_s), "error",
        number(row->error), "naive_s", number(row->naive_s), "naive_error",
        number(row->naive_error), "detail_error", number(row->detail_error),
        "lost_measured", number(row->lost_measured), "lost_predicted",
        number(row->lost_predicted), "stratum", family_stratum_name(row->stratum),
        "reason", row->reason);
}

static json_t *summary_object(const struct score_summary *summary) {
    return json_pack(
        "{s:i, s:i, s:i, s:{s:o, s:o, s:o}, s:{s:o, s:o, s:o}, s:o, s:{s:o, s:o}}",
        "groups", (int)summary->groups, "eligible", (int)summary->eligible, "predicted",
        (int)summary->predicted, "model", "median", number(summary->median), "p90",
        number(summary->p90), "worst", number(summary->worst), "naive", "median",
        number(summary->naive_median), "p90", number(summary->naive_p90), "worst",
        number(summary->naive_worst), "detail_p50_median", number(summary->detail_median),
        "not_predicted_as_1", "median", number(summary->counted_median), "p90",
        number(summary->counted_p90));
}

static int partition_object(json_t **out, const struct score *score,
                            const struct partition *partition, struct err *err) {
    json_t *object = json_object();
    for (size_t i = 0; i < score->count; i++) {
        const char *key = partition->key(&score->rows[i]);
        struct score_summary summary;
        if (!is_first(score, i, partition)) {
            continue;
        }
        const int rc = score_summarise(&summary, score, partition->select, key, err);
        if (rc != 0) {
            json_decref(object);
            return rc;
        }
        json_object_set_new(object, key, summary_object(&summary));
    }
    *out = object;
    return 0;
}

static int print_json(const struct score *score, struct err *err) {
    struct score_summary all;
    int rc = score_summarise(&all, score, NULL, NULL, err);
    if (rc != 0) {
        return rc;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < score->count; i++) {
        json_array_append_new(rows, row_object(&score->rows[i]));
    }
    json_t *summary = summary_object(&all);
    for (size_t i = 0; i < PARTITIONS && rc == 0; i++) {
        json_t *part = NULL;
        rc = partition_object(&part, score, &partitions[i], err);
        if (rc == 0) {
            json_object_set_new(summary, partitions[i].name, part);
        }
    }
    json_t *report = json_pack("{s:o, s:o}", "rows", rows, "summary", summary);
    if (rc == 0 &&
        json_dumpf(report, stdout, JSON_REAL_PRECISION(6) | JSON_INDENT(1)) != 0) {
        rc = err_set(err, ERR_IO, "cannot write the report");
    }
    json_decref(report);
    putchar('\n');
    return rc;
}

/* --- table --------------------------------------------------------------------- */

static void print_seconds(double value) {
    if (isnan(value)) {
        printf(" %10s", "-");
    } else {
        printf(" %10.4f", value);
    }
}

static void print_percent(double value) {
    if (isnan(value)) {
        printf(" %7s", "-");
    } else {
        printf(" %6.1f%%", 100.0 * value);
    }
}

static void print_row(const struct score_row *row) {
    char *params =
        json_dumps(row->group->params, JSON_SORT_KEYS | JSON_REAL_PRECISION(6));
    char interval[32] = "";
    if (!isnan(row->group->switch_interval_s)) {
        snprintf(interval, sizeof interval, " @%gms",
                 row->group->switch_interval_s * 1e3);
    }
    printf("%-8s %-14s", row->group->build, row->group->family);
    print_seconds(row->measured_s);
    print_seconds(row->predicted_s);
    print_percent(row->error);
    print_percent(row->naive_error);
    print_percent(row->detail_error);
    print_percent(row->lost_measured);
    print_percent(row->lost_predicted);
    printf("  %s%s%s\n", params == NULL ? "" : params, interval,
           row->eligible ? "" : "  (not eligible)");
    free(params);
}

static void print_summary_line(const char *name, const struct score_summary *summary) {
    printf("%-14s %6zu %8zu %9zu", name, summary->groups, summary->eligible,
           summary->predicted);
    print_percent(summary->median);
    print_percent(summary->p90);
    print_percent(summary->worst);
    print_percent(summary->naive_median);
    print_percent(summary->naive_p90);
    print_percent(summary->naive_worst);
    putchar('\n');
}

static int print_summaries(const struct score *score, struct err *err) {
    struct score_summary summary;
    int rc = score_summarise(&summary, score, NULL, NULL, err);
    printf("\nerrors over eligible, predicted groups: model, then naive\n"
           "%-14s %6s %8s %9s %7s %7s %7s %7s %7s %7s\n",
           "", "groups", "eligible", "predicted", "median", "p90", "worst", "median",
           "p90", "worst");
    if (rc == 0) {
        print_summary_line("all", &summary);
    }
    for (size_t p = 0; p < PARTITIONS; p++) {
        for (size_t i = 0; i < score->count && rc == 0; i++) {
            const char *key = partitions[p].key(&score->rows[i]);
            if (!is_first(score, i, &partitions[p])) {
                continue;
            }
            rc = score_summarise(&summary, score, partitions[p].select, key, err);
            print_summary_line(key, &summary);
        }
    }
    return rc;
}

static bool same_gap(const struct score_row *a, const struct score_row *b) {
    return a->reason == b->reason && strcmp(a->group->family, b->group->family) == 0;
}

/* One line per family and reason. */
static void print_missing(const struct score *score) {
    printf("\nnot predicted yet:\n");
    for (size_t i = 0; i < score->count; i++) {
        size_t groups = 0;
        bool first = true;
        for (size_t k = 0; k < score->count && score->rows[i].reason != NULL; k++) {
            if (same_gap(&score->rows[i], &score->rows[k])) {
                groups++;
                first = first && k >= i;
            }
        }
        if (groups > 0 && first) {
            printf("  %-15s %3zu groups: %s\n", score->rows[i].group->family, groups,
                   score->rows[i].reason);
        }
    }
}

static int print_table(const struct score *score, struct err *err) {
    printf("%-8s %-14s %10s %10s %7s %7s %7s %7s %7s  %s\n", "build", "family",
           "measured", "predicted", "error", "naive", "p50", "lost", "model",
           "parameters");
    for (size_t i = 0; i < score->count; i++) {
        if (!isnan(score->rows[i].predicted_s)) {
            print_row(&score->rows[i]);
        }
    }
    const int rc = print_summaries(score, err);
    print_missing(score);
    return rc;
}

/* --- command ------------------------------------------------------------------- */

static int verify(const char *path, bool as_json, struct err *err) {
    struct measured measured;
    struct score score;
    int rc = measured_read(&measured, path, err);
    if (rc != 0) {
        return rc;
    }
    rc = score_make(&score, &measured, err);
    if (rc == 0) {
        rc = as_json ? print_json(&score, err) : print_table(&score, err);
        score_deinit(&score);
    }
    measured_deinit(&measured);
    return rc;
}

int fidelity_command(int argc, char **argv) {
    const char *path = NULL;
    bool as_json = false;
    const struct cli_option options[] = {
        {"--measured", "FILE", "JSON Lines, as tests/fidelity/measure.py writes them",
         &path, NULL},
        {"--json", NULL, "one JSON object instead of tables", NULL, &as_json},
    };
    const struct cli_usage usage = {
        .command = "verify",
        .arguments = "--measured FILE",
        .summary = "Predicts every workload that was measured on real Python and prints "
                   "measured\ntime, prediction and error, beside a naive predictor. "
                   "tests/fidelity/measured.jsonl\nholds the project's own measurements.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    const enum cli_parsed parsed = cli_parse(&usage, argc, argv, NULL);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_HELP_SHOWN ? CLI_OK : CLI_REFUSED;
    }
    if (path == NULL) {
        cli_complain("verify needs --measured FILE; see gilscope verify --help");
        return CLI_REFUSED;
    }
    struct err err = {0};
    if (verify(path, as_json, &err) != 0) {
        cli_report(&err, path);
        return CLI_FAILED;
    }
    return CLI_OK;
}
