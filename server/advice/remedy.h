/* SPDX-License-Identifier: MIT */
/*
 * remedy - what might help against a finding: JSON patches of the document of one cell,
 * to be tried. Whether one can be applied at all, and what it gains, is found by running
 * it (trial.h); nothing here promises anything.
 *
 * The document is that of grid_cell_document(): one runtime, at most one strategy, no
 * sweep. Its pointers are those of the plan's sites.
 */
#ifndef SERVER_ADVICE_REMEDY_H
#define SERVER_ADVICE_REMEDY_H

#include "engine/analysis/finding.h"

#include <jansson.h>

enum { REMEDY_MAX = 12 };

struct remedy {
    const char *name; /* "use-processes": a constant, for translations */
    json_t *patch;    /* owned */
};

struct remedy_list {
    struct remedy items[REMEDY_MAX];
    size_t count;
    bool failed; /* out of memory */
};

struct remedy_case {
    const json_t *document;
    const struct plan *plan; /* of the document */
    const struct finding *finding;
    const struct findings *findings;
};

/* ERR_NOMEM. Free with remedy_list_deinit(). */
int remedy_find(const struct remedy_case *it, struct remedy_list *out,
                struct err *err) WARN_UNUSED;
void remedy_list_deinit(struct remedy_list *list);

/* What the remedy of that name does, a sentence. */
const char *remedy_sentence(const char *name);

#endif
