/* SPDX-License-Identifier: MIT */
/*
 * reading - the values of one resolved document: what is the same for all its cells, and
 * the lists of runtimes and strategies that make them.
 *
 * reading_init() is the whole check of a document except its sweep, whose shape alone is
 * looked at. server/document uses it to accept a document and server/grid for every point
 * of the sweep, so that both refuse the same things.
 */
#ifndef SERVER_DOCUMENT_READING_H
#define SERVER_DOCUMENT_READING_H

#include "engine/program/plan.h"
#include "server/document/document.h"
#include "server/document/reader.h"

struct reading_runtime {
    struct runtime runtime;
    const char *label; /* "cpython-3.9", "cpython-3.9 (switch_interval_us=1000)" */
};

struct reading_strategy {
    struct strategy strategy;
    const char *label; /* "threads(8)" */
};

struct reading {
    const char *name, *description; /* borrowed from the JSON tree */
    uint32_t repetitions;
    enum metric_id goal; /* METRIC_COUNT: none */
    enum document_record record;
    struct runtime reference;
    struct reading_runtime *runtimes;
    size_t runtime_count;
    struct reading_strategy *strategies;
    size_t strategy_count;
    struct plan
        plan; /* all but runtime and strategy; times are the reference runtime's */
};

/*
 * Reads a document without substituting anything. ERR_INVALID with a pointer, or
 * ERR_NOMEM. `root` must outlive the reading; release with reading_deinit().
 */
int reading_init(struct reading *out, const json_t *root, struct err *err) WARN_UNUSED;

/* Zeroed input is accepted. */
void reading_deinit(struct reading *reading);

/* Whether runtime and strategy fit: 0, or ERR_UNSUPPORTED with the reason. */
int reading_check_cell(const struct reading *reading, size_t runtime, size_t strategy,
                       struct err *err) WARN_UNUSED;

/*
 * A plan of its own for one runtime and strategy, with Python's times scaled to the
 * runtime. Free with plan_deinit(). ERR_UNSUPPORTED or ERR_NOMEM.
 */
int reading_plan(const struct reading *reading, size_t runtime, size_t strategy,
                 struct plan *out, struct err *err) WARN_UNUSED;

#endif
