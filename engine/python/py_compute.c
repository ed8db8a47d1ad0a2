/* SPDX-License-Identifier: MIT */
/* py_compute - bytecode and its check points, C calls, units of work. */
#include "engine/python/py_thread_priv.h"

/* --- bytecode ------------------------------------------------------------------ */

static void compute(struct os_thread *os);

static void compute_again(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_RUNNING, LANE_NONE);
    compute(os);
}

/* The end of a piece of bytecode is a check point. */
static void piece_counted(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const bool check =
        gil_count_ticks(thread->client.gil, thread->piece_ns) && !thread->straight;
    if (check && py_thread_is_due(thread)) {
        py_thread_check_point(thread, compute_again);
        return;
    }
    compute(os);
}

/* Every count of a reference is an atomic operation, and those of objects that all threads
 * use need a cache line that another core may have.
 * Simplified: these objects share one line, and a thread gets it once for all counts of a
 * piece of bytecode (1 us), for as long as all those transfers take together. A function of
 * its own, so that no other runtime pays for its registers. */
__attribute__((noinline)) static sim_ns price_of_counts(const struct py_thread *thread) {
    const struct runtime *runtime = py_thread_runtime(thread);
    const sim_ns ns = thread->piece_ns;
    const int64_t slower = runtime->shared_ref_ns - runtime->local_ref_ns;
    return ns * runtime->counts_per_us / NS_PER_US * (slower > 0 ? slower : 0) +
           os_thread_write_line_times(&thread->client.os,
                                      &thread->process->shared_objects,
                                      ns * runtime->shared_counts_per_us / NS_PER_US);
}

static void compute_pause(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->client.computing = false;
    os->clocked = false;
    thread->left_ns -= os->work_ns;
    thread->piece_ns = os->work_ns;
    if (py_thread_runtime(thread)->atomic_refcounts) {
        py_thread_work(thread, price_of_counts(thread), piece_counted);
    } else {
        piece_counted(os);
    }
}

static void compute(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    sim_ns ns = thread->left_ns;
    if (thread->cpu_target_ns >= 0) {
        ns = thread->cpu_target_ns - os_thread_cpu_clock(os);
        thread->left_ns = ns;
    }
    if (ns <= 0) {
        thread->after(os);
        return;
    }
    if (!thread->straight && py_thread_is_due(thread)) {
        const sim_ns check = gil_next_check(thread->client.gil);
        ns = ns < check ? ns : check;
    }
    if (py_thread_runtime(thread)->atomic_refcounts) {
        ns = ns < NS_PER_US ? ns : NS_PER_US;
    }
    thread->client.computing = !thread->straight;
    os->clocked = thread->cpu_target_ns >= 0;
    py_thread_work(thread, ns, compute_pause);
}

/* Code without back edges and calls, in a version that looks only there. */
static bool is_straight(const struct py_thread *thread) {
    return thread->action.kind == ACTION_COMPUTE && thread->action.value == 1 &&
           !py_thread_runtime(thread)->check_every_opcode;
}

static void begin_stretch(struct py_thread *thread, os_fn after) {
    thread->after = after;
    thread->straight = is_straight(thread);
    py_thread_show(thread, STATE_RUNNING, LANE_NONE);
    compute(&thread->client.os);
}

/* Runs `ns` of bytecode, then `after`. */
void py_thread_run_python(struct py_thread *thread, sim_ns ns, os_fn after) {
    thread->left_ns = ns;
    thread->cpu_target_ns = -1;
    begin_stretch(thread, after);
}

void py_compute_begin(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_run_python(thread, thread->action.ns, py_thread_finish);
}

void py_compute_begin_cpu(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->cpu_target_ns = sim_add(os_thread_cpu_clock(os), thread->action.ns);
    begin_stretch(thread, py_thread_finish);
}

/* --- C calls ------------------------------------------------------------------- */

/* The call itself, by the thread alone or together with native threads. */
static void c_run(struct py_thread *thread, enum lane_state state, os_fn then) {
    py_thread_show(thread, state, LANE_NONE);
    if (thread->action.value > 1) {
        py_native_share(thread, then);
    } else {
        py_thread_work(thread, thread->action.ns, then);
    }
}

/* Afterwards comes a check point (3.9: the next opcode; 3.10+: CALL), unless the call goes
 * on. */
void py_compute_begin_c_held(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    c_run(thread, STATE_RUNNING_C,
          thread->action.value < 0 ? py_thread_finish : py_thread_check_and_finish);
}

static void c_released_run(struct os_thread *os) {
    c_run(PY_THREAD_OF(os), STATE_DETACHED, py_thread_attach_and_finish);
}

void py_compute_begin_c_released(struct os_thread *os) {
    py_thread_detach(PY_THREAD_OF(os), c_released_run);
}

/* --- units of work ------------------------------------------------------------- */

void py_compute_begin_unit(struct py_thread *thread) {
    unit_begin(thread->world, &thread->unit, &thread->action);
}

void py_compute_end_unit(struct py_thread *thread) {
    unit_end(thread->world, &thread->unit);
}
