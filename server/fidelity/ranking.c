/* SPDX-License-Identifier: MIT */
#include "server/fidelity/ranking.h"

#include "engine/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const double NEAR_BEST = 1.10;
static const double TIED = 1.02;

/* --- which groups belong together ---------------------------------------------- */

static const char *const workload_keys[] = {"count", "python_ms", "c_ms", "io_ms",
                                            "payload_kb"};
enum { WORKLOAD_KEYS = sizeof workload_keys / sizeof workload_keys[0] };

static double workload_number(const struct score_row *row, size_t key) {
    const double value = measured_number(row->group->params, workload_keys[key], NULL);
    return isnan(value) ? 0.0 : value;
}

static bool same_workload(const struct score_row *a, const struct score_row *b) {
    const double x = a->group->switch_interval_s, y = b->group->switch_interval_s;
    bool same = strcmp(a->group->build, b->group->build) == 0 &&
                ((isnan(x) && isnan(y)) || x == y);
    for (size_t i = 0; same && i < WORKLOAD_KEYS; i++) {
        same = workload_number(a, i) == workload_number(b, i);
    }
    return same;
}

static bool takes_part(const struct score_row *row) {
    return strcmp(row->group->family, "jobs") == 0 && row->quiet > 0;
}

static bool is_first_of_workload(const struct score *score, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (takes_part(&score->rows[i]) &&
            same_workload(&score->rows[i], &score->rows[index])) {
            return false;
        }
    }
    return takes_part(&score->rows[index]);
}

/* --- order --------------------------------------------------------------------- */

static int by_measured_time(const void *a, const void *b) {
    const double x = ((const struct ranking_entry *)a)->row->measured_s;
    const double y = ((const struct ranking_entry *)b)->row->measured_s;
    return (x > y) - (x < y);
}

static void rank(struct ranking *ranking) {
    for (size_t i = 0; i < ranking->count; i++) {
        struct ranking_entry *entry = &ranking->entries[i];
        const bool predicted = !isnan(entry->row->predicted_s);
        entry->measured_rank = 1;
        entry->predicted_rank = predicted;
        for (size_t k = 0; k < ranking->count; k++) {
            const struct score_row *other = ranking->entries[k].row;
            entry->measured_rank += other->measured_s < entry->row->measured_s;
            entry->predicted_rank +=
                predicted && other->predicted_s < entry->row->predicted_s;
        }
    }
}

static void conclude(struct ranking *ranking) {
    qsort(ranking->entries, ranking->count, sizeof ranking->entries[0], by_measured_time);
    rank(ranking);
    ranking->first = ranking->count;
    for (size_t i = 0; i < ranking->count && ranking->first == ranking->count; i++) {
        ranking->first = ranking->entries[i].predicted_rank == 1 ? i : ranking->first;
    }
    if (ranking->first == ranking->count) {
        return;
    }
    const struct score_row *first = ranking->entries[ranking->first].row;
    ranking->within =
        first->measured_s <= NEAR_BEST * ranking->entries[0].row->measured_s;
    for (size_t i = 0; i < ranking->count; i++) {
        struct ranking_entry *entry = &ranking->entries[i];
        entry->tied =
            entry->row != first && entry->row->predicted_s <= TIED * first->predicted_s;
    }
}

int ranking_list_make(struct ranking_list *out, const struct score *score,
                      struct err *err) {
    struct ranking_list list = {
        .rankings = memory_zeroed(score->count + 1, sizeof *list.rankings),
        .entries = memory_zeroed(score->count + 1, sizeof *list.entries)};
    if (list.rankings == NULL || list.entries == NULL) {
        ranking_list_deinit(&list);
        return err_set_nomem(err);
    }
    size_t used = 0;
    for (size_t i = 0; i < score->count; i++) {
        if (!is_first_of_workload(score, i)) {
            continue;
        }
        struct ranking *ranking = &list.rankings[list.count++];
        ranking->entries = &list.entries[used];
        for (size_t k = i; k < score->count; k++) {
            if (takes_part(&score->rows[k]) &&
                same_workload(&score->rows[i], &score->rows[k])) {
                ranking->entries[ranking->count++].row = &score->rows[k];
            }
        }
        used += ranking->count;
        conclude(ranking);
    }
    *out = list;
    return 0;
}

void ranking_list_deinit(struct ranking_list *list) {
    memory_free(list->rankings);
    memory_free(list->entries);
    *list = (struct ranking_list){0};
}

/* --- for people ---------------------------------------------------------------- */

static const char *strategy_of(const struct score_row *row) {
    const char *text = json_string_value(json_object_get(row->group->params, "strategy"));
    return text == NULL ? "?" : text;
}

static int workers_of(const struct score_row *row) {
    const double workers = measured_number(row->group->params, "workers", NULL);
    return isnan(workers) ? 0 : (int)workers;
}

static void print_entry(const struct ranking_entry *entry) {
    const struct score_row *row = entry->row;
    printf("    %2zu ", entry->measured_rank);
    if (entry->predicted_rank == 0) {
        printf(" -  %-17s %3d %9.4f         -\n", strategy_of(row), workers_of(row),
               row->measured_s);
        return;
    }
    printf("%2zu  %-17s %3d %9.4f %9.4f%s\n", entry->predicted_rank, strategy_of(row),
           workers_of(row), row->measured_s, row->predicted_s,
           entry->tied ? "  as fast as the first to within 2 %" : "");
}

static void print_ranking(const struct ranking *ranking) {
    const struct score_row *best = ranking->entries[0].row;
    printf("  %-8s", best->group->build);
    for (size_t i = 0; i < WORKLOAD_KEYS; i++) {
        printf(" %s %g", workload_keys[i], workload_number(best, i));
    }
    printf(": %s\n", ranking->within ? "within 10 %" : "NOT within 10 %");
    for (size_t i = 0; i < ranking->count; i++) {
        print_entry(&ranking->entries[i]);
    }
}

void ranking_list_print(const struct ranking_list *list) {
    size_t within = 0;
    for (size_t i = 0; i < list->count; i++) {
        within += list->rankings[i].within;
    }
    if (list->count == 0) {
        return;
    }
    printf("\nstrategies for the same jobs: measured rank, predicted rank, strategy, "
           "workers, measured s, predicted s\n"
           "  the first predicted one is within 10 %% of the best measured one in %zu of "
           "%zu\n",
           within, list->count);
    for (size_t i = 0; i < list->count; i++) {
        print_ranking(&list->rankings[i]);
    }
}

/* --- for programs -------------------------------------------------------------- */

static json_t *seconds(double value) {
    return isnan(value) ? json_null() : json_real(value);
}

/* Also NULL: no entry. */
static json_t *entry_object(const struct ranking_entry *entry) {
    if (entry == NULL) {
        return json_null();
    }
    const struct score_row *row = entry->row;
    return json_pack("{s:s, s:i, s:o, s:o, s:i, s:o, s:b, s:b}", "strategy",
                     strategy_of(row), "workers", workers_of(row), "measured_s",
                     seconds(row->measured_s), "predicted_s", seconds(row->predicted_s),
                     "measured_rank", (int)entry->measured_rank, "predicted_rank",
                     entry->predicted_rank == 0
                         ? json_null()
                         : json_integer((json_int_t)entry->predicted_rank),
                     "tied", (int)entry->tied, "eligible", (int)row->eligible);
}

static json_t *ranking_object(const struct ranking *ranking) {
    const struct score_row *best = ranking->entries[0].row;
    const bool predicted = ranking->first < ranking->count;
    json_t *workload = json_object(), *order = json_array();
    for (size_t i = 0; i < WORKLOAD_KEYS; i++) {
        json_object_set_new(workload, workload_keys[i],
                            json_real(workload_number(best, i)));
    }
    for (size_t i = 0; i < ranking->count; i++) {
        json_array_append_new(order, entry_object(&ranking->entries[i]));
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:b, s:o}", "build", best->group->build,
                     "workload", workload, "best_measured",
                     entry_object(&ranking->entries[0]), "first_predicted",
                     entry_object(predicted ? &ranking->entries[ranking->first] : NULL),
                     "within", (int)ranking->within, "order", order);
}

json_t *ranking_list_json(const struct ranking_list *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(array, ranking_object(&list->rankings[i]));
    }
    return array;
}
