/* SPDX-License-Identifier: MIT */
/*
 * published - what others have published about CPython, and what the model says of it.
 *
 * server/fidelity/published/ holds one document per experiment and index.json, which says
 * for each cell of a document what figure was published, by whom, and how near the model
 * has to come. Documents and index are compiled in; a cell is run by the ordinary engine.
 *
 *   index.json  {"tables": [{
 *     "section", "experiment"   where the figure is found; the number of a classic
 *                               experiment, or null
 *     "document"                name of the file without ".json", or null
 *     "needs"                   without a document: the mechanism that is missing
 *     "what", "source", "note"  for the reader
 *     "gap"                     why figures are missed: the mechanism that is not there
 *     "tag"                     P published, 2 second-hand, M from memory, D derived,
 *                               E estimate, L measured on a slow virtual machine
 *     "metric", "unit", "scale" predicted figure = metric x scale
 *     "relative": n             ... divided by that of the first of each n cells
 *     "expect"                  "value", "at_most" or "at_least"
 *     "factor", "absolute"      a value holds within either; a cell may have its own
 *     "cells": [{"label", "published", "input"}]}]}
 *
 * `cells` lists the cells of the document in the order of its grid; a cell without
 * "published" is not run. An input is a figure that the document was given: its work
 * alone, never a constant of the machine. It is shown and not judged.
 */
#ifndef SERVER_FIDELITY_PUBLISHED_H
#define SERVER_FIDELITY_PUBLISHED_H

#include "engine/base/err.h"

#include <stddef.h>

#include "server/examples/example.h"

struct json_t; /* jansson's */

/* The files of server/fidelity/published/, index.json among them. */
extern const struct example published_documents[];
extern const size_t published_document_count;

enum published_expect {
    PUBLISHED_VALUE,
    PUBLISHED_AT_MOST,
    PUBLISHED_AT_LEAST,
    PUBLISHED_EXPECT_COUNT
};

enum published_verdict {
    PUBLISHED_HOLDS,
    PUBLISHED_MISSES,
    PUBLISHED_INPUT, /* given to the document */
    PUBLISHED_NEEDS, /* cannot be stated yet */
    PUBLISHED_VERDICT_COUNT
};

/* One figure. Strings belong to the index; NaN where there is no number. */
struct published_row {
    const struct json_t *table;
    const char *label;
    double published, predicted;
    double error;            /* |ln(predicted / published)| */
    double factor, absolute; /* tolerances; NaN = none */
    enum published_expect expect;
    enum published_verdict verdict;
};

struct published {
    struct json_t *index; /* owns what rows borrow */
    struct published_row *rows;
    size_t count;
};

/* "holds", "misses", "input", "needs". */
const char *published_verdict_name(enum published_verdict verdict);

/* A text of a table; "" when it is not there. */
const char *published_text(const struct published_row *row, const char *key);

/* Runs every cell, on all cores. ERR_INVALID when index and documents do not fit. */
int published_make(struct published *out, struct err *err) WARN_UNUSED;
void published_deinit(struct published *published);

#endif
