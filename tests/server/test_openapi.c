/* SPDX-License-Identifier: MIT */
/*
 * server/openapi.yaml against the program: the same operations and query parameters as
 * the table of routes, and the same members as live answers.
 *
 * The contract is read as lines: its layout (two spaces a level) is part of what is
 * tested.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "scratch.h"
#include "server/api/routes.h"
#include "server/api/service.h"
#include "server/document/schema.h"
#include "tests/support/test.h"

enum { LINES_MAX = 4000, LINE_SIZE = 512 };

struct contract {
    char lines[LINES_MAX][LINE_SIZE];
    size_t count;
};

static struct contract *contract;

static int read_contract(void **state) {
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/server/openapi.yaml", getenv("GILSCOPE_ROOT"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    contract = calloc(1, sizeof *contract);
    assert_non_null(contract);
    while (contract->count < LINES_MAX &&
           fgets(contract->lines[contract->count], LINE_SIZE, file) != NULL) {
        char *line = contract->lines[contract->count++];
        line[strcspn(line, "\n")] = '\0';
    }
    assert_true(contract->count < LINES_MAX);
    fclose(file);
    return 0;
}

static int free_contract(void **state) {
    (void)state;
    free(contract);
    return 0;
}

static size_t indent_of(const char *line) { return strspn(line, " "); }

/* The line `text` with that indentation, from `from` on; the number of lines if none. */
static size_t find_line(size_t from, size_t indent, const char *text) {
    for (size_t i = from; i < contract->count; i++) {
        const char *line = contract->lines[i];
        if (indent_of(line) == indent && strcmp(line + indent, text) == 0) {
            return i;
        }
    }
    return contract->count;
}

/* One past the block that begins at a line: up to the next line not deeper than it. */
static size_t block_end(size_t at) {
    const size_t indent = indent_of(contract->lines[at]);
    size_t end = at + 1;
    while (end < contract->count && (contract->lines[end][0] == '\0' ||
                                     indent_of(contract->lines[end]) > indent)) {
        end++;
    }
    return end;
}

/* --- operations ------------------------------------------------------------------ */

/* The block of an operation; fails when the contract does not have it. */
static size_t find_operation(const struct http_route *route) {
    char path[128];
    char method[16];
    snprintf(path, sizeof path, "%s:", route->path);
    snprintf(method, sizeof method, "%s:", route->method);
    for (char *c = method; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    }
    const size_t at = find_line(0, 2, path);
    const size_t operation = find_line(at, 4, method);
    if (at == contract->count || operation >= block_end(at)) {
        fail_msg("the contract lacks %s %s", route->method, route->path);
    }
    return operation;
}

static void test_openapi_has_every_route(void **state) {
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        find_operation(&routes[i]);
    }
}

static void test_openapi_has_no_other_operation(void **state) {
    (void)state;
    size_t operations = 0;
    const size_t from = find_line(0, 0, "paths:");
    for (size_t i = from + 1; i < block_end(from); i++) {
        const char *line = contract->lines[i];
        operations += indent_of(line) == 4 && strchr("gpd", line[4]) != NULL ? 1 : 0;
    }
    assert_int_equal(operations, route_count);
}

static bool route_knows(const struct http_route *route, const char *name) {
    char words[128];
    char wanted[64];
    snprintf(words, sizeof words, " %s ", route->query != NULL ? route->query : "");
    snprintf(wanted, sizeof wanted, " %s ", name);
    return strstr(words, wanted) != NULL;
}

static void test_openapi_has_the_same_query_parameters(void **state) {
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const size_t from = find_operation(&routes[i]);
        size_t found = 0;
        for (size_t at = from; at < block_end(from); at++) {
            const char *line = contract->lines[at];
            if (strncmp(line, "        - name: ", 16) == 0 &&
                strcmp(contract->lines[at + 1], "          in: query") == 0) {
                if (!route_knows(&routes[i], line + 16)) {
                    fail_msg("%s does not know '%s'", routes[i].path, line + 16);
                }
                found++;
            }
        }
        size_t known = routes[i].query != NULL ? 1 : 0;
        for (const char *c = routes[i].query; c != NULL && *c != '\0'; c++) {
            known += *c == ' ' ? 1 : 0;
        }
        assert_int_equal(found, known);
    }
}

/* --- members --------------------------------------------------------------------- */

/* Whether the comma-separated list in "required: [a, b]" has the name. */
static bool is_required(size_t schema, const char *name) {
    char words[LINE_SIZE] = "";
    for (size_t i = schema; i < block_end(schema); i++) {
        if (strncmp(contract->lines[i], "      required: [", 17) == 0) {
            snprintf(words, sizeof words, ", %s", contract->lines[i] + 17);
            words[strcspn(words, "]")] = '\0';
            strncat(words, ",", 2);
        }
    }
    char wanted[64];
    snprintf(wanted, sizeof wanted, ", %s,", name);
    return strstr(words, wanted) != NULL;
}

/* Whether the schema has the property; counts those that are required. */
static bool has_property(size_t schema, const char *name, size_t *required) {
    bool found = false;
    bool inside = false;
    *required = 0;
    for (size_t i = schema + 1; i < block_end(schema); i++) {
        const char *line = contract->lines[i];
        if (indent_of(line) == 6) {
            inside = strcmp(line, "      properties:") == 0;
        } else if (inside && indent_of(line) == 8) {
            char property[64];
            snprintf(property, sizeof property, "%.*s", (int)strcspn(line + 8, ":"),
                     line + 8);
            *required += is_required(schema, property) ? 1 : 0;
            found = found || strcmp(property, name) == 0;
        }
    }
    return found;
}

/* Every member of the object is a property, and every required property is there. */
static void expect_schema(json_t *object, const char *name) {
    char line[64];
    const char *key;
    json_t *value;
    size_t required = 0;
    size_t required_found = 0;
    snprintf(line, sizeof line, "%s:", name);
    const size_t schema = find_line(find_line(0, 2, "schemas:"), 4, line);
    assert_true(schema < contract->count);
    assert_true(json_is_object(object));
    assert_true(json_object_size(object) > 0);
    json_object_foreach(object, key, value) {
        if (!has_property(schema, key, &required)) {
            fail_msg("%s in the contract lacks '%s'", name, key);
        }
        required_found += is_required(schema, key) ? 1 : 0;
    }
    if (required_found != required) {
        fail_msg("an answer lacks %zu required members of %s", required - required_found,
                 name);
    }
}

static void expect_first(const json_t *parent, const char *key, const char *name) {
    expect_schema(json_array_get(json_object_get(parent, key), 0), name);
}

/* Whether a line "name: { enum: [a, b] }" of the schema has the word. */
static bool enum_has(const char *schema, const char *name, const char *word) {
    char line[64];
    char wanted[LINE_SIZE];
    char words[LINE_SIZE] = "";
    snprintf(line, sizeof line, "%s:", schema);
    snprintf(wanted, sizeof wanted, "        %s: { enum: [", name);
    const size_t from = find_line(find_line(0, 2, "schemas:"), 4, line);
    assert_true(from < contract->count);
    for (size_t i = from; i < block_end(from); i++) {
        if (strncmp(contract->lines[i], wanted, strlen(wanted)) == 0) {
            snprintf(words, sizeof words, ", %s", contract->lines[i] + strlen(wanted));
            words[strcspn(words, "]")] = '\0';
            strncat(words, ",", 2);
        }
    }
    snprintf(wanted, sizeof wanted, ", %s,", word);
    return strstr(words, wanted) != NULL;
}

/* Every value of that member, in all items, is one that the contract knows. */
static void expect_enum(const json_t *items, const char *schema, const char *name) {
    size_t i;
    json_t *item;
    assert_true(json_array_size(items) > 0);
    json_array_foreach(items, i, item) {
        const char *word = json_string_value(json_object_get(item, name));
        assert_non_null(word);
        if (!enum_has(schema, name, word)) {
            fail_msg("'%s' of %s in the contract lacks %s", name, schema, word);
        }
    }
}

static json_t *ask(uint16_t port, const char *method, const char *path,
                   const char *body) {
    struct http_answer answer;
    http_client_request(port, method, path, body, &answer);
    json_t *json = json_loads(answer.body, 0, NULL);
    assert_non_null(json);
    http_answer_deinit(&answer);
    return json;
}

static void expect_catalogue(uint16_t port) {
    json_t *health = ask(port, "GET", "/healthz", NULL);
    json_t *ready = ask(port, "GET", "/readyz", NULL);
    json_t *presets = ask(port, "GET", "/api/v1/presets", NULL);
    json_t *models = ask(port, "GET", "/api/v1/models", NULL);
    json_t *metrics = ask(port, "GET", "/api/v1/metrics", NULL);
    expect_schema(health, "Health");
    expect_schema(ready, "Readiness");
    expect_schema(presets, "PresetList");
    expect_first(presets, "items", "Preset");
    expect_schema(models, "ModelList");
    expect_first(models, "items", "Model");
    expect_first(models, "profiles", "Profile");
    expect_first(json_array_get(json_object_get(models, "items"), 0), "parameters",
                 "Parameter");
    expect_schema(metrics, "MetricList");
    expect_first(metrics, "items", "Metric");
    size_t i;
    json_t *model;
    expect_enum(json_object_get(models, "items"), "Model", "gil");
    json_array_foreach(json_object_get(models, "items"), i, model) {
        expect_enum(json_object_get(model, "parameters"), "Parameter", "unit");
    }
    json_decref(health);
    json_decref(ready);
    json_decref(presets);
    json_decref(models);
    json_decref(metrics);
}

static void expect_spans(uint16_t port, const char *run) {
    char path[160];
    snprintf(path, sizeof path, "/api/v1/runs/%s/spans?states=wait_gil", run);
    json_t *list = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/range", run);
    json_t *range = ask(port, "GET", path, NULL);
    const json_t *wait = json_array_get(json_object_get(list, "items"), 0);
    const int lane = (int)json_integer_value(json_object_get(wait, "lane"));
    const json_int_t start = json_integer_value(json_object_get(wait, "start"));
    snprintf(path, sizeof path, "/api/v1/runs/%s/spans/at?lane=%d&at=%lld", run, lane,
             (long long)start);
    json_t *detail = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/spans/next?lane=%d&at=0", run, lane);
    json_t *next = ask(port, "GET", path, NULL);
    expect_schema(list, "SpanList");
    expect_first(list, "items", "Span");
    expect_schema(detail, "SpanDetail");
    expect_schema(json_object_get(detail, "lane"), "LaneName");
    expect_schema(json_object_get(detail, "flow"), "SpanFlow");
    expect_schema(next, "SpanAnswer");
    expect_schema(range, "Range");
    expect_first(range, "lanes", "RangeLane");
    expect_schema(json_object_get(range, "holdings"), "Holdings");
    expect_first(range, "waits", "RangeWait");
    expect_schema(
        json_object_get(json_array_get(json_object_get(range, "waits"), 0), "blame"),
        "WaitBlame");
    json_decref(list);
    json_decref(range);
    json_decref(detail);
    json_decref(next);
}

/* Polls as a client does. */
static void expect_findings(uint16_t port, const char *run) {
    const int64_t started = monotonic_ms();
    char path[64];
    snprintf(path, sizeof path, "/api/v1/runs/%s/findings", run);
    json_t *answer = ask(port, "GET", path, NULL);
    while (json_is_null(json_object_get(answer, "findings"))) {
        expect_schema(answer, "RunFindings");
        json_decref(answer);
        poll_pause(started);
        answer = ask(port, "GET", path, NULL);
    }
    const json_t *findings = json_object_get(answer, "findings");
    const json_t *items = json_object_get(findings, "items");
    const json_t *first = json_array_get(items, 0);
    const json_t *proof = json_object_get(first, "proof");
    expect_schema(json_object_get(answer, "findings"), "Findings");
    expect_first(findings, "items", "Finding");
    expect_enum(items, "Finding", "rule");
    expect_enum(items, "Finding", "unit");
    expect_schema(json_object_get(proof, "lane"), "FindingLane");
    expect_first(first, "tried", "FindingTrial");
    expect_enum(json_object_get(first, "tried"), "FindingTrial", "verdict");
    json_decref(answer);
}

static void expect_speedup(uint16_t port, const char *run) {
    const int64_t started = monotonic_ms();
    char path[64];
    snprintf(path, sizeof path, "/api/v1/runs/%s/speedup", run);
    json_t *answer = ask(port, "GET", path, NULL);
    while (json_is_null(json_object_get(answer, "speedup"))) {
        expect_schema(answer, "RunSpeedup");
        json_decref(answer);
        poll_pause(started);
        answer = ask(port, "GET", path, NULL);
    }
    expect_schema(json_object_get(answer, "speedup"), "Speedup");
    expect_first(json_object_get(answer, "speedup"), "steps", "SpeedupStep");
    json_decref(answer);
}

static void expect_run(uint16_t port, const json_t *item) {
    const char *id = json_string_value(json_object_get(item, "id"));
    char path[128];
    snprintf(path, sizeof path, "/api/v1/runs/%s", id);
    json_t *run = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/metrics", id);
    json_t *metrics = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/histograms", id);
    json_t *histograms = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/blame", id);
    json_t *blame = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/flows", id);
    json_t *flows = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/lanes", id);
    json_t *lanes = ask(port, "GET", path, NULL);
    snprintf(path, sizeof path, "/api/v1/runs/%s/timeline", id);
    json_t *timeline = ask(port, "GET", path, NULL);
    expect_spans(port, id);
    expect_findings(port, id);
    expect_speedup(port, id);
    expect_schema(run, "Run");
    expect_schema(metrics, "RunMetricList");
    expect_first(metrics, "items", "RunMetric");
    expect_schema(histograms, "RunHistogramList");
    expect_first(histograms, "items", "RunHistogram");
    expect_schema(blame, "Blame");
    expect_schema(flows, "Flows");
    expect_schema(lanes, "LaneList");
    expect_first(lanes, "items", "Lane");
    expect_schema(timeline, "Timeline");
    expect_first(timeline, "lanes", "TimelineLane");
    expect_schema(json_object_get(timeline, "instants"), "TimelineInstants");
    expect_first(timeline, "counters", "TimelineCounter");
    json_decref(run);
    json_decref(metrics);
    json_decref(histograms);
    json_decref(blame);
    json_decref(flows);
    json_decref(lanes);
    json_decref(timeline);
}

static void expect_sql(uint16_t port) {
    json_t *result =
        ask(port, "POST", "/api/v1/sql", "{\"query\":\"SELECT run_id FROM runs\"}");
    expect_schema(result, "SqlResult");
    expect_first(result, "columns", "SqlColumn");
    json_decref(result);
}

static void expect_gates(const json_t *experiment) {
    const json_t *gate = json_array_get(json_object_get(experiment, "gates"), 0);
    expect_first(experiment, "gates", "GateResult");
    expect_first(gate, "cells", "GateCell");
}

static void expect_advice(uint16_t port, const char *experiment) {
    char path[160];
    snprintf(path, sizeof path, "%s/advice", experiment);
    json_t *advice = ask(port, "GET", path, NULL);
    expect_schema(advice, "ExperimentAdvice");
    expect_first(advice, "recommendations", "Recommendation");
    expect_first(advice, "curves", "ScalingCurve");
    const json_t *one = json_array_get(json_object_get(advice, "recommendations"), 0);
    json_t *best = json_object_get(one, "best");
    json_t *model = json_object_get(best, "model");
    expect_schema(best, "Recommended");
    expect_schema(model, "ModelError");
    expect_first(model, "nearest", "MeasuredWorkload");
    expect_enum(json_object_get(advice, "recommendations"), "Recommendation", "verdict");
    const json_t *curve = json_array_get(json_object_get(advice, "curves"), 0);
    expect_first(curve, "points", "ScalingPoint");
    expect_schema(json_object_get(curve, "amdahl"), "AmdahlFit");
    expect_schema(json_object_get(curve, "usl"), "UslFit");
    json_decref(advice);
}

static void expect_comparison(uint16_t port, const json_t *experiment) {
    char path[160];
    const json_t *cells = json_object_get(experiment, "cells");
    snprintf(path, sizeof path, "/api/v1/compare?cells=%s,%s",
             json_string_value(json_object_get(json_array_get(cells, 0), "id")),
             json_string_value(json_object_get(json_array_get(cells, 1), "id")));
    json_t *comparison = ask(port, "GET", path, NULL);
    expect_schema(comparison, "Comparison");
    expect_first(comparison, "sides", "ComparedSide");
    expect_first(json_array_get(json_object_get(comparison, "sides"), 1), "differences",
                 "DocumentDifference");
    expect_first(comparison, "rows", "ComparedRow");
    const json_t *row = json_array_get(json_object_get(comparison, "rows"), 0);
    expect_first(row, "figures", "ComparedFigure");
    expect_enum(json_object_get(row, "figures"), "ComparedFigure", "verdict");
    json_decref(comparison);
}

static void expect_experiments(uint16_t port) {
    static const char document[] =
        "{\"schema\":1,\"goal\":\"makespan_us\",\"gate\":[{\"metric\":\"cpu_us\",\"max\":"
        "1}],"
        "\"strategies\":[{\"threads\":2},{\"threads\":3}],\"workload\":{\"jobs\":{"
        "\"count\":4,\"steps\":[{\"python_us\":1000}]}}}";
    const int64_t started = monotonic_ms();
    json_t *created = ask(port, "POST", "/api/v1/experiments", document);
    char path[128];
    expect_schema(created, "Experiment");
    snprintf(path, sizeof path, "/api/v1/experiments/%s",
             json_string_value(json_object_get(created, "id")));
    json_t *experiment = ask(port, "GET", path, NULL);
    while (strcmp(json_string_value(json_object_get(experiment, "status")), "done") !=
           0) {
        poll_pause(started);
        json_decref(experiment);
        experiment = ask(port, "GET", path, NULL);
    }
    const json_t *cell = json_array_get(json_object_get(experiment, "cells"), 0);
    expect_schema(experiment, "Experiment");
    expect_first(experiment, "cells", "Cell");
    expect_schema(json_object_get(json_object_get(cell, "metrics"), "makespan_us"),
                  "Summary");
    expect_schema(json_object_get(cell, "versus_best"), "VersusBest");
    expect_first(cell, "runs", "RunItem");
    expect_run(port, json_array_get(json_object_get(cell, "runs"), 0));
    expect_gates(experiment);
    expect_advice(port, path);
    expect_comparison(port, experiment);
    json_t *list = ask(port, "GET", "/api/v1/experiments", NULL);
    expect_schema(list, "ExperimentList");
    expect_first(list, "items", "ExperimentItem");
    json_decref(list);
    json_decref(created);
    json_decref(experiment);
}

static void test_openapi_has_the_members_of_live_answers(void **state) {
    (void)state;
    struct scratch scratch;
    struct service *service = NULL;
    scratch_make(&scratch);
    const struct service_options options = {.database = scratch.database};
    assert_int_equal(service_start(&service, &options, NULL), 0);
    const uint16_t port = service_port(service);
    expect_catalogue(port);
    expect_sql(port);
    expect_experiments(port);
    json_t *problem = ask(port, "POST", "/api/v1/experiments", "{\"schema\":2}");
    expect_schema(problem, "Problem");
    json_decref(problem);
    service_stop(service);
    scratch_remove(&scratch);
}

/* --- documents ------------------------------------------------------------------- */

static size_t find_schema(const char *name) {
    char line[64];
    snprintf(line, sizeof line, "%s:", name);
    const size_t at = find_line(find_line(0, 2, "schemas:"), 4, line);
    assert_true(at < contract->count);
    return at;
}

static size_t count_properties(size_t schema) {
    size_t count = 0;
    bool inside = false;
    for (size_t i = schema + 1; i < block_end(schema); i++) {
        const char *line = contract->lines[i];
        if (indent_of(line) == 6) {
            inside = strcmp(line, "      properties:") == 0;
        }
        count += inside && indent_of(line) == 8 ? 1 : 0;
    }
    return count;
}

/* The schema has these members and no others. */
static void expect_members(const char *name, const struct spelling *members) {
    const size_t schema = find_schema(name);
    size_t distinct = 0, required;
    for (size_t i = 0; i < members->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++) {
            seen = seen || strcmp(members->word[i], members->word[j]) == 0;
        }
        distinct += seen ? 0 : 1;
        if (!has_property(schema, members->word[i], &required)) {
            fail_msg("%s in the contract lacks '%s'", name, members->word[i]);
        }
    }
    assert_int_equal(count_properties(schema), distinct);
}

static void expect_object(const char *name, const struct schema_object *object) {
    struct spelling members = {0};
    schema_members_list(object, &members);
    expect_members(name, &members);
}

static void expect_variants(const char *name, const struct schema_variants *variants) {
    struct spelling members = {0};
    schema_variants_list(variants, &members);
    expect_members(name, &members);
}

static void expect_words(const char *schema, const char *name, enum names_kind names) {
    struct spelling words;
    names_list(names, &words);
    for (size_t i = 0; i < words.count; i++) {
        if (!enum_has(schema, name, words.word[i])) {
            fail_msg("'%s' of %s in the contract lacks %s", name, schema, words.word[i]);
        }
    }
}

/* The contract and the tables by which documents are read say the same. */
static void test_openapi_has_the_members_of_documents(void **state) {
    (void)state;
    expect_object("Document", &schema_document);
    expect_object("Jobs", &schema_jobs);
    expect_object("Arrivals", &schema_arrivals);
    expect_object("Task", &schema_task);
    expect_object("Signal", &schema_signal);
    expect_variants("Each", &schema_each);
    expect_variants("Workload", &schema_workload);
    expect_variants("Actor", &schema_actors);
    expect_variants("Strategy", &schema_strategies);
    expect_words("Strategy", "start", NAMES_START);
    expect_words("Actor", "start", NAMES_START);
    expect_variants("SizedObject", &schema_objects);
    expect_variants("Step", &schema_steps);
    expect_words("Step", "gil", NAMES_GIL);
    expect_words("Step", "op", NAMES_OPS);
    expect_words("SizedObject", "object", NAMES_SHARING);
    expect_words("SizedObject", "list", NAMES_CONTAINER_SHARING);
    expect_words("SizedObject", "dict", NAMES_CONTAINER_SHARING);
}

/* The kinds of object that may stand alone are a list in one line. */
static void test_openapi_has_the_kinds_of_objects(void **state) {
    (void)state;
    struct spelling kinds;
    char wanted[LINE_SIZE] = "        - enum: [";
    names_list(NAMES_OBJECTS, &kinds);
    for (size_t i = 0; i < kinds.count; i++) {
        strncat(wanted, i == 0 ? "" : ", ", sizeof wanted - strlen(wanted) - 1);
        strncat(wanted, kinds.word[i], sizeof wanted - strlen(wanted) - 1);
    }
    strncat(wanted, "]", sizeof wanted - strlen(wanted) - 1);
    const size_t schema = find_schema("SharedObject");
    assert_true(find_line(schema, 8, wanted + 8) < block_end(schema));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openapi_has_every_route),
        cmocka_unit_test(test_openapi_has_no_other_operation),
        cmocka_unit_test(test_openapi_has_the_same_query_parameters),
        cmocka_unit_test(test_openapi_has_the_members_of_live_answers),
        cmocka_unit_test(test_openapi_has_the_members_of_documents),
        cmocka_unit_test(test_openapi_has_the_kinds_of_objects),
    };
    return cmocka_run_group_tests(tests, read_contract, free_contract);
}
