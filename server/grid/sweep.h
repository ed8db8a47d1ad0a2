/* SPDX-License-Identifier: MIT */
/*
 * sweep - the "sweep" of a document: JSON pointers and the values that each takes in
 * turn.
 *
 * A point is a number below the product of the axes' lengths. Axes are in the order of
 * their pointers' bytes, however the document was written; the last one runs fastest.
 * sweep_resolve() yields the document of a point: members on the way to a swept value are
 * copied, everything else is shared with the original, which is never changed.
 *
 * Refused are pointers that lead to nothing, to what may not differ between cells, or
 * into one another, and values that occur twice.
 */
#ifndef SERVER_GRID_SWEEP_H
#define SERVER_GRID_SWEEP_H

#include "engine/base/memory.h"
#include "server/document/document.h"

#include <jansson.h>

enum { SWEEP_MAX_AXES = 16 };

struct sweep_axis {
    const char *pointer;  /* as written; borrowed from the document */
    const json_t *values; /* a list of at least one; borrowed */
    size_t count;
    const char *token[DOCUMENT_MAX_DEPTH]; /* reference tokens without escapes */
    size_t token_count;
};

struct sweep {
    struct sweep_axis *axis;
    size_t axis_count;
    size_t points; /* at least 1; SIZE_MAX when the product is larger than that */
};

/*
 * `root` is a document that passed document_parse(); it must outlive the sweep, whose
 * memory is taken from the arena. ERR_INVALID with a pointer, or ERR_NOMEM.
 */
int sweep_init(struct sweep *out, const json_t *root, struct arena *arena,
               struct err *err) WARN_UNUSED;

/*
 * That no value of an axis occurs twice. Adds to `*bytes` the size of the largest value
 * of each axis as canonical text.
 */
int sweep_check_values(const struct sweep *sweep, size_t *bytes,
                       struct err *err) WARN_UNUSED;

/* The document of a point, without "sweep"; release with json_decref(). ERR_NOMEM. */
int sweep_resolve(const struct sweep *sweep, const json_t *root, size_t point,
                  json_t **out, struct err *err) WARN_UNUSED;

/* {"/machine/cores": 2}; release with json_decref(). ERR_NOMEM. */
int sweep_describe(const struct sweep *sweep, size_t point, json_t **out,
                   struct err *err) WARN_UNUSED;

/*
 * Turns the pointer of an error in the document of a point into one of the document as it
 * was written: "/machine/cores" becomes "/sweep/~1machine~1cores/2" where the sweep put
 * the value.
 */
void sweep_place_error(const struct sweep *sweep, size_t point, struct err *err);

#endif
