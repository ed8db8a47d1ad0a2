/* SPDX-License-Identifier: MIT */
/* Every document of broken.h is refused with exactly the pointer that it names. */
#include "tests/support/test.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "server/document/document.h"
#include "server/grid/grid.h"
#include "tests/server/broken.h"
#include "tests/server/json_pointer.h"

/* What REST and the command line do with a document. */
static int read_document(const char *text, size_t size, struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    int rc = document_parse(&document, text, size, err);
    if (rc != 0) {
        assert_null(document);
        return rc;
    }
    rc = grid_create(&grid, document, err);
    if (rc != 0) {
        assert_null(grid);
    }
    grid_destroy(grid);
    document_destroy(document);
    return rc;
}

static void test_document_refuses_broken(void **state) {
    (void)state;
    struct broken *list;
    size_t count, wrong = 0;
    broken_list(&list, &count);
    assert_true(count >= 100);
    for (size_t i = 0; i < count; i++) {
        const struct broken *broken = &list[i];
        struct err err = {0};
        const int rc = read_document(broken->text, broken->size, &err);
        const bool right = rc == ERR_INVALID && err.code == ERR_INVALID &&
                           strcmp(err.pointer, broken->pointer) == 0 &&
                           strstr(err.text, broken->says) != NULL;
        if (!right) {
            wrong++;
            print_error("%s: %d '%s' %s\n  expected '%s' ...%s...\n", broken->name, rc,
                        err.pointer, err.text, broken->pointer, broken->says);
        }
    }
    broken_free(list, count);
    assert_int_equal(wrong, 0);
}

/* A dashboard marks the place: it must exist whenever the text is JSON at all. */
static void test_document_pointer_leads_to_something(void **state) {
    (void)state;
    struct broken *list;
    size_t count, wrong = 0;
    broken_list(&list, &count);
    for (size_t i = 0; i < count; i++) {
        if (!json_pointer_resolves(list[i].text, list[i].size, list[i].pointer)) {
            wrong++;
            print_error("%s: nothing at '%s'\n", list[i].name, list[i].pointer);
        }
    }
    broken_free(list, count);
    assert_int_equal(wrong, 0);
}

/* Sentences go into JSON and onto terminals: one line of valid UTF-8, whatever was read.
 */
static void test_document_sentence_is_one_line(void **state) {
    (void)state;
    struct broken *list;
    size_t count, wrong = 0;
    broken_list(&list, &count);
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        assert_int_equal(read_document(list[i].text, list[i].size, &err), ERR_INVALID);
        json_t *text = json_string(err.text), *pointer = json_string(err.pointer);
        if (text == NULL || pointer == NULL || err.text[0] == '\0' ||
            strpbrk(err.text, "\n\r\t\x1b") != NULL) {
            wrong++;
            print_error("%s: %s\n", list[i].name, err.text);
        }
        json_decref(text);
        json_decref(pointer);
    }
    broken_free(list, count);
    assert_int_equal(wrong, 0);
}

/* The caller may be indifferent to the reason. */
static void test_document_refuses_without_err(void **state) {
    (void)state;
    struct broken *list;
    size_t count;
    broken_list(&list, &count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(read_document(list[i].text, list[i].size, NULL), ERR_INVALID);
    }
    broken_free(list, count);
}

/* A cut in the middle of a character would make the sentence invalid. */
static void test_document_quotes_long_names_whole(void **state) {
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        char text[512] = "{\"schema\":1,\"";
        for (size_t i = 0; i < shift; i++) {
            strcat(text, "x");
        }
        for (size_t i = 0; i < 60; i++) {
            strcat(text, "\xe2\x82\xac");
        }
        strcat(text, "\x7f\":1}");
        struct err err = {0};
        assert_int_equal(read_document(text, strlen(text), &err), ERR_INVALID);
        json_t *sentence = json_string(err.text);
        assert_non_null(sentence);
        json_decref(sentence);
        assert_non_null(strstr(err.text, "...'"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_refuses_broken),
        cmocka_unit_test(test_document_pointer_leads_to_something),
        cmocka_unit_test(test_document_sentence_is_one_line),
        cmocka_unit_test(test_document_refuses_without_err),
        cmocka_unit_test(test_document_quotes_long_names_whole),
    };
    return cmocka_run_group_tests_name("document_refusals", tests, NULL, NULL);
}
