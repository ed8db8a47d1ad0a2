/* SPDX-License-Identifier: MIT */
/* All that is wrong with the members of a document, or else with what its steps mean. */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "server/document/document.h"
#include "server/document/mistakes.h"
#include "server/examples/example.h"
#include "tests/server/broken.h"
#include "tests/server/json_pointer.h"

static const struct err nothing = {0};

static void find(struct mistakes *out, const char *text) {
    mistakes_find(out, text, strlen(text), &nothing, MISTAKES_MAX);
}

struct expected {
    const char *pointer, *says;
};

static void expect(const char *text, const struct expected *list, size_t count) {
    struct mistakes found;
    find(&found, text);
    for (size_t i = 0; i < found.count && i < count; i++) {
        assert_string_equal(found.list[i].pointer, list[i].pointer);
        if (strstr(found.list[i].text, list[i].says) == NULL) {
            fail_msg("%s: %s", found.list[i].pointer, found.list[i].text);
        }
    }
    assert_int_equal(found.count, count);
}

#define EXPECT(text, ...)                                                                \
    do {                                                                                 \
        const struct expected expected[] = {__VA_ARGS__};                                \
        expect((text), expected, sizeof expected / sizeof expected[0]);                  \
    } while (0)

static void test_mistakes_finds_all_of_several(void **state) {
    (void)state;
    EXPECT("{\"schema\": 1, \"seeed\": 3, \"repetitions\": 0,"
           " \"machine\": {\"cores\": \"four\"},"
           " \"runtimes\": [\"cpython-3.12\", \"cpython-4\", 7, {\"base\": true}],"
           " \"strategies\": [\"sequential\", {\"threads\": 0},"
           "   {\"processes\": 4, \"each\": {\"asyncio\": 1.5}}],"
           " \"workload\": {\"jobs\": {\"count\": 0, \"steps\": [{\"python_us\": -1},"
           "   {\"io_us\": {\"dist\": \"normal\"}},"
           "   {\"io_us\": {\"dist\": \"uniform\", \"min\": 1, \"max\": \"x\"}},"
           "   {\"repeat\": 2, \"steps\": [{\"sleep\": 1}, {\"c_us\": 1}]}]}}}",
           {"/seeed", "did you mean 'seed'?"}, {"/repetitions", "from 1 to 1000, not 0"},
           {"/machine/cores", "'cores' must be a whole number"},
           {"/runtimes/1", "unknown runtime 'cpython-4'"},
           {"/runtimes/2", "a runtime must be an object"},
           {"/runtimes/3/base", "'base' must be a string"},
           {"/strategies/1/threads", "from 1 to 10000, not 0"},
           {"/strategies/2/each/asyncio", "a whole number"},
           {"/workload/jobs/count", "not 0"},
           {"/workload/jobs/steps/0/python_us", "not -1"},
           {"/workload/jobs/steps/1/io_us/dist", "unknown distribution 'normal'"},
           {"/workload/jobs/steps/2/io_us/max", "'max' must be a number"},
           {"/workload/jobs/steps/3/steps/0/sleep", "unknown field 'sleep'"});
}

static void test_mistakes_looks_into_actors_and_objects(void **state) {
    (void)state;
    EXPECT("{\"schema\": 1, \"gate\": [{\"metric\": \"speed\"}], \"workload\": {"
           " \"objects\": {\"a\": \"lok\", \"b\": {\"queue\": -1}, \"c\": \"event\"},"
           " \"signals\": [{\"handler_us\": 1}],"
           " \"actors\": [{\"name\": \"\", \"thread\": 1, \"steps\": [{\"wait\": 3}]},"
           "   {\"name\": \"l\", \"event_loop\": 1,"
           "    \"tasks\": [{\"name\": \"t\", \"steps\": []}, 4]}]}}",
           {"/gate/0/metric", "unknown metric 'speed'"},
           {"/workload/objects/a", "unknown kind of object 'lok'"},
           {"/workload/objects/b/queue", "not -1"},
           {"/workload/signals/0", "a signal lacks 'at_us'"},
           {"/workload/actors/0/name", "bytes"},
           {"/workload/actors/0/steps/0/wait", "'wait' must be a string"},
           {"/workload/actors/1/tasks/0/steps", "elements"},
           {"/workload/actors/1/tasks/1", "a task must be an object"});
}

/* One actor with these steps, and a lock and a queue to refer to. */
#define OF_ACTORS(steps)                                                                 \
    "{\"schema\": 1, \"workload\": {\"objects\": {\"l\": \"lock\", \"q\": {\"queue\": "  \
    "2}},"                                                                               \
    "\"actors\": [{\"name\": \"a\", \"thread\": 1, \"steps\": [" steps "]}]}}"

/* What steps refer to, and where they stand. */
static void test_mistakes_looks_at_what_steps_mean(void **state) {
    (void)state;
    EXPECT(
        OF_ACTORS("{\"acquire\": \"x\"}, {\"with\": \"y\", \"steps\": [{\"put\": \"l\"},"
                  " {\"python_us\": 1}]}, {\"await_io_us\": 1}, {\"get\": \"q\"}"),
        {"/workload/actors/0/steps/0/acquire", "there is no object 'x'"},
        {"/workload/actors/0/steps/1/with", "there is no object 'y'"},
        {"/workload/actors/0/steps/1/steps/0/put", "'l' is a lock"},
        {"/workload/actors/0/steps/2/await_io_us", "cannot be used here"});
    /* Wrong members come first. */
    EXPECT(OF_ACTORS("{\"acquire\": \"x\"}, {\"put\": \"q\", \"payload_bytes\": -1}"),
           {"/workload/actors/0/steps/1/payload_bytes", "not -1"});
    /* Others may need a task that is wrong: nobody is blamed for missing it. */
    EXPECT(OF_ACTORS("{\"spawn\": \"s\", \"steps\": [{\"python_us\": 1}]},"
                     " {\"acquire\": \"x\"}"),
           {"/workload/actors/0/steps/0/spawn", "cannot be used here"});
}

/* "stepz" for "steps" is one mistake, not two. */
static void test_mistakes_says_a_misspelt_member_once(void **state) {
    (void)state;
    EXPECT("{\"schema\": 1, \"workload\": {\"jobs\": {\"count\": 1, \"stepz\": []}}}",
           {"/workload/jobs/stepz", "did you mean 'steps'?"});
    EXPECT("{\"workload\": {\"jobs\": {\"count\": 1}}}",
           {"/workload/jobs", "'jobs' lacks 'steps'"}, {"", "lacks 'schema'"});
}

static void test_mistakes_leaves_out_the_first_and_ends(void **state) {
    (void)state;
    const char *text = "{\"schema\": 2, \"seed\": -1, \"repetitions\": 0, \"name\": 5}";
    struct document *document = NULL;
    struct err first = {0};
    struct mistakes found;
    assert_int_equal(document_parse(&document, text, strlen(text), &first), ERR_INVALID);
    assert_string_equal(first.pointer, "/schema");
    mistakes_find(&found, text, strlen(text), &first, 2);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.list[0].pointer, "/seed");
    assert_string_equal(found.list[1].pointer, "/repetitions");
    char many[1024] = "{\"schema\": 1";
    for (int i = 0; i < MISTAKES_MAX + 5; i++) {
        snprintf(many + strlen(many), sizeof many - strlen(many), ", \"x%d\": 0", i);
    }
    strcat(many, "}");
    mistakes_find(&found, many, strlen(many), &nothing, 1000);
    assert_int_equal(found.count, MISTAKES_MAX);
}

static void test_mistakes_has_none_of_examples_and_of_what_is_no_json(void **state) {
    (void)state;
    struct mistakes found;
    for (size_t i = 0; i < example_count; i++) {
        mistakes_find(&found, examples[i].text, examples[i].size, &nothing, MISTAKES_MAX);
        assert_int_equal(found.count, 0);
    }
    find(&found, "{\"schema\": 2, ");
    assert_int_equal(found.count, 0);
    find(&found, "");
    assert_int_equal(found.count, 0);
}

/* What it finds is refused by the reader, too, at a place that is there. */
static void test_mistakes_agrees_with_the_reader(void **state) {
    (void)state;
    struct broken *list;
    size_t count, with = 0;
    broken_list(&list, &count);
    for (size_t i = 0; i < count; i++) {
        struct mistakes found;
        struct document *document = NULL;
        mistakes_find(&found, list[i].text, list[i].size, &nothing, MISTAKES_MAX);
        with += found.count > 0;
        if (found.count > 0) {
            assert_int_equal(document_parse(&document, list[i].text, list[i].size, NULL),
                             ERR_INVALID);
        }
        for (size_t j = 0; j < found.count; j++) {
            assert_int_equal(found.list[j].code, ERR_INVALID);
            assert_true(
                json_pointer_resolves(list[i].text, list[i].size, found.list[j].pointer));
        }
    }
    broken_free(list, count);
    assert_true(with > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes_finds_all_of_several),
        cmocka_unit_test(test_mistakes_looks_into_actors_and_objects),
        cmocka_unit_test(test_mistakes_looks_at_what_steps_mean),
        cmocka_unit_test(test_mistakes_says_a_misspelt_member_once),
        cmocka_unit_test(test_mistakes_leaves_out_the_first_and_ends),
        cmocka_unit_test(test_mistakes_has_none_of_examples_and_of_what_is_no_json),
        cmocka_unit_test(test_mistakes_agrees_with_the_reader),
    };
    return cmocka_run_group_tests_name("mistakes", tests, NULL, NULL);
}
