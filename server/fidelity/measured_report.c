/* SPDX-License-Identifier: MIT */
#include "server/fidelity/measured_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/fidelity/ranking.h"
#include "server/fidelity/reach.h"

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

/* A number for each; null where there is none. */
static void set_figures(json_t *object, const struct score_row *row) {
    const struct {
        const char *key;
        double value;
    } figures[] = {
        {"switch_interval", row->group->switch_interval_s},
        {"measured_s", row->measured_s},
        {"spread", row->spread},
        {"predicted_s", row->predicted_s},
        {"error", row->error},
        {"naive_s", row->naive_s},
        {"naive_error", row->naive_error},
        {"detail_error", row->detail_error},
        {"lost_measured", row->lost_measured},
        {"lost_predicted", row->lost_predicted},
        {"long_measured", row->long_measured},
        {"long_predicted", row->long_predicted},
        {"band_low", row->band.low},
        {"band_high", row->band.high},
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        json_object_set_new(object, figures[i].key, number(figures[i].value));
    }
}

static json_t *row_object(const struct score_row *row) {
    json_t *object = json_pack(
        "{s:s, s:s, s:O, s:i, s:i, s:b, s:i, s:i, s:s, s:s?}", "build", row->group->build,
        "family", row->group->family, "params", row->group->params, "repetitions",
        (int)row->group->row_count, "quiet", (int)row->quiet, "eligible",
        (int)row->eligible, "band_inside", (int)row->band.inside, "band_repetitions",
        (int)row->band.repetitions, "stratum", family_stratum_name(row->stratum),
        "reason", row->reason[0] == '\0' ? NULL : row->reason);
    set_figures(object, row);
    return object;
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

static json_t *goal_object(const struct reach_goal *goal) {
    return json_pack("{s:s, s:o, s:o, s:i, s:i, s:b}", "what", goal->what, "figure",
                     number(goal->figure), "aim", number(goal->aim), "kept",
                     (int)goal->kept, "asked", (int)goal->asked, "reached",
                     (int)goal->reached);
}

static int reach_array(json_t **out, const struct score *score, struct err *err) {
    struct reach reach;
    const int rc = reach_make(&reach, score, err);
    if (rc != 0) {
        return rc;
    }
    *out = json_array();
    for (size_t i = 0; i < reach.count; i++) {
        json_array_append_new(*out, goal_object(&reach.goals[i]));
    }
    return 0;
}

static int ranking_array(json_t **out, const struct score *score, struct err *err) {
    struct ranking_list list;
    const int rc = ranking_list_make(&list, score, err);
    if (rc == 0) {
        *out = ranking_list_json(&list);
        ranking_list_deinit(&list);
    }
    return rc;
}

int measured_report_json(const struct score *score, FILE *out, struct err *err) {
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
    json_t *goals = NULL;
    if (rc == 0) {
        rc = reach_array(&goals, score, err);
        json_object_set_new(summary, "reach", goals);
    }
    json_t *ranking = NULL;
    if (rc == 0) {
        rc = ranking_array(&ranking, score, err);
    }
    json_t *report = json_pack("{s:o, s:o, s:o*}", "rows", rows, "summary", summary,
                               "ranking", ranking);
    if (rc == 0 &&
        json_dumpf(report, out, JSON_REAL_PRECISION(6) | JSON_INDENT(1)) != 0) {
        rc = err_set(err, ERR_IO, "cannot write the report");
    }
    json_decref(report);
    fputc('\n', out);
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
    return strcmp(a->reason, b->reason) == 0 &&
           strcmp(a->group->family, b->group->family) == 0;
}

/* One line per family and reason. */
static void print_missing(const struct score *score) {
    printf("\nnot predicted:\n");
    for (size_t i = 0; i < score->count; i++) {
        size_t groups = 0;
        bool first = true;
        for (size_t k = 0; k < score->count && score->rows[i].reason[0] != '\0'; k++) {
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

/* --- what the rules ask for ---------------------------------------------------- */

static int print_goals(const struct score *score, struct err *err) {
    struct reach reach;
    const int rc = reach_make(&reach, score, err);
    if (rc != 0) {
        return rc;
    }
    printf("\nwhat the rules ask (a group that is not predicted counts as 1)\n");
    for (size_t i = 0; i < reach.count; i++) {
        const struct reach_goal *goal = &reach.goals[i];
        printf("%-40s", goal->what);
        if (goal->asked > 0) {
            printf(" %3zu of %3zu groups", goal->kept, goal->asked);
        } else {
            print_percent(goal->figure);
            printf(" aim %3.0f%%", 100.0 * goal->aim);
        }
        printf("  %s\n", goal->reached ? "reached" : "missed");
    }
    return 0;
}

static void print_group(const struct score_row *row) {
    char *params =
        json_dumps(row->group->params, JSON_SORT_KEYS | JSON_REAL_PRECISION(6));
    printf("  %-8s %-14s %s", row->group->build, row->group->family,
           params == NULL ? "" : params);
    free(params);
}

static void print_broken_rules(const struct score *score) {
    printf("\ngroups that break a rule\n");
    for (int rule = 0; rule < REACH_RULE_COUNT; rule++) {
        for (size_t i = 0; i < score->count; i++) {
            if (reach_judge(&score->rows[i], (enum reach_rule)rule) == REACH_BROKEN) {
                print_group(&score->rows[i]);
                printf(": not %s\n", reach_rule_name((enum reach_rule)rule));
            }
        }
    }
}

static void print_long_shares(const struct score *score) {
    printf("\nshare of cycles that lost a race, where little was stolen: measured, "
           "predicted, repetitions within 0.15\n");
    for (size_t i = 0; i < score->count; i++) {
        const struct score_row *row = &score->rows[i];
        if (row->long_counted > 0) {
            print_group(row);
            printf(": %.2f %.2f, %zu of %zu\n", row->long_measured, row->long_predicted,
                   row->long_within, row->long_counted);
        }
    }
}

static void print_bands(const struct score *score) {
    size_t left_out = 0;
    printf(
        "\ngroups that are not eligible: repetitions inside p5 - p95 of 20 seeds (wall "
        "time / work alone)\n");
    for (size_t i = 0; i < score->count; i++) {
        const struct score_row *row = &score->rows[i];
        left_out += row->band_left_out;
        if (!isnan(row->band.low)) {
            print_group(row);
            printf(": %zu of %zu inside %.4g - %.4g\n", row->band.inside,
                   row->band.repetitions, row->band.low, row->band.high);
        }
    }
    if (left_out > 0) {
        printf("  %zu groups of millions of operations only with --all\n", left_out);
    }
}

static int print_rankings(const struct score *score, struct err *err) {
    struct ranking_list list;
    const int rc = ranking_list_make(&list, score, err);
    if (rc == 0) {
        ranking_list_print(&list);
        ranking_list_deinit(&list);
    }
    return rc;
}

int measured_report_print(const struct score *score, struct err *err) {
    printf("%-8s %-14s %10s %10s %7s %7s %7s %7s %7s  %s\n", "build", "family",
           "measured", "predicted", "error", "naive", "p50", "lost", "model",
           "parameters");
    for (size_t i = 0; i < score->count; i++) {
        if (!isnan(score->rows[i].predicted_s)) {
            print_row(&score->rows[i]);
        }
    }
    int rc = print_summaries(score, err);
    if (rc == 0) {
        rc = print_goals(score, err);
    }
    if (rc == 0) {
        rc = print_rankings(score, err);
    }
    print_broken_rules(score);
    print_long_shares(score);
    print_bands(score);
    print_missing(score);
    return rc;
}
