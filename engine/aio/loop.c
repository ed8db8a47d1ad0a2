/* SPDX-License-Identifier: MIT */
#include "engine/aio/loop.h"

#include "engine/aio/aio_priv.h"
#include "engine/aio/thread_executor.h"
#include "engine/base/check.h"

static bool iterate(struct aio_loop *loop, const struct resume *resume,
                    struct action *action);

/* Simplified: as base_events.py has it, whatever the version (constants since 3.4.3). */
enum { MIN_SCHEDULED_TIMER_HANDLES = 100 };

static const sim_ns SLOW_CALLBACK_NS = 100 * NS_PER_MS; /* slow_callback_duration */

void aio_loop_show(struct aio_loop *loop, enum lane_state state, lane_id task) {
    sim_switch(aio_sim(loop), loop->selector.lane,
               (struct activity){state, task, SITE_NONE}, LANE_NONE);
}

/* --- ready queue --------------------------------------------------------------- */

void aio_call_soon(struct aio_loop *loop, struct aio_handle *handle,
                   enum aio_handle_kind kind) {
    handle->kind = (uint8_t)kind;
    handle->next = NULL;
    if (loop->ready.last == NULL) {
        loop->ready.first = handle;
    } else {
        loop->ready.last->next = handle;
    }
    loop->ready.last = handle;
    loop->ready.count++;
}

static struct aio_handle *pop_ready(struct aio_queue *ready) {
    struct aio_handle *handle = ready->first;
    ready->first = handle->next;
    if (ready->first == NULL) {
        ready->last = NULL;
    }
    ready->count--;
    return handle;
}

/* --- timers -------------------------------------------------------------------- */

void aio_call_at(struct aio_future *future, enum aio_handle_kind kind, sim_ns due) {
    future->handle.kind = (uint8_t)kind;
    future->due_ns = due;
    future->cancelled = false;
    future->users++;
    event_queue_push(&future->loop->timers, &future->event, due);
}

/* libuv counts from the time that it read last. */
sim_ns aio_timer_due(const struct aio_loop *loop, sim_ns ns) {
    if (!aio_runtime(loop)->uvloop) {
        return sim_add(aio_now(loop), ns);
    }
    return sim_add(loop->cached_now, (ns + NS_PER_MS / 2) / NS_PER_MS * NS_PER_MS);
}

/* uv__update_time() */
static void update_time(struct aio_loop *loop) {
    loop->cached_now = aio_now(loop) / NS_PER_MS * NS_PER_MS;
}

void aio_cancel_timer(struct aio_future *future) {
    if (!future->cancelled) {
        future->cancelled = true;
        future->loop->timers_cancelled += event_is_pending(&future->event);
    }
}

static bool is_cancelled(struct event *event) {
    return FUTURE_OF(event, event)->cancelled;
}

static bool drop_if_cancelled(struct event *event) {
    const bool cancelled = is_cancelled(event);
    if (cancelled) {
        aio_future_release(FUTURE_OF(event, event));
    }
    return cancelled;
}

/* Returns what that costs. */
static sim_ns drop_cancelled(struct aio_loop *loop) {
    struct event_queue *timers = &loop->timers;
    const size_t count = event_queue_count(timers);
    if (count > MIN_SCHEDULED_TIMER_HANDLES && 2 * loop->timers_cancelled > count) {
        event_queue_filter(timers, drop_if_cancelled);
        loop->timers_cancelled = 0;
        return (sim_ns)count * aio_runtime(loop)->timer_clean_ns;
    }
    while (event_queue_count(timers) > 0 &&
           is_cancelled(event_queue_first(timers)->event)) {
        sim_ns due;
        drop_if_cancelled(event_queue_pop(timers, &due));
        loop->timers_cancelled -= loop->timers_cancelled > 0;
    }
    return 0;
}

/* --- what happens to the loop from outside ------------------------------------- */

/* call_soon_threadsafe(future.set_result), by a worker of the executor. */
static void deliver(struct selector *selector, int64_t value, lane_id by) {
    struct aio_loop *loop = (struct aio_loop *)(void *)selector;
    struct aio_future *future = aio_executor_take_result(loop->executor, (uint32_t)value);
    future->handle.lane = by;
    aio_call_soon(loop, &future->handle, HANDLE_RESULT);
}

/* select() returns. */
static void report(struct selector *selector) {
    struct aio_loop *loop = (struct aio_loop *)(void *)selector;
    for (struct aio_future *future; (future = loop->answered.first) != NULL;) {
        aio_deque_remove(future);
        aio_deque_append(&loop->reported, future);
    }
    loop->pipe_reported = selector->bytes > 0;
    aio_streams_report(loop);
}

/* --- one iteration ------------------------------------------------------------- */

static const sim_ns LONGEST_SELECT_NS = 86400 * NS_PER_S; /* MAXIMUM_SELECT_TIMEOUT */

/* Whole milliseconds, upward, with epoll (EpollSelector.select). */
static sim_ns select_timeout(const struct aio_loop *loop) {
    const sim_ns next = event_queue_next(&loop->timers);
    if (loop->ready.count > 0 || loop->rest > 0) {
        return 0;
    }
    if (next == SIM_NEVER) {
        return SIM_NEVER;
    }
    const sim_ns now = aio_runtime(loop)->uvloop ? loop->cached_now : aio_now(loop);
    sim_ns wait = next > now ? next - now : 0;
    wait = wait < LONGEST_SELECT_NS ? wait : LONGEST_SELECT_NS;
    const sim_ns unit = loop->world->plan->machine.poll_unit_ns;
    return unit == 0 ? wait : (wait + unit - 1) / unit * unit;
}

static void collect_answers(struct aio_loop *loop) {
    for (struct aio_future *future; (future = loop->reported.first) != NULL;) {
        aio_deque_remove(future);
        aio_call_soon(loop, &future->handle, HANDLE_RESULT);
    }
    aio_streams_collect(loop);
    if (loop->pipe_reported) {
        loop->pipe_reported = false;
        aio_call_soon(loop, &loop->self_pipe, HANDLE_SELF_PIPE);
    }
}

/* Cancelled ones, too: they are only skipped when their turn comes. As in CPython they
 * still count as cancelled timers of the heap. */
static void collect_timers(struct aio_loop *loop) {
    while (event_queue_next(&loop->timers) <= aio_now(loop)) {
        sim_ns due;
        struct aio_future *future =
            FUTURE_OF(event_queue_pop(&loop->timers, &due), event);
        aio_call_soon(loop, &future->handle, (enum aio_handle_kind)future->handle.kind);
    }
}

static void show_counts(struct aio_loop *loop) {
    sim_count(aio_sim(loop), loop->selector.lane, COUNTER_READY_HANDLES,
              (int64_t)loop->ready.count);
    sim_count(aio_sim(loop), loop->selector.lane, COUNTER_SCHEDULED_TIMERS,
              (int64_t)event_queue_count(&loop->timers));
}

static void count_ready(struct aio_loop *loop) {
    struct tally *tally = &loop->world->tally;
    show_counts(loop);
    loop->todo = loop->ready.count;
    tally->ready_handles += loop->todo;
    if (loop->todo > tally->ready_max) {
        tally->ready_max = loop->todo;
    }
}

/* The timers, as late as that. */
static bool collect_rest(struct aio_loop *loop, const struct resume *resume,
                         struct action *action) {
    (void)resume;
    (void)action;
    collect_timers(loop);
    count_ready(loop);
    loop->phase = aio_run_handles;
    return false;
}

/* select() and _process_events() for each event (3.12.1: 88 and 134 opcodes for one and two
 * events in the former, 54 and 98 in the latter); without events they are part of the
 * iteration. */
enum { EVENT_OPCODES = 90 };

static bool collect(struct aio_loop *loop, const struct resume *resume,
                    struct action *action) {
    (void)resume;
    sim_switch(aio_sim(loop), loop->selector.lane,
               (struct activity){STATE_CALLBACK, LANE_NONE, SITE_NONE},
               loop->selector.woken_by);
    loop->selector.woken_by = LANE_NONE;
    update_time(loop);
    loop->polled = true;
    const uint64_t before = loop->ready.count;
    collect_answers(loop);
    const int events = (int)(loop->ready.count - before);
    loop->phase = collect_rest;
    return events > 0 &&
           aio_compute(action,
                       aio_loop_cost(loop, events * aio_opcodes_ns(loop, EVENT_OPCODES)));
}

static bool poll(struct aio_loop *loop, const struct resume *resume,
                 struct action *action) {
    (void)resume;
    aio_loop_show(loop, STATE_POLL, LANE_NONE);
    show_counts(loop);
    action->kind = ACTION_POLL;
    action->object = &loop->selector;
    action->ns = select_timeout(loop);
    loop->phase = collect;
    return true;
}

static bool iterate(struct aio_loop *loop, const struct resume *resume,
                    struct action *action) {
    (void)resume;
    loop->world->tally.loop_iterations++;
    loop->phase = poll;
    update_time(loop);
    return aio_compute(action, aio_loop_cost(loop, aio_runtime(loop)->loop_iteration_ns +
                                                       drop_cancelled(loop)));
}

/* --- handles ------------------------------------------------------------------- */

/* recv() on the self-pipe: once with data, once with EAGAIN; each detaches. */
static bool read_pipe_again(struct aio_loop *loop, const struct resume *resume,
                            struct action *action) {
    (void)resume;
    action->kind = ACTION_C_RELEASED;
    action->ns = loop->world->plan->machine.syscall_ns;
    loop->phase = aio_run_handles;
    return true;
}

static bool read_pipe(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    loop->selector.bytes = 0;
    loop->selector.ready =
        loop->answered.first != NULL || loop->selector.first_readable != NULL;
    read_pipe_again(loop, resume, action);
    if (!aio_runtime(loop)->uvloop) { /* libuv has an eventfd, which is read once */
        loop->phase = read_pipe_again;
    }
    return true;
}

static void count_lag(struct aio_loop *loop, const struct aio_future *timer) {
    const sim_ns lag = aio_now(loop) - timer->due_ns;
    histogram_add(&loop->world->tally.loop_lag, lag);
    if (lag > NS_PER_MS) {
        sim_instant(aio_sim(loop), loop->selector.lane, INSTANT_LATE_TIMER,
                    timer->waiter != NULL ? timer->waiter->step.lane : LANE_NONE);
    }
}

/* shutdown_asyncgens() and shutdown_default_executor() are coroutines: a step and its done
 * callback for each. Simplified: the latter is there from 3.9 on. */
enum { ITERATIONS_OF_SHUTDOWN = 4 };

/* _cancel_all_tasks(), once: what its tasks start is not cancelled. */
static void cancel_all(struct aio_loop *loop) {
    loop->closing = true;
    loop->main_woken = false;
    struct aio_alive at = {loop->spawned, loop->tasks_created};
    for (struct aio_task *task; (task = aio_alive_next(loop, &at)) != NULL;) {
        if (!aio_group_watch(&loop->everything, task)) {
            return; /* out of memory: the run has ended */
        }
        aio_task_cancel(task, LANE_NONE);
    }
}

/*
 * asyncio.run() cancels what its coroutine has left, and waits for it: after the iteration in
 * which the end of the coroutine is told, so that the others take one step more. Tasks that
 * were started meanwhile go on until the loop is closed.
 */
static void stop(struct aio_loop *loop) {
    loop->stopping = false;
    if (loop->alive == 0) {
        loop->finished = true;
    } else if (loop->closing) {
        loop->rest = ITERATIONS_OF_SHUTDOWN;
    } else {
        cancel_all(loop);
    }
}

static void abandon_all(struct aio_loop *loop) {
    struct aio_alive at = {loop->spawned, loop->tasks_created};
    for (struct aio_task *task; (task = aio_alive_next(loop, &at)) != NULL;) {
        aio_task_abandon(task);
    }
    loop->alive = 0;
}

static void end_iteration(struct aio_loop *loop) {
    if (loop->stopping) {
        stop(loop);
    } else if (loop->rest > 0 && (--loop->rest == 0 || loop->alive == 0)) {
        loop->finished = true;
        abandon_all(loop);
    }
}

static void set_result(struct aio_future *future) {
    aio_future_set(future, RESUME_DONE, future->handle.lane);
    aio_future_release(future);
}

/* Runs the callback of loop->current; the price of the handle has been paid. */
static bool call_back(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    struct aio_handle *handle = loop->current;
    loop->phase = aio_run_handles;
    switch ((enum aio_handle_kind)handle->kind) {
    case HANDLE_STEP:
        loop->stepped = handle->lane;
        aio_task_begin_step((struct aio_task *)(void *)handle);
        return aio_task_run(loop, action);
    case HANDLE_TIMER:
        count_lag(loop, FUTURE_OF(handle, handle));
        set_result(FUTURE_OF(handle, handle));
        return false;
    case HANDLE_RESULT:
        set_result(FUTURE_OF(handle, handle));
        return false;
    case HANDLE_TIMEOUT:
        count_lag(loop, FUTURE_OF(handle, handle));
        aio_timeout_fire(FUTURE_OF(handle, handle));
        return false;
    case HANDLE_DONE:
        aio_group_task_done((struct aio_watch *)(void *)handle);
        return false;
    case HANDLE_ENDED:
        aio_group_gathered_ended((struct aio_task *)(void *)handle);
        return false;
    case HANDLE_READ:
        return aio_stream_read_ready((struct aio_stream *)(void *)handle, action);
    case HANDLE_SELF_PIPE:
        return read_pipe(loop, resume, action);
    case HANDLE_MAIN:
        loop->finished = loop->alive == 0;
        if (loop->closing) { /* the end of run_until_complete(gather()), no coroutine's */
            loop->stopping = true;
        } else if (!loop->finished) {
            aio_call_soon(loop, &loop->main, HANDLE_STOP);
        }
        return false;
    case HANDLE_STOP:
        loop->stopping = true;
        return false;
    case HANDLE_KIND_COUNT:
        break;
    }
    return false;
}

static sim_ns handle_price(const struct aio_loop *loop, enum aio_handle_kind kind) {
    const struct runtime *runtime = aio_runtime(loop);
    const sim_ns pipe = kind == HANDLE_SELF_PIPE ? runtime->self_pipe_ns : 0;
    const bool step = kind == HANDLE_STEP || kind == HANDLE_MAIN;
    return aio_loop_cost(loop, runtime->loop_handle_ns + pipe) +
           (step ? runtime->task_step_ns : 0);
}

/* What every step needs to know. */
static void note_prices(struct aio_loop *loop) {
    for (int kind = 0; kind < HANDLE_KIND_COUNT; kind++) {
        loop->handle_ns[kind] = handle_price(loop, (enum aio_handle_kind)kind);
    }
    /* uvloop: less than half a millisecond is call_soon(). */
    loop->least_timer_ns = aio_runtime(loop)->uvloop ? NS_PER_MS / 2 : 1;
}

/* asyncio.run() raises what its coroutine has raised, after everything else. */
static void raise_last(struct aio_loop *loop) {
    const struct resume *ended = &loop->everything.ended;
    if (ended->status != RESUME_START) {
        world_raise(loop->world, loop->raised_at,
                    ended->status == RESUME_CANCELLED ? "CancelledError"
                                                      : ended->exception);
    }
}

/* shutdown_default_executor(): one sentinel, then every worker is joined. */
static bool join_workers(struct aio_loop *loop, const struct resume *resume,
                         struct action *action) {
    (void)resume;
    struct aio_thread_executor *executor = loop->default_executor;
    if (executor != NULL && loop->joined < aio_thread_executor_workers(executor)) {
        action->kind = ACTION_JOIN;
        action->value = aio_thread_executor_worker_id(executor, loop->joined++);
        return true;
    }
    recorder_close_lane(aio_sim(loop)->recorder, aio_now(loop), loop->selector.lane);
    raise_last(loop);
    action->kind = ACTION_EXIT;
    return true;
}

static bool shut_down(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    if (loop->default_executor == NULL) {
        return join_workers(loop, resume, action);
    }
    aio_thread_executor_stop(loop->default_executor, action);
    loop->phase = join_workers;
    return true;
}

static void count_slow_callback(struct aio_loop *loop) {
    loop->world->tally.slow_callbacks++;
    sim_instant(aio_sim(loop), loop->selector.lane, INSTANT_SLOW_CALLBACK, loop->stepped);
}

/* How long the last callback was. */
static void count_callback(struct aio_loop *loop) {
    if (loop->current == NULL) {
        return;
    }
    struct tally *tally = &loop->world->tally;
    const sim_ns ns = aio_now(loop) - loop->current_began_ns;
    tally->callback_max_ns = ns > tally->callback_max_ns ? ns : tally->callback_max_ns;
    if (ns >= SLOW_CALLBACK_NS) {
        count_slow_callback(loop);
    }
    loop->current = NULL;
}

/* A timer that was cancelled after it had become due is passed over. */
static bool is_skipped(struct aio_handle *handle) {
    const bool timer = handle->kind == HANDLE_TIMER || handle->kind == HANDLE_TIMEOUT;
    if (!timer || !FUTURE_OF(handle, handle)->cancelled) {
        return false;
    }
    aio_future_release(FUTURE_OF(handle, handle));
    return true;
}

/* The iteration is over. A function of its own, so that the next handle needs no stack. */
__attribute__((noinline)) static bool no_more_handles(struct aio_loop *loop,
                                                      struct action *action) {
    end_iteration(loop);
    loop->phase = loop->finished ? shut_down : iterate;
    /* Making a loop and closing it: half the price before, half after. */
    return loop->finished && aio_compute(action, aio_runtime(loop)->loop_start_ns / 2);
}

bool aio_run_handles(struct aio_loop *loop, const struct resume *resume,
                     struct action *action) {
    (void)resume;
    count_callback(loop);
    struct aio_handle *handle = NULL;
    while (handle == NULL && loop->todo > 0) {
        loop->todo--;
        handle = pop_ready(&loop->ready);
        handle = is_skipped(handle) ? NULL : handle;
    }
    if (handle == NULL) {
        return no_more_handles(loop, action);
    }
    loop->current = handle;
    loop->current_began_ns = aio_now(loop);
    loop->stepped = LANE_NONE;
    loop->phase = call_back;
    return aio_compute(action, loop->handle_ns[handle->kind]);
}

/* --- life ---------------------------------------------------------------------- */

static void loop_next(void *state, const struct resume *resume, struct action *action) {
    struct aio_loop *loop = state;
    while (!loop->phase(loop, resume, action)) {
        *action = (struct action){.kind = ACTION_EXIT, .site = SITE_NONE};
    }
}

static const struct program_ops loop_ops = {
    .next = loop_next,
    .state_size = sizeof(struct aio_loop),
};

/* Of an eager task, in the step of the main coroutine. */
static bool first_step(struct aio_loop *loop, const struct resume *resume,
                       struct action *action) {
    (void)resume;
    aio_task_begin_step(loop->running);
    return aio_task_run(loop, action);
}

/* The main coroutine makes the next task: eager ones take their first step at once. */
bool aio_create_tasks(struct aio_loop *loop, const struct resume *resume,
                      struct action *action) {
    (void)resume;
    while (loop->tasks_created < loop->task_count) {
        struct aio_task *task = &loop->tasks[loop->tasks_created++];
        if (!aio_task_start(task, task->name)) {
            return aio_compute(action, 0); /* the run has ended */
        }
        loop->everything.left += task->gathered;
        if (loop->eager) {
            loop->running = task;
            loop->phase = first_step;
            return aio_compute(action, aio_runtime(loop)->task_step_ns);
        }
        aio_call_soon(loop, &task->step, HANDLE_STEP);
    }
    if (loop->everything.left == 0 || loop->everything.ended.status != RESUME_START) {
        /* It has not suspended: what follows is its end. Without tasks, only its step. */
        loop->main_woken = true;
        aio_call_soon(loop, &loop->main,
                      loop->task_count > 0 ? HANDLE_STOP : HANDLE_MAIN);
    }
    loop->phase = iterate;
    return false;
}

/* asyncio.run(): a loop is made, the main coroutine creates the tasks and gathers them.
 */
static bool start(struct aio_loop *loop, const struct resume *resume,
                  struct action *action) {
    const lane_id thread = (lane_id)resume->value;
    loop->selector.lane = recorder_open_lane(
        aio_sim(loop)->recorder, aio_now(loop),
        &(struct lane_birth){
            LANE_LOOP, thread, "event loop", {STATE_CALLBACK, LANE_NONE, SITE_NONE}});
    aio_objects_show(loop);
    aio_streams_open(loop);
    const struct runtime *runtime = aio_runtime(loop);
    loop->phase = aio_create_tasks;
    update_time(loop);
    if (!loop->eager) {
        aio_create_tasks(loop, resume, action);
    }
    return aio_compute(action, runtime->loop_start_ns / 2 +
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
        .task_capacity = spec->task_count,
        .executor = spec->executor,
        .executor_workers = spec->executor_workers,
        .eager = spec->eager,
    };
    if (loop->executor != NULL) {
        loop->executor->selector = &loop->selector;
    }
    loop->everything = (struct aio_group){.kind = GROUP_GATHER, .loop = loop};
    loop->raised_at = SITE_NONE;
    note_prices(loop);
    loop->tasks = arena_alloc(&world->arena, spec->task_count, sizeof *loop->tasks);
    loop->named =
        arena_alloc(&world->arena, world->plan->name_count, sizeof *loop->named);
    return loop->tasks == NULL || loop->named == NULL ||
                   aio_objects_create(loop, spec->permits) != 0
               ? NULL
               : loop;
}

void aio_loop_add_task(struct aio_loop *loop, const struct aio_task_spec *spec) {
    ASSERT(loop->task_count < loop->task_capacity);
    struct aio_task *task = &loop->tasks[loop->task_count++];
    *task = (struct aio_task){
        .loop = loop,
        .program = spec->program,
        .name = spec->name,
        .gathered = !spec->background,
        .step = {.lane = LANE_NONE},
    };
}

struct program aio_loop_program(struct aio_loop *loop) {
    return (struct program){&loop_ops, loop};
}
