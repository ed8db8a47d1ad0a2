/* SPDX-License-Identifier: MIT */
/*
 * The same jobs under every strategy: sizes that nobody has measured, rows that lack
 * something, and the order of strategies.
 */
#include "tests/support/test.h"

#include "server/fidelity/measured_report.h"
#include "server/fidelity/ranking.h"
#include "server/fidelity/reach.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

static const char *const BUILD = "3.14.10";

/* A file with the primitives of one build, to which rows are added. */
struct data {
    char path[64];
    FILE *file;
};

static void data_begin(struct data *data) {
    char path[1024];
    const char *root = getenv("GILSCOPE_ROOT");
    struct measured all;
    struct err err = {0};
    snprintf(path, sizeof path, "%s/tests/fidelity/measured.jsonl",
             root == NULL ? "." : root);
    strcpy(data->path, "/tmp/gilscope-fidelity-XXXXXX");
    data->file = fdopen(mkstemp(data->path), "w");
    assert_non_null(data->file);
    assert_int_equal(measured_read(&all, path, &err), 0);
    for (size_t i = 0; i < json_array_size(all.lines); i++) {
        const json_t *line = json_array_get(all.lines, i);
        if (strcmp(json_string_value(json_object_get(line, "set")), "primitive") == 0 &&
            strcmp(json_string_value(json_object_get(line, "build")), BUILD) == 0) {
            json_dumpf(line, data->file, JSON_COMPACT);
            fputc('\n', data->file);
        }
    }
    measured_deinit(&all);
}

/* A row of the build; `params` and `result` are JSON. */
static void data_add(struct data *data, const char *family, const char *params,
                     const char *result) {
    fprintf(data->file,
            "{\"build\":\"%s\",\"family\":\"%s\",\"set\":\"mine\",\"params\":%s,"
            "\"result\":%s}\n",
            BUILD, family, params, result);
}

/* Two repetitions, as many as the family needs. */
static void data_add_job(struct data *data, const char *strategy, int workers,
                         const char *sizes, const char *result) {
    char params[256];
    snprintf(params, sizeof params, "{\"strategy\":\"%s\",\"workers\":%d,%s}", strategy,
             workers, sizes);
    data_add(data, "jobs", params, result);
    data_add(data, "jobs", params, result);
}

struct scored {
    struct measured measured;
    struct score score;
};

static void data_score(struct data *data, struct scored *out) {
    struct err err = {0};
    fclose(data->file);
    assert_int_equal(measured_read(&out->measured, data->path, &err), 0);
    unlink(data->path);
    if (score_make(&out->score, &out->measured, SCORE_SEEDS_NONE, &err) != 0) {
        fail_msg("%s: %s", err.pointer, err.text);
    }
}

static void scored_deinit(struct scored *scored) {
    score_deinit(&scored->score);
    measured_deinit(&scored->measured);
}

static const struct {
    const char *name;
    int workers;
} strategies[] = {{"sequential", 1}, {"threads", 3},      {"asyncio", 7},
                  {"processes", 3},  {"interpreters", 3}, {"asyncio_to_thread", 2}};
static const size_t STRATEGIES = sizeof strategies / sizeof strategies[0];

/* --- sizes --------------------------------------------------------------------- */

/* Least time: of one job, and of all the computing on two cores. Most: one job after the
 * other, and a second for whatever has to be started. */
static void test_fidelity_jobs_of_any_size(void **state) {
    (void)state;
    static const struct {
        const char *sizes, *result;
        double one_s, computing_s;
        int count;
    } cases[] = {
        {"\"count\":1,\"python_ms\":0,\"c_ms\":0,\"io_ms\":0,\"payload_kb\":0",
         "{\"wall_s\":0.1,\"c_calls\":0,\"call_s\":0.0}", 0.0, 0.0, 1},
        {"\"count\":17,\"python_ms\":0.35,\"c_ms\":0,\"io_ms\":3.7,\"payload_kb\":3",
         "{\"wall_s\":0.1,\"c_calls\":0,\"call_s\":0.0}", 0.00405, 0.00035, 17},
        {"\"count\":5,\"python_ms\":0,\"c_ms\":1.5,\"io_ms\":0,\"payload_kb\":0",
         "{\"wall_s\":0.1,\"c_calls\":30,\"call_s\":0.00005}", 0.0015, 0.0015, 5},
        {"\"count\":9,\"python_ms\":2,\"c_ms\":4,\"io_ms\":1,\"payload_kb\":64",
         "{\"wall_s\":0.1}", 0.007, 0.006, 9}, /* nobody has counted the calls */
        {"\"count\":4,\"python_ms\":1", "{\"wall_s\":0.1}", 0.001, 0.001, 4},
    };
    const size_t case_count = sizeof cases / sizeof cases[0];
    struct data data;
    struct scored scored;
    data_begin(&data);
    for (size_t i = 0; i < case_count; i++) {
        for (size_t k = 0; k < STRATEGIES; k++) {
            data_add_job(&data, strategies[k].name, strategies[k].workers, cases[i].sizes,
                         cases[i].result);
        }
    }
    data_score(&data, &scored);
    assert_int_equal(scored.score.count, case_count * STRATEGIES);
    for (size_t i = 0; i < scored.score.count; i++) {
        const struct score_row *row = &scored.score.rows[i];
        const double one = cases[i / STRATEGIES].one_s,
                     count = cases[i / STRATEGIES].count;
        if (isnan(row->predicted_s)) {
            fail_msg("%s: %s", strategies[i % STRATEGIES].name, row->reason);
        }
        assert_true(row->eligible);
        assert_true(row->predicted_s >= one);
        assert_true(row->predicted_s >= count * cases[i / STRATEGIES].computing_s / 2.0);
        assert_true(row->predicted_s < count * one + 1.0);
        assert_true(row->naive_s >= 0.0); /* no NaN */
    }
    scored_deinit(&scored);
}

/* Nothing of a row but its inputs moves its prediction. */
static void test_fidelity_jobs_look_at_inputs_only(void **state) {
    (void)state;
    static const char sizes[] =
        "\"count\":20,\"python_ms\":1,\"c_ms\":1,\"io_ms\":2,\"payload_kb\":10";
    static const char *const results[] = {
        "{\"wall_s\":0.1,\"steal\":0.01,\"c_calls\":20,\"call_s\":0.00005,\"job_s\":{"
        "\"p50\":0.01,\"mean\":0.02},\"cpu_used_s\":0.2,\"ctx_vol\":9}",
        "{\"wall_s\":7.5,\"steal\":0.02,\"c_calls\":20,\"call_s\":0.00005,\"job_s\":{"
        "\"p50\":9.0,\"mean\":9.0},\"cpu_used_s\":9.9,\"ctx_vol\":1}",
    };
    struct scored scored[2];
    for (size_t i = 0; i < 2; i++) {
        struct data data;
        data_begin(&data);
        for (size_t k = 0; k < STRATEGIES; k++) {
            data_add_job(&data, strategies[k].name, strategies[k].workers, sizes,
                         results[i]);
        }
        data_score(&data, &scored[i]);
    }
    for (size_t i = 0; i < STRATEGIES; i++) {
        assert_true(scored[0].score.rows[i].predicted_s ==
                    scored[1].score.rows[i].predicted_s);
        assert_true(scored[0].score.rows[i].error != scored[1].score.rows[i].error);
    }
    scored_deinit(&scored[0]);
    scored_deinit(&scored[1]);
}

/* --- what cannot be predicted -------------------------------------------------- */

static void assert_reason(const struct scored *scored, size_t index, const char *part) {
    const struct score_row *row = &scored->score.rows[index];
    assert_true(isnan(row->predicted_s));
    assert_true(row->error == 1.0);
    if (strstr(row->reason, part) == NULL) {
        fail_msg("'%s' says nothing of '%s'", row->reason, part);
    }
}

static void test_fidelity_says_why_not(void **state) {
    (void)state;
    static const char wall[] = "{\"wall_s\":0.1,\"solo_s\":0.1,\"ops\":10}";
    struct data data;
    struct scored scored;
    data_begin(&data);
    data_add_job(&data, "greenlets", 4, "\"count\":10,\"python_ms\":1", wall);
    data_add_job(&data, "threads", 4, "\"python_ms\":1", wall);
    data_add_job(&data, "threads", 1000000, "\"count\":10,\"python_ms\":1", wall);
    data_add_job(&data, "threads", 4, "\"count\":10,\"python_ms\":-1", wall);
    data_add_job(&data, "threads", 4, "\"count\":10,\"python_ms\":\"many\"", wall);
    data_add(&data, "nogil_c", "{\"threads\":2}", "{\"wall_s\":0.1,\"solo_s\":0.1}");
    data_add(&data, "aio_queue",
             "{\"producers\":1,\"consumers\":0,\"items\":1,\"cpu_us\":1}", wall);
    data_add(&data, "juggling", "{}", wall);
    data_score(&data, &scored);
    assert_int_equal(scored.score.count, 8);
    assert_reason(&scored, 0, "strategy");
    assert_reason(&scored, 1, "'count'");
    assert_reason(&scored, 2, "10000");
    assert_reason(&scored, 3, "'python_ms'");
    assert_reason(&scored, 4, "'python_ms'");
    assert_reason(&scored, 5, "'ops'");
    assert_reason(&scored, 6, "queue");
    assert_reason(&scored, 7, "family");
    scored_deinit(&scored);
}

/* --- ranking ------------------------------------------------------------------- */

static struct score_row ranked(const struct measured_group *group, double measured_s,
                               double predicted_s) {
    return (struct score_row){
        .group = group,
        .quiet = 2,
        .measured_s = measured_s,
        .predicted_s = predicted_s,
        .lost_predicted = NAN,
        .lost_measured = NAN,
    };
}

static json_t *params_of(const char *strategy, int count) {
    return json_pack("{s:s, s:i, s:i}", "strategy", strategy, "workers", 2, "count",
                     count);
}

/* Two workloads: of the first the model's first is 9 % slower than the best, and another
 * one is predicted nearly as fast; of the second it is twice as slow. */
static void test_ranking_compares_the_first(void **state) {
    (void)state;
    struct measured_group groups[6];
    static const char *const names[] = {"a", "b", "c", "a", "b", "c"};
    for (int i = 0; i < 6; i++) {
        groups[i] = (struct measured_group){.build = BUILD,
                                            .family = "jobs",
                                            .params = params_of(names[i], i / 3),
                                            .switch_interval_s = NAN};
    }
    struct score_row rows[] = {
        ranked(&groups[0], 1.09, 0.50),  ranked(&groups[3], 2.0, 1.0),
        ranked(&groups[1], 1.00, 0.505), ranked(&groups[4], 1.0, 1.5),
        ranked(&groups[2], 3.00, 0.60),  ranked(&groups[5], 0.9, NAN),
    };
    const struct score score = {rows, 6};
    struct ranking_list list;
    struct err err = {0};
    assert_int_equal(ranking_list_make(&list, &score, &err), 0);
    assert_int_equal(list.count, 2);
    const struct ranking *first = &list.rankings[0], *second = &list.rankings[1];
    assert_int_equal(first->count, 3);
    assert_int_equal(first->first, 1);
    assert_true(first->within);
    assert_int_equal(first->entries[0].predicted_rank, 2);
    assert_int_equal(first->entries[1].measured_rank, 2);
    assert_true(first->entries[0].tied);
    assert_false(first->entries[1].tied);
    assert_false(first->entries[2].tied);
    assert_int_equal(second->entries[0].predicted_rank, 0);
    assert_int_equal(second->first, 2);
    assert_false(second->within);
    json_t *json = ranking_list_json(&list);
    assert_int_equal(json_array_size(json), 2);
    const json_t *object = json_array_get(json, 0);
    assert_true(json_is_true(json_object_get(object, "within")));
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(object, "first_predicted"), "strategy")),
                        "a");
    assert_int_equal(json_array_size(json_object_get(object, "order")), 3);
    json_decref(json);
    ranking_list_deinit(&list);
    for (int i = 0; i < 6; i++) {
        json_decref((json_t *)groups[i].params);
    }
}

/* What a goal says of the same rows. */
static void test_reach_counts_rankings(void **state) {
    (void)state;
    json_t *params = params_of("a", 1);
    struct measured_group group = {
        .build = BUILD, .family = "jobs", .params = params, .switch_interval_s = NAN};
    struct score_row row = ranked(&group, 1.0, 1.0);
    const struct score score = {&row, 1};
    struct reach reach;
    struct err err = {0};
    assert_int_equal(reach_make(&reach, &score, &err), 0);
    const struct reach_goal *last = &reach.goals[reach.count - 1];
    assert_string_equal(last->what, "first strategy within 10 % of the best");
    assert_int_equal(last->asked, 1);
    assert_int_equal(last->kept, 1);
    assert_true(last->reached);
    json_decref(params);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fidelity_jobs_of_any_size),
        cmocka_unit_test(test_fidelity_jobs_look_at_inputs_only),
        cmocka_unit_test(test_fidelity_says_why_not),
        cmocka_unit_test(test_ranking_compares_the_first),
        cmocka_unit_test(test_reach_counts_rankings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
