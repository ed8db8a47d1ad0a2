/* SPDX-License-Identifier: MIT */
/*
 * calibration - the constants of the measuring machine, from the primitives of one build.
 *
 *   wake_warm   sock_roundtrip: our send, the peer's wake-up, its send, our wake-up
 *   wake_idle   sleep_overshoot of 1 ms, less the timer slack
 *   wake_deep   sleep_overshoot of 10 ms, less the timer slack
 *   speed       busy_cores: the same C work by two threads against one
 *   lock        lock_uncontended: half of a pair of acquire and release
 *   create      thread_start: what is left of start() and join() when the model has run them
 *               with a thread creation that costs nothing
 *   queue       nothing is measured: what a put and a get take in the model, the part that
 *               is bytecode of queue.py and threading.py apart, so that a row's own time of
 *               the work alone can say how fast that bytecode is
 *
 *   asyncio     aio_switch, aio_task_create, aio_run_empty, aio_sleep: see
 *               calibration_aio.c
 *   pools       aio_to_thread, proc_start, ppe, ipe: see calibration_pool.c
 *
 * Never a row that is predicted. A primitive that is missing leaves the profile's value.
 */
#ifndef SERVER_FIDELITY_CALIBRATION_H
#define SERVER_FIDELITY_CALIBRATION_H

#include "server/fidelity/measured.h"

/* send() on a socket pair: time in the kernel, without the GIL. No primitive isolates it;
 * system calls of this kind take 1 - 15 us. */
static const double CALIBRATION_SEND_US = 5.0;

struct calibration {
    double wake_warm_us, wake_idle_us, wake_deep_us;
    double thread_create_us;
    double lock_us;         /* acquire or release, uncontended */
    double all_cores_speed; /* one core alone = 1 */
    double queue_fixed_us;  /* put and get without their bytecode */
    double queue_python_us; /* their bytecode, as the runtime's row has it */
    /* Parameters of the runtime by the same names; NaN = what its row says. */
    double loop_start_us, loop_iteration_us, loop_handle_us;
    double task_create_us, task_step_us, call_later_us;
    double threadsafe_wake_us, self_pipe_us;
    double pool_job_us, pool_submit_us;
    double opcode_us; /* of asyncio's code, and of the harness's */
    double interpreter_start_us, interpreter_import_us, interpreter_end_us;
    double interpreter_call_us, process_job_us;
    double copy_mb_per_s, pickle_mb_per_s;
    /* Factors of fork_us, process_exit_us, process_start_us and process_bootstrap_us: of a
     * process, and of one that belongs to a pool. */
    double process_scale, pool_process_scale;
    /* For the naive predictor only: what the primitives say, 0 when there is none. */
    double process_start_join_us; /* proc_start */
    double interpreter_first_us;  /* ipe, first call */
};

/* Runs the engine some hundred times on small documents. ERR_NOMEM, or the document
 * reader's own error. */
int calibration_make(struct calibration *out, const struct measured *measured,
                     const char *build, struct err *err) WARN_UNUSED;

#endif
