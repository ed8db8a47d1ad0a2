/* SPDX-License-Identifier: MIT */
#include "engine/python/py_thread.h"

#include "engine/base/check.h"

/* Continuations get the thread as the scheduler knows it. */
#define PY_THREAD_OF(os_pointer) ((struct py_thread *)(void *)(os_pointer))

static void fetch(struct os_thread *os);
static void look_into_queue(struct os_thread *os);

/* --- small steps --------------------------------------------------------------- */

static struct sim *sim_of(const struct py_thread *thread) { return &thread->world->sim; }

static const struct machine *machine_of(const struct py_thread *thread) {
    return thread->world->cpu.machine;
}

static void show(struct py_thread *thread, enum lane_state state, lane_id resource) {
    os_thread_show(&thread->client.os,
                   (struct activity){state, resource, thread->action.site}, LANE_NONE);
}

static void block(struct py_thread *thread, enum lane_state state, lane_id resource,
                  os_fn then) {
    os_thread_block(&thread->client.os,
                    (struct activity){state, resource, thread->action.site}, then);
}

static void work(struct py_thread *thread, sim_ns ns, os_fn then) {
    os_thread_work(&thread->client.os, ns, then);
}

static void drop(struct py_thread *thread, os_fn then) {
    gil_drop(&thread->client, false, then);
}

/* The action is over: attached, with `resume` filled in. */
static void finish(struct os_thread *os) { os_thread_work(os, 0, fetch); }

static void take_and_finish(struct os_thread *os) { gil_take(GIL_CLIENT_OF(os), finish); }

static void timer_over(struct event *event) {
    os_thread_wake(OS_THREAD_OF(event, timer), LANE_NONE);
}

static void set_timer(struct py_thread *thread, sim_ns at) {
    thread->client.os.timer.fire = timer_over;
    sim_schedule(sim_of(thread), &thread->client.os.timer, at);
}

/* --- bytecode ------------------------------------------------------------------ */

static void compute(struct os_thread *os);

static void compute_again(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    show(thread, STATE_RUNNING, LANE_NONE);
    compute(os);
}

static void take_back(struct os_thread *os) {
    gil_take(GIL_CLIENT_OF(os), compute_again);
}

/* The end of a piece of bytecode is a check point. */
static void compute_pause(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->client.computing = false;
    thread->left_ns -= os->work_ns;
    if (gil_must_drop(&thread->client)) {
        gil_drop(&thread->client, true, take_back);
        return;
    }
    compute(os);
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
    if (gil_must_drop(&thread->client)) {
        const sim_ns check = gil_check_spacing(thread->client.gil);
        ns = ns < check ? ns : check;
    }
    thread->client.computing = true;
    work(thread, ns, compute_pause);
}

/* Runs `ns` of bytecode, then `after`. */
static void run_python(struct py_thread *thread, sim_ns ns, os_fn after) {
    thread->left_ns = ns;
    thread->cpu_target_ns = -1;
    thread->after = after;
    show(thread, STATE_RUNNING, LANE_NONE);
    compute(&thread->client.os);
}

static void begin_compute(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    run_python(thread, thread->action.ns, finish);
}

static void begin_compute_cpu(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->cpu_target_ns = sim_add(os_thread_cpu_clock(os), thread->action.ns);
    thread->after = finish;
    show(thread, STATE_RUNNING, LANE_NONE);
    compute(os);
}

/* --- C calls ------------------------------------------------------------------- */

/* After the call the interpreter passes a check point (3.9: next opcode; 3.12: CALL). */
static void c_held_end(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (gil_must_drop(&thread->client)) {
        gil_drop(&thread->client, true, take_and_finish);
        return;
    }
    finish(os);
}

static void begin_c_held(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    show(thread, STATE_RUNNING_C, LANE_NONE);
    work(thread, thread->action.ns, c_held_end);
}

static void c_released_run(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    show(thread, STATE_DETACHED, LANE_NONE);
    work(thread, thread->action.ns, take_and_finish);
}

static void begin_c_released(struct os_thread *os) {
    drop(PY_THREAD_OF(os), c_released_run);
}

/* --- blocking calls ------------------------------------------------------------ */

/* What is left of the wait once the system call has been entered. */
static sim_ns after_syscall(const struct py_thread *thread) {
    const sim_ns left = thread->action.ns - machine_of(thread)->syscall_ns;
    return left > 0 ? left : 0;
}

static void io_block(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const sim_ns left = after_syscall(thread);
    if (left == 0) {
        take_and_finish(os); /* the answer was there before the call could block */
        return;
    }
    set_timer(thread, sim_add(sim_of(thread)->now, left));
    block(thread, STATE_IO, LANE_NONE, take_and_finish);
}

static void io_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    show(thread, STATE_DETACHED, LANE_NONE);
    work(thread, machine_of(thread)->syscall_ns, io_block);
}

static void begin_io(struct os_thread *os) { drop(PY_THREAD_OF(os), io_enter); }

static void sleep_block(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    set_timer(thread, os_thread_timer_due(os, after_syscall(thread)));
    block(thread, STATE_SLEEP, LANE_NONE, take_and_finish);
}

static void sleep_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    show(thread, STATE_DETACHED, LANE_NONE);
    work(thread, machine_of(thread)->syscall_ns, sleep_block);
}

static void begin_sleep(struct os_thread *os) { drop(PY_THREAD_OF(os), sleep_enter); }

/* --- units of work ------------------------------------------------------------- */

static void begin_unit(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->began_ns = sim_of(thread)->now;
    finish(os);
}

static void end_unit(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    histogram_add(&thread->world->tally.latency, sim_of(thread)->now - thread->began_ns);
    finish(os);
}

/* --- starting and joining ------------------------------------------------------ */

/* Wakes a blocked thread at the price of a futex wake; `then` follows. */
static void wake_other(struct py_thread *thread, struct py_thread *other, os_fn then) {
    os_thread_wake(&other->client.os, thread->client.os.lane);
    work(thread, machine_of(thread)->futex_wake_ns, then);
}

static void child_started(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->started = true;
    struct py_thread *starter = thread->other;
    thread->other = NULL;
    if (starter != NULL) { /* it has come to wait for the event */
        wake_other(thread, starter, fetch);
        return;
    }
    finish(os);
}

static void child_bootstrap(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct runtime *runtime = thread->process->gil.runtime;
    run_python(thread,
               thread->forked ? runtime->process_bootstrap_ns
                              : runtime->thread_bootstrap_ns,
               child_started);
}

static void child_first(struct os_thread *os) {
    gil_take(GIL_CLIENT_OF(os), child_bootstrap);
}

static void main_first(struct os_thread *os) { gil_take(GIL_CLIENT_OF(os), fetch); }

/* start(): waits for the child's event, detached. */
static void wait_for_child(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_thread *child = thread->other;
    if (child->started) {
        take_and_finish(os);
        return;
    }
    child->other = thread;
    block(thread, STATE_WAIT_OBJECT, child->client.os.lane, take_and_finish);
}

static void child_created(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct thread_spec *spec = thread->action.object;
    struct process *process = spec->new_process
                                  ? world_add_process(thread->world, spec->name)
                                  : thread->process;
    struct py_thread *child =
        process == NULL ? NULL
                        : py_thread_create(thread->world, process,
                                           spec->new_process ? "MainThread" : spec->name,
                                           spec->program);
    if (child == NULL) {
        world_fail_nomem(thread->world);
        return;
    }
    child->forked = spec->new_process;
    thread->other = child;
    thread->resume.value = child->id;
    spec->id = child->id;
    os_thread_wake(&child->client.os, thread->client.os.lane);
    if (spec->new_process) {
        finish(os); /* fork() returns; nobody waits for the child to run */
    } else {
        drop(thread, wait_for_child);
    }
}

static void create_child(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct thread_spec *spec = thread->action.object;
    show(thread, STATE_RUNNING_C, LANE_NONE);
    work(thread,
         spec->new_process ? machine_of(thread)->fork_ns
                           : machine_of(thread)->thread_create_ns,
         child_created);
}

static void begin_start(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct thread_spec *spec = thread->action.object;
    const struct runtime *runtime = thread->process->gil.runtime;
    run_python(thread,
               spec->new_process ? runtime->process_start_ns : runtime->thread_start_ns,
               create_child);
}

static void wait_for_end(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->other->ended) {
        take_and_finish(os);
        return;
    }
    thread->next_waiter = thread->other->joiners;
    thread->other->joiners = thread;
    block(thread, STATE_WAIT_OBJECT, thread->other->client.os.lane, take_and_finish);
}

static void join_try(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->other->ended) {
        finish(os);
    } else {
        drop(thread, wait_for_end);
    }
}

static void begin_join(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const int64_t id = thread->action.value;
    ASSERT(id >= 0 && (size_t)id < thread->world->thread_count);
    thread->other = thread->world->threads[id];
    run_python(thread, thread->process->gil.runtime->thread_join_ns, join_try);
}

static void gone(struct os_thread *os) { os_thread_exit(os); }

static void leave_interpreter(struct os_thread *os) {
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
    wake_other(thread, joiner, release_joiners);
}

static void begin_exit(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->is_main) {
        sim_stop(sim_of(thread), SIM_FINISHED);
        return;
    }
    work(thread, thread->forked ? machine_of(thread)->process_exit_ns : 0,
         release_joiners);
}

/* --- queues and pools ---------------------------------------------------------- */

static void queue_put(struct py_thread *thread, struct py_queue *queue, int64_t value,
                      os_fn then) {
    if (py_queue_push(queue, value) != 0) {
        world_fail_nomem(thread->world);
        return;
    }
    struct py_thread *taker = queue->waiting_first;
    if (taker == NULL) {
        work(thread, 0, then);
        return;
    }
    queue->waiting_first = taker->next_waiter;
    if (queue->waiting_first == NULL) {
        queue->waiting_last = NULL;
    }
    wake_other(thread, taker, then);
}

static void begin_put(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    queue_put(thread, thread->action.object, thread->action.value, finish);
}

static void look_again(struct os_thread *os) {
    gil_take(GIL_CLIENT_OF(os), look_into_queue);
}

static void wait_for_item(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_queue *queue = thread->action.object;
    if (queue->count > 0) {
        look_again(os); /* something came while the GIL was given up */
        return;
    }
    thread->next_waiter = NULL;
    if (queue->waiting_last == NULL) {
        queue->waiting_first = thread;
    } else {
        queue->waiting_last->next_waiter = thread;
    }
    queue->waiting_last = thread;
    block(thread, STATE_IDLE, LANE_NONE, look_again);
}

static void look_into_queue(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_queue *queue = thread->action.object;
    if (py_queue_pop(queue, &thread->resume.value)) {
        finish(os);
    } else {
        drop(thread, wait_for_item);
    }
}

/* value = 1: a pool's worker that has finished an item says first that it is idle. */
static void begin_take(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->action.value == 1) {
        struct pool *pool = thread->action.object; /* its queue is its first member */
        pool->idle++;
    }
    look_into_queue(os);
}

static void adjust_workers(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct pool *pool = thread->action.object;
    if (pool->idle > 0) {
        pool->idle--;
    } else if (pool->workers < pool->max_workers) {
        thread->action.object = &pool->worker_specs[pool->workers++];
        begin_start(os);
        return;
    }
    finish(os);
}

static void submit_put(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct pool *pool = thread->action.object;
    queue_put(thread, &pool->queue, thread->action.value, adjust_workers);
}

static void begin_submit(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    run_python(thread, thread->process->gil.runtime->pool_submit_ns, submit_put);
}

/* --- the selector of an event loop --------------------------------------------- */

static void poll_over(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct selector *selector = thread->action.object;
    thread->resume.status = selector->ready ? RESUME_DONE : RESUME_TIMED_OUT;
    take_and_finish(os);
}

static void poll_timeout(struct event *event) {
    struct os_thread *os = OS_THREAD_OF(event, timer);
    ((struct selector *)PY_THREAD_OF(os)->action.object)->poller = NULL;
    os_thread_wake(os, LANE_NONE);
}

static void poll_block(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct selector *selector = thread->action.object;
    if (selector->ready || thread->action.ns == 0) {
        poll_over(os);
        return;
    }
    selector->poller = thread;
    if (thread->action.ns != SIM_NEVER) {
        thread->client.os.timer.fire = poll_timeout;
        sim_schedule(sim_of(thread), &thread->client.os.timer,
                     os_thread_timer_due(os, thread->action.ns));
    }
    block(thread, STATE_IO, selector->lane, poll_over);
}

/* select() always detaches, also with time-out 0 (Modules/selectmodule.c). */
static void poll_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    show(thread, STATE_DETACHED, LANE_NONE);
    work(thread, machine_of(thread)->syscall_ns, poll_block);
}

static void begin_poll(struct os_thread *os) { drop(PY_THREAD_OF(os), poll_enter); }

void selector_set_ready(struct selector *selector, lane_id by) {
    selector->ready = true;
    struct py_thread *poller = selector->poller;
    if (poller != NULL) {
        selector->poller = NULL;
        sim_cancel_event(sim_of(poller), &poller->client.os.timer);
        os_thread_wake(&poller->client.os, by);
    }
}

static void wake_poll_sent(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    selector_set_ready(thread->action.object, os->lane);
    take_and_finish(os);
}

static void wake_poll_send(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    show(thread, STATE_DETACHED, LANE_NONE);
    work(thread, machine_of(thread)->syscall_ns, wake_poll_sent);
}

static void begin_wake_poll(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct selector *selector = thread->action.object;
    selector->deliver(selector, thread->action.value);
    drop(thread, wake_poll_send);
}

/* --- fetching ------------------------------------------------------------------ */

static const os_fn begin[ACTION_KIND_COUNT] = {
    [ACTION_EXIT] = begin_exit,
    [ACTION_COMPUTE] = begin_compute,
    [ACTION_COMPUTE_CPU] = begin_compute_cpu,
    [ACTION_C_HELD] = begin_c_held,
    [ACTION_C_RELEASED] = begin_c_released,
    [ACTION_IO] = begin_io,
    [ACTION_SLEEP] = begin_sleep,
    [ACTION_UNIT_BEGIN] = begin_unit,
    [ACTION_UNIT_END] = end_unit,
    [ACTION_START] = begin_start,
    [ACTION_JOIN] = begin_join,
    [ACTION_SUBMIT] = begin_submit,
    [ACTION_PUT] = begin_put,
    [ACTION_TAKE] = begin_take,
    [ACTION_POLL] = begin_poll,
    [ACTION_WAKE_POLL] = begin_wake_poll,
};

static void fetch(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    program_next(&thread->program, &thread->resume, &thread->action);
    thread->resume = (struct resume){.status = RESUME_DONE};
    thread->client.site = thread->action.site;
    const os_fn first = begin[thread->action.kind];
    ASSERT(first != NULL && thread->action.ns >= 0); /* awaits never reach a thread */
    first(os);
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
    if (os_thread_init(&thread->client.os, &world->cpu, lane, child_first) != 0) {
        return NULL;
    }
    thread->client.gil = &process->gil;
    thread->client.site = SITE_NONE;
    thread->world = world;
    thread->process = process;
    thread->program = program;
    thread->action.site = SITE_NONE;
    thread->resume = (struct resume){RESUME_START, lane};
    thread->cpu_target_ns = -1;
    thread->id = world_add_thread(world, thread);
    return thread->id < 0 ? NULL : thread;
}

void py_thread_begin_main(struct py_thread *thread) {
    thread->is_main = true;
    thread->started = true;
    thread->client.os.then = main_first;
    os_thread_wake(&thread->client.os, LANE_NONE);
}
