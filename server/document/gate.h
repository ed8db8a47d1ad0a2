/* SPDX-License-Identifier: MIT */
/*
 * gate - what a document demands of its results: a metric that stays within bounds in some
 * cells or in all.
 *
 *     {"metric": "latency_p99_us", "max": 80000, "where": {"strategy": "asyncio"}}
 *
 * A cell is told by its labels: "where" may name a runtime with or without what is
 * overridden in it, a strategy with or without its size, and values of the sweep.
 */
#ifndef SERVER_DOCUMENT_GATE_H
#define SERVER_DOCUMENT_GATE_H

#include "engine/analysis/metrics.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t;
struct reader;

enum { GATE_MAX = 100 }; /* of one document */

struct gate {
    enum metric_id metric;
    double min, max;                /* both included; infinite where there is no bound */
    bool every;                     /* every repetition must hold; else their median */
    const char *runtime, *strategy; /* NULL: any */
    const struct json_t *point;     /* JSON pointer -> value; NULL: any */
};

/* Reads `gate` of a document, of which the strings are borrowed; the place is the root's.
 * `out` has room for GATE_MAX. ERR_INVALID with a pointer. */
int gate_read_all(struct reader *reader, const struct json_t *list, struct gate *out,
                  size_t *count);

/* How a cell is called: "cpython-3.12", "asyncio(100)", the JSON text of its point. */
struct gate_cell {
    const char *runtime, *strategy, *point;
};

bool gate_covers(const struct gate *gate, const struct gate_cell *cell);

#endif
