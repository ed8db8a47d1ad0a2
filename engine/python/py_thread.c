/* SPDX-License-Identifier: MIT */
#include "engine/python/py_thread.h"

#include "engine/base/check.h"
#include "engine/python/py_thread_priv.h"

static void fetch(struct os_thread *os);

/* --- between actions ----------------------------------------------------------- */

void py_thread_finish(struct os_thread *os) { os_thread_work(os, 0, fetch); }

void py_thread_attach_and_finish(struct os_thread *os) {
    gil_take(GIL_CLIENT_OF(os), py_thread_check_and_finish);
}

void py_thread_check_and_finish(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (gil_count_opcode(thread->client.gil) && py_thread_is_due(thread)) {
        py_thread_check_point(thread, py_thread_finish);
    } else {
        py_thread_finish(os);
    }
}

void py_thread_wake_other(struct py_thread *thread, struct py_thread *other, os_fn then) {
    os_thread_wake(&other->client.os, thread->client.os.lane);
    py_thread_work(thread, py_thread_machine(thread)->futex_wake_ns, then);
}

void py_thread_main_first(struct os_thread *os) { gil_take(GIL_CLIENT_OF(os), fetch); }

/* Actions that take no time: done on the way to the next one. */
static void (*const at_once[ACTION_KIND_COUNT])(struct py_thread *thread) = {
    [ACTION_UNIT_BEGIN] = py_compute_begin_unit,
    [ACTION_UNIT_END] = py_compute_end_unit,
    [ACTION_SUBMIT] = py_call_begin,
    [ACTION_SET_RESULT] = py_call_begin,
    [ACTION_RESULT] = py_call_begin,
    [ACTION_PUT] = py_call_begin,
    [ACTION_TAKE] = py_call_begin,
    [ACTION_SEMAPHORE_ACQUIRE] = py_call_begin,
    [ACTION_SEMAPHORE_RELEASE] = py_call_begin,
    [ACTION_CONDITION_ENTER] = py_call_begin,
    [ACTION_CONDITION_EXIT] = py_call_begin,
    [ACTION_CONDITION_WAIT] = py_call_begin,
    [ACTION_CONDITION_NOTIFY] = py_call_begin,
    [ACTION_EVENT_WAIT] = py_call_begin,
    [ACTION_EVENT_SET] = py_call_begin,
    [ACTION_EVENT_CLEAR] = py_call_begin,
    [ACTION_EVENT_IS_SET] = py_call_begin,
    [ACTION_BARRIER_WAIT] = py_call_begin,
    [ACTION_QUEUE_PUT] = py_call_begin,
    [ACTION_QUEUE_GET] = py_call_begin,
    [ACTION_INTERPRETER_PUT] = py_call_begin,
    [ACTION_INTERPRETER_GET] = py_call_begin,
    [ACTION_USE] = py_call_begin,
};

static const os_fn begin[ACTION_KIND_COUNT] = {
    [ACTION_EXIT] = py_start_begin_exit,
    [ACTION_COMPUTE] = py_compute_begin,
    [ACTION_COMPUTE_CPU] = py_compute_begin_cpu,
    [ACTION_C_HELD] = py_compute_begin_c_held,
    [ACTION_C_RELEASED] = py_compute_begin_c_released,
    [ACTION_IO] = py_blocking_begin_io,
    [ACTION_SLEEP] = py_blocking_begin_sleep,
    [ACTION_START] = py_start_begin,
    [ACTION_JOIN] = py_start_begin_join,
    [ACTION_ACQUIRE] = py_lock_begin_acquire,
    [ACTION_RELEASE] = py_lock_begin_release,
    [ACTION_LOAD] = py_counter_begin_load,
    [ACTION_STORE] = py_counter_begin_store,
    [ACTION_REFER] = py_counter_begin_refer,
    [ACTION_TOUCH] = py_object_begin_touch,
    [ACTION_SEND] = py_peer_begin_send,
    [ACTION_RECV] = py_peer_begin_recv,
    [ACTION_INTERPRETER] = py_interpreter_begin,
    [ACTION_PIPE_WRITE] = py_pipe_begin_write,
    [ACTION_PIPE_READ] = py_pipe_begin_read,
    [ACTION_PIPE_WAIT] = py_pipe_begin_wait,
    [ACTION_ALLOCATE] = py_gc_begin_allocate,
    [ACTION_POLL] = py_blocking_begin_poll,
    [ACTION_WAKE_POLL] = py_blocking_begin_wake_poll,
};

/* The next action, from the innermost call or from the program. */
static void ask(struct py_thread *thread) {
    if (!py_call_next(thread)) {
        program_next(&thread->program, &thread->resume, &thread->action);
    }
    thread->resume = (struct resume){.status = RESUME_DONE};
}

/* An action that takes no time is over at once; it is a step of the simulation all the same.
 * False when the run must end. A function of its own, so that the others need no stack. */
__attribute__((noinline)) static bool do_at_once(struct py_thread *thread) {
    ASSERT(at_once[thread->action.kind] != NULL); /* awaits never reach a thread */
    at_once[thread->action.kind](thread);
    return sim_step(py_thread_sim(thread));
}

static void fetch(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->signals.pending_first != NULL) {
        py_signal_handle(thread, fetch);
        return;
    }
    os_fn first;
    do {
        ask(thread);
        first = begin[thread->action.kind];
    } while (first == NULL && do_at_once(thread));
    if (first != NULL) {
        ASSERT(thread->action.ns >= 0);
        thread->client.site = thread->action.site;
        first(os);
    }
}

struct py_thread *py_thread_create(struct world *world, struct process *process,
                                   const char *name, struct program program) {
    struct py_thread *thread = arena_alloc(&world->arena, 1, sizeof *thread);
    if (thread == NULL) {
        return NULL;
    }
    const lane_id lane = recorder_open_lane(
        world->sim.recorder, world->sim.now,
        &(struct lane_birth){
            LANE_THREAD, process->lane, name, {STATE_READY, LANE_NONE, SITE_NONE}});
    if (os_thread_init(&thread->client.os, &world->cpu, lane, py_thread_child_first) !=
        0) {
        return NULL;
    }
    thread->client.gil = &process->gil;
    if (process->gil.runtime->gil == GIL_NONE) {
        stop_world_add(&process->gil.stop_world, &thread->client);
    }
    thread->client.site = SITE_NONE;
    thread->world = world;
    thread->process = process;
    thread->program = program;
    thread->action.site = SITE_NONE;
    thread->resume = (struct resume){.status = RESUME_START, .value = lane};
    thread->cpu_target_ns = -1;
    thread->id = world_add_thread(world, thread);
    os_thread_set_noise(&thread->client.os, (uint32_t)thread->id);
    return thread->id < 0 ? NULL : thread;
}

void py_thread_begin_main(struct py_thread *thread) {
    thread->is_main = true;
    thread->started = true;
    thread->client.os.then = py_thread_main_first;
    os_thread_wake(&thread->client.os, LANE_NONE);
}
