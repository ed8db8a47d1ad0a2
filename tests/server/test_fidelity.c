/* SPDX-License-Identifier: MIT */
/*
 * The measurements, and what the model makes of them. The figures are the ones that the
 * rules of tests/fidelity/README.md ask for; a change of the engine that misses them must
 * not land.
 */
#include "tests/support/test.h"

#include "engine/program/plan.h"

#include "server/fidelity/error_table.h"
#include "server/fidelity/measured_report.h"
#include "server/fidelity/parallel.h"
#include "server/fidelity/quantile.h"
#include "server/fidelity/reach.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

static void data_path(char *path, size_t size) {
    const char *root = getenv("GILSCOPE_ROOT");
    snprintf(path, size, "%s/tests/fidelity/measured.jsonl", root == NULL ? "." : root);
}

/* Two builds, and as many repetitions as make a group eligible. */
static bool is_affordable_job(const json_t *line) {
    return strncmp(json_string_value(json_object_get(line, "build")), "3.13.", 5) == 0 &&
           json_integer_value(json_object_get(line, "rep")) < 2;
}

/* Millions of operations a repetition: a few repetitions on one build have to do here;
 * the command `gilscope verify` runs them all. */
static bool is_affordable(const json_t *line) {
    static const struct {
        const char *family;
        int repetitions;
    } counted[] = {{"lock_contended", 1}, {"race", 4},        {"race_call", 0},
                   {"queue_pc", 1},       {"shared_list", 1}, {"shared_obj", 1}};
    const char *family = json_string_value(json_object_get(line, "family"));
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        if (strcmp(family, counted[i].family) == 0) {
            return strcmp(json_string_value(json_object_get(line, "build")), "3.9.18") ==
                       0 &&
                   json_integer_value(json_object_get(line, "rep")) <
                       counted[i].repetitions;
        }
    }
    return strcmp(family, "jobs") != 0 || is_affordable_job(line);
}

typedef void (*change_fn)(json_t *line);

/* Reads the affordable lines of the data, each after `change`. */
static void read_changed(struct measured *measured, change_fn change) {
    char path[1024], copy[64] = "/tmp/gilscope-fidelity-XXXXXX";
    struct err err = {0};
    struct measured all;
    data_path(path, sizeof path);
    assert_int_equal(measured_read(&all, path, &err), 0);
    const int fd = mkstemp(copy);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    for (size_t i = 0; i < json_array_size(all.lines); i++) {
        json_t *line = json_deep_copy(json_array_get(all.lines, i));
        if (is_affordable(line)) {
            change(line);
            json_dumpf(line, file, JSON_COMPACT);
            fputc('\n', file);
        }
        json_decref(line);
    }
    fclose(file);
    measured_deinit(&all);
    assert_int_equal(measured_read(measured, copy, &err), 0);
    unlink(copy);
}

static void leave_alone(json_t *line) { (void)line; }

/* Takes the result away from rows of all other builds, and from all repetitions but one
 * that are no primitives. */
static void keep_two(json_t *line) {
    const char *build = json_string_value(json_object_get(line, "build"));
    const char *set = json_string_value(json_object_get(line, "set"));
    const json_int_t rep = json_integer_value(json_object_get(line, "rep"));
    if ((strcmp(build, "2.7.18") != 0 && strcmp(build, "3.13.15") != 0) ||
        (rep > 0 && strcmp(set, "primitive") != 0)) {
        json_object_del(line, "result");
    }
}

/* A file that holds `text`; the caller unlinks it. */
static void write_file(char *path, const char *text) {
    strcpy(path, "/tmp/gilscope-fidelity-XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void assert_refused(const char *text, int code, const char *part) {
    char path[64];
    struct measured measured;
    struct err err = {0};
    write_file(path, text);
    assert_int_equal(measured_read(&measured, path, &err), code);
    assert_non_null(strstr(err.text, part));
    unlink(path);
}

static void test_fidelity_names_the_bad_line(void **state) {
    (void)state;
    assert_refused("{\"build\":\"x\",\"result\":{}}\n{\"build\":", ERR_INVALID, "line 2");
    assert_refused("nonsense\n", ERR_INVALID, "line 1");
    assert_refused("[1]\n", ERR_INVALID, "line 1");
    assert_refused("", ERR_INVALID, "no measurements");
    assert_refused("\n\n{\"a\":1,\"a\":2}\n", ERR_INVALID, "line 3");
    struct measured measured;
    struct err err = {0};
    assert_int_equal(measured_read(&measured, "/nowhere/at/all", &err), ERR_IO);
}

static void test_fidelity_quartile_of_a_primitive(void **state) {
    (void)state;
    char path[64];
    char text[1024] = "";
    for (int i = 0; i < 8; i++) {
        char line[128];
        snprintf(line, sizeof line,
                 "{\"build\":\"b\",\"family\":\"f\",\"set\":\"primitive\",\"params\":{"
                 "\"n\":3},"
                 "\"result\":{\"x_s\":{\"p50\":%d}}}\n",
                 8 - i);
        strcat(text, line);
    }
    write_file(path, text);
    struct measured measured;
    struct err err = {0};
    assert_int_equal(measured_read(&measured, path, &err), 0);
    assert_int_equal(measured.group_count, 1);
    struct measured_figure figure = {"b", "f", "n", 3, "x_s", "p50"};
    assert_true(measured_primitive(&measured, &figure) == 2.0);
    figure.value = 4;
    assert_true(isnan(measured_primitive(&measured, &figure)));
    measured_deinit(&measured);
    unlink(path);
}

static void test_fidelity_groups_every_row(void **state) {
    (void)state;
    struct measured measured;
    struct err err = {0};
    char path[1024];
    data_path(path, sizeof path);
    assert_int_equal(measured_read(&measured, path, &err), 0);
    size_t rows = 0;
    for (size_t i = 0; i < measured.group_count; i++) {
        assert_true(measured.groups[i].row_count > 0);
        rows += measured.groups[i].row_count;
    }
    assert_true(rows <= json_array_size(measured.lines));
    assert_true(rows > 2000);
    measured_deinit(&measured);
}

enum { DETAILS = 9 }; /* families with cycles, lags, ends, jobs */

/* See tests/fidelity/README.md, known deviations. */
static bool is_known_to_miss(const struct reach_goal *goal) {
    return strcmp(goal->what, "p50 within a run of aio_blocked") == 0 ||
           strcmp(goal->what, "p50 within a run of aio_offload") == 0;
}

/* Errors; the groups that keep a rule are fewer here than in the whole data. */
static void assert_aims_are_reached(const struct score *score) {
    struct reach reach;
    struct err err = {0};
    size_t details = 0;
    assert_int_equal(reach_make(&reach, score, &err), 0);
    for (size_t i = 0; i < reach.count; i++) {
        const struct reach_goal *goal = &reach.goals[i];
        if (goal->asked == 0 && !goal->reached && !is_known_to_miss(goal)) {
            fail_msg("%s: %.3f, not %.3f", goal->what, goal->figure, goal->aim);
        }
        details += strncmp(goal->what, "p50 ", 4) == 0;
    }
    assert_int_equal(details, DETAILS);
}

/* Whether none of its repetitions was left out. */
static bool is_whole(const struct measured *all, const struct measured_group *group) {
    for (size_t i = 0; i < all->group_count; i++) {
        const struct measured_group *whole = &all->groups[i];
        const double x = whole->switch_interval_s, y = group->switch_interval_s;
        if (strcmp(whole->build, group->build) == 0 &&
            strcmp(whole->family, group->family) == 0 &&
            json_equal(whole->params, group->params) &&
            ((isnan(x) && isnan(y)) || x == y)) {
            return whole->row_count == group->row_count;
        }
    }
    fail_msg("no group %s of %s in the data", group->family, group->build);
    return false;
}

static char *read_table(void) {
    char path[1024];
    static char text[256 * 1024];
    const char *root = getenv("GILSCOPE_ROOT");
    snprintf(path, sizeof path, "%s/tests/fidelity/errors.csv",
             root == NULL ? "." : root);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_true(feof(file));
    fclose(file);
    return text;
}

/* What recommendations quote is what was just found: of all groups with all of their
 * repetitions. The others can only be compared by `gilscope verify`. */
static void assert_table_is_of(const struct score *score) {
    struct measured all;
    struct err err = {0};
    char path[1024], line[ERROR_LINE_SIZE + 1];
    const char *table = read_table();
    size_t compared = 0;
    data_path(path, sizeof path);
    assert_int_equal(measured_read(&all, path, &err), 0);
    assert_int_equal(strncmp(table, error_table_head, strlen(error_table_head)), 0);
    for (size_t i = 0; i < score->count; i++) {
        const struct score_row *row = &score->rows[i];
        if (!is_whole(&all, row->group) || !error_table_line(row, line)) {
            continue;
        }
        strcat(line, "\n");
        compared++;
        if (strstr(table, line) == NULL) {
            fail_msg(
                "tests/fidelity/errors.csv lacks the line\n  %smake it anew: gilscope "
                "verify --measured tests/fidelity/measured.jsonl --errors",
                line);
        }
    }
    if (compared < 100) {
        fail_msg("only %zu lines were compared", compared);
    }
    measured_deinit(&all);
}

static void test_fidelity_reaches_its_figures(void **state) {
    (void)state;
    struct measured measured;
    struct score score;
    struct score_summary all;
    struct err err = {0};
    read_changed(&measured, leave_alone);
    assert_int_equal(score_make(&score, &measured, SCORE_SEEDS_NONE, &err), 0);
    assert_int_equal(score_summarise(&all, &score, NULL, NULL, &err), 0);
    assert_true(all.predicted >= 14);
    assert_true(all.median <= 0.05);
    assert_true(all.p90 <= 0.15);
    assert_aims_are_reached(&score);
    assert_table_is_of(&score);
    for (size_t i = 0; i < score.count; i++) {
        const struct score_row *row = &score.rows[i];
        assert_true((row->reason[0] == '\0' && row->quiet > 0) ==
                    !isnan(row->predicted_s));
        if (row->eligible && row->reason[0] == '\0' && row->naive_error > 0.10 &&
            strcmp(row->group->family, "io_vs_cpu") == 0) {
            assert_true(row->error <= row->naive_error / 2);
            assert_true(row->detail_error <= 0.10);
        }
        if (!isnan(row->lost_predicted)) {
            assert_true(fabs(row->lost_predicted - row->lost_measured) <= 0.10);
        }
    }
    score_deinit(&score);
    measured_deinit(&measured);
}

/* Changes every number of a result that is no input of a prediction. */
static void disturb(json_t *line) {
    static const char *const outputs[] = {"wall_s",     "first_end",  "last_end",
                                          "cpu_used_s", "long_share", "ctx_vol"};
    json_t *result = json_object_get(line, "result");
    if (strcmp(json_string_value(json_object_get(line, "set")), "primitive") == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        json_t *value = json_object_get(result, outputs[i]);
        if (json_is_real(value)) {
            json_real_set(value, json_real_value(value) * (1.0 - 1e-9)); /* still quiet */
        }
    }
    if (json_object_get(result, "got") != NULL) {
        json_object_set_new(result, "got", json_integer(1));
    }
    const char *key;
    json_t *value;
    json_object_foreach(result, key, value) {
        if (json_is_object(value)) {
            json_object_set_new(value, "p50", json_real(1.0));
        }
    }
}

/* Two builds are enough to see a leak: one with a CPU clock and one without. Rows of the
 * others go. */
static void disturb_two(json_t *line) {
    disturb(line);
    keep_two(line);
}

/* What was measured of a group must not leak into its prediction. */
static void test_fidelity_does_not_look_at_results(void **state) {
    (void)state;
    struct measured plain, disturbed;
    struct score a, b;
    struct err err = {0};
    read_changed(&plain, keep_two);
    read_changed(&disturbed, disturb_two);
    assert_int_equal(score_make(&a, &plain, SCORE_SEEDS_NONE, &err), 0);
    assert_int_equal(score_make(&b, &disturbed, SCORE_SEEDS_NONE, &err), 0);
    assert_int_equal(a.count, b.count);
    assert_true(a.count > 20);
    for (size_t i = 0; i < a.count; i++) {
        assert_true(a.rows[i].predicted_s == b.rows[i].predicted_s ||
                    (isnan(a.rows[i].predicted_s) && isnan(b.rows[i].predicted_s)));
    }
    score_deinit(&a);
    score_deinit(&b);
    measured_deinit(&plain);
    measured_deinit(&disturbed);
}

/* --- the table of errors -------------------------------------------------------- */

/* One line, one row, nothing lost on the way through server/embed. */
static void test_error_table_is_compiled_in(void **state) {
    (void)state;
    const char *at = strchr(read_table(), '\n');
    for (size_t i = 0; i < error_row_count; i++) {
        const struct error_row *row = &error_rows[i];
        char start[ERROR_LINE_SIZE];
        snprintf(start, sizeof start, "%s,%s,%s,%s,", row->build, row->family,
                 row->strategy, row->work);
        assert_non_null(at);
        assert_int_equal(strncmp(++at, start, strlen(start)), 0);
        assert_true(row->measured_s > 0 && row->predicted_s > 0);
        assert_true(fabs(row->deviation) <
                    1); /* eligible ones are within a factor of e */
        assert_true(isnan(row->gil_wait_share) ==
                    (row->build[strlen(row->build) - 1] == 't'));
        at = strchr(at, '\n');
    }
    assert_true(at != NULL && at[1] == '\0');
    assert_true(error_row_count > 300);
}

static void test_error_table_leaves_out_what_is_not_known(void **state) {
    (void)state;
    json_t *params = json_pack("{s:s, s:i, s:i, s:b}", "strategy", "threads", "workers",
                               4, "count", 10, "sock", 1);
    const struct measured_group group = {
        .build = "3.12.1", .family = "jobs", .params = params, .switch_interval_s = NAN};
    struct score_row row = {.group = &group,
                            .eligible = true,
                            .measured_s = 2,
                            .predicted_s = 1,
                            .deviation = -0.5,
                            .detail_error = NAN,
                            .gil_wait_share = 0.25};
    char line[ERROR_LINE_SIZE];
    assert_true(error_table_line(&row, line));
    assert_string_equal(line, "3.12.1,jobs,threads,count=10 sock=yes,4,,0.25,2,1,-0.5,");
    row.predicted_s = NAN;
    assert_false(error_table_line(&row, line));
    row.predicted_s = 1;
    row.eligible = false;
    assert_false(error_table_line(&row, line));
    json_decref(params);
}

/* --- the parts ----------------------------------------------------------------- */

static void test_quantile_interpolates(void **state) {
    (void)state;
    double values[] = {4.0, 1.0, 3.0, 2.0};
    assert_true(quantile(values, 4, 0.0) == 1.0);
    assert_true(quantile(values, 4, 0.5) == 2.5);
    assert_true(quantile(values, 4, 1.0) == 4.0);
    assert_true(isnan(quantile(values, 0, 0.5)));
}

static int double_it(void *context, size_t index, struct err *err) {
    int *values = context;
    values[index] *= 2;
    return values[index] == 14 ? err_set(err, ERR_LIMIT, "seven") : 0;
}

static void test_parallel_does_every_task_once(void **state) {
    (void)state;
    int values[100];
    struct err err = {0};
    for (int i = 0; i < 100; i++) {
        values[i] = i + 8;
    }
    assert_int_equal(parallel_run(100, double_it, values, &err), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(values[i], 2 * (i + 8));
    }
    values[50] = 7;
    assert_int_equal(parallel_run(100, double_it, values, &err), ERR_LIMIT);
    assert_string_equal(err.text, "seven");
    assert_int_equal(parallel_run(0, double_it, values, &err), 0);
}

/* Spans of lane 5: the step 2 is arrived at three times; a stay in two spans is one. */
static void test_lap_counts_from_arrival_to_arrival(void **state) {
    (void)state;
    char *sites[] = {"/a", "/b", "/c"};
    const struct plan plan = {.sites = sites, .site_count = 3};
    struct lap_list laps;
    struct err err = {0};
    lap_list_init(&laps, &(struct lap_watch){"io", "/c"}, &plan);
    const struct sink sink = lap_list_sink(&laps);
    const struct lane thread = {.id = 5, .kind = LANE_THREAD, .name = "io"};
    const struct lane other = {.id = 6, .kind = LANE_THREAD, .name = "io2"};
    assert_int_equal(sink.lane(sink.context, &thread, &err), 0);
    assert_int_equal(sink.lane(sink.context, &other, &err), 0);
    const lane_id lanes[] = {5, 5, 5, 6, 5, 5, 5, 5};
    const sim_ns starts[] = {0, 10, 20, 25, 30, 40, 70, 90};
    const site_id steps[] = {0, 2, 2, 2, 1, 2, SITE_NONE, 2};
    const site_id more[] = {1, 2};
    const sim_ns later[] = {100, 110};
    const struct span_chunk first = {
        .count = 8, .lane = lanes, .start_ns = starts, .site = steps};
    const struct span_chunk second = {
        .count = 2, .lane = lanes, .start_ns = later, .site = more};
    assert_int_equal(sink.spans(sink.context, &first, &err), 0);
    assert_int_equal(sink.spans(sink.context, &second, &err), 0);
    assert_int_equal(laps.count, 2);
    assert_true(fabs(laps.lap_s[0] - 30e-9) < 1e-15);
    assert_true(fabs(laps.lap_s[1] - 70e-9) < 1e-15);
    lap_list_deinit(&laps);
}

/* Two tasks of the name, and one of another that begins with it: from the birth of the
 * first until the last span of each. */
static void test_lap_notes_when_tasks_end(void **state) {
    (void)state;
    const struct plan plan = {0};
    struct lap_list laps;
    struct err err = {0};
    lap_list_init(&laps, &(struct lap_watch){"task", NULL}, &plan);
    const struct sink sink = lap_list_sink(&laps);
    const struct lane lanes[] = {
        {.id = 3, .kind = LANE_THREAD, .name = "task"},
        {.id = 4, .kind = LANE_TASK, .name = "task 0"},
        {.id = 5, .kind = LANE_TASK, .name = "task 1"},
        {.id = 6, .kind = LANE_TASK, .name = "tasks"},
    };
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        assert_int_equal(sink.lane(sink.context, &lanes[i], &err), 0);
    }
    const lane_id lane[] = {3, 4, 5, 4, 6, 5};
    const sim_ns starts[] = {0, 10, 10, 20, 5, 50};
    const sim_ns ends[] = {90, 20, 50, 40, 99, 80};
    const site_id sites[] = {0, 0, 0, 0, 0, 0};
    const struct span_chunk chunk = {
        .count = 6, .lane = lane, .start_ns = starts, .end_ns = ends, .site = sites};
    assert_int_equal(sink.spans(sink.context, &chunk, &err), 0);
    assert_int_equal(laps.count, 2);
    assert_true(fabs(laps.lap_s[0] - 30e-9) < 1e-15);
    assert_true(fabs(laps.lap_s[1] - 70e-9) < 1e-15);
    lap_list_deinit(&laps);
}

static struct score_row scored(const char *family, double error, double naive) {
    static struct measured_group groups[8];
    static size_t used;
    struct measured_group *group = &groups[used++ % 8];
    *group = (struct measured_group){.build = "3.9.18", .family = family};
    return (struct score_row){.group = group,
                              .eligible = true,
                              .predicted_s = 1.0,
                              .error = error,
                              .naive_error = naive,
                              .lost_predicted = NAN,
                              .lost_measured = NAN};
}

static void test_reach_asks_for_half_of_a_poor_naive_error(void **state) {
    (void)state;
    struct score_row row = scored("race", 0.11, 0.20);
    assert_int_equal(reach_judge(&row, REACH_NAIVE), REACH_BROKEN);
    row.error = 0.10;
    assert_int_equal(reach_judge(&row, REACH_NAIVE), REACH_KEPT);
    row.naive_error = 0.10;
    assert_int_equal(reach_judge(&row, REACH_NAIVE), REACH_NOT_ASKED);
    row = scored("cpu_threads", 0.5, 0.6);
    assert_int_equal(reach_judge(&row, REACH_NAIVE), REACH_NOT_ASKED);
    row = scored("race", 0.11, 0.20);
    row.eligible = false;
    assert_int_equal(reach_judge(&row, REACH_NAIVE), REACH_NOT_ASKED);
}

static void test_reach_wants_nothing_lost_where_nothing_was(void **state) {
    (void)state;
    struct score_row row = scored("race", 0.0, 0.0);
    assert_int_equal(reach_judge(&row, REACH_LOST), REACH_NOT_ASKED);
    row.lost_measured = 0.0;
    row.lost_predicted = 0.01;
    assert_int_equal(reach_judge(&row, REACH_LOST_ZERO), REACH_BROKEN);
    assert_int_equal(reach_judge(&row, REACH_LOST), REACH_NOT_ASKED);
    row.lost_measured = 0.4;
    row.lost_predicted = 0.49;
    assert_int_equal(reach_judge(&row, REACH_LOST), REACH_KEPT);
    row.lost_predicted = 0.51;
    assert_int_equal(reach_judge(&row, REACH_LOST), REACH_BROKEN);
}

static void assert_report_is_json(const struct score *score) {
    FILE *file = tmpfile();
    struct err err = {0};
    assert_non_null(file);
    assert_int_equal(measured_report_json(score, file, &err), 0);
    rewind(file);
    json_t *report = json_loadf(file, JSON_REJECT_DUPLICATES, NULL);
    fclose(file);
    const json_t *row = json_array_get(json_object_get(report, "rows"), 0);
    static const char *const members[] = {"build",       "family",     "params",
                                          "repetitions", "measured_s", "spread",
                                          "predicted_s", "error",      "switch_interval"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        assert_non_null(json_object_get(row, members[i]));
    }
    assert_true(
        json_is_array(json_object_get(json_object_get(report, "summary"), "reach")));
    json_decref(report);
}

/* Four quiet repetitions of one thread: what was measured is half of what any seed says,
 * but for one. */
static void test_band_counts_repetitions_inside(void **state) {
    (void)state;
    char path[64], text[2048] = "";
    for (int i = 0; i < 4; i++) {
        char line[256];
        snprintf(line, sizeof line,
                 "{\"build\":\"3.12.1\",\"family\":\"nogil_c\",\"set\":\"public\","
                 "\"params\":{\"threads\":1},\"result\":{\"wall_s\":%g,\"solo_s\":1,"
                 "\"ops\":10,\"steal\":0}}\n",
                 i == 0 ? 1.0002 : 0.5);
        strcat(text, line);
    }
    write_file(path, text);
    struct measured measured;
    struct score score;
    struct err err = {0};
    assert_int_equal(measured_read(&measured, path, &err), 0);
    assert_int_equal(score_make(&score, &measured, SCORE_SEEDS_LIGHT, &err), 0);
    assert_int_equal(score.count, 1);
    assert_false(score.rows[0].eligible);
    assert_true(score.rows[0].band.low >= 1.0);
    assert_true(score.rows[0].band.high >= score.rows[0].band.low);
    assert_true(score.rows[0].band.high < 1.01);
    assert_int_equal(score.rows[0].band.repetitions, 4);
    assert_true(score.rows[0].band.inside <= 1);
    assert_report_is_json(&score);
    score_deinit(&score);
    measured_deinit(&measured);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fidelity_names_the_bad_line),
        cmocka_unit_test(test_fidelity_quartile_of_a_primitive),
        cmocka_unit_test(test_fidelity_groups_every_row),
        cmocka_unit_test(test_fidelity_reaches_its_figures),
        cmocka_unit_test(test_fidelity_does_not_look_at_results),
        cmocka_unit_test(test_error_table_is_compiled_in),
        cmocka_unit_test(test_error_table_leaves_out_what_is_not_known),
        cmocka_unit_test(test_quantile_interpolates),
        cmocka_unit_test(test_parallel_does_every_task_once),
        cmocka_unit_test(test_lap_counts_from_arrival_to_arrival),
        cmocka_unit_test(test_lap_notes_when_tasks_end),
        cmocka_unit_test(test_reach_asks_for_half_of_a_poor_naive_error),
        cmocka_unit_test(test_reach_wants_nothing_lost_where_nothing_was),
        cmocka_unit_test(test_band_counts_repetitions_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
