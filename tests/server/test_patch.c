/* SPDX-License-Identifier: MIT */
/* test_patch - JSON patches, by the examples of RFC 6902, appendix A. */
#include <jansson.h>
#include <string.h>

#include "server/advice/patch.h"
#include "tests/support/test.h"

struct example {
    const char *document, *patch, *expected; /* NULL: refused */
};

static const struct example examples[] = {
    /* A.1 adding an object member, A.2 and A.16 an array element */
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]",
     "{\"baz\":\"qux\",\"foo\":\"bar\"}"},
    {"{\"foo\":[\"bar\",\"baz\"]}",
     "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
     "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
    {"{\"foo\":[\"bar\"]}",
     "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}]",
     "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}"},
    {"{\"foo\":[1]}", "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":2}]",
     "{\"foo\":[1,2]}"},
    /* adding a member that is there replaces it */
    {"{\"foo\":1}", "[{\"op\":\"add\",\"path\":\"/foo\",\"value\":2}]", "{\"foo\":2}"},
    /* A.3, A.4 removing; A.5 replacing */
    {"{\"baz\":\"qux\",\"foo\":\"bar\"}", "[{\"op\":\"remove\",\"path\":\"/baz\"}]",
     "{\"foo\":\"bar\"}"},
    {"{\"foo\":[\"bar\",\"qux\",\"baz\"]}", "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]",
     "{\"foo\":[\"bar\",\"baz\"]}"},
    {"{\"baz\":\"qux\"}", "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]",
     "{\"baz\":\"boo\"}"},
    {"{\"a\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/a/1\",\"value\":null}]",
     "{\"a\":[1,null]}"},
    /* A.6, A.7 moving */
    {"{\"foo\":{\"bar\":1,\"waldo\":\"fred\"},\"qux\":{\"corge\":2}}",
     "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
     "{\"foo\":{\"bar\":1},\"qux\":{\"corge\":2,\"thud\":\"fred\"}}"},
    {"{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}",
     "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]",
     "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}"},
    /* A.11 unrecognised members are ignored; A.14 escapes */
    {"{\"foo\":1}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":2,\"xyz\":3}]",
     "{\"baz\":2,\"foo\":1}"},
    {"{\"/\":9,\"~1\":10}", "[{\"op\":\"replace\",\"path\":\"/~01\",\"value\":1}]",
     "{\"/\":9,\"~1\":1}"},
    /* one after the other */
    {"{}",
     "[{\"op\":\"add\",\"path\":\"/a\",\"value\":{}},"
     "{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]",
     "{\"a\":{\"b\":1}}"},
    {"{\"a\":1}", "[]", "{\"a\":1}"},
    /* A.12 adding to what is not there, and others that lead to nothing */
    {"{\"foo\":1}", "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":1}]", NULL},
    {"{\"foo\":1}", "[{\"op\":\"remove\",\"path\":\"/baz\"}]", NULL},
    {"{\"foo\":1}", "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":1}]", NULL},
    {"{\"foo\":[1]}", "[{\"op\":\"add\",\"path\":\"/foo/2\",\"value\":1}]", NULL},
    {"{\"foo\":[1]}", "[{\"op\":\"add\",\"path\":\"/foo/01\",\"value\":1}]", NULL},
    {"{\"foo\":[1]}", "[{\"op\":\"remove\",\"path\":\"/foo/-\"}]", NULL},
    {"{\"foo\":1}", "[{\"op\":\"remove\",\"path\":\"foo\"}]", NULL},
    {"{\"foo\":1}", "[{\"op\":\"remove\",\"path\":\"\"}]", NULL},
    {"{\"foo\":1}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b\"}]", NULL},
    {"{\"foo\":1}", "[{\"op\":\"test\",\"path\":\"/foo\",\"value\":1}]", NULL},
    {"{\"foo\":1}", "[{\"op\":\"add\",\"path\":\"/a\"}]", NULL},
    {"{\"foo\":1}", "[3]", NULL},
    {"{\"foo\":1}", "{\"op\":\"add\",\"path\":\"/a\",\"value\":1}", NULL},
};

static json_t *load(const char *text) {
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

static void test_patch_by_examples(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *example = &examples[i];
        json_t *document = load(example->document), *before = load(example->document);
        json_t *patch = load(example->patch), *out = NULL;
        struct err err = {0};
        const int rc = patch_apply(document, patch, &out, &err);
        if (example->expected == NULL) {
            if (rc != ERR_INVALID) {
                fail_msg("%s is applied to %s", example->patch, example->document);
            }
            assert_null(out);
        } else {
            json_t *expected = load(example->expected);
            if (rc != 0 || !json_equal(out, expected)) {
                fail_msg("%s to %s", example->patch, example->document);
            }
            json_decref(expected);
        }
        assert_true(json_equal(document, before)); /* never changed */
        json_decref(out);
        json_decref(patch);
        json_decref(before);
        json_decref(document);
    }
}

static void test_patch_is_made_as_it_is_applied(void **state) {
    (void)state;
    json_t *document = load("{\"a\":1,\"b\":[1],\"c\":3}");
    json_t *patch = json_array(), *out = NULL;
    assert_int_equal(patch_add(patch, "/b/0", json_integer(0)), 0);
    assert_int_equal(patch_replace(patch, "/a", json_string("x")), 0);
    assert_int_equal(patch_move(patch, "/c", "/d"), 0);
    assert_int_equal(patch_remove(patch, "/b/1"), 0);
    assert_int_equal(patch_add(patch, "/no value", NULL), -1);
    assert_int_equal(patch_add(NULL, "/a", json_integer(1)), -1);
    json_t *expected = load("{\"a\":\"x\",\"b\":[0],\"d\":3}");
    assert_int_equal(patch_apply(document, patch, &out, NULL), 0);
    assert_true(json_equal(out, expected));
    assert_int_equal(json_integer_value(patch_find(out, "/d")), 3);
    assert_null(patch_find(out, "/c"));
    assert_null(patch_find(out, "d"));
    json_decref(out);
    json_decref(expected);
    json_decref(patch);
    json_decref(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patch_by_examples),
        cmocka_unit_test(test_patch_is_made_as_it_is_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
