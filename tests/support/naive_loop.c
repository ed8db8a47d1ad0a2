/* SPDX-License-Identifier: MIT */
#include "tests/support/naive_loop.h"

#include <string.h>

enum what { STEP, SET_RESULT, TIMER, TASK_DONE, MAIN_DONE };

static void show(struct naive_loop *loop, int index, enum lane_state state) {
    struct naive_task *task = &loop->task[index];
    if (task->state == state) {
        return;
    }
    if (loop->now > task->since && task->span_count < NAIVE_TASK_SPANS) {
        task->span[task->span_count++] =
            (struct naive_task_span){task->since, loop->now, task->state};
    }
    task->since = loop->now;
    task->state = state;
}

static void call_soon(struct naive_loop *loop, enum what what, int task) {
    loop->ready[loop->ready_count].what = (int)what;
    loop->ready[loop->ready_count++].task = task;
}

static void schedule_step(struct naive_loop *loop, int task) {
    show(loop, task, STATE_READY);
    call_soon(loop, STEP, task);
}

/* The task in that state that is over first; -1 when there is none. */
static int first_over(const struct naive_loop *loop, enum lane_state state) {
    int first = -1;
    for (int i = 0; i < loop->task_count; i++) {
        const struct naive_task *task = &loop->task[i];
        if (task->state != state || task->due == SIM_NEVER) {
            continue;
        }
        if (first < 0 || task->due < loop->task[first].due ||
            (task->due == loop->task[first].due &&
             task->asked < loop->task[first].asked)) {
            first = i;
        }
    }
    return first;
}

static sim_ns due_of(const struct naive_loop *loop, int task) {
    return task < 0 ? SIM_NEVER : loop->task[task].due;
}

static void wait_until(struct naive_loop *loop, int index, sim_ns due,
                       enum lane_state state) {
    loop->task[index].due = due;
    loop->task[index].asked = loop->calls++;
    show(loop, index, state);
}

/* --- a task's step ------------------------------------------------------------- */

/* Semaphore._wake_up_next(): the permit is counted down for the waiter. */
static void wake_up_next(struct naive_loop *loop) {
    for (int i = 0; i < loop->waiting_count; i++) {
        const int task = loop->waiting[i];
        if (!loop->woken[task]) {
            loop->woken[task] = true;
            loop->permits--;
            schedule_step(loop, task);
            return;
        }
    }
}

/* The rest of acquire(), when the task waited in it. */
static void end_acquire(struct naive_loop *loop, int task) {
    int at = 0;
    while (at < loop->waiting_count && loop->waiting[at] != task) {
        at++;
    }
    if (at == loop->waiting_count) {
        return;
    }
    loop->waiting_count--;
    memmove(loop->waiting + at, loop->waiting + at + 1,
            (size_t)(loop->waiting_count - at) * sizeof loop->waiting[0]);
    if (loop->permits > 0) {
        wake_up_next(loop);
    }
}

/* True when the task goes on with its next step. */
static bool perform(struct naive_loop *loop, int index,
                    const struct naive_task_step *step) {
    const struct naive_loop_costs *costs = &loop->costs;
    switch (step->kind) {
    case NAIVE_TASK_COMPUTE:
        loop->now += step->ns;
        return true;
    case NAIVE_TASK_BLOCK:
        loop->now += costs->attach + costs->syscall;
        if (step->ns > costs->syscall) {
            loop->now += step->ns - costs->syscall + costs->wake;
        }
        loop->now += costs->attach;
        return true;
    case NAIVE_TASK_AWAIT_IO:
        wait_until(loop, index, loop->now + step->ns, STATE_AWAIT_IO);
        return false;
    case NAIVE_TASK_AWAIT_SLEEP:
        if (step->ns == 0) {
            schedule_step(loop, index);
            return false;
        }
        wait_until(loop, index, loop->now + step->ns, STATE_AWAIT_TIMER);
        loop->now += costs->call_later;
        return false;
    case NAIVE_TASK_ACQUIRE:
        if (loop->permits > 0 && loop->waiting_count == 0) {
            loop->permits--;
            return true;
        }
        loop->woken[index] = false;
        loop->waiting[loop->waiting_count++] = index;
        show(loop, index, STATE_AWAIT_LOCK);
        return false;
    case NAIVE_TASK_RELEASE:
        loop->permits++;
        wake_up_next(loop);
        return true;
    case NAIVE_TASK_KINDS:
        break;
    }
    return true;
}

static void run_task(struct naive_loop *loop, int index) {
    struct naive_task *task = &loop->task[index];
    show(loop, index, STATE_RUNNING);
    end_acquire(loop, index);
    while (task->at < task->step_count) {
        if (!perform(loop, index, &task->step[task->at++])) {
            return;
        }
    }
    show(loop, index, STATE_COUNT);
    call_soon(loop, TASK_DONE, index);
}

/* --- _run_once ----------------------------------------------------------------- */

/* select(): what it returns is what is over when it returns, before the GIL is back. */
static bool poll(struct naive_loop *loop) {
    const sim_ns timer = due_of(loop, first_over(loop, STATE_AWAIT_TIMER));
    const sim_ns io = due_of(loop, first_over(loop, STATE_AWAIT_IO));
    sim_ns timeout = SIM_NEVER;
    if (loop->ready_count > 0) {
        timeout = 0;
    } else if (timer != SIM_NEVER) {
        const sim_ns wait = timer > loop->now ? timer - loop->now : 0;
        timeout = (wait + 999999) / 1000000 * 1000000;
    }
    loop->now += loop->costs.attach + loop->costs.syscall;
    if (timeout != 0 && io > loop->now) {
        const sim_ns until =
            timeout == SIM_NEVER ? SIM_NEVER : loop->now + timeout + loop->costs.slack;
        const sim_ns wake = io < until ? io : until;
        if (wake == SIM_NEVER) {
            return false;
        }
        loop->now = wake + loop->costs.wake;
    }
    int over;
    while ((over = first_over(loop, STATE_AWAIT_IO)) >= 0 &&
           loop->task[over].due <= loop->now) {
        loop->task[over].due = SIM_NEVER; /* reported; its state changes by the handle */
        call_soon(loop, SET_RESULT, over);
    }
    loop->now += loop->costs.attach;
    return true;
}

static void collect_timers(struct naive_loop *loop) {
    int over;
    while ((over = first_over(loop, STATE_AWAIT_TIMER)) >= 0 &&
           loop->task[over].due <= loop->now) {
        call_soon(loop, TIMER, over);
        loop->task[over].asked = (uint64_t)loop->task[over].due; /* kept for the lag */
        loop->task[over].due = SIM_NEVER;
    }
}

/* True when the main coroutine has gone on. */
static bool run_handle(struct naive_loop *loop, enum what what, int task) {
    loop->now += loop->costs.handle;
    loop->now += what == STEP || what == MAIN_DONE ? loop->costs.step : 0;
    switch (what) {
    case STEP:
        run_task(loop, task);
        return false;
    case TIMER: {
        const sim_ns lag = loop->now - (sim_ns)loop->task[task].asked;
        loop->max_lag = lag > loop->max_lag ? lag : loop->max_lag;
        schedule_step(loop, task);
        return false;
    }
    case SET_RESULT:
        schedule_step(loop, task);
        return false;
    case TASK_DONE:
        if (--loop->left == 0) {
            call_soon(loop, MAIN_DONE, -1);
        }
        return false;
    case MAIN_DONE:
        return true;
    }
    return false;
}

static bool run_once(struct naive_loop *loop, bool *finished) {
    loop->iterations++;
    loop->now += loop->costs.iteration;
    if (!poll(loop)) {
        return false;
    }
    collect_timers(loop);
    const int todo = loop->ready_count;
    for (int i = 0; i < todo; i++) {
        *finished |=
            run_handle(loop, (enum what)loop->ready[i].what, loop->ready[i].task);
    }
    loop->ready_count -= todo;
    memmove(loop->ready, loop->ready + todo,
            (size_t)loop->ready_count * sizeof loop->ready[0]);
    return true;
}

bool naive_loop_run(struct naive_loop *loop) {
    loop->now = loop->costs.wake + loop->costs.attach;
    loop->left = loop->task_count;
    for (int i = 0; i < loop->task_count; i++) {
        loop->task[i].state = STATE_READY;
        loop->task[i].since = loop->now;
        loop->task[i].due = SIM_NEVER;
        call_soon(loop, STEP, i);
    }
    if (loop->task_count == 0) {
        call_soon(loop, MAIN_DONE, -1);
    }
    loop->now += loop->costs.start / 2 + loop->task_count * loop->costs.create;
    bool finished = false;
    while (!finished) {
        if (!run_once(loop, &finished)) {
            return false;
        }
    }
    loop->now += loop->costs.start / 2;
    loop->end = loop->now + loop->costs.attach;
    return true;
}
