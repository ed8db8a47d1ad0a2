/* SPDX-License-Identifier: MIT */
/* cell_document - one cell of an experiment as a document that can be submitted: one runtime, at
 * most one strategy, no sweep; with the name, goal and repetitions of the whole. */
#ifndef SERVER_ADVICE_CELL_DOCUMENT_H
#define SERVER_ADVICE_CELL_DOCUMENT_H

#include "server/document/document.h"
#include "server/grid/grid.h"

#include <jansson.h>

/* `grid` is of `document`. Release `*out` with json_decref(). ERR_NOMEM. */
int cell_document_make(const struct document *document, const struct grid *grid,
                       size_t cell, json_t **out, struct err *err) WARN_UNUSED;

#endif
