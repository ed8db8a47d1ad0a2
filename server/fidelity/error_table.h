/* SPDX-License-Identifier: MIT */
/*
 * error_table - how far the model was from every workload that was measured: the figures
 * that recommendations quote.
 *
 * tests/fidelity/errors.csv is the table as `gilscope verify --measured FILE --errors`
 * writes it, from tests/fidelity/measured.jsonl; server/embed compiles it in. A line is a
 * group (tests/fidelity/README.md) that is eligible and predicted, in the order of the
 * measurements; the first line names the columns, which are the members below. An empty
 * number stands for "there is none".
 */
#ifndef SERVER_FIDELITY_ERROR_TABLE_H
#define SERVER_FIDELITY_ERROR_TABLE_H

#include "server/fidelity/score.h"

#include <stdio.h>

/* Where everything was measured: profile and number of cores. */
#define ERROR_TABLE_MACHINE "linux-vm-2"
enum { ERROR_TABLE_CORES = 2 };

/* NaN stands for "there is none" in every double. */
struct error_row {
    const char *build; /* "3.13.15t" */
    const char *family;
    const char *strategy; /* "sequential", "threads", "processes", "interpreters",
                             "asyncio", "asyncio_to_thread" */
    const char *work; /* other parameters: "count=100 io_ms=5"; no commas, no quotes */
    double workers;
    double switch_interval_us;      /* NaN: the default */
    double gil_wait_share;          /* predicted */
    double measured_s, predicted_s; /* medians */
    double deviation;               /* median ln(predicted / measured) of the wall time */
    double p50_error; /* |the same| of the p50 of cycles, lags or jobs within a run */
};

extern const struct error_row error_rows[];
extern const size_t error_row_count;

enum { ERROR_LINE_SIZE = 512 };

/* Without the newline. */
extern const char error_table_head[];

/* The group as a line without its newline; false when it has none. */
bool error_table_line(const struct score_row *row, char out[ERROR_LINE_SIZE]);

/* All of them. */
void error_table_write(const struct score *score, FILE *out);

#endif
