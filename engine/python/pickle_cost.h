/* SPDX-License-Identifier: MIT */
/* pickle_cost - pickle.dumps() and loads(): C code that keeps the GIL, with a part for each
 * call and one for each byte. */
#ifndef ENGINE_PYTHON_PICKLE_COST_H
#define ENGINE_PYTHON_PICKLE_COST_H

#include "engine/program/action.h"
#include "engine/program/runtime.h"

static inline void pickle_cost_write(const struct runtime *runtime, sim_ns call_ns,
                                     int64_t bytes, struct action *action) {
    const int64_t rate = runtime->pickle_mb_per_s;
    action->kind = ACTION_C_HELD;
    action->ns = call_ns + (rate == 0 ? 0 : bytes * 1000 / rate);
}

static inline void pickle_cost_dumps(const struct runtime *runtime, int64_t bytes,
                                     struct action *action) {
    pickle_cost_write(runtime, runtime->pickle_ns, bytes, action);
}

static inline void pickle_cost_loads(const struct runtime *runtime, int64_t bytes,
                                     struct action *action) {
    pickle_cost_write(runtime, runtime->unpickle_ns, bytes, action);
}

#endif
