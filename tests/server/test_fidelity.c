/* SPDX-License-Identifier: MIT */
/*
 * The measurements, and what the model makes of them. The figures are the ones that the
 * rules of tests/fidelity/README.md ask for; a change of the engine that misses them must
 * not land.
 */
#include "tests/support/test.h"

#include "server/fidelity/score.h"

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

/* Millions of operations a repetition: a few repetitions on one build have to do here;
 * the command `gilscope verify` runs them all. */
static bool is_affordable(const json_t *line) {
    static const struct {
        const char *family;
        int repetitions;
    } counted[] = {{"lock_contended", 1}, {"race", 4}, {"race_call", 0}};
    const char *family = json_string_value(json_object_get(line, "family"));
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        if (strcmp(family, counted[i].family) == 0) {
            return strcmp(json_string_value(json_object_get(line, "build")), "3.9.18") ==
                       0 &&
                   json_integer_value(json_object_get(line, "rep")) <
                       counted[i].repetitions;
        }
    }
    return true;
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

static void test_fidelity_reaches_its_figures(void **state) {
    (void)state;
    struct measured measured;
    struct score score;
    struct score_summary all;
    struct err err = {0};
    read_changed(&measured, leave_alone);
    assert_int_equal(score_make(&score, &measured, &err), 0);
    assert_int_equal(score_summarise(&all, &score, NULL, NULL, &err), 0);
    assert_true(all.predicted >= 14);
    assert_true(all.median <= 0.05);
    assert_true(all.p90 <= 0.15);
    for (size_t i = 0; i < score.count; i++) {
        const struct score_row *row = &score.rows[i];
        assert_true((row->reason == NULL && row->quiet > 0) == !isnan(row->predicted_s));
        if (row->eligible && row->reason == NULL && row->naive_error > 0.10 &&
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

/* What was measured of a group must not leak into its prediction. */
static void test_fidelity_does_not_look_at_results(void **state) {
    (void)state;
    struct measured plain, disturbed;
    struct score a, b;
    struct err err = {0};
    read_changed(&plain, leave_alone);
    read_changed(&disturbed, disturb);
    assert_int_equal(score_make(&a, &plain, &err), 0);
    assert_int_equal(score_make(&b, &disturbed, &err), 0);
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        assert_true(a.rows[i].predicted_s == b.rows[i].predicted_s ||
                    (isnan(a.rows[i].predicted_s) && isnan(b.rows[i].predicted_s)));
    }
    score_deinit(&a);
    score_deinit(&b);
    measured_deinit(&plain);
    measured_deinit(&disturbed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fidelity_names_the_bad_line),
        cmocka_unit_test(test_fidelity_quartile_of_a_primitive),
        cmocka_unit_test(test_fidelity_groups_every_row),
        cmocka_unit_test(test_fidelity_reaches_its_figures),
        cmocka_unit_test(test_fidelity_does_not_look_at_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
