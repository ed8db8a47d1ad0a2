/* SPDX-License-Identifier: MIT */
/* py_start - starting, joining and ending threads and processes. */
#include "engine/python/py_thread_priv.h"

#include "engine/base/check.h"

/* --- the child ----------------------------------------------------------------- */

static void begin_program(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->own_interpreter) {
        py_interpreter_begin_in_new(thread, py_thread_finish);
    } else {
        py_thread_finish(os);
    }
}

static void child_started(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->started = true;
    struct py_thread *starter = thread->other;
    thread->other = NULL;
    if (starter != NULL) { /* it has come to wait for the event */
        py_thread_wake_other(thread, starter, begin_program);
        return;
    }
    begin_program(os);
}

/* Python code before the target runs. */
static sim_ns bootstrap_ns(const struct runtime *runtime, enum process_birth birth) {
    switch (birth) {
    case BIRTH_FORK:
        return runtime->process_bootstrap_ns;
    case BIRTH_SPAWN:
        return runtime->spawn_start_ns + runtime->import_ns +
               runtime->process_bootstrap_ns;
    case BIRTH_SERVER:
        return runtime->spawn_start_ns;
    case BIRTH_BY_SERVER:
        return runtime->forkserver_start_ns + runtime->import_ns +
               runtime->process_bootstrap_ns;
    case BIRTH_THREAD:
        break;
    }
    return runtime->thread_bootstrap_ns;
}

static void child_bootstrap(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_run_python(thread, bootstrap_ns(py_thread_runtime(thread), thread->birth),
                         child_started);
}

void py_thread_child_first(struct os_thread *os) {
    gil_take(GIL_CLIENT_OF(os), child_bootstrap);
}

/* start(): waits for the child's event, detached. */
static void wait_for_child(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_thread *child = thread->other;
    if (child->started) {
        py_thread_attach_and_finish(os);
        return;
    }
    child->other = thread;
    py_thread_block(thread, STATE_WAIT_OBJECT, child->client.os.lane,
                    py_thread_attach_and_finish);
}

static void thread_started(struct os_thread *os) {
    py_thread_detach(PY_THREAD_OF(os), wait_for_child);
}

static void child_created(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct thread_spec *spec = thread->action.object;
    const bool new_process = spec->birth != BIRTH_THREAD;
    struct process *process =
        new_process ? world_add_process(thread->world, spec->name) : thread->process;
    struct py_thread *child =
        process == NULL
            ? NULL
            : py_thread_create(thread->world, process,
                               new_process ? "MainThread" : spec->name, spec->program);
    if (child == NULL) {
        world_fail_nomem(thread->world);
        return;
    }
    child->birth = spec->birth;
    if (spec->birth == BIRTH_SPAWN || spec->birth == BIRTH_SERVER) {
        process->has_own_memory = true;
    }
    child->own_interpreter = spec->new_interpreter;
    thread->other = child;
    thread->resume.value = child->id;
    spec->id = child->id;
    os_thread_wake(&child->client.os, thread->client.os.lane);
    if (new_process) {
        py_thread_finish(os); /* fork() returns; nobody waits for the child to run */
    } else {
        py_thread_run_python(thread, py_thread_runtime(thread)->thread_start_ns,
                             thread_started);
    }
}

static void create_child(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct thread_spec *spec = thread->action.object;
    py_thread_show(thread, STATE_RUNNING_C, LANE_NONE);
    py_thread_work(thread,
                   spec->birth != BIRTH_THREAD
                       ? py_thread_machine(thread)->fork_ns
                       : py_thread_machine(thread)->thread_create_ns,
                   child_created);
}

void py_start_begin(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct thread_spec *spec = thread->action.object;
    const struct runtime *runtime = py_thread_runtime(thread);
    const bool by_start = spec->birth == BIRTH_FORK || spec->birth == BIRTH_SPAWN;
    py_thread_run_python(thread, by_start ? runtime->process_start_ns : 0, create_child);
}

/* --- joining ------------------------------------------------------------------- */

static void wait_for_end(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->other->ended) {
        py_thread_attach_and_finish(os);
        return;
    }
    thread->next_waiter = thread->other->joiners;
    thread->other->joiners = thread;
    thread->joining = true;
    py_thread_block(thread, STATE_WAIT_OBJECT, thread->other->client.os.lane,
                    py_thread_attach_and_finish);
}

static void join_try(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->other->ended) {
        py_thread_finish(os);
    } else {
        py_thread_detach(thread, wait_for_end);
    }
}

/* --- signals during join() ----------------------------------------------------- */

static void look_at_signals(struct os_thread *os) {
    py_signal_handle(PY_THREAD_OF(os), join_try);
}

static void join_interrupted(struct os_thread *os) {
    gil_take(GIL_CLIENT_OF(os), look_at_signals);
}

void py_start_interrupt_join(struct py_thread *thread) {
    if (!thread->joining) {
        return; /* it looks when it fetches its next action */
    }
    thread->joining = false;
    struct py_thread **link = &thread->other->joiners;
    while (*link != thread) {
        link = &(*link)->next_waiter;
    }
    *link = thread->next_waiter;
    thread->client.os.then = join_interrupted;
    os_thread_wake(&thread->client.os, LANE_NONE);
}

void py_start_begin_join(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const int64_t id = thread->action.value;
    ASSERT(id >= 0 && (size_t)id < thread->world->thread_count);
    thread->other = thread->world->threads[id];
    py_thread_run_python(thread, py_thread_runtime(thread)->thread_join_ns, join_try);
}

/* With the main thread of such a process its process and its GIL are gone. */
static void close_process(const struct py_thread *thread) {
    struct sim *sim = py_thread_sim(thread);
    recorder_close_lane(sim->recorder, sim->now, thread->process->gil.lane);
    recorder_close_lane(sim->recorder, sim->now, thread->process->lane);
}

static void gone(struct os_thread *os) {
    os_thread_exit(os);
    if (PY_THREAD_OF(os)->birth != BIRTH_THREAD) {
        close_process(PY_THREAD_OF(os));
    } else if (PY_THREAD_OF(os)->process->is_interpreter) {
        const struct py_thread *thread = PY_THREAD_OF(os);
        recorder_close_lane(py_thread_sim(thread)->recorder, py_thread_sim(thread)->now,
                            thread->process->gil.lane);
    }
}

static void leave_interpreter(struct os_thread *os) {
    if (PY_THREAD_OF(os)->queued_objects > 0) { /* _Py_brc_remove_thread */
        brc_merge(PY_THREAD_OF(os), leave_interpreter);
        return;
    }
    PY_THREAD_OF(os)->left = true;
    gil_drop_at_exit(GIL_CLIENT_OF(os), gone);
}

/* Releases those who wait for the end, one after the other. */
static void release_joiners(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->ended = true;
    struct py_thread *joiner = thread->joiners;
    if (joiner == NULL) {
        leave_interpreter(os);
        return;
    }
    thread->joiners = joiner->next_waiter;
    joiner->joining = false;
    py_thread_wake_other(thread, joiner, release_joiners);
}

void py_start_begin_exit(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->is_main) {
        sim_stop(py_thread_sim(thread), SIM_FINISHED);
        return;
    }
    py_thread_work(
        thread,
        thread->birth != BIRTH_THREAD ? py_thread_machine(thread)->process_exit_ns : 0,
        release_joiners);
}
