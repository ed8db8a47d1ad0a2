/* SPDX-License-Identifier: MIT */
/*
 * parallel - independent tasks on all cores: each thread takes the next one. Results do
 * not depend on the order because no task sees another.
 */
#ifndef SERVER_FIDELITY_PARALLEL_H
#define SERVER_FIDELITY_PARALLEL_H

#include "engine/base/err.h"

#include <stddef.h>

/* Does task `index`; called from any thread, never twice for the same index. */
typedef int (*parallel_fn)(void *context, size_t index, struct err *err);

/* Does tasks 0 .. count - 1. After a failure no further task is begun; the error is that
 * of the first task that failed. */
int parallel_run(size_t count, parallel_fn task, void *context,
                 struct err *err) WARN_UNUSED;

#endif
