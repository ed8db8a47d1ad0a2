/* SPDX-License-Identifier: MIT */
#include "tests/support/naive_gil.h"

enum { NOBODY = -1 };

/* What a thread is in the middle of; `when` is its end. */
enum stage {
    ARRIVE_FIRST,  /* on its way to a core for the first time */
    ATTACH,        /* pays for take_gil */
    WAIT,          /* sleeps on the GIL's condition; `when` is its deadline */
    WAIT_ARRIVE,   /* was woken, or its time is over: on its way to a core */
    WAIT_LEAVE,    /* pays for leaving the futex */
    GRANTED,       /* has it; pays for waking the forced waiter */
    IN_COMPUTE,    /* runs bytecode until the next moment at which it looks */
    IN_C_HELD,     /* C code with the GIL */
    DROP,          /* pays for drop_gil */
    FORCED,        /* dropped on request, waits for a taker; no `when` */
    FORCED_ARRIVE, /* on its way to a core after that */
    IN_SYSCALL,    /* enters a call that blocks */
    IN_C_RELEASED, /* C code without the GIL */
    BLOCKED,       /* `when` is the end of the wait */
    BLOCK_ARRIVE,
    LEAVING, /* pays for the last drop */
    GONE
};

enum after_drop { TAKE_AGAIN, ENTER_CALL };

static void next_step(struct naive_gil *gil, struct naive_thread *thread);

static int index_of(const struct naive_gil *gil, const struct naive_thread *thread) {
    return (int)(thread - gil->thread);
}

static void show(struct naive_gil *gil, struct naive_thread *thread,
                 enum lane_state state) {
    if (thread->state == state) {
        return;
    }
    if (gil->now > thread->since && thread->span_count < NAIVE_SPANS) {
        thread->span[thread->span_count++] =
            (struct naive_span){thread->since, gil->now, thread->state};
    }
    thread->since = gil->now;
    thread->state = state;
}

static void set(struct naive_gil *gil, struct naive_thread *thread, enum stage stage,
                sim_ns after) {
    thread->stage = (int)stage;
    thread->when = gil->now + after;
}

/* --- the condition variable ---------------------------------------------------- */

static void cond_remove(struct naive_gil *gil, int who) {
    int to = 0;
    for (int i = 0; i < gil->cond_count; i++) {
        if (gil->cond[i] != who) {
            gil->cond[to++] = gil->cond[i];
        }
    }
    gil->cond_count = to;
}

/* Signals the oldest; a sleeper whose time is over and who is not back yet still counts.
 * Returns what the signaller pays. */
static sim_ns cond_signal(struct naive_gil *gil) {
    if (gil->cond_count == 0) {
        return 0;
    }
    struct naive_thread *oldest = &gil->thread[gil->cond[0]];
    cond_remove(gil, gil->cond[0]);
    oldest->signalled = true;
    if (oldest->stage == WAIT) {
        set(gil, oldest, WAIT_ARRIVE, gil->costs.wake);
    }
    return gil->costs.futex_wake;
}

/* --- take_gil ------------------------------------------------------------------ */

static void grant(struct naive_gil *gil, struct naive_thread *thread) {
    const int who = index_of(gil, thread);
    gil->holder = who;
    if (gil->last_holder != who) {
        gil->last_holder = who;
        gil->switches++;
    }
    gil->drop_request = false;
    thread->waiting = false;
    show(gil, thread, STATE_RUNNING);
    sim_ns price = 0;
    if (gil->forced_waiter != NOBODY) {
        struct naive_thread *dropper = &gil->thread[gil->forced_waiter];
        gil->forced_waiter = NOBODY;
        show(gil, dropper, STATE_READY);
        set(gil, dropper, FORCED_ARRIVE, gil->costs.wake);
        price = gil->costs.futex_wake;
    }
    set(gil, thread, GRANTED, price);
}

static void request(struct naive_gil *gil) {
    gil->requests += !gil->drop_request;
    gil->drop_request = true;
    struct naive_thread *holder = &gil->thread[gil->holder];
    if (holder->stage != IN_COMPUTE) {
        return;
    }
    /* the first check point after what is done */
    const sim_ns done = gil->now - holder->piece_start;
    const sim_ns look = done - done % gil->costs.spacing + gil->costs.spacing;
    if (look < holder->piece) {
        holder->piece = look;
        holder->when = holder->piece_start + look;
    }
}

static void try_to_take(struct naive_gil *gil, struct naive_thread *thread) {
    if (gil->holder == NOBODY) {
        grant(gil, thread);
        return;
    }
    if (thread->waiting && !thread->timed_out) {
        gil->false_wakeups++;
    }
    if (thread->waiting && thread->timed_out && gil->switches == thread->seen) {
        request(gil);
    }
    thread->waiting = true;
    thread->timed_out = thread->signalled = false;
    thread->seen = gil->switches;
    show(gil, thread, STATE_WAIT_GIL);
    gil->cond[gil->cond_count++] = index_of(gil, thread);
    set(gil, thread, WAIT, gil->costs.interval + gil->costs.slack);
}

static void take(struct naive_gil *gil, struct naive_thread *thread) {
    set(gil, thread, ATTACH, gil->costs.attach);
}

/* --- drop_gil ------------------------------------------------------------------ */

static void release(struct naive_gil *gil, struct naive_thread *thread,
                    enum stage stage) {
    gil->last_holder = index_of(gil, thread);
    gil->holder = NOBODY;
    show(gil, thread, STATE_DETACHED);
    const sim_ns price = cond_signal(gil);
    set(gil, thread, stage, gil->costs.attach + price);
}

static void drop(struct naive_gil *gil, struct naive_thread *thread, bool forced,
                 enum after_drop after) {
    gil->forced += forced;
    gil->voluntary += !forced;
    thread->after_drop = (int)after;
    release(gil, thread, DROP);
}

static void enter_call(struct naive_gil *gil, struct naive_thread *thread) {
    const struct naive_step *step = &thread->step[thread->at - 1];
    if (thread->after_drop == TAKE_AGAIN) {
        take(gil, thread);
    } else if (step->kind == NAIVE_C_RELEASED) {
        set(gil, thread, IN_C_RELEASED, step->ns);
    } else {
        set(gil, thread, IN_SYSCALL, gil->costs.syscall);
    }
}

static void dropped(struct naive_gil *gil, struct naive_thread *thread) {
    if (gil->costs.force && gil->drop_request &&
        gil->last_holder == index_of(gil, thread)) {
        gil->drop_request = false;
        gil->forced_waiter = index_of(gil, thread);
        show(gil, thread, STATE_FORCED_WAIT);
        thread->stage = FORCED;
        thread->when = SIM_NEVER;
        return;
    }
    enter_call(gil, thread);
}

/* --- programs ------------------------------------------------------------------ */

static void compute(struct naive_gil *gil, struct naive_thread *thread) {
    show(gil, thread, STATE_RUNNING);
    if (thread->left == 0) {
        next_step(gil, thread);
        return;
    }
    thread->piece = thread->left;
    if (gil->drop_request && gil->costs.spacing < thread->piece) {
        thread->piece = gil->costs.spacing;
    }
    thread->piece_start = gil->now;
    set(gil, thread, IN_COMPUTE, thread->piece);
}

static void check_point(struct naive_gil *gil, struct naive_thread *thread) {
    thread->left -= thread->piece;
    if (gil->drop_request) {
        drop(gil, thread, true, TAKE_AGAIN);
    } else {
        compute(gil, thread);
    }
}

static void next_step(struct naive_gil *gil, struct naive_thread *thread) {
    if (thread->at == thread->step_count) {
        release(gil, thread, LEAVING);
        return;
    }
    const struct naive_step *step = &thread->step[thread->at++];
    if (step->kind == NAIVE_COMPUTE) {
        thread->left = step->ns;
        compute(gil, thread);
    } else if (step->kind == NAIVE_C_HELD) {
        show(gil, thread, STATE_RUNNING_C);
        set(gil, thread, IN_C_HELD, step->ns);
    } else {
        drop(gil, thread, false, ENTER_CALL);
    }
}

static void block(struct naive_gil *gil, struct naive_thread *thread) {
    const struct naive_step *step = &thread->step[thread->at - 1];
    sim_ns left = step->ns > gil->costs.syscall ? step->ns - gil->costs.syscall : 0;
    if (step->kind == NAIVE_IO && left == 0) {
        take(gil, thread);
        return;
    }
    left += step->kind == NAIVE_SLEEP ? gil->costs.slack : 0;
    show(gil, thread, step->kind == NAIVE_SLEEP ? STATE_SLEEP : STATE_IO);
    set(gil, thread, BLOCKED, left);
}

static void leave_wait(struct naive_gil *gil, struct naive_thread *thread) {
    if (thread->signalled) {
        thread->timed_out = false; /* woken while it was on its way: that counts */
    } else {
        cond_remove(gil, index_of(gil, thread));
    }
    set(gil, thread, WAIT_LEAVE, gil->costs.futex_wait);
}

/* After the GIL has been granted: in the middle of bytecode, or at the next step. */
static void go_on(struct naive_gil *gil, struct naive_thread *thread) {
    const bool in_bytecode =
        thread->at > 0 && thread->step[thread->at - 1].kind == NAIVE_COMPUTE;
    if (in_bytecode) {
        compute(gil, thread);
    } else {
        next_step(gil, thread);
    }
}

/* The thread's moment has come. */
static void happen(struct naive_gil *gil, struct naive_thread *thread) {
    switch ((enum stage)thread->stage) {
    case ARRIVE_FIRST:
    case BLOCK_ARRIVE:
        show(gil, thread, STATE_DETACHED);
        take(gil, thread);
        break;
    case ATTACH:
    case WAIT_LEAVE:
        try_to_take(gil, thread);
        break;
    case WAIT:
        thread->timed_out = true;
        set(gil, thread, WAIT_ARRIVE, gil->costs.wake);
        break;
    case WAIT_ARRIVE:
        leave_wait(gil, thread);
        break;
    case GRANTED:
        go_on(gil, thread);
        break;
    case IN_COMPUTE:
        check_point(gil, thread);
        break;
    case IN_C_HELD:
        if (gil->drop_request) {
            drop(gil, thread, true, TAKE_AGAIN);
        } else {
            next_step(gil, thread);
        }
        break;
    case DROP:
        dropped(gil, thread);
        break;
    case FORCED_ARRIVE:
        show(gil, thread, STATE_DETACHED);
        enter_call(gil, thread);
        break;
    case IN_SYSCALL:
        block(gil, thread);
        break;
    case IN_C_RELEASED:
        take(gil, thread);
        break;
    case BLOCKED:
        show(gil, thread, STATE_READY);
        set(gil, thread, BLOCK_ARRIVE, gil->costs.wake);
        break;
    case LEAVING:
        show(gil, thread, STATE_COUNT);
        thread->stage = GONE;
        thread->when = SIM_NEVER;
        break;
    case FORCED:
    case GONE:
        break;
    }
}

/* The thread whose moment is next; NOBODY at the end. */
static int find_next(const struct naive_gil *gil) {
    int next = NOBODY;
    for (int i = 0; i < gil->thread_count; i++) {
        if (gil->thread[i].when != SIM_NEVER &&
            (next == NOBODY || gil->thread[i].when < gil->thread[next].when)) {
            next = i;
        }
    }
    return next;
}

/* Two equal moments matter only when they are the smallest. */
static bool is_tied(const struct naive_gil *gil, int next) {
    int same = 0;
    for (int i = 0; i < gil->thread_count; i++) {
        same += gil->thread[i].when == gil->thread[next].when;
    }
    return same > 1;
}

bool naive_gil_run(struct naive_gil *gil) {
    gil->holder = gil->last_holder = gil->forced_waiter = NOBODY;
    for (int i = 0; i < gil->thread_count; i++) {
        struct naive_thread *thread = &gil->thread[i];
        thread->stage = ARRIVE_FIRST;
        thread->state = STATE_READY;
        thread->when = thread->start + gil->costs.wake;
    }
    for (;;) {
        const int next = find_next(gil);
        if (next == NOBODY) {
            return true;
        }
        if (is_tied(gil, next) || gil->thread[next].span_count == NAIVE_SPANS) {
            return false;
        }
        gil->now = gil->thread[next].when;
        happen(gil, &gil->thread[next]);
    }
}
