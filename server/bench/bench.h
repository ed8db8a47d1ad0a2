/* SPDX-License-Identifier: MIT */
/*
 * bench - measures how fast the program is, so that anybody can measure it again.
 *
 * A case of the engine is a document, or a few, and a way to get one number out of running
 * them. Each is run some times and the best time counts: what disturbs a machine only ever
 * makes it slower. Time is the CPU time of the one thread that runs the engine. The store's
 * cases are those of bench_store.h.
 *
 * Each case prints one line of JSON: {"name", "value", "unit", "better", "how"}.
 */
#ifndef SERVER_BENCH_BENCH_H
#define SERVER_BENCH_BENCH_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;
struct sink;

struct bench_case {
    const char *name; /* "mm1_customers_per_s" */
    const char *unit;
    const char *better; /* "higher" or "lower" */
    const char *what;   /* one line, for `how` and --help */
    /* Writes the number, and what else there is to say of it. */
    int (*measure)(double *value, char *note, size_t note_size, struct err *err);
    /* Writes a document for `gilscope run`, to time the case from outside; NULL: none. */
    void (*document)(char *text, size_t size);
    bool only_by_name; /* takes too much to be measured with the others */
};

extern const struct bench_case bench_engine_cases[];
extern const size_t bench_engine_case_count;

enum { BENCH_REPEATS = 3, BENCH_TEXT_SIZE = 4096 };

struct bench_run {
    double seconds;      /* CPU time of the best of `repeats` runs */
    double document_s;   /* ... from the document's text to its result */
    double transitions;  /* of one run */
    double forced_drops; /* of the GIL */
    double duration_s;   /* virtual */
    uint64_t fingerprint;
};

/* What is done with each cell of a document that is applicable. */
struct bench_visitor {
    int (*visit)(void *context, const struct plan *plan, struct err *err);
    void *context;
};
int bench_each_cell(const char *text, const struct bench_visitor *visitor,
                    struct err *err) WARN_UNUSED;

/* Runs cell after cell of a document, `repeats` times. `sink` may be NULL. ERR_LIMIT when
 * a run does not end. */
int bench_document(struct bench_run *out, const char *text, const struct sink *sink,
                   uint32_t repeats, struct err *err) WARN_UNUSED;

/* `gilscope bench` */
int bench_command(int argc, char **argv);

#endif
