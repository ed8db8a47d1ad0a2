/* SPDX-License-Identifier: MIT */
/*
 * bench_store - the store's own speed and size, on a file on disk.
 *
 * The cases that read share one long run, which the first of them stores. Times are of the
 * wall clock: what waits for the disk belongs to the store.
 */
#ifndef SERVER_BENCH_BENCH_STORE_H
#define SERVER_BENCH_BENCH_STORE_H

#include "server/bench/bench.h"

#include <stdint.h>

extern const struct bench_case bench_store_cases[];
extern const size_t bench_store_case_count;

/* How long the long run is (10,000,000 spans), and with it the other runs of the store's
 * cases, for a quick look. */
void bench_store_set_spans(uint64_t spans);

/* Removes all files. */
void bench_store_close(void);

#endif
