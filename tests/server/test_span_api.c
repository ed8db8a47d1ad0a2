/* SPDX-License-Identifier: MIT */
/*
 * Spans over the wire: pages of a search together have every span once, and what is told of
 * an instant or a range is what they tell.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "scratch.h"
#include "server/api/service.h"
#include "tests/support/test.h"

static const char document[] =
    "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":3}],"
    "\"workload\":{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":20000},"
    "{\"c_us\":7000,\"gil\":\"held\"},{\"io_us\":300}]}}}";

struct fixture {
    struct scratch scratch;
    struct service *service;
    uint16_t port;
    char run[32];
    json_t *spans; /* all of them, by end and lane */
    json_t *lanes;
};

/* GETs what belongs to the run; the caller releases the JSON. */
static json_t *get(const struct fixture *fixture, const char *what, int status) {
    struct http_answer answer;
    char path[256];
    snprintf(path, sizeof path, "/api/v1/runs/%s%s", fixture->run, what);
    http_client_request(fixture->port, "GET", path, NULL, &answer);
    if (answer.status != status) {
        fail_msg("GET %s: %d instead of %d: %s", path, answer.status, status,
                 answer.body);
    }
    json_t *json = json_loads(answer.body, 0, NULL);
    assert_non_null(json);
    http_answer_deinit(&answer);
    return json;
}

static json_t *get_page(const struct fixture *fixture, const char *what,
                        const char *after) {
    char path[200];
    snprintf(path, sizeof path, "%s%s%s", what, after[0] != '\0' ? "&after=" : "", after);
    return get(fixture, path, 200);
}

/* The items of all pages of a search. */
static json_t *get_all(const struct fixture *fixture, const char *what) {
    json_t *all = json_array();
    char after[64] = "";
    do {
        json_t *page = get_page(fixture, what, after);
        assert_int_equal(json_array_size(json_object_get(page, "damages")), 0);
        assert_int_equal(json_array_extend(all, json_object_get(page, "items")), 0);
        const char *next = json_string_value(json_object_get(page, "next"));
        snprintf(after, sizeof after, "%s", next != NULL ? next : "");
        json_decref(page);
    } while (after[0] != '\0');
    return all;
}

static void run_document(struct fixture *fixture) {
    struct http_answer answer;
    http_client_request(fixture->port, "POST", "/api/v1/experiments", document, &answer);
    assert_int_equal(answer.status, 201);
    http_answer_deinit(&answer);
    snprintf(fixture->run, sizeof fixture->run, "r1");
    const int64_t started = monotonic_ms();
    for (;;) {
        http_client_request(fixture->port, "GET", "/api/v1/runs/r1", NULL, &answer);
        const bool done = strstr(answer.body, "\"done\"") != NULL;
        http_answer_deinit(&answer);
        if (done) {
            return;
        }
        poll_pause(started);
    }
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct err err = {0};
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    const struct service_options options = {.database = fixture->scratch.database};
    if (service_start(&fixture->service, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    fixture->port = service_port(fixture->service);
    run_document(fixture);
    fixture->spans = get_all(fixture, "/spans?limit=97");
    fixture->lanes = get(fixture, "/lanes", 200);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    json_decref(fixture->spans);
    json_decref(fixture->lanes);
    service_stop(fixture->service);
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

static json_int_t number(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* --- search -------------------------------------------------------------------- */

static void test_span_api_pages_have_every_span_once(void **state) {
    const struct fixture *fixture = *state;
    json_int_t sum = 0, totals = 0, ns;
    size_t i;
    json_t *span, *lane, *value;
    const char *name;
    json_array_foreach(fixture->spans, i, span) {
        sum += number(span, "end") - number(span, "start");
        assert_true(i == 0 || number(span, "end") >=
                                  number(json_array_get(fixture->spans, i - 1), "end"));
    }
    json_array_foreach(json_object_get(fixture->lanes, "items"), i, lane) {
        json_object_foreach(json_object_get(lane, "totals"), name, value) {
            ns = json_integer_value(value);
            totals += ns;
        }
    }
    assert_true(json_array_size(fixture->spans) > 300);
    assert_int_equal(sum, totals);
}

static void test_span_api_searches(void **state) {
    const struct fixture *fixture = *state;
    json_t *longest = get_all(
        fixture, "/spans?order=longest&states=wait_gil,forced_wait&kind=thread&limit=5");
    json_t *span;
    size_t i, count = 0;
    json_array_foreach(fixture->spans, i, span) {
        count += strcmp(word(span, "state"), "wait_gil") == 0 ||
                 strcmp(word(span, "state"), "forced_wait") == 0;
    }
    assert_true(count > 10);
    assert_int_equal(json_array_size(longest), count);
    json_array_foreach(longest, i, span) {
        const json_t *before = json_array_get(longest, i - 1);
        assert_true(i == 0 || number(span, "end") - number(span, "start") <=
                                  number(before, "end") - number(before, "start"));
    }
    json_decref(longest);
    json_t *none = get_all(fixture, "/spans?name=no+such+lane&limit=5");
    assert_int_equal(json_array_size(none), 0);
    json_decref(none);
}

/* --- single spans ---------------------------------------------------------------- */

/* From its first instant to the last one it is the same span; then comes the next. */
static void test_span_api_walks_along_a_lane(void **state) {
    const struct fixture *fixture = *state;
    json_t *span;
    size_t i;
    char what[128];
    json_array_foreach(fixture->spans, i, span) {
        const int lane = (int)number(span, "lane");
        if (i % 7 != 0) {
            continue;
        }
        snprintf(what, sizeof what, "/spans/at?lane=%d&at=%lld", lane,
                 (long long)number(span, "start"));
        json_t *first = get(fixture, what, 200);
        snprintf(what, sizeof what, "/spans/at?lane=%d&at=%lld", lane,
                 (long long)number(span, "end") - 1);
        json_t *last = get(fixture, what, 200);
        snprintf(what, sizeof what, "/spans/next?lane=%d&direction=previous&at=%lld",
                 lane, (long long)number(span, "end"));
        json_t *previous = get(fixture, what, 200);
        assert_true(json_equal(json_object_get(first, "span"), span));
        assert_true(json_equal(json_object_get(last, "span"), span));
        assert_true(json_equal(json_object_get(previous, "span"), span));
        json_decref(first);
        json_decref(last);
        json_decref(previous);
    }
}

static bool has_span(const json_t *list, const json_t *span) {
    size_t i;
    json_t *it;
    json_array_foreach(list, i, it) {
        if (json_equal(it, span)) {
            return true;
        }
    }
    return false;
}

/* The arrow's other end knows of it, too, when it still did the same. */
static void test_span_api_follows_flows(void **state) {
    const struct fixture *fixture = *state;
    json_t *span;
    size_t i, flows = 0, back = 0;
    char what[128];
    json_array_foreach(fixture->spans, i, span) {
        if (strcmp(word(span, "state"), "forced_wait") != 0 &&
            strcmp(word(span, "state"), "wait_gil") != 0) {
            continue;
        }
        snprintf(what, sizeof what, "/spans/at?lane=%d&at=%lld",
                 (int)number(span, "lane"), (long long)number(span, "start"));
        json_t *detail = get(fixture, what, 200);
        const json_t *flow = json_object_get(detail, "flow");
        if (json_is_object(flow)) {
            const json_t *from = json_object_get(flow, "from");
            assert_int_equal(number(from, "lane"), number(span, "by"));
            assert_true(number(from, "start") < number(flow, "left") &&
                        number(from, "end") >= number(flow, "left"));
            snprintf(what, sizeof what, "/spans/at?lane=%d&at=%lld",
                     (int)number(span, "by"), (long long)number(span, "end") - 1);
            json_t *other = get(fixture, what, 200);
            back += has_span(json_object_get(other, "ended"), span);
            flows++;
            json_decref(other);
        }
        json_decref(detail);
    }
    assert_true(flows > 10);
    assert_int_equal(back, flows);
}

/* --- ranges -------------------------------------------------------------------- */

static json_int_t overlap(const json_t *span, json_int_t from, json_int_t to) {
    const json_int_t start = number(span, "start"), end = number(span, "end");
    const json_int_t a = start > from ? start : from, b = end < to ? end : to;
    return b > a ? b - a : 0;
}

static void expect_range(const struct fixture *fixture, json_int_t from, json_int_t to) {
    char what[128];
    snprintf(what, sizeof what, "/range?from=%lld&to=%lld", (long long)from,
             (long long)to);
    json_t *range = get(fixture, what, 200);
    json_t *lane, *span, *value;
    const char *name;
    size_t i, k;
    json_int_t sum = 0, want = 0, held = 0, held_want = 0;
    json_array_foreach(json_object_get(range, "lanes"), i, lane) {
        json_object_foreach(json_object_get(lane, "totals"), name, value) {
            json_int_t ns = 0;
            json_array_foreach(fixture->spans, k, span) {
                if (number(span, "lane") == number(lane, "id") &&
                    strcmp(word(span, "state"), name) == 0) {
                    ns += overlap(span, from, to);
                }
            }
            assert_int_equal(json_integer_value(value), ns);
            sum += ns;
        }
    }
    json_array_foreach(fixture->spans, k, span) {
        want += overlap(span, from, to);
        held_want +=
            strcmp(word(span, "state"), "held") == 0 ? overlap(span, from, to) : 0;
    }
    assert_int_equal(sum, want);
    const json_t *holdings = json_object_get(range, "holdings");
    const json_t *states = json_object_get(fixture->lanes, "states");
    json_array_foreach(json_object_get(holdings, "ns"), i, value) {
        const json_int_t code =
            json_integer_value(json_array_get(json_object_get(holdings, "state"), i));
        held +=
            strcmp(json_string_value(json_array_get(states, (size_t)code)), "held") == 0
                ? json_integer_value(value)
                : 0;
    }
    assert_int_equal(held, held_want);
    json_array_foreach(json_object_get(range, "waits"), i, value) {
        json_int_t shares = 0;
        json_t *ns;
        const json_t *blame = json_object_get(value, "blame");
        json_array_foreach(json_object_get(blame, "ns"), k, ns) {
            shares += json_integer_value(ns);
        }
        assert_true(json_array_size(json_object_get(blame, "ns")) == 0 ||
                    shares == overlap(json_object_get(value, "span"), from, to));
    }
    json_decref(range);
}

static void test_span_api_ranges_are_exact(void **state) {
    const struct fixture *fixture = *state;
    const size_t count = json_array_size(fixture->spans);
    const json_int_t end = number(json_array_get(fixture->spans, count - 1), "end");
    expect_range(fixture, 0, end);
    for (size_t i = 1; i < 12; i++) {
        const json_int_t from =
            number(json_array_get(fixture->spans, count * i / 30), "end");
        const json_int_t to =
            number(json_array_get(fixture->spans, count - count * i / 30 - 1), "start");
        expect_range(fixture, from, to > from ? to : from + 1);
        expect_range(fixture, from, from + (json_int_t)i * 1000);
    }
}

static void test_span_api_refuses(void **state) {
    const struct fixture *fixture = *state;
    static const char *const wrong[] = {
        "/spans/at",
        "/spans/at?lane=1",
        "/spans/at?at=1",
        "/spans/at?lane=9999&at=1",
        "/spans/at?lane=x&at=1",
        "/spans/at?lane=1&at=-1",
        "/spans/next?lane=1&at=1&direction=up",
        "/spans/next?lane=1&at=1&states=sleepy",
        "/spans/next?lane=1&at=1&states=",
        "/spans?limit=0",
        "/spans?limit=1001",
        "/spans?order=shortest",
        "/spans?after=1",
        "/spans?after=1-2-3x",
        "/spans?after=5-2-3",
        "/spans?after=1-99999999999999999999-1",
        "/spans?kind=car",
        "/spans?lanes=9999",
        "/spans?from=5&to=5",
        "/spans?site=-1",
        "/range?from=5&to=5",
        "/range?waits=101",
        "/range?lanes=9999",
        "/range?pixels=5",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_decref(get(fixture, wrong[i], 400));
    }
    struct fixture other = *fixture;
    snprintf(other.run, sizeof other.run, "r999");
    json_decref(get(&other, "/range", 404));
    json_decref(get(&other, "/spans", 404));
    json_decref(get(&other, "/spans/at?lane=1&at=1", 404));
    json_decref(get(&other, "/spans/next?lane=1&at=1", 404));
}

#define TEST(function) cmocka_unit_test(function)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_span_api_pages_have_every_span_once), TEST(test_span_api_searches),
        TEST(test_span_api_walks_along_a_lane),         TEST(test_span_api_follows_flows),
        TEST(test_span_api_ranges_are_exact),           TEST(test_span_api_refuses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
