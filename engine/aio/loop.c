/* SPDX-License-Identifier: MIT */
#include "engine/aio/loop.h"

#include "engine/aio/executor.h"
#include "engine/base/check.h"

enum handle_kind {
    HANDLE_STEP,      /* Task.__step or __wakeup */
    HANDLE_RESULT,    /* future.set_result: the task's step follows */
    HANDLE_TIMER,     /* the same, from a timer */
    HANDLE_DONE,      /* gather's done callback of a task that has ended */
    HANDLE_SELF_PIPE, /* _read_from_self */
    HANDLE_MAIN       /* the main coroutine goes on after gather */
};

struct handle {
    struct handle *next;
    enum handle_kind kind;
};

struct aio_task {
    struct handle handle; /* first member; a task has at most one handle at a time */
    struct aio_loop *loop;
    struct program program;
    struct resume resume;
    struct event io;    /* the outside world answers */
    struct event timer; /* in loop->timers, never in the simulation's queue */
    sim_ns due_ns;
    sim_ns began_ns;            /* of the present unit of work */
    struct aio_task *next_task; /* answered, or waiting for the semaphore */
    lane_id woken_by;           /* the thread that set its future; LANE_NONE */
    const char *name;
    lane_id lane;
};

struct task_queue {
    struct aio_task *first, *last;
};

/* What the loop does next, when its thread asks. True = `action` is filled in. */
typedef bool (*phase_fn)(struct aio_loop *loop, const struct resume *resume,
                         struct action *action);

struct aio_loop {
    struct selector selector; /* first member */
    struct world *world;
    phase_fn phase;
    struct handle *ready_first, *ready_last;
    uint64_t ready_count, todo;
    struct handle *current; /* being run */
    struct handle main, self_pipe;
    struct task_queue answered; /* I/O that has completed and was not reported yet */
    struct task_queue reported; /* ... that the last select reported */
    bool pipe_reported;         /* the self-pipe was readable when it returned */
    struct event_queue timers;  /* call_later's heap, by time, then in order of calls */
    struct task_queue semaphore;
    uint32_t permits;
    struct aio_task *tasks;
    uint32_t task_count, task_capacity, tasks_left;
    struct aio_executor *executor; /* default executor, made by the first to_thread */
    uint32_t joined;
    bool finished;
};

static bool start(struct aio_loop *loop, const struct resume *resume,
                  struct action *action);
static bool iterate(struct aio_loop *loop, const struct resume *resume,
                    struct action *action);
static bool run_handles(struct aio_loop *loop, const struct resume *resume,
                        struct action *action);
static bool step_task(struct aio_loop *loop, const struct resume *resume,
                      struct action *action);

static const struct runtime *runtime_of(const struct aio_loop *loop) {
    return &loop->world->plan->runtime;
}

static sim_ns now(const struct aio_loop *loop) { return loop->world->sim.now; }

/* --- lanes --------------------------------------------------------------------- */

static void show_loop(struct aio_loop *loop, enum lane_state state, lane_id task) {
    sim_switch(&loop->world->sim, loop->selector.lane,
               (struct activity){state, task, SITE_NONE}, LANE_NONE);
}

static void show_task(struct aio_task *task, enum lane_state state, site_id site,
                      lane_id by) {
    sim_switch(&task->loop->world->sim, task->lane,
               (struct activity){state, task->loop->selector.lane, site}, by);
}

/* --- ready queue --------------------------------------------------------------- */

static void call_soon(struct aio_loop *loop, struct handle *handle,
                      enum handle_kind kind) {
    handle->kind = kind;
    handle->next = NULL;
    if (loop->ready_last == NULL) {
        loop->ready_first = handle;
    } else {
        loop->ready_last->next = handle;
    }
    loop->ready_last = handle;
    loop->ready_count++;
}

static struct handle *pop_ready(struct aio_loop *loop) {
    struct handle *handle = loop->ready_first;
    loop->ready_first = handle->next;
    if (loop->ready_first == NULL) {
        loop->ready_last = NULL;
    }
    loop->ready_count--;
    return handle;
}

/* The task's next step is ready to run; `by` is what made it so. */
static void schedule_step(struct aio_task *task, lane_id by) {
    show_task(task, STATE_READY, SITE_NONE, by);
    call_soon(task->loop, &task->handle, HANDLE_STEP);
}

static void task_queue_push(struct task_queue *queue, struct aio_task *task) {
    task->next_task = NULL;
    if (queue->last == NULL) {
        queue->first = task;
    } else {
        queue->last->next_task = task;
    }
    queue->last = task;
}

static struct aio_task *task_queue_pop(struct task_queue *queue) {
    struct aio_task *task = queue->first;
    if (task != NULL) {
        queue->first = task->next_task;
        if (queue->first == NULL) {
            queue->last = NULL;
        }
    }
    return task;
}

/* --- what happens to the loop from outside ------------------------------------- */

static void io_answered(struct event *event) {
    struct aio_task *task =
        (struct aio_task *)(void *)((char *)event - offsetof(struct aio_task, io));
    task_queue_push(&task->loop->answered, task);
    selector_set_ready(&task->loop->selector, LANE_NONE);
}

/* call_soon_threadsafe(future.set_result), by a worker of the executor. */
static void deliver(struct selector *selector, int64_t value, lane_id by) {
    struct aio_loop *loop = (struct aio_loop *)(void *)selector;
    loop->tasks[value].woken_by = by;
    call_soon(loop, &loop->tasks[value].handle, HANDLE_RESULT);
}

/* select() returns. */
static void report(struct selector *selector) {
    struct aio_loop *loop = (struct aio_loop *)(void *)selector;
    loop->reported = loop->answered;
    loop->answered = (struct task_queue){0};
    loop->pipe_reported = selector->bytes > 0;
}

/* --- one iteration ------------------------------------------------------------- */

static bool compute(struct action *action, sim_ns ns) {
    action->kind = ACTION_COMPUTE;
    action->ns = ns;
    return true;
}

static const sim_ns LONGEST_SELECT_NS = 86400 * NS_PER_S; /* MAXIMUM_SELECT_TIMEOUT */

/* Whole milliseconds, upward (EpollSelector.select). */
static sim_ns select_timeout(const struct aio_loop *loop) {
    const sim_ns next = event_queue_next(&loop->timers);
    if (loop->ready_count > 0) {
        return 0;
    }
    if (next == SIM_NEVER) {
        return SIM_NEVER;
    }
    sim_ns wait = next > now(loop) ? next - now(loop) : 0;
    wait = wait < LONGEST_SELECT_NS ? wait : LONGEST_SELECT_NS;
    return (wait + NS_PER_MS - 1) / NS_PER_MS * NS_PER_MS;
}

static void collect_answers(struct aio_loop *loop) {
    for (struct aio_task *task; (task = task_queue_pop(&loop->reported)) != NULL;) {
        call_soon(loop, &task->handle, HANDLE_RESULT);
    }
    if (loop->pipe_reported) {
        loop->pipe_reported = false;
        call_soon(loop, &loop->self_pipe, HANDLE_SELF_PIPE);
    }
}

static void collect_timers(struct aio_loop *loop) {
    while (event_queue_next(&loop->timers) <= now(loop)) {
        sim_ns due;
        struct event *event = event_queue_pop(&loop->timers, &due);
        struct aio_task *task =
            (struct aio_task *)(void *)((char *)event - offsetof(struct aio_task, timer));
        call_soon(loop, &task->handle, HANDLE_TIMER);
    }
}

static bool collect(struct aio_loop *loop, const struct resume *resume,
                    struct action *action) {
    (void)resume;
    (void)action;
    sim_switch(&loop->world->sim, loop->selector.lane,
               (struct activity){STATE_CALLBACK, LANE_NONE, SITE_NONE},
               loop->selector.woken_by);
    loop->selector.woken_by = LANE_NONE;
    collect_answers(loop);
    collect_timers(loop);
    loop->todo = loop->ready_count;
    loop->phase = run_handles;
    return false;
}

static bool poll(struct aio_loop *loop, const struct resume *resume,
                 struct action *action) {
    (void)resume;
    show_loop(loop, STATE_POLL, LANE_NONE);
    action->kind = ACTION_POLL;
    action->object = &loop->selector;
    action->ns = select_timeout(loop);
    loop->phase = collect;
    return true;
}

static bool iterate(struct aio_loop *loop, const struct resume *resume,
                    struct action *action) {
    (void)resume;
    show_loop(loop, STATE_CALLBACK, LANE_NONE);
    loop->world->tally.loop_iterations++;
    loop->phase = poll;
    return compute(action, runtime_of(loop)->loop_iteration_ns);
}

/* --- handles ------------------------------------------------------------------- */

/* recv() on the self-pipe: once with data, once with EAGAIN; each detaches. */
static bool read_pipe_again(struct aio_loop *loop, const struct resume *resume,
                            struct action *action) {
    (void)resume;
    action->kind = ACTION_C_RELEASED;
    action->ns = loop->world->plan->machine.syscall_ns;
    loop->phase = run_handles;
    return true;
}

static bool read_pipe(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    loop->selector.bytes = 0;
    loop->selector.ready = loop->answered.first != NULL;
    read_pipe_again(loop, resume, action);
    loop->phase = read_pipe_again;
    return true;
}

static void count_lag(struct aio_loop *loop, const struct aio_task *task) {
    const sim_ns lag = now(loop) - task->due_ns;
    histogram_add(&loop->world->tally.loop_lag, lag);
    if (lag > NS_PER_MS) {
        sim_instant(&loop->world->sim, loop->selector.lane, INSTANT_LATE_TIMER,
                    task->lane);
    }
}

/* Runs the callback of loop->current; the price of the handle has been paid. */
static bool call_back(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    struct aio_task *task = (struct aio_task *)(void *)loop->current;
    loop->phase = run_handles;
    switch (loop->current->kind) {
    case HANDLE_STEP:
        show_loop(loop, STATE_CALLBACK, task->lane);
        show_task(task, STATE_RUNNING, SITE_NONE, LANE_NONE);
        loop->phase = step_task;
        return step_task(loop, &task->resume, action);
    case HANDLE_TIMER:
        count_lag(loop, task);
        schedule_step(task, LANE_NONE);
        return false;
    case HANDLE_RESULT:
        schedule_step(task, task->woken_by);
        task->woken_by = LANE_NONE;
        return false;
    case HANDLE_DONE:
        if (--loop->tasks_left == 0) {
            call_soon(loop, &loop->main, HANDLE_MAIN);
        }
        return false;
    case HANDLE_SELF_PIPE:
        return read_pipe(loop, resume, action);
    case HANDLE_MAIN:
        loop->finished = true;
        return false;
    }
    return false;
}

static sim_ns handle_price(const struct aio_loop *loop, enum handle_kind kind) {
    const struct runtime *runtime = runtime_of(loop);
    return runtime->loop_handle_ns +
           (kind == HANDLE_STEP || kind == HANDLE_MAIN ? runtime->task_step_ns : 0) +
           (kind == HANDLE_SELF_PIPE ? runtime->self_pipe_ns : 0);
}

/* shutdown_default_executor(): one sentinel, then every worker is joined. */
static bool join_workers(struct aio_loop *loop, const struct resume *resume,
                         struct action *action) {
    (void)resume;
    if (loop->executor != NULL && loop->joined < aio_executor_workers(loop->executor)) {
        action->kind = ACTION_JOIN;
        action->value = aio_executor_worker_id(loop->executor, loop->joined++);
        return true;
    }
    recorder_close_lane(loop->world->sim.recorder, now(loop), loop->selector.lane);
    action->kind = ACTION_EXIT;
    return true;
}

static bool shut_down(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    if (loop->executor == NULL) {
        return join_workers(loop, resume, action);
    }
    aio_executor_stop(loop->executor, action);
    loop->phase = join_workers;
    return true;
}

static bool run_handles(struct aio_loop *loop, const struct resume *resume,
                        struct action *action) {
    (void)resume;
    if (loop->todo == 0) {
        loop->phase = loop->finished ? shut_down : iterate;
        /* Making a loop and closing it: half the price before, half after. */
        return loop->finished && compute(action, runtime_of(loop)->loop_start_ns / 2);
    }
    loop->todo--;
    loop->current = pop_ready(loop);
    show_loop(loop, STATE_CALLBACK, LANE_NONE);
    loop->phase = call_back;
    return compute(action, handle_price(loop, loop->current->kind));
}

/* --- tasks --------------------------------------------------------------------- */

static void suspend(struct aio_task *task, enum lane_state state,
                    const struct action *action) {
    show_task(task, state, action->site, LANE_NONE);
    task->resume = (struct resume){.status = RESUME_DONE};
    task->loop->phase = run_handles;
}

static bool await_io(struct aio_task *task, struct action *action) {
    suspend(task, STATE_AWAIT_IO, action);
    struct sim *sim = &task->loop->world->sim;
    sim_schedule(sim, &task->io, sim_add(sim->now, action->ns));
    return false;
}

static bool await_sleep(struct aio_task *task, struct action *action) {
    struct aio_loop *loop = task->loop;
    if (action->ns == 0) { /* a bare yield */
        suspend(task, STATE_READY, action);
        call_soon(loop, &task->handle, HANDLE_STEP);
        return false;
    }
    suspend(task, STATE_AWAIT_TIMER, action);
    task->due_ns = sim_add(now(loop), action->ns);
    event_queue_push(&loop->timers, &task->timer, task->due_ns);
    return compute(action, runtime_of(loop)->call_later_ns);
}

static bool await_thread(struct aio_task *task, struct action *action) {
    struct aio_loop *loop = task->loop;
    suspend(task, STATE_AWAIT_FUTURE, action);
    if (loop->executor == NULL) {
        loop->executor =
            aio_executor_create(loop->world, &loop->selector, loop->task_count);
        if (loop->executor == NULL) {
            world_fail_nomem(loop->world);
            return compute(action, 0); /* the run has ended */
        }
    }
    aio_executor_submit(loop->executor, action->object, (uint32_t)(task - loop->tasks),
                        action);
    return true;
}

static bool await_acquire(struct aio_task *task, const struct action *action) {
    struct aio_loop *loop = task->loop;
    if (loop->permits > 0) {
        loop->permits--;
        return true;
    }
    suspend(task, STATE_AWAIT_LOCK, action);
    task_queue_push(&loop->semaphore, task);
    return false;
}

/* 3.11+: the permit goes to the first waiter, newcomers cannot take it in between. */
static void release_permit(struct aio_task *task) {
    struct aio_loop *loop = task->loop;
    struct aio_task *waiter = task_queue_pop(&loop->semaphore);
    if (waiter == NULL) {
        loop->permits++;
    } else {
        schedule_step(waiter, task->lane);
    }
}

static void end_task(struct aio_task *task) {
    struct aio_loop *loop = task->loop;
    recorder_close_lane(loop->world->sim.recorder, now(loop), task->lane);
    call_soon(loop, &task->handle, HANDLE_DONE);
    loop->phase = run_handles;
}

/* Actions of a task that only concern the loop: true = go on with the task's next action.
 */
static bool do_for_task(struct aio_task *task, const struct action *action) {
    switch (action->kind) {
    case ACTION_UNIT_BEGIN:
        task->began_ns = now(task->loop);
        return true;
    case ACTION_UNIT_END:
        histogram_add(&task->loop->world->tally.latency,
                      now(task->loop) - task->began_ns);
        return true;
    case ACTION_LET_GO:
        release_permit(task);
        return true;
    case ACTION_AWAIT_ACQUIRE:
        return await_acquire(task, action);
    default:
        return false;
    }
}

/* Asks the task for actions until one is for the thread, or the task is suspended. */
static bool step_task(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    struct aio_task *task = (struct aio_task *)(void *)loop->current;
    struct resume answer = *resume;
    for (;;) {
        program_next(&task->program, &answer, action);
        answer = (struct resume){.status = RESUME_DONE};
        if (do_for_task(task, action)) {
            if (!sim_step(&loop->world->sim)) {
                return compute(action, 0); /* the run ends: back to the scheduler */
            }
            continue;
        }
        break;
    }
    switch (action->kind) {
    case ACTION_AWAIT_ACQUIRE:
        return false; /* suspended by do_for_task() */
    case ACTION_AWAIT_IO:
        return await_io(task, action);
    case ACTION_AWAIT_SLEEP:
        return await_sleep(task, action);
    case ACTION_AWAIT_THREAD:
        return await_thread(task, action);
    case ACTION_EXIT:
        end_task(task);
        return false;
    default:
        show_task(task, STATE_RUNNING, action->site, LANE_NONE);
        return true;
    }
}

/* --- life ---------------------------------------------------------------------- */

static void loop_next(void *state, const struct resume *resume, struct action *action) {
    struct aio_loop *loop = state;
    for (;;) {
        *action = (struct action){.kind = ACTION_EXIT, .site = SITE_NONE};
        if (loop->phase(loop, resume, action)) {
            return;
        }
    }
}

static const struct program_ops loop_ops = {
    .next = loop_next,
    .state_size = sizeof(struct aio_loop),
};

/* asyncio.run(): a loop is made, the main coroutine creates the tasks and gathers them.
 */
static bool start(struct aio_loop *loop, const struct resume *resume,
                  struct action *action) {
    struct sim *sim = &loop->world->sim;
    const lane_id thread = (lane_id)resume->value;
    loop->selector.lane = recorder_open_lane(
        sim->recorder, sim->now,
        &(struct lane_birth){
            LANE_LOOP, thread, "event loop", {STATE_CALLBACK, LANE_NONE, SITE_NONE}});
    for (uint32_t i = 0; i < loop->task_count; i++) {
        struct aio_task *task = &loop->tasks[i];
        task->lane = recorder_open_lane(
            sim->recorder, sim->now,
            &(struct lane_birth){LANE_TASK,
                                 loop->selector.lane,
                                 task->name,
                                 {STATE_READY, loop->selector.lane, SITE_NONE}});
        task->resume = (struct resume){RESUME_START, task->lane};
        call_soon(loop, &task->handle, HANDLE_STEP);
    }
    if (loop->task_count == 0) {
        call_soon(loop, &loop->main, HANDLE_MAIN);
    }
    const struct runtime *runtime = runtime_of(loop);
    loop->phase = iterate;
    return compute(action, runtime->loop_start_ns / 2 +
                               (sim_ns)loop->task_count * runtime->task_create_ns);
}

struct aio_loop *aio_loop_create(const struct aio_loop_spec *spec) {
    struct world *world = spec->world;
    struct aio_loop *loop = arena_alloc(&world->arena, 1, sizeof *loop);
    if (loop == NULL) {
        return NULL;
    }
    *loop = (struct aio_loop){
        .selector = {.lane = LANE_NONE,
                     .woken_by = LANE_NONE,
                     .report = report,
                     .deliver = deliver},
        .world = world,
        .phase = start,
        .permits = spec->permits,
        .task_capacity = spec->task_count,
        .tasks_left = spec->task_count,
    };
    loop->tasks = arena_alloc(&world->arena, spec->task_count, sizeof *loop->tasks);
    struct event_key *keys = arena_alloc(&world->arena, spec->task_count, sizeof *keys);
    if (loop->tasks == NULL || keys == NULL ||
        event_queue_reserve(&world->sim.queue, spec->task_count) != 0) {
        return NULL;
    }
    event_queue_borrow(&loop->timers, keys, spec->task_count);
    return loop;
}

void aio_loop_add_task(struct aio_loop *loop, const struct aio_task_spec *spec) {
    ASSERT(loop->task_count < loop->task_capacity);
    struct aio_task *task = &loop->tasks[loop->task_count++];
    *task = (struct aio_task){
        .loop = loop,
        .program = spec->program,
        .name = spec->name,
        .lane = LANE_NONE,
        .woken_by = LANE_NONE,
        .io = {.fire = io_answered, .priority = PRIORITY_WORLD},
    };
}

struct program aio_loop_program(struct aio_loop *loop) {
    return (struct program){&loop_ops, loop};
}
