/* SPDX-License-Identifier: MIT */
/* bench_store_priv - what the files of the store's cases share: the cases of each. */
#ifndef SERVER_BENCH_BENCH_STORE_PRIV_H
#define SERVER_BENCH_BENCH_STORE_PRIV_H

#include "engine/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* bench_store.c: spans of the long run. */
uint64_t bench_store_spans(void);

/* The smallest of `values` that is not below the share `p` of them; sorts them. */
double bench_percentile(double *values, size_t count, double p);

/* bench_store_size.c: bytes per span, over all examples; of lanes of one kind only. */
int bench_size_all(double *value, char *note, size_t size, struct err *err);
int bench_size_core(double *value, char *note, size_t size, struct err *err);
int bench_size_thread(double *value, char *note, size_t size, struct err *err);
int bench_size_gil(double *value, char *note, size_t size, struct err *err);
int bench_size_loop(double *value, char *note, size_t size, struct err *err);
int bench_size_task(double *value, char *note, size_t size, struct err *err);
int bench_size_lock(double *value, char *note, size_t size, struct err *err);

/* bench_grid.c */
int bench_grid_cells(double *value, char *note, size_t size, struct err *err);

/* bench_store_read.c */
int bench_read_viewport(double *value, char *note, size_t size, struct err *err);
int bench_read_cold(double *value, char *note, size_t size, struct err *err);
int bench_read_growth(double *value, char *note, size_t size, struct err *err);
int bench_read_range(double *value, char *note, size_t size, struct err *err);
int bench_read_span_time(double *value, char *note, size_t size, struct err *err);
int bench_read_group_by(double *value, char *note, size_t size, struct err *err);
int bench_read_window(double *value, char *note, size_t size, struct err *err);
void bench_read_close(void);

#endif
