/* SPDX-License-Identifier: MIT */
/*
 * py_counter - `c.v += 1` by many threads: an object that all have, and a number in it.
 *
 * Load and store are what other threads can see. On the way there are two cache lines:
 *
 *   load    counts a reference to the object (LOAD_DEREF), reads the slot and drops it
 *           (LOAD_ATTR)
 *   refer   counts one for the store: c.v = f(c.v) does (LOAD_DEREF), c.v += 1 did already
 *   store   writes the slot and drops that one (STORE_ATTR)
 *
 * With a GIL a line moves when the GIL does. Without one every line may be with another
 * core each time.
 *
 * Simplified: the lock of the object's dictionary, which STORE_ATTR takes in a free-threaded
 * build, and the cell that a closure finds the object in share these two lines.
 */
#ifndef ENGINE_PYTHON_PY_COUNTER_H
#define ENGINE_PYTHON_PY_COUNTER_H

#include "engine/os/cache_line.h"

struct py_counter {
    int64_t value;
    int64_t stores;
    struct cache_line object; /* its reference count */
    struct cache_line slot;   /* the number */
};

#endif
