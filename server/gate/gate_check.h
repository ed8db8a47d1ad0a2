/* SPDX-License-Identifier: MIT */
/*
 * gate_check - which gates of a document hold in its results.
 *
 * A gate looks at every cell that it covers. A cell that ended without the metric (it
 * failed, or the metric has no meaning for it) does not hold; one that is not applicable is
 * left out, since nobody can run it.
 */
#ifndef SERVER_GATE_GATE_CHECK_H
#define SERVER_GATE_GATE_CHECK_H

#include "db/cell_store.h"
#include "engine/base/err.h"
#include "server/document/document.h"
#include "server/document/gate.h"

enum gate_verdict {
    GATE_HOLDS,
    GATE_FAILS,
    GATE_NO_VALUE, /* does not hold either */
    GATE_SKIPPED,  /* not applicable */
    GATE_PENDING,  /* the cell has not ended */
    GATE_VERDICT_COUNT
};

/* "holds", "fails", "no_value", "skipped", "pending". */
const char *gate_verdict_name(enum gate_verdict verdict);

/* One gate in one cell that it covers. */
struct gate_finding {
    size_t gate; /* index in the document */
    const struct cell_row *cell;
    enum gate_verdict verdict;
    double value; /* the median, or the worst repetition; NaN when there is none */
};

struct gate_report {
    struct gate_finding *items; /* by gate, then cell */
    size_t count, capacity;
    bool fails; /* some gate does not hold somewhere */
};

/* ERR_NOMEM. On success free with gate_report_deinit(); rows of `cells` are borrowed. */
int gate_check(const struct document *document, const struct cell_list *cells,
               struct gate_report *out, struct err *err) WARN_UNUSED;
void gate_report_deinit(struct gate_report *report);

enum { GATE_TEXT_SIZE = 128 };

/* "latency_p99_us <= 80000", "every throughput_per_s >= 10 and <= 20". */
void gate_format(const struct gate *gate, char out[GATE_TEXT_SIZE]);

#endif
