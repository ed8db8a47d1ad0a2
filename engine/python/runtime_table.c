/* SPDX-License-Identifier: MIT */
#include "engine/python/runtime_table.h"

#include <string.h>

#define AT(member) offsetof(struct runtime, member)

/* Costs of asyncio and of pools are whole-microsecond figures for a current desktop: what
 * was measured on a slow virtual machine, divided by 4. */
#define DESKTOP_ESTIMATE                                                                 \
    "measured on a slow virtual machine with CPython 3.11, divided by 4 for a desktop"

const struct field runtime_fields[] = {
    {"switch_interval_us", AT(switch_interval_ns), FIELD_US, 1, 1e9,
     "how long a thread waits for the GIL before it asks the holder to drop it",
     "sys.setswitchinterval; Python/ceval_gil.c DEFAULT_INTERVAL 5000, least 1"},
    {"force_switching", AT(force_switching), FIELD_FLAG, 0, 1,
     "after a drop on request the dropper waits until another thread has taken the GIL",
     "Python/ceval_gil.c FORCE_SWITCHING, on on every platform"},
    {"check_spacing_us", AT(check_spacing_ns), FIELD_US, 0.001, 1e6,
     "time between two check points in pure Python",
     "3.9: most opcodes; 3.10+: back edges, function entry, calls; 0.02 - 2 us, "
     "estimate"},
    {"check_every_opcode", AT(check_every_opcode), FIELD_FLAG, 0, 1,
     "check points lie also in straight-line code, so that `x += 1` can lose updates",
     "Python/ceval.c: up to 3.9 before most opcodes; 3.10+ back edges and calls only "
     "(bpo-29988)"},
    {"check_after_enter", AT(check_after_enter), FIELD_FLAG, 0, 1,
     "a check point lies between __enter__ of a with statement and its body",
     "3.14 Python/bytecodes.c: __enter__ is called by CALL; 3.10 - 3.13: BEFORE_WITH"},
    {"lock_kind", AT(lock_kind), FIELD_COUNT, 0, 1,
     "threading.Lock: 0 = POSIX semaphore, 1 = PyMutex",
     "Python/thread_pthread.h up to 3.13; Python/lock.c from 3.14"},
    {"lock_us", AT(lock_ns), FIELD_US, 0, 1e6,
     "CPU time of an uncontended acquire() or release()",
     "acquire and release 0.29 us on a slow virtual machine; tests/fidelity, "
     "lock_uncontended"},
    {"lock_spins", AT(lock_spins), FIELD_COUNT, 0, 1e6,
     "PyMutex: how often a thread yields before it parks",
     "Python/lock.c MAX_SPIN_COUNT: 40 in free-threaded builds, 0 with a GIL"},
    {"attach_us", AT(attach_ns), FIELD_US, 0, 1e6,
     "CPU time of an uncontended take_gil or drop_gil",
     "1-byte os.read 661 ns against getppid 361 ns, CPython 3.11"},
    {"python_cost", AT(python_cost_ppm), FIELD_RATIO, 0.01, 100,
     "time of pure Python on this runtime, CPython 3.12 = 1",
     "3.11 is 1.25 times as fast as 3.10, 3.12 about 5 % faster (What's New in 3.11, "
     "3.12); "
     "3.13t 1.40, 3.14t 1.08 times the GIL build's time (free-threading HOWTO); 3.15t "
     "1.09 of "
     "3.15 (free-threading-benchmarking, Nov 2025); every other row: estimate"},
    {"thread_start_us", AT(thread_start_ns), FIELD_US, 0, 1e6,
     "Python code of Thread.start() in the starting thread",
     "Lib/threading.py; estimate"},
    {"thread_bootstrap_us", AT(thread_bootstrap_ns), FIELD_US, 0, 1e6,
     "Python code in the new thread before its target runs",
     "Lib/threading.py _bootstrap_inner; estimate"},
    {"thread_join_us", AT(thread_join_ns), FIELD_US, 0, 1e6,
     "Python code of Thread.join() in the joining thread", "Lib/threading.py; estimate"},
    {"pool_job_us", AT(pool_job_ns), FIELD_US, 0, 1e6,
     "Python code of a ThreadPoolExecutor worker per job",
     "Lib/concurrent/futures/thread.py; 51 us a job in bulk, " DESKTOP_ESTIMATE},
    {"pool_submit_us", AT(pool_submit_ns), FIELD_US, 0, 1e6,
     "Python code of ThreadPoolExecutor.submit()",
     "Lib/concurrent/futures/thread.py; the same measurement"},
    {"has_asyncio", AT(has_asyncio), FIELD_FLAG, 0, 1, "asyncio exists in this runtime",
     "3.4 and later"},
    {"loop_start_us", AT(loop_start_ns), FIELD_US, 0, 1e7,
     "asyncio.run(): making and closing the event loop",
     "tests/fidelity: aio_run_empty, 0.13 - 0.35 ms on a virtual machine"},
    {"loop_iteration_us", AT(loop_iteration_ns), FIELD_US, 0, 1e6,
     "Python code of one _run_once besides select() and the handles",
     "asyncio/base_events.py; 5.8 us for an iteration with one "
     "callback, " DESKTOP_ESTIMATE},
    {"loop_handle_us", AT(loop_handle_ns), FIELD_US, 0, 1e6,
     "running one handle besides what its callback does",
     "asyncio/events.py Handle._run; call_soon and run 2.5 us, " DESKTOP_ESTIMATE},
    {"task_create_us", AT(task_create_ns), FIELD_US, 0, 1e6, "create_task()",
     "gather of tasks that do nothing 11.7 us each, " DESKTOP_ESTIMATE},
    {"task_step_us", AT(task_step_ns), FIELD_US, 0, 1e6,
     "Task.__step: into the coroutine and back",
     "Modules/_asynciomodule.c; switch over sleep(0) 2.0 us, " DESKTOP_ESTIMATE},
    {"call_later_us", AT(call_later_ns), FIELD_US, 0, 1e6,
     "a timer with its future: heap push and done callback",
     "asyncio/base_events.py call_at; estimate"},
    {"threadsafe_wake_us", AT(threadsafe_wake_ns), FIELD_US, 0, 1e6,
     "call_soon_threadsafe() besides the send on the self-pipe",
     "asyncio/base_events.py; to_thread 158 us, " DESKTOP_ESTIMATE},
    {"self_pipe_us", AT(self_pipe_ns), FIELD_US, 0, 1e6,
     "reading the self-pipe besides its two recv calls",
     "asyncio/selector_events.py _read_from_self; the same measurement"},
    {"process_start_us", AT(process_start_ns), FIELD_US, 0, 1e7,
     "Process.start() in the parent besides fork()",
     "mp.Process with fork 1.27 ms against os.fork + wait 0.81 ms (independent study, "
     "2026)"},
    {"process_bootstrap_us", AT(process_bootstrap_ns), FIELD_US, 0, 1e7,
     "Python code in a forked child before its target runs",
     "Lib/multiprocessing/process.py _bootstrap; estimate"},
    {"process_job_us", AT(process_job_ns), FIELD_US, 0, 1e7,
     "CPU time per job for pickling and the pipe",
     "ProcessPoolExecutor 240-470 us a job, " DESKTOP_ESTIMATE},
};
const size_t runtime_field_count = sizeof runtime_fields / sizeof runtime_fields[0];

/* Costs of CPython 3.12 on a desktop; another version's Python code takes `percent` of
 * it. */
#define PYTHON_COSTS(percent)                                                            \
    .thread_start_ns = 60 * (percent), .thread_bootstrap_ns = 60 * (percent),            \
    .thread_join_ns = 30 * (percent), .pool_job_ns = 60 * (percent),                     \
    .pool_submit_ns = 60 * (percent), .process_start_ns = 3000 * (percent),              \
    .process_bootstrap_ns = 1000 * (percent), .process_job_ns = 800 * (percent)

#define ASYNCIO(percent)                                                                 \
    .has_asyncio = 1, .loop_start_ns = 600 * (percent),                                  \
    .loop_iteration_ns = 15 * (percent), .loop_handle_ns = 5 * (percent),                \
    .task_create_ns = 20 * (percent), .task_step_ns = 5 * (percent),                     \
    .call_later_ns = 15 * (percent), .threadsafe_wake_ns = 20 * (percent),               \
    .self_pipe_ns = 15 * (percent)

#define NO_ASYNCIO .has_asyncio = 0

/* 2.7 - 3.1: 100 ticks are about 25 iterations of a counting loop. */
#define TICK(label, id, percent)                                                         \
    {                                                                                    \
        label, "tick", {                                                                 \
            .name = id, .gil = GIL_TICK, .switch_interval_ns = 5000000,                  \
            .check_spacing_ns = 20 * (percent), .attach_ns = 50,                         \
            .check_every_opcode = 1, .check_after_enter = 1, .lock_ns = 70,              \
            .python_cost_ppm = 10000 * (percent), PYTHON_COSTS(percent), NO_ASYNCIO      \
        }                                                                                \
    }

#define INTERVAL(label, id, code, percent, aio)                                          \
    {                                                                                    \
        label, "interval", {                                                             \
            .name = id, .gil = GIL_INTERVAL, .switch_interval_ns = 5000000,              \
            .force_switching = 1, code, .attach_ns = 70, .lock_ns = 70,                  \
            .python_cost_ppm = 10000 * (percent), PYTHON_COSTS(percent), aio             \
        }                                                                                \
    }

#define FREE_THREADED(label, id, code, percent, aio)                                     \
    {                                                                                    \
        label, "none", {                                                                 \
            .name = id, .gil = GIL_NONE, .switch_interval_ns = 5000000,                  \
            .force_switching = 1, code, .lock_spins = 40, .attach_ns = 70,               \
            .lock_ns = 70, .python_cost_ppm = 10000 * (percent), PYTHON_COSTS(percent),  \
            aio                                                                          \
        }                                                                                \
    }

/* Where check points lie and what a Lock is, by version. */
#define OPCODES .check_spacing_ns = 50, .check_every_opcode = 1, .check_after_enter = 1
#define BACK_EDGES .check_spacing_ns = 100
#define BACK_EDGES_PYMUTEX                                                               \
    .check_spacing_ns = 100, .check_after_enter = 1, .lock_kind = LOCK_PYMUTEX

const struct runtime_row runtime_rows[] = {
    TICK("CPython 2.7", "cpython-2.7", 130),
    TICK("CPython 3.1", "cpython-3.1", 150),
    INTERVAL("CPython 3.2", "cpython-3.2", OPCODES, 140, NO_ASYNCIO),
    INTERVAL("CPython 3.3", "cpython-3.3", OPCODES, 140, NO_ASYNCIO),
    INTERVAL("CPython 3.4", "cpython-3.4", OPCODES, 140, ASYNCIO(250)),
    INTERVAL("CPython 3.5", "cpython-3.5", OPCODES, 140, ASYNCIO(250)),
    INTERVAL("CPython 3.6", "cpython-3.6", OPCODES, 135, ASYNCIO(150)),
    INTERVAL("CPython 3.7", "cpython-3.7", OPCODES, 130, ASYNCIO(140)),
    INTERVAL("CPython 3.8", "cpython-3.8", OPCODES, 130, ASYNCIO(140)),
    INTERVAL("CPython 3.9", "cpython-3.9", OPCODES, 130, ASYNCIO(140)),
    INTERVAL("CPython 3.10", "cpython-3.10", BACK_EDGES, 130, ASYNCIO(140)),
    INTERVAL("CPython 3.11", "cpython-3.11", BACK_EDGES, 105, ASYNCIO(110)),
    INTERVAL("CPython 3.12", "cpython-3.12", BACK_EDGES, 100, ASYNCIO(100)),
    INTERVAL("CPython 3.13", "cpython-3.13", BACK_EDGES, 100, ASYNCIO(100)),
    INTERVAL("CPython 3.14", "cpython-3.14", BACK_EDGES_PYMUTEX, 97, ASYNCIO(87)),
    INTERVAL("CPython 3.15", "cpython-3.15", BACK_EDGES_PYMUTEX, 95, ASYNCIO(87)),
    FREE_THREADED("CPython 3.13, free-threaded", "cpython-3.13t", BACK_EDGES, 140,
                  ASYNCIO(140)),
    FREE_THREADED("CPython 3.14, free-threaded", "cpython-3.14t", BACK_EDGES_PYMUTEX, 108,
                  ASYNCIO(100)),
    FREE_THREADED("CPython 3.15, free-threaded", "cpython-3.15t", BACK_EDGES_PYMUTEX, 104,
                  ASYNCIO(95)),
};
const size_t runtime_row_count = sizeof runtime_rows / sizeof runtime_rows[0];

const struct runtime_row *runtime_row_find(const char *name) {
    for (size_t i = 0; i < runtime_row_count; i++) {
        if (strcmp(runtime_rows[i].runtime.name, name) == 0) {
            return &runtime_rows[i];
        }
    }
    return NULL;
}
