/* SPDX-License-Identifier: MIT */
/*
 * fuzz_document - any bytes as a document: read, expanded and planned, or refused with a
 * pointer and a sentence.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "server/document/mistakes.h"
#include "server/grid/grid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Written in canonical form it is the same document. */
static void check_canonical(const struct document *document) {
    struct document *again = NULL;
    ASSERT(document_parse(&again, document->canonical, document->canonical_size, NULL) ==
           0);
    ASSERT(strcmp(again->canonical, document->canonical) == 0);
    ASSERT(strcmp(again->hash, document->hash) == 0);
    document_destroy(again);
}

static void check_cell(const struct grid *grid, size_t index) {
    const struct grid_cell *cell = grid_cell(grid, index);
    struct plan plan;
    struct err err = {0};
    const int rc = grid_cell_plan(grid, index, &plan, &err);
    ASSERT(rc == (cell->reason == NULL ? 0 : ERR_UNSUPPORTED));
    if (rc == 0) {
        ASSERT(plan_check(&plan, &err) == 0);
        plan_deinit(&plan);
    }
}

static void check_refusal(int rc, const struct err *err) {
    ASSERT(rc == ERR_INVALID && err->code == ERR_INVALID);
    ASSERT(err->text[0] != '\0' && strchr(err->text, '\n') == NULL);
    ASSERT(err->pointer[0] == '\0' || err->pointer[0] == '/');
}

/* What has one is refused by the reader; `refused` is why it was, or no error. */
static void check_mistakes(const char *text, size_t size, const struct err *refused) {
    struct mistakes found;
    mistakes_find(&found, text, size, refused, MISTAKES_MAX);
    ASSERT(found.count == 0 || refused->code == ERR_INVALID);
    for (size_t i = 0; i < found.count; i++) {
        check_refusal(found.list[i].code, &found.list[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct err err = {0};
    int rc = document_parse(&document, (const char *)data, size, &err);
    if (rc == 0) {
        rc = grid_create(&grid, document, &err);
    }
    if (rc == 0) {
        check_canonical(document);
        check_cell(grid, 0);
        check_cell(grid, grid_cell_count(grid) - 1);
    } else {
        check_refusal(rc, &err);
    }
    check_mistakes((const char *)data, size, &err);
    grid_destroy(grid);
    document_destroy(document);
    return 0;
}
