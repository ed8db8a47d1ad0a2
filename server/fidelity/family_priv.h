/* SPDX-License-Identifier: MIT */
/*
 * family_priv - what the families of family_thread.c, family_aio.c and family_job.c share:
 * reading a row, and the pieces of documents.
 *
 * JSON objects that are passed on are consumed, results are new references; NULL = no
 * memory.
 */
#ifndef SERVER_FIDELITY_FAMILY_PRIV_H
#define SERVER_FIDELITY_FAMILY_PRIV_H

#include "server/fidelity/family.h"

extern const struct family family_of_threads[], family_of_loops[], family_of_jobs[];
extern const size_t family_of_threads_count, family_of_loops_count, family_of_jobs_count;

/* --- reading a row ------------------------------------------------------------- */

/* A parameter; 0 when it is not there. */
double family_param(const struct family_input *input, const char *key);
int family_count(const struct family_input *input, const char *key);
const char *family_text(const struct family_input *input, const char *key);

/* A figure of the row's result; NaN when it is not there. */
double family_result(const struct family_input *input, const char *key);

/* 2.7 has no CPU clock: there the same work is iterations of a loop, solo_s long in all.
 */
bool family_counts_iterations(const struct family_input *input);
bool family_has_gil(const struct family_input *input);

/* --- documents ----------------------------------------------------------------- */

/* A step: Python of `us`, of which the row says that `solo` is the time alone. */
struct json_t *family_python(const struct family_input *input, double us,
                             const char *solo);

/* A step: what the harness itself executes around the work, as many opcodes (counted with
 * sys.settrace on 3.11; 3.13 has 3 - 12 % fewer), each as long as one of asyncio's. */
struct json_t *family_harness(const struct family_input *input, int opcodes);

/* {`kind`: ms as microseconds}: "sleep_us", "await_sleep_us". */
struct json_t *family_wait(const char *kind, double ms);

/* [{"repeat": count, "steps": steps}] */
struct json_t *family_repeat(int count, struct json_t *steps);

/* Actors, and the work of one or two (`second` may be NULL). */
struct json_t *family_thread(const char *name, int count, struct json_t *steps);
struct json_t *family_daemon(const char *name, int count, struct json_t *steps);
struct json_t *family_actors(struct json_t *first, struct json_t *second);

/* --- naive --------------------------------------------------------------------- */

/* Work that only one thread at a time can do under a GIL, shared by the cores without
 * one. */
double family_shared_out(const struct family_input *input, double one, double threads);

#endif
