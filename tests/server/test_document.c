/* SPDX-License-Identifier: MIT */
/* Valid documents: every member arrives in the plan, in the plan's units. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/python/runtime_table.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

#define JOBS "\"workload\":{\"jobs\":{\"count\":3,\"steps\":[{\"python_us\":1}]}}"

static struct document *parse(const char *text) {
    struct document *document = NULL;
    struct err err = {0};
    if (document_parse(&document, text, strlen(text), &err) != 0) {
        fail_msg("%s: %s", err.pointer, err.text);
    }
    return document;
}

/* The plan of the first cell. */
static void plan_of(const char *text, struct plan *out) {
    struct document *document = parse(text);
    struct grid *grid = NULL;
    struct err err = {0};
    int rc = grid_create(&grid, document, &err);
    document_destroy(document);
    if (rc == 0) {
        rc = grid_cell_plan(grid, 0, out, &err);
        grid_destroy(grid);
    }
    if (rc != 0) {
        fail_msg("%s: %s", err.pointer, err.text);
    }
}

static void assert_constant(const struct step *step, enum step_kind kind, sim_ns time) {
    assert_int_equal(step->kind, kind);
    assert_int_equal(step->time.kind, DISTRIBUTION_CONSTANT);
    assert_int_equal(step->time.a, time);
}

/* --- the document ------------------------------------------------------------- */

static void test_document_reads_scalars(void **state) {
    (void)state;
    struct document *document =
        parse("{\"schema\":1,\"name\":\"Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\","
              "\"description\":\"d\",\"seed\":9007199254740992,\"repetitions\":7,"
              "\"goal\":\"latency_p99_us\",\"record\":\"timeline\"," JOBS "}");
    assert_string_equal(document->name, "Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87");
    assert_string_equal(document->description, "d");
    assert_true(document->seed == UINT64_C(1) << 53);
    assert_int_equal(document->repetitions, 7);
    assert_int_equal(document->goal, METRIC_LATENCY_P99_US);
    assert_int_equal(document->record, DOCUMENT_RECORD_TIMELINE);
    document_destroy(document);
}

static void test_document_has_defaults(void **state) {
    (void)state;
    struct document *document = parse("{\"schema\":1," JOBS "}");
    assert_string_equal(document->name, "");
    assert_string_equal(document->description, "");
    assert_int_equal(document->seed, 1);
    assert_int_equal(document->repetitions, 1);
    assert_int_equal(document->goal, METRIC_COUNT);
    assert_int_equal(document->record, DOCUMENT_RECORD_DEFAULT);
    document_destroy(document);

    struct plan plan;
    plan_of("{\"schema\":1," JOBS "}", &plan);
    assert_int_equal(plan.seed, 1);
    assert_string_equal(plan.machine_name, "linux-desktop");
    assert_memory_equal(&plan.machine, &machine_profile_find("linux-desktop")->machine,
                        sizeof plan.machine);
    assert_string_equal(plan.runtime.name, "cpython-3.12");
    assert_int_equal(plan.strategy.kind, STRATEGY_SEQUENTIAL);
    assert_int_equal(plan.limits.events, 50000000);
    assert_int_equal(plan.limits.virtual_ns, 3600 * NS_PER_S);
    assert_int_equal(plan.limits.spans, 5000000);
    plan_deinit(&plan);
}

static void test_document_keeps_source_and_canonical_text(void **state) {
    (void)state;
    static const char text[] =
        " {\"workload\" : {\"jobs\":{\"steps\":[{\"io_us\":0.10}, {\"python_us\":2.0}],\n"
        "\"count\":1}},\"seed\":-0,\"schema\":1,\"name\":\"\\u0041\\/"
        "\\n\\u007f\xc5\xbc\"}\n";
    static const char canonical[] =
        "{\"name\":\"A/"
        "\\u000a\x7f\xc5\xbc\",\"schema\":1,\"seed\":0,\"workload\":{\"jobs\":{"
        "\"count\":1,\"steps\":[{\"io_us\":0.1},{\"python_us\":2.0}]}}}";
    struct document *document = parse(text);
    assert_string_equal(document->source, text);
    assert_int_equal(document->source_size, sizeof text - 1);
    assert_string_equal(document->canonical, canonical);
    assert_int_equal(document->canonical_size, sizeof canonical - 1);
    struct document *again = parse(document->canonical);
    assert_string_equal(again->canonical, canonical);
    assert_string_equal(again->hash, document->hash);
    document_destroy(again);
    document_destroy(document);
}

static void test_document_hash_tells_documents_apart(void **state) {
    (void)state;
    struct document *a = parse("{\"schema\":1,\"seed\":1," JOBS "}");
    struct document *b = parse("{\"seed\":1,\"schema\":1," JOBS "}");
    struct document *c = parse("{\"schema\":1,\"seed\":2," JOBS "}");
    assert_int_equal(strlen(a->hash), 32);
    assert_string_equal(a->hash, b->hash);
    assert_string_not_equal(a->hash, c->hash);
    document_destroy(a);
    document_destroy(b);
    document_destroy(c);
}

/* Every digit of a number survives, also where 15 are not enough. */
static void test_document_canonical_keeps_numbers(void **state) {
    (void)state;
    static const char *const numbers[] = {"0.1",     "0.30000000000000004", "1e-7",
                                          "123.456", "99999999999.99999",   "0.0"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{\"schema\":1,\"workload\":{\"jobs\":{\"count\":1,\"steps\":"
                 "[{\"io_us\":%s}]}}}",
                 numbers[i]);
        struct document *document = parse(text);
        const char *at = strstr(document->canonical, "\"io_us\":") + strlen("\"io_us\":");
        assert_true(strtod(at, NULL) == strtod(numbers[i], NULL));
        document_destroy(document);
    }
}

/* A request body has no NUL at its end and something else behind it. */
static void test_document_reads_no_further_than_size(void **state) {
    (void)state;
    static const char text[] = "{\"schema\":1," JOBS "}";
    char *exact = malloc(sizeof text - 1);
    assert_non_null(exact);
    memcpy(exact, text, sizeof text - 1);
    struct document *document = NULL;
    assert_int_equal(document_parse(&document, exact, sizeof text - 1, NULL), 0);
    document_destroy(document);
    free(exact);
}

/* --- machine and runtime ------------------------------------------------------ */

static void test_document_overrides_machine(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"machine\":{\"profile\":\"linux-vm-2\",\"cores\":3,"
            "\"timer_slack_us\":12.5,\"wake_spread\":0.25},\"limits\":{\"events\":10,"
            "\"virtual_s\":0.5,\"spans\":20}," JOBS "}",
            &plan);
    struct machine expected = machine_profile_find("linux-vm-2")->machine;
    expected.cores = 3;
    expected.timer_slack_ns = 12500;
    expected.wake_spread_ppm = 250000;
    assert_string_equal(plan.machine_name, "linux-vm-2");
    assert_memory_equal(&plan.machine, &expected, sizeof expected);
    assert_int_equal(plan.limits.events, 10);
    assert_int_equal(plan.limits.virtual_ns, 500000000);
    assert_int_equal(plan.limits.spans, 20);
    plan_deinit(&plan);
}

static void test_document_overrides_runtime(void **state) {
    (void)state;
    struct plan plan;
    plan_of(
        "{\"schema\":1,\"runtimes\":[{\"base\":\"cpython-3.9\","
        "\"switch_interval_us\":1000,\"force_switching\":false,\"attach_us\":0.5}]," JOBS
        "}",
        &plan);
    const struct runtime *base = &runtime_row_find("cpython-3.9")->runtime;
    assert_string_equal(plan.runtime.name, "cpython-3.9");
    assert_int_equal(plan.runtime.gil, base->gil);
    assert_int_equal(plan.runtime.switch_interval_ns, 1000000);
    assert_int_equal(plan.runtime.force_switching, 0);
    assert_int_equal(plan.runtime.attach_ns, 500);
    assert_int_equal(plan.runtime.task_create_ns, base->task_create_ns);
    plan_deinit(&plan);
}

/* Any parameter in either table can be set, and lands in its own member. */
static void test_document_overrides_every_parameter(void **state) {
    (void)state;
    for (size_t i = 0; i < machine_field_count + runtime_field_count; i++) {
        const bool of_machine = i < machine_field_count;
        const struct field *field =
            of_machine ? &machine_fields[i] : &runtime_fields[i - machine_field_count];
        const bool flag = field->unit == FIELD_FLAG;
        char value[40], text[512];
        snprintf(value, sizeof value, "%.0f", field->max);
        snprintf(text, sizeof text,
                 of_machine ? "{\"schema\":1,\"machine\":{\"%s\":%s}," JOBS "}"
                            : "{\"schema\":1,\"runtimes\":[{\"base\":\"cpython-3.9\","
                              "\"%s\":%s}]," JOBS "}",
                 field->name, flag ? "true" : value);
        struct plan plan;
        plan_of(text, &plan);
        const void *base =
            of_machine ? (const void *)&plan.machine : (const void *)&plan.runtime;
        assert_true(field_get(field, base) == field->max);
        plan_deinit(&plan);
    }
}

/* Python's times are those of the reference runtime; C, waiting and sigma do not scale.
 */
static void test_document_scales_python_times(void **state) {
    (void)state;
    struct plan plan;
    plan_of(
        "{\"schema\":1,\"reference\":\"cpython-3.12\","
        "\"runtimes\":[{\"base\":\"cpython-3.12\",\"python_cost\":1.5}],"
        "\"workload\":{\"jobs\":{\"count\":1,\"steps\":[{\"python_us\":10},"
        "{\"python_cpu_us\":{\"dist\":\"uniform\",\"min\":2,\"max\":4}},{\"c_us\":10},"
        "{\"python_us\":{\"dist\":\"lognormal\",\"median\":8,\"sigma\":0.5}},"
        "{\"io_us\":10},{\"python_us\":0}]}}}",
        &plan);
    assert_constant(&plan.steps[0], STEP_PYTHON, 15000);
    assert_int_equal(plan.steps[1].kind, STEP_PYTHON_CPU);
    assert_int_equal(plan.steps[1].time.a, 3000);
    assert_int_equal(plan.steps[1].time.b, 6000);
    assert_constant(&plan.steps[2], STEP_C_HELD, 10000);
    assert_int_equal(plan.steps[3].time.a, 12000);
    assert_true(plan.steps[3].time.s == 0.5);
    assert_constant(&plan.steps[4], STEP_IO, 10000);
    assert_constant(&plan.steps[5], STEP_PYTHON, 0);
    plan_deinit(&plan);

    /* Relative to the reference, not to cpython-3.12. */
    plan_of(
        "{\"schema\":1,\"reference\":\"cpython-3.9\",\"runtimes\":[\"cpython-3.9\"]," JOBS
        "}",
        &plan);
    assert_constant(&plan.steps[0], STEP_PYTHON, 1000);
    plan_deinit(&plan);
    plan_of("{\"schema\":1,\"reference\":\"cpython-3.9\",\"runtimes\":[\"cpython-3.12\"]"
            "," JOBS "}",
            &plan);
    const double cost = (double)runtime_row_find("cpython-3.9")->runtime.python_cost_ppm;
    assert_constant(&plan.steps[0], STEP_PYTHON, (sim_ns)(1000 * 1e6 / cost + 0.5));
    plan_deinit(&plan);
}

/* --- jobs --------------------------------------------------------------------- */

static void test_document_reads_steps_of_jobs(void **state) {
    (void)state;
    struct plan plan;
    plan_of(
        "{\"schema\":1,\"strategies\":[{\"threads\":8}],\"workload\":{\"jobs\":{"
        "\"count\":200,\"steps\":[{\"python_us\":2000},{\"c_us\":800,\"gil\":"
        "\"released\"},{\"c_us\":1.5,\"gil\":\"held\"},{\"io_us\":5,\"blocking\":true},"
        "{\"sleep_us\":0.001},{\"repeat\":3,\"steps\":[{\"io_us\":7},{\"repeat\":0,"
        "\"steps\":[{\"python_cpu_us\":9}]}]},{\"sleep_us\":1,\"blocking\":false}]}}}",
        &plan);
    assert_int_equal(plan.strategy.kind, STRATEGY_THREADS);
    assert_int_equal(plan.strategy.workers, 8);
    assert_int_equal(plan.job_count, 200);
    assert_int_equal(plan.actor_count, 0);
    assert_int_equal(plan.step_count, 10);
    assert_int_equal(plan.job.first, 0);
    assert_int_equal(plan.job.end, 10);
    assert_constant(&plan.steps[0], STEP_PYTHON, 2000000);
    assert_constant(&plan.steps[1], STEP_C_RELEASED, 800000);
    assert_constant(&plan.steps[2], STEP_C_HELD, 1500);
    assert_constant(&plan.steps[3], STEP_IO, 5000);
    assert_true(plan.steps[3].blocking);
    assert_constant(&plan.steps[4], STEP_SLEEP, 1);
    assert_false(plan.steps[4].blocking);
    assert_int_equal(plan.steps[5].kind, STEP_REPEAT);
    assert_int_equal(plan.steps[5].count, 3);
    assert_int_equal(plan.steps[5].end, 9);
    assert_constant(&plan.steps[6], STEP_IO, 7000);
    assert_int_equal(plan.steps[7].kind, STEP_REPEAT);
    assert_int_equal(plan.steps[7].count, 0);
    assert_int_equal(plan.steps[7].end, 9);
    assert_constant(&plan.steps[8], STEP_PYTHON_CPU, 9000);
    assert_constant(&plan.steps[9], STEP_SLEEP, 1000);
    assert_false(plan.steps[9].blocking);
    plan_deinit(&plan);
}

/* Only `forever` must take time: a sweep may well go down to 0. */
static void test_document_repeats_what_takes_no_time(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"jobs\":{\"count\":1,\"steps\":[{\"repeat\":9,"
            "\"steps\":[{\"python_us\":0}]}]}}}",
            &plan);
    assert_constant(&plan.steps[1], STEP_PYTHON, 0);
    plan_deinit(&plan);
}

static void test_document_names_the_site_of_every_step(void **state) {
    (void)state;
    static const char *const sites[] = {
        "/workload/jobs/steps/0", "/workload/jobs/steps/1",
        "/workload/jobs/steps/1/steps/0", "/workload/jobs/steps/1/steps/0/steps/0",
        "/workload/jobs/steps/2"};
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"jobs\":{\"count\":1,\"steps\":[{\"io_us\":1},"
            "{\"repeat\":2,\"steps\":[{\"repeat\":2,\"steps\":[{\"io_us\":1}]}]},"
            "{\"io_us\":1}]}}}",
            &plan);
    assert_int_equal(plan.site_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(plan.steps[i].site, i);
        assert_string_equal(plan.sites[i], sites[i]);
    }
    plan_deinit(&plan);
}

static void test_document_reads_distributions(void **state) {
    (void)state;
    static const struct distribution expected[] = {
        {.kind = DISTRIBUTION_CONSTANT, .a = 5000, .b = 0, .s = 0},
        {.kind = DISTRIBUTION_UNIFORM, .a = 1000, .b = 2500, .s = 0},
        {.kind = DISTRIBUTION_EXPONENTIAL, .a = 70000, .b = 0, .s = 0},
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 50000000, .b = 0, .s = 0.5},
        {.kind = DISTRIBUTION_PARETO, .a = 3000, .b = 0, .s = 1.5},
    };
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"jobs\":{\"count\":1,\"steps\":["
            "{\"io_us\":{\"dist\":\"constant\",\"value\":5}},"
            "{\"io_us\":{\"dist\":\"uniform\",\"min\":1,\"max\":2.5}},"
            "{\"io_us\":{\"dist\":\"exponential\",\"mean\":70}},"
            "{\"io_us\":{\"dist\":\"lognormal\",\"median\":50000,\"sigma\":0.5}},"
            "{\"io_us\":{\"dist\":\"pareto\",\"min\":3,\"shape\":1.5}}]}}}",
            &plan);
    for (size_t i = 0; i < 5; i++) {
        const struct distribution *actual = &plan.steps[i].time;
        assert_int_equal(actual->kind, expected[i].kind);
        assert_int_equal(actual->a, expected[i].a);
        assert_int_equal(actual->b, expected[i].b);
        assert_true(actual->s == expected[i].s);
    }
    plan_deinit(&plan);
}

/* Python time of an empirical law scales with the runtime like every other. */
static void test_document_reads_an_empirical_distribution(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"runtimes\":[{\"base\":\"cpython-3.12\",\"python_cost\":2}],"
            "\"workload\":{\"jobs\":{\"count\":1,"
            "\"steps\":[{\"python_us\":{\"dist\":\"empirical\",\"values_us\":[5,1,2.5],"
            "\"weights\":[1,2,1]}},{\"io_us\":{\"dist\":\"empirical\",\"values_us\":[7]}}"
            "]}}}",
            &plan);
    const struct distribution *first = &plan.steps[0].time;
    assert_int_equal(first->kind, DISTRIBUTION_EMPIRICAL);
    assert_int_equal(first->count, 3);
    assert_int_equal(first->values[0].value, 10000);
    assert_int_equal(first->values[1].value, 2000);
    assert_int_equal(first->values[2].value, 5000);
    assert_true(first->values[0].until == 0.25 && first->values[1].until == 0.75);
    assert_int_equal(plan.steps[1].time.count, 1);
    assert_int_equal(plan.steps[1].time.values[0].value, 7000); /* waits do not scale */
    assert_true(plan.steps[1].time.values[0].until == 1.0);
    plan_deinit(&plan);
}

static void test_document_reads_arrivals(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"jobs\":{\"arrivals\":{\"rate_per_s\":50,"
            "\"for_s\":20},\"steps\":[{\"io_us\":1}]}}}",
            &plan);
    assert_int_equal(plan.arrivals.kind, ARRIVALS_EXPONENTIAL);
    assert_true(plan.arrivals.rate_per_s == 50);
    assert_int_equal(plan.arrivals.for_ns, 20 * NS_PER_S);
    assert_int_equal(plan.arrivals.warmup_ns, 0);
    assert_int_equal(plan.arrivals.burst, 1);
    plan_deinit(&plan);
    plan_of("{\"schema\":1,\"workload\":{\"jobs\":{\"arrivals\":{\"rate_per_s\":0.5,"
            "\"for_s\":20,\"dist\":\"bursts\",\"burst\":7,\"warmup_s\":2.5},"
            "\"steps\":[{\"io_us\":1}]}}}",
            &plan);
    assert_int_equal(plan.arrivals.kind, ARRIVALS_BURSTS);
    assert_int_equal(plan.arrivals.burst, 7);
    assert_int_equal(plan.arrivals.warmup_ns, 2500 * NS_PER_MS);
    plan_deinit(&plan);
    plan_of("{\"schema\":1,\"workload\":{\"jobs\":{\"arrivals\":{\"rate_per_s\":0.5,"
            "\"for_s\":90,\"dist\":\"constant\",\"burst\":5},"
            "\"steps\":[{\"io_us\":1}]}}}",
            &plan);
    assert_int_equal(plan.arrivals.kind, ARRIVALS_CONSTANT);
    assert_int_equal(plan.arrivals.burst, 5);
    plan_deinit(&plan);
    plan_of(
        "{\"schema\":1,\"workload\":{\"jobs\":{\"count\":3,\"steps\":[{\"io_us\":1}]}}}",
        &plan);
    assert_int_equal(plan.arrivals.kind, ARRIVALS_NONE);
    plan_deinit(&plan);
}

/* --- actors ------------------------------------------------------------------- */

static const char actors_text[] =
    "{\"schema\":1,\"workload\":{\"actors\":["
    "{\"name\":\"spinner\",\"thread\":2,\"daemon\":true,"
    "\"steps\":[{\"forever\":[{\"python_us\":1000}]}]},"
    "{\"name\":\"nobody\",\"thread\":0,\"steps\":[{\"io_us\":1}]},"
    "{\"name\":\"echo\",\"thread\":1,\"steps\":[{\"repeat\":300,\"steps\":[{\"io_us\":16}"
    ","
    "{\"python_us\":12},{\"c_us\":5,\"gil\":\"released\"}]}]},"
    "{\"name\":\"server\",\"event_loop\":1,\"tasks\":["
    "{\"name\":\"client\",\"count\":100,\"steps\":[{\"await_io_us\":10000},"
    "{\"to_thread\":[{\"python_us\":5},{\"io_us\":6}]}]},"
    "{\"name\":\"beat\",\"steps\":[{\"await_sleep_us\":7}]}]}]}}";

static void test_document_reads_actors(void **state) {
    (void)state;
    struct plan plan;
    plan_of(actors_text, &plan);
    assert_int_equal(plan.strategy.kind, STRATEGY_ACTORS);
    assert_int_equal(plan.job_count, 0);
    assert_int_equal(plan.actor_count, 3);

    const struct actor_plan *spinner = &plan.actors[0];
    assert_string_equal(spinner->name, "spinner");
    assert_int_equal(spinner->kind, ACTOR_THREAD);
    assert_int_equal(spinner->count, 2);
    assert_true(spinner->daemon);
    assert_int_equal(spinner->steps.first, 0);
    assert_int_equal(spinner->steps.end, 2);
    assert_int_equal(plan.steps[0].kind, STEP_FOREVER);
    assert_int_equal(plan.steps[0].end, 2);
    assert_constant(&plan.steps[1], STEP_PYTHON, 1000000);

    /* The actor without threads has left no steps behind. */
    const struct actor_plan *echo = &plan.actors[1];
    assert_string_equal(echo->name, "echo");
    assert_int_equal(echo->count, 1);
    assert_false(echo->daemon);
    assert_int_equal(echo->steps.first, 2);
    assert_int_equal(echo->steps.end, 6);
    assert_int_equal(plan.steps[2].count, 300);
    assert_constant(&plan.steps[5], STEP_C_RELEASED, 5000);
    assert_string_equal(plan.sites[plan.steps[5].site],
                        "/workload/actors/2/steps/0/steps/2");
    plan_deinit(&plan);
}

static void test_document_reads_processes(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"actors\":[{\"name\":\"p\",\"process\":3,"
            "\"start\":\"spawn\",\"steps\":[{\"python_us\":1}]},{\"name\":\"q\","
            "\"process\":1,\"daemon\":true,\"steps\":[{\"python_us\":1}]}]}}",
            &plan);
    assert_int_equal(plan.actor_count, 2);
    assert_int_equal(plan.actors[0].kind, ACTOR_PROCESS);
    assert_int_equal(plan.actors[0].count, 3);
    assert_int_equal(plan.actors[0].start, START_SPAWN);
    assert_int_equal(plan.actors[1].start, START_DEFAULT);
    assert_true(plan.actors[1].daemon);
    plan_deinit(&plan);

    plan_of("{\"schema\":1,\"strategies\":[{\"processes\":2,\"chunk\":9,\"start\":"
            "\"forkserver\"}],\"workload\":{\"jobs\":{\"count\":3,\"payload_bytes\":1000,"
            "\"result_bytes\":20,\"steps\":[{\"python_us\":1}]}}}",
            &plan);
    assert_int_equal(plan.strategy.chunk, 9);
    assert_int_equal(plan.strategy.start, START_FORKSERVER);
    assert_int_equal(plan.job_payload_bytes, 1000);
    assert_int_equal(plan.job_result_bytes, 20);
    plan_deinit(&plan);
}

static void test_document_reads_tasks(void **state) {
    (void)state;
    struct plan plan;
    plan_of(actors_text, &plan);
    const struct actor_plan *server = &plan.actors[2];
    assert_string_equal(server->name, "server");
    assert_int_equal(server->kind, ACTOR_EVENT_LOOP);
    assert_int_equal(server->first_task, 0);
    assert_int_equal(server->task_end, 2);
    assert_int_equal(plan.task_count, 2);
    assert_string_equal(plan.tasks[0].name, "client");
    assert_int_equal(plan.tasks[0].count, 100);
    assert_int_equal(plan.tasks[0].steps.first, 6);
    assert_int_equal(plan.tasks[0].steps.end, 10);
    assert_constant(&plan.steps[6], STEP_AWAIT_IO, 10000000);
    assert_int_equal(plan.steps[7].kind, STEP_TO_THREAD);
    assert_int_equal(plan.steps[7].end, 10);
    assert_constant(&plan.steps[9], STEP_IO, 6000);
    assert_string_equal(plan.sites[plan.steps[9].site],
                        "/workload/actors/3/tasks/0/steps/1/to_thread/1");
    assert_string_equal(plan.tasks[1].name, "beat");
    assert_int_equal(plan.tasks[1].count, 1);
    assert_constant(&plan.steps[10], STEP_AWAIT_SLEEP, 7000);
    plan_deinit(&plan);
}

/* --- objects ------------------------------------------------------------------ */

static void test_document_reads_objects(void **state) {
    (void)state;
    struct plan plan;
    plan_of(
        "{\"schema\":1,\"workload\":{\"objects\":{\"n\":\"counter\",\"a\":\"lock\"},"
        "\"actors\":[{\"name\":\"t\",\"thread\":2,\"steps\":["
        "{\"with\":\"a\",\"steps\":[{\"update\":\"n\",\"compute_us\":3,\"call\":true}]},"
        "{\"acquire\":\"a\"},{\"release\":\"a\"}]}]}}",
        &plan);
    assert_int_equal(plan.object_count, 2);
    assert_string_equal(plan.objects[0].name, "a"); /* sorted by name */
    assert_int_equal(plan.objects[0].kind, OBJECT_LOCK);
    assert_int_equal(plan.objects[1].kind, OBJECT_COUNTER);
    assert_int_equal(plan.steps[0].kind, STEP_WITH);
    assert_int_equal(plan.steps[0].end, 2);
    assert_int_equal(plan.steps[0].object, 0);
    assert_constant(&plan.steps[1], STEP_UPDATE, 3000);
    assert_int_equal(plan.steps[1].object, 1);
    assert_true(plan.steps[1].call);
    assert_int_equal(plan.steps[2].kind, STEP_ACQUIRE);
    assert_int_equal(plan.steps[3].kind, STEP_RELEASE);
    plan_deinit(&plan);
}

static const struct object_plan *find_object(const struct plan *plan, const char *name) {
    for (size_t i = 0; i < plan->object_count; i++) {
        if (strcmp(plan->objects[i].name, name) == 0) {
            return &plan->objects[i];
        }
    }
    fail_msg("there is no object %s", name);
    return NULL;
}

static void test_document_reads_every_kind_of_object(void **state) {
    (void)state;
    static const struct object_plan expected[] = {
        {"a", OBJECT_LOCK, 0, SHARING_ONE},
        {"b", OBJECT_RLOCK, 0, SHARING_ONE},
        {"c", OBJECT_CONDITION, 0, SHARING_ONE},
        {"d", OBJECT_SEMAPHORE, 3, SHARING_ONE},
        {"e", OBJECT_EVENT, 0, SHARING_ONE},
        {"f", OBJECT_BARRIER, 4, SHARING_ONE},
        {"g", OBJECT_QUEUE, 100, SHARING_ONE},
        {"h", OBJECT_QUEUE, 0, SHARING_ONE},
        {"i", OBJECT_QUEUE, 0, SHARING_ONE},
        {"j", OBJECT_SIMPLE_QUEUE, 0, SHARING_ONE},
        {"k", OBJECT_COUNTER, 0, SHARING_ONE},
        {"l", OBJECT_REFERENT, 0, SHARING_ONE},
        {"m", OBJECT_REFERENT, 0, SHARING_ONE},
        {"n", OBJECT_REFERENT, 0, SHARING_EACH},
        {"o", OBJECT_REFERENT, 0, SHARING_OWN},
        {"p", OBJECT_REFERENT, 0, SHARING_DEFERRED},
        {"q", OBJECT_REFERENT, 0, SHARING_IMMORTAL},
        {"r", OBJECT_LIST, 0, SHARING_ONE},
        {"s", OBJECT_LIST, 0, SHARING_EACH},
        {"t", OBJECT_DICT, 0, SHARING_ONE},
        {"u", OBJECT_DICT, 0, SHARING_OWN},
        {"v", OBJECT_SEMAPHORE, 0, SHARING_ONE},
        {"w", OBJECT_PEER, 7500, SHARING_ONE},
        {"x", OBJECT_PEER, 1, SHARING_ONE},
        {"y", OBJECT_PEER, 1000000000000000, SHARING_ONE},
        {"z1", OBJECT_INTERPRETER_QUEUE, 100, SHARING_ONE},
        {"z2", OBJECT_INTERPRETER_QUEUE, 0, SHARING_ONE},
    };
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"objects\":{\"v\":{\"semaphore\":0},"
            "\"a\":\"lock\",\"b\":\"rlock\",\"c\":\"condition\","
            "\"d\":{\"semaphore\":3},\"e\":\"event\",\"f\":{\"barrier\":4},"
            "\"g\":{\"queue\":100},\"h\":{\"queue\":0},\"i\":\"queue\","
            "\"j\":\"simple_queue\",\"k\":\"counter\",\"l\":\"object\","
            "\"m\":{\"object\":\"one\"},\"n\":{\"object\":\"each\"},"
            "\"o\":{\"object\":\"own\"},\"p\":{\"object\":\"deferred\"},"
            "\"q\":{\"object\":\"immortal\"},\"r\":\"list\",\"s\":{\"list\":\"each\"},"
            "\"t\":\"dict\",\"u\":{\"dict\":\"own\"},\"w\":{\"peer\":7.5},"
            "\"x\":{\"peer\":0.001},\"y\":{\"peer\":1e12},"
            "\"z1\":{\"interpreter_queue\":100},\"z2\":\"interpreter_queue\"},"
            "\"actors\":[{\"name\":\"x\",\"thread\":1,\"steps\":[{\"io_us\":1}]}]}}",
            &plan);
    assert_int_equal(plan.object_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < plan.object_count; i++) {
        const struct object_plan *object = &plan.objects[i];
        assert_ptr_equal(object, find_object(&plan, expected[i].name));
        assert_int_equal(object->kind, expected[i].kind);
        assert_int_equal(object->size, expected[i].size);
        assert_int_equal(object->sharing, expected[i].sharing);
    }
    plan_deinit(&plan);
}

static void test_document_reads_steps_on_objects(void **state) {
    (void)state;
    static const struct {
        enum step_kind kind;
        const char *object;
        int64_t count;
    } expected[] = {
        {STEP_WAIT, "e", 0},    {STEP_WAIT, "b", 0},    {STEP_SET, "e", 0},
        {STEP_CLEAR, "e", 0},   {STEP_PUT, "q", 0},     {STEP_GET, "q", 0},
        {STEP_PUT, "sq", 0},    {STEP_GET, "sq", 0},    {STEP_ACQUIRE, "r", 0},
        {STEP_RELEASE, "r", 0}, {STEP_ACQUIRE, "s", 0}, {STEP_RELEASE, "s", 0},
        {STEP_WITH, "c", 0},    {STEP_NOTIFY, "c", 1},  {STEP_NOTIFY, "c", 5},
        {STEP_NOTIFY, "c", 0},  {STEP_WAIT, "c", 0},    {STEP_TOUCH, "o", 1},
        {STEP_TOUCH, "o", 70},
    };
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"objects\":{\"e\":\"event\","
            "\"b\":{\"barrier\":1},\"q\":{\"queue\":1},\"sq\":\"simple_queue\","
            "\"r\":\"rlock\",\"s\":{\"semaphore\":1},\"c\":\"condition\","
            "\"o\":\"object\"},\"actors\":[{\"name\":\"x\",\"thread\":1,\"steps\":["
            "{\"wait\":\"e\"},{\"wait\":\"b\"},{\"set\":\"e\"},{\"clear\":\"e\"},"
            "{\"put\":\"q\"},{\"get\":\"q\"},{\"put\":\"sq\"},{\"get\":\"sq\"},"
            "{\"acquire\":\"r\"},{\"release\":\"r\"},{\"acquire\":\"s\"},"
            "{\"release\":\"s\"},{\"with\":\"c\",\"steps\":[{\"notify\":\"c\"},"
            "{\"notify\":\"c\",\"count\":5},{\"notify_all\":\"c\"},{\"wait\":\"c\"}]},"
            "{\"touch\":\"o\"},{\"touch\":\"o\",\"times\":70}]}]}}",
            &plan);
    assert_int_equal(plan.step_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < plan.step_count; i++) {
        const struct step *step = &plan.steps[i];
        assert_int_equal(step->kind, expected[i].kind);
        assert_int_equal(step->count, expected[i].count);
        assert_ptr_equal(&plan.objects[step->object],
                         find_object(&plan, expected[i].object));
    }
    assert_int_equal(plan.steps[12].end, 17);
    plan_deinit(&plan);
}

/* The time of a system call does not scale with the speed of Python either. */
static void test_document_reads_send_and_recv(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"runtimes\":[{\"base\":\"cpython-3.12\",\"python_cost\":2}],"
            "\"workload\":{\"objects\":{\"a\":\"lock\",\"s\":{\"peer\":7}},"
            "\"actors\":[{\"name\":\"x\",\"thread\":1,\"steps\":["
            "{\"send\":\"s\",\"compute_us\":5.25},{\"recv\":\"s\"}]},"
            "{\"name\":\"y\",\"thread\":1,\"daemon\":true,\"steps\":["
            "{\"forever\":[{\"recv\":\"s\"}]}]}]}}",
            &plan);
    assert_int_equal(plan.step_count, 4);
    assert_constant(&plan.steps[0], STEP_SEND, 5250);
    assert_constant(&plan.steps[1], STEP_RECV, 0);
    assert_int_equal(plan.steps[3].kind, STEP_RECV);
    assert_int_equal(plan.steps[0].object, 1);
    assert_int_equal(plan.steps[1].object, 1);
    plan_deinit(&plan);
}

/* Threads, tasks and interpreters, but no other object. */
static void test_document_reads_puts_between_interpreters(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"runtimes\":[\"cpython-3.14\"],\"workload\":{\"objects\":{"
            "\"q\":{\"interpreter_queue\":3},\"l\":\"lock\"},\"actors\":["
            "{\"name\":\"a\",\"interpreter\":2,\"steps\":[{\"put\":\"q\"},"
            "{\"put\":\"q\",\"payload_bytes\":1073741824},"
            "{\"put\":\"q\",\"pickled\":true,\"payload_bytes\":7},"
            "{\"repeat\":2,\"steps\":[{\"get\":\"q\"}]}]},"
            "{\"name\":\"b\",\"thread\":1,\"steps\":[{\"get\":\"q\"},"
            "{\"with\":\"l\",\"steps\":[{\"put\":\"q\",\"pickled\":false}]}]},"
            "{\"name\":\"c\",\"event_loop\":1,\"tasks\":[{\"name\":\"t\",\"steps\":["
            "{\"get\":\"q\"}]}]}]}}",
            &plan);
    static const struct {
        enum step_kind kind;
        int64_t bytes;
        bool pickled;
    } expected[] = {
        {STEP_PUT, 0, false},    {STEP_PUT, 1073741824, false}, {STEP_PUT, 7, true},
        {STEP_REPEAT, 2, false}, {STEP_GET, 0, false},          {STEP_GET, 0, false},
        {STEP_WITH, 0, false},   {STEP_PUT, 0, false},          {STEP_GET, 0, false}};
    assert_int_equal(plan.step_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < plan.step_count; i++) {
        assert_int_equal(plan.steps[i].kind, expected[i].kind);
        assert_int_equal(plan.steps[i].count, expected[i].bytes);
        assert_int_equal(plan.steps[i].pickled, expected[i].pickled);
    }
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan_deinit(&plan);
}

/* The operation and its time, which is that of C code and does not scale. */
static void test_document_reads_use(void **state) {
    (void)state;
    static const enum container_op expected[] = {
        OP_APPEND,  OP_POP,     OP_INSERT,  OP_SETITEM,  OP_GETITEM, OP_LEN,
        OP_SETITEM, OP_GETITEM, OP_DELITEM, OP_CONTAINS, OP_LEN};
    static const char *const of_list[] = {"append",  "pop",     "insert",
                                          "setitem", "getitem", "len"};
    static const char *const of_dict[] = {"setitem", "getitem", "delitem", "contains",
                                          "len"};
    char text[2048];
    size_t used = (size_t)snprintf(
        text, sizeof text,
        "{\"schema\":1,\"runtimes\":[{\"base\":\"cpython-3.12\",\"python_cost\":1.5}],"
        "\"workload\":{\"objects\":{\"d\":\"dict\",\"l\":\"list\"},"
        "\"actors\":[{\"name\":\"x\",\"thread\":1,\"steps\":[");
    for (size_t i = 0; i < 11; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "{\"use\":\"%s\",\"op\":\"%s\",\"compute_us\":0.1}%s",
                                 i < 6 ? "l" : "d", i < 6 ? of_list[i] : of_dict[i - 6],
                                 i < 10 ? "," : "]}]}}");
    }
    struct plan plan;
    plan_of(text, &plan);
    for (size_t i = 0; i < 11; i++) {
        assert_constant(&plan.steps[i], STEP_USE, 100);
        assert_int_equal(plan.steps[i].op, expected[i]);
        assert_int_equal(plan.steps[i].object, i < 6 ? 1 : 0);
    }
    plan_deinit(&plan);
}

static void test_document_reads_calls_and_allocations(void **state) {
    (void)state;
    struct plan plan;
    plan_of("{\"schema\":1,\"workload\":{\"jobs\":{\"count\":1,\"steps\":["
            "{\"c_us\":5,\"gil\":\"by_size\",\"bytes\":2047},"
            "{\"c_us\":6,\"gil\":\"released\",\"threads\":4},{\"c_us\":7},"
            "{\"gil\":\"by_size\",\"bytes\":0,\"threads\":2,"
            "\"c_us\":{\"dist\":\"exponential\",\"mean\":3}},"
            "{\"allocate\":1000},{\"free\":400},{\"allocate\":0}]}}}",
            &plan);
    assert_constant(&plan.steps[0], STEP_C_BY_SIZE, 5000);
    assert_int_equal(plan.steps[0].count, 2047);
    assert_int_equal(plan.steps[0].threads, 1);
    assert_constant(&plan.steps[1], STEP_C_RELEASED, 6000);
    assert_int_equal(plan.steps[1].threads, 4);
    assert_constant(&plan.steps[2], STEP_C_HELD, 7000);
    assert_int_equal(plan.steps[2].threads, 1);
    assert_int_equal(plan.steps[3].kind, STEP_C_BY_SIZE);
    assert_int_equal(plan.steps[3].count, 0);
    assert_int_equal(plan.steps[3].threads, 2);
    assert_int_equal(plan.steps[3].time.kind, DISTRIBUTION_EXPONENTIAL);
    assert_int_equal(plan.steps[4].kind, STEP_ALLOCATE);
    assert_int_equal(plan.steps[4].count, 1000);
    assert_int_equal(plan.steps[5].kind, STEP_FREE);
    assert_int_equal(plan.steps[5].count, 400);
    assert_int_equal(plan.steps[6].count, 0);
    plan_deinit(&plan);
}

/* Who waits for another's doing cannot run on by himself: such loops are no mistake. */
static void test_document_accepts_loops_that_wait(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{\"get\":\"q\"}",
        "{\"get\":\"sq\"}",
        "{\"put\":\"q\"}",
        "{\"get\":\"iq\"}",
        "{\"put\":\"iq\"}",
        "{\"wait\":\"b\"}",
        "{\"with\":\"c\",\"steps\":[{\"wait\":\"c\"}]}",
        "{\"use\":\"l\",\"op\":\"pop\",\"compute_us\":0.001}",
        "{\"c_us\":1,\"gil\":\"by_size\",\"bytes\":1}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{\"schema\":1,\"runtimes\":[\"cpython-3.14\"],"
                 "\"workload\":{\"objects\":{\"q\":{\"queue\":1},"
                 "\"sq\":\"simple_queue\",\"iq\":{\"interpreter_queue\":1},"
                 "\"b\":{\"barrier\":2},\"c\":\"condition\","
                 "\"l\":\"list\"},\"actors\":[{\"name\":\"x\",\"thread\":1,"
                 "\"steps\":[{\"io_us\":1}]},{\"name\":\"y\",\"thread\":1,"
                 "\"daemon\":true,\"steps\":[{\"forever\":[%s]}]}]}}",
                 bodies[i]);
        struct plan plan;
        plan_of(text, &plan);
        plan_deinit(&plan);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_reads_scalars),
        cmocka_unit_test(test_document_has_defaults),
        cmocka_unit_test(test_document_keeps_source_and_canonical_text),
        cmocka_unit_test(test_document_hash_tells_documents_apart),
        cmocka_unit_test(test_document_canonical_keeps_numbers),
        cmocka_unit_test(test_document_reads_no_further_than_size),
        cmocka_unit_test(test_document_overrides_machine),
        cmocka_unit_test(test_document_overrides_runtime),
        cmocka_unit_test(test_document_overrides_every_parameter),
        cmocka_unit_test(test_document_scales_python_times),
        cmocka_unit_test(test_document_reads_steps_of_jobs),
        cmocka_unit_test(test_document_repeats_what_takes_no_time),
        cmocka_unit_test(test_document_names_the_site_of_every_step),
        cmocka_unit_test(test_document_reads_distributions),
        cmocka_unit_test(test_document_reads_arrivals),
        cmocka_unit_test(test_document_reads_an_empirical_distribution),
        cmocka_unit_test(test_document_reads_actors),
        cmocka_unit_test(test_document_reads_processes),
        cmocka_unit_test(test_document_reads_tasks),
        cmocka_unit_test(test_document_reads_objects),
        cmocka_unit_test(test_document_reads_every_kind_of_object),
        cmocka_unit_test(test_document_reads_steps_on_objects),
        cmocka_unit_test(test_document_reads_send_and_recv),
        cmocka_unit_test(test_document_reads_puts_between_interpreters),
        cmocka_unit_test(test_document_reads_use),
        cmocka_unit_test(test_document_reads_calls_and_allocations),
        cmocka_unit_test(test_document_accepts_loops_that_wait),
    };
    return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
