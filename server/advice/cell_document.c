/* SPDX-License-Identifier: MIT */
#include "server/advice/cell_document.h"

#include "engine/base/memory.h"

/* What does not change a result, but says what is wanted. */
static int complete(json_t *cell, const struct document *document, struct err *err) {
    int rc = json_object_set_new(cell, "repetitions",
                                 json_integer((json_int_t)document->repetitions));
    static const char *const members[] = {"name", "goal"};
    for (size_t i = 0; rc == 0 && i < sizeof members / sizeof members[0]; i++) {
        json_t *value = json_object_get(document->root, members[i]);
        rc = value != NULL ? json_object_set(cell, members[i], value) : 0;
    }
    return rc == 0 ? 0 : err_set_nomem(err);
}

int cell_document_make(const struct document *document, const struct grid *grid,
                       size_t cell, json_t **out, struct err *err) {
    char *text = NULL;
    int rc = grid_cell_document(grid, cell, &text, err);
    if (rc != 0) {
        return rc;
    }
    json_t *tree = json_loads(text, 0, NULL);
    memory_free(text);
    rc = tree == NULL ? err_set_nomem(err) : complete(tree, document, err);
    if (rc != 0) {
        json_decref(tree);
        return rc;
    }
    *out = tree;
    return 0;
}
