/* SPDX-License-Identifier: MIT */
#include "tests/support/naive_free.h"

enum { NOBODY = -1 };

static const sim_ns FAIR = 1000000; /* who has waited longer is given the lock */

/* What a thread is in the middle of; `when` is its end. */
enum stage {
    ARRIVE_FIRST, /* on its way to a core for the first time */
    BYTECODE,
    IN_C_HELD,
    IN_C_RELEASED,
    IN_SYSCALL, /* enters a call that blocks */
    BLOCKED,
    BLOCK_ARRIVE,
    COUNTING,   /* pays for a reference that it takes and drops */
    LOAD_REFER, /* LOAD_DEREF has counted a reference */
    LOAD_READ,  /* has read the slot */
    LOAD_DROP,
    REFERRED,
    STORE_WRITE,
    STORE_DROP,
    MERGE,      /* pays for what others have queued */
    MERGE_LAST, /* the same at its end */
    ATTEMPT,    /* pays for acquire() up to its first try */
    SPIN,       /* yields */
    LOOK,       /* pays for another try */
    PARKED,     /* in a PyMutex; no `when` */
    PARK_ARRIVE,
    PARK_LEAVE, /* pays for leaving the futex */
    FUTEX,      /* enters the semaphore's futex */
    ASLEEP,     /* in a semaphore; no `when` */
    SLEEP_ARRIVE,
    SLEEP_LEAVE,
    UNLOCK,   /* pays for release() up to the moment at which it is free */
    UNLOCKED, /* pays for waking somebody */
    GONE
};

/* What follows a stretch of bytecode, a check point or a merge. */
enum after {
    TO_NEXT_STEP,
    TO_BYTECODE, /* the rest of it */
    TO_COUNTING
};

static void next_step(struct naive_free *world, struct free_thread *thread);
static void compute(struct naive_free *world, struct free_thread *thread);
static void count(struct naive_free *world, struct free_thread *thread);

static int index_of(const struct naive_free *world, const struct free_thread *thread) {
    return (int)(thread - world->thread);
}

static const struct free_step *step_of(const struct free_thread *thread) {
    return &thread->step[thread->at - 1];
}

static void set(struct naive_free *world, struct free_thread *thread, enum stage stage,
                sim_ns after) {
    thread->stage = (int)stage;
    thread->when = world->now + after;
}

static void wait_for_ever(struct free_thread *thread, enum stage stage) {
    thread->stage = (int)stage;
    thread->when = SIM_NEVER;
}

/* --- lanes --------------------------------------------------------------------- */

static void show_lane(struct naive_free *world, struct free_lane *lane,
                      enum lane_state state, int who) {
    if (lane->state == state && lane->who == who) {
        return;
    }
    if (world->now > lane->since) {
        if (lane->count == FREE_SPANS) {
            world->full = true;
            return;
        }
        lane->span[lane->count++] =
            (struct free_span){lane->since, world->now, lane->state, lane->who};
    }
    lane->since = world->now;
    lane->state = state;
    lane->who = who;
}

static void show(struct naive_free *world, struct free_thread *thread,
                 enum lane_state state) {
    show_lane(world, &thread->lane, state, NOBODY);
}

static void show_holder(struct naive_free *world, struct free_lock *lock) {
    show_lane(world, &lock->lane, lock->holder == NOBODY ? STATE_FREE : STATE_HELD,
              lock->holder);
}

static void attach(struct naive_free *world, struct free_thread *thread) {
    thread->attached = true;
    show(world, thread, STATE_RUNNING);
}

static void detach(struct naive_free *world, struct free_thread *thread) {
    thread->attached = false;
    show(world, thread, STATE_DETACHED);
}

/* --- cache lines --------------------------------------------------------------- */

/* What has arrived by now has a new owner. */
static void settle(const struct naive_free *world, struct free_line *line) {
    int arrived = 0;
    while (arrived < line->pending && line->end[arrived] <= world->now) {
        line->owner = line->next[arrived++];
    }
    for (int i = arrived; i < line->pending; i++) {
        line->next[i - arrived] = line->next[i];
        line->end[i - arrived] = line->end[i];
    }
    line->pending -= arrived;
}

/* Time until the thread may write the line. */
static sim_ns write_line(struct naive_free *world, const struct free_thread *thread,
                         struct free_line *line) {
    const int who = index_of(world, thread);
    settle(world, line);
    if (line->owner == NOBODY) {
        line->owner = who;
    }
    if (line->owner == who || world->costs.line == 0) {
        return 0;
    }
    sim_ns from = world->now;
    if (line->pending > 0) {
        from = line->end[line->pending - 1];
    }
    line->next[line->pending] = who;
    line->end[line->pending++] = from + world->costs.line;
    world->transfers++;
    return from + world->costs.line - world->now;
}

/* A copy, from whoever has it. */
static sim_ns read_line(const struct naive_free *world, const struct free_thread *thread,
                        struct free_line *line) {
    settle(world, line);
    if (line->owner == NOBODY) {
        line->owner = index_of(world, thread);
    }
    return line->owner == index_of(world, thread) ? 0 : world->costs.line;
}

/* --- check points -------------------------------------------------------------- */

static void go_on(struct naive_free *world, struct free_thread *thread) {
    switch ((enum after)thread->after) {
    case TO_BYTECODE:
        show(world, thread, STATE_RUNNING);
        compute(world, thread);
        break;
    case TO_COUNTING:
        count(world, thread);
        break;
    default:
        next_step(world, thread);
    }
}

/* Locking and unlocking the bucket in which a thread's objects are queued. */
static sim_ns bucket(struct naive_free *world, const struct free_thread *thread,
                     int owner) {
    return 2 * world->costs.section + write_line(world, thread, &world->bucket[owner]);
}

/* Merges what is queued for `owner`; the price. */
static sim_ns merge(struct naive_free *world, struct free_thread *owner) {
    const sim_ns price = owner->queued * world->costs.merge;
    world->merged += (uint64_t)owner->queued;
    owner->queued = 0;
    owner->told = false;
    return price;
}

static void begin_merge(struct naive_free *world, struct free_thread *thread,
                        enum stage stage) {
    show(world, thread, STATE_RUNNING);
    const sim_ns way = bucket(world, thread, index_of(world, thread));
    set(world, thread, stage, way + merge(world, thread));
}

static void check_point(struct naive_free *world, struct free_thread *thread,
                        enum after after) {
    thread->after = (int)after;
    if (thread->told) {
        begin_merge(world, thread, MERGE);
    } else {
        go_on(world, thread);
    }
}

/* The owner is to merge at its next check point. */
static void tell(struct naive_free *world, struct free_thread *owner) {
    owner->told = true;
    if (owner->stage != BYTECODE || owner->straight) {
        return;
    }
    const sim_ns done = world->now - owner->piece_start;
    const sim_ns next = (done / world->costs.spacing + 1) * world->costs.spacing;
    if (next < owner->piece) {
        owner->piece = next;
        owner->when = owner->piece_start + next;
    }
}

/* --- bytecode ------------------------------------------------------------------ */

static void after_bytecode(struct naive_free *world, struct free_thread *thread);

static void compute(struct naive_free *world, struct free_thread *thread) {
    if (thread->left == 0) {
        after_bytecode(world, thread);
        return;
    }
    thread->piece = thread->left;
    if (thread->told && !thread->straight && world->costs.spacing < thread->piece) {
        thread->piece = world->costs.spacing;
    }
    thread->piece_start = world->now;
    set(world, thread, BYTECODE, thread->piece);
}

static void piece_over(struct naive_free *world, struct free_thread *thread) {
    thread->left -= thread->piece;
    if (thread->straight) {
        compute(world, thread);
    } else {
        check_point(world, thread, TO_BYTECODE);
    }
}

static void run(struct naive_free *world, struct free_thread *thread, sim_ns ns,
                bool straight) {
    thread->left = ns;
    thread->straight = straight;
    show(world, thread, STATE_RUNNING);
    compute(world, thread);
}

/* --- reference counts ---------------------------------------------------------- */

static void count(struct naive_free *world, struct free_thread *thread) {
    if (thread->told) {
        check_point(world, thread, TO_COUNTING);
    } else if (thread->counts == 0) {
        next_step(world, thread);
    } else {
        thread->counts--;
        struct free_line *line = &world->referent[step_of(thread)->what];
        set(world, thread, COUNTING,
            2 * world->costs.shared + write_line(world, thread, line));
    }
}

/* The thread drops the last reference to what `maker` has made. */
static void drop_item(struct naive_free *world, struct free_thread *thread, int maker) {
    thread->cut = false; /* nothing follows this stretch but the next step */
    if (maker == NOBODY || maker == index_of(world, thread)) {
        run(world, thread, 0, false);
        return;
    }
    struct free_thread *owner = &world->thread[maker];
    sim_ns price = world->costs.shared + bucket(world, thread, maker);
    owner->queued++;
    if (owner->gone || (world->costs.for_detached && !owner->attached)) {
        price += merge(world, owner);
    } else {
        tell(world, owner);
    }
    run(world, thread, price, false);
}

/* --- counters ------------------------------------------------------------------ */

static void use_counter(struct naive_free *world, struct free_thread *thread) {
    const struct free_step *step = step_of(thread);
    struct free_line *object = &world->object[step->what];
    struct free_line *slot = &world->slot[step->what];
    switch ((enum stage)thread->stage) {
    case LOAD_REFER:
        set(world, thread, LOAD_READ, read_line(world, thread, slot));
        break;
    case LOAD_READ:
        thread->loaded[thread->at - 1] = world->counter[step->what];
        set(world, thread, LOAD_DROP, write_line(world, thread, object));
        break;
    case STORE_WRITE:
        world->counter[step->what] = step->times;
        set(world, thread, STORE_DROP, write_line(world, thread, object));
        break;
    default:
        next_step(world, thread);
    }
}

/* --- locks --------------------------------------------------------------------- */

static struct free_lock *lock_of(struct naive_free *world,
                                 const struct free_thread *thread) {
    const struct free_step *step = step_of(thread);
    return &world->lock[step->what + (step->kind == FREE_APPEND ? FREE_LOCKS : 0)];
}

static sim_ns call(struct naive_free *world, const struct free_thread *thread,
                   struct free_lock *lock) {
    return (lock->internal ? world->costs.section : world->costs.lock) +
           write_line(world, thread, &lock->line);
}

static void begin_acquire(struct naive_free *world, struct free_thread *thread) {
    show(world, thread, STATE_RUNNING);
    set(world, thread, ATTEMPT, call(world, thread, lock_of(world, thread)));
}

static void have(struct naive_free *world, struct free_thread *thread,
                 struct free_lock *lock) {
    lock->holder = index_of(world, thread);
    show_holder(world, lock);
}

/* With the lock, attached: a list changes itself, a program goes on. */
static void acquired(struct naive_free *world, struct free_thread *thread) {
    show(world, thread, STATE_RUNNING);
    if (step_of(thread)->kind == FREE_APPEND) {
        thread->cut = true; /* the release follows */
        run(world, thread, step_of(thread)->ns, true);
    } else {
        check_point(world, thread, TO_NEXT_STEP);
    }
}

static void join_queue(struct free_lock *lock, int who) {
    lock->queue[lock->waiting++] = who;
}

static int leave_queue(struct free_lock *lock) {
    const int who = lock->queue[0];
    lock->waiting--;
    for (int i = 0; i < lock->waiting; i++) {
        lock->queue[i] = lock->queue[i + 1];
    }
    return who;
}

/* A PyMutex has just been seen locked. */
static void contend(struct naive_free *world, struct free_thread *thread,
                    struct free_lock *lock) {
    if (lock->waiting == 0 && thread->spins > 0) {
        int64_t yields = thread->spins;
        if (world->costs.looks > 0 && world->costs.looks < yields) {
            yields = world->costs.looks;
        }
        thread->spins -= yields;
        show(world, thread, STATE_SPIN);
        world->spun++;
        set(world, thread, SPIN, yields * world->costs.yield);
        return;
    }
    world->parked++;
    join_queue(lock, index_of(world, thread));
    detach(world, thread);
    show(world, thread, STATE_WAIT_LOCK);
    wait_for_ever(thread, PARKED);
}

static void look(struct naive_free *world, struct free_thread *thread) {
    struct free_lock *lock = lock_of(world, thread);
    if (lock->holder != NOBODY) {
        contend(world, thread, lock);
        return;
    }
    have(world, thread, lock);
    acquired(world, thread);
}

static void unparked(struct naive_free *world, struct free_thread *thread) {
    struct free_lock *lock = lock_of(world, thread);
    attach(world, thread);
    if (thread->handed) {
        thread->handed = false;
        acquired(world, thread);
    } else {
        set(world, thread, LOOK, write_line(world, thread, &lock->line));
    }
}

/* Detached, at a semaphore. */
static void try_semaphore(struct naive_free *world, struct free_thread *thread) {
    struct free_lock *lock = lock_of(world, thread);
    if (lock->holder != NOBODY) {
        set(world, thread, FUTEX, world->costs.futex_empty);
        return;
    }
    lock->sleepers--;
    have(world, thread, lock);
    thread->asleep = false;
    show(world, thread, STATE_DETACHED);
    attach(world, thread);
    acquired(world, thread);
}

/* The kernel looks once more before the thread sleeps. */
static void enter_futex(struct naive_free *world, struct free_thread *thread) {
    struct free_lock *lock = lock_of(world, thread);
    if (lock->holder == NOBODY) {
        try_semaphore(world, thread);
        return;
    }
    join_queue(lock, index_of(world, thread));
    thread->asleep = true; /* one wait, however often it is woken in vain */
    show(world, thread, STATE_WAIT_LOCK);
    wait_for_ever(thread, ASLEEP);
}

static void attempt(struct naive_free *world, struct free_thread *thread) {
    struct free_lock *lock = lock_of(world, thread);
    if (lock->holder == NOBODY) {
        have(world, thread, lock);
        acquired(world, thread);
    } else if (lock->mutex) {
        thread->wants_since = world->now;
        thread->spins = world->costs.spins;
        contend(world, thread, lock);
    } else {
        detach(world, thread);
        lock->sleepers++;
        try_semaphore(world, thread);
    }
}

static void begin_release(struct naive_free *world, struct free_thread *thread) {
    show(world, thread, STATE_RUNNING);
    set(world, thread, UNLOCK, call(world, thread, lock_of(world, thread)));
}

static void unlock(struct naive_free *world, struct free_thread *thread) {
    struct free_lock *lock = lock_of(world, thread);
    sim_ns price = lock->sleepers > 0 ? world->costs.futex_empty : 0;
    lock->holder = NOBODY;
    if (lock->waiting > 0) {
        struct free_thread *oldest = &world->thread[leave_queue(lock)];
        if (lock->mutex && world->now - oldest->wants_since > FAIR) {
            oldest->handed = true;
            lock->holder = index_of(world, oldest);
            world->handovers++;
        }
        if (!oldest->asleep) {
            show(world, oldest, STATE_READY);
        }
        set(world, oldest, lock->mutex ? PARK_ARRIVE : SLEEP_ARRIVE, world->costs.wake);
        price = world->costs.futex_wake;
    }
    show_holder(world, lock);
    set(world, thread, UNLOCKED, price);
}

/* --- programs ------------------------------------------------------------------ */

/* The end of a stretch of bytecode: of a step, or of a part of one. */
static void after_bytecode(struct naive_free *world, struct free_thread *thread) {
    if (!thread->cut) {
        next_step(world, thread);
        return;
    }
    thread->cut = false;
    if (step_of(thread)->kind == FREE_APPEND) {
        begin_release(world, thread);
    } else {
        drop_item(world, thread, world->maker[world->taken++]);
    }
}

static void begin_counting(struct naive_free *world, struct free_thread *thread) {
    const struct free_step *step = step_of(thread);
    switch (step->kind) {
    case FREE_COUNT_SHARED:
        show(world, thread, STATE_RUNNING);
        thread->counts = step->times;
        count(world, thread);
        break;
    case FREE_COUNT_ATOMIC:
        run(world, thread, 2 * step->times * world->costs.shared, false);
        break;
    case FREE_COUNT_OWN:
        run(world, thread, 2 * step->times * world->costs.local, false);
        break;
    default:
        run(world, thread, 0, false);
    }
}

static void begin_counter(struct naive_free *world, struct free_thread *thread) {
    const struct free_step *step = step_of(thread);
    struct free_line *object = &world->object[step->what];
    if (step->kind == FREE_STORE) {
        set(world, thread, STORE_WRITE,
            write_line(world, thread, &world->slot[step->what]));
    } else {
        set(world, thread, step->kind == FREE_LOAD ? LOAD_REFER : REFERRED,
            write_line(world, thread, object));
    }
}

static void leave(struct naive_free *world, struct free_thread *thread) {
    if (thread->queued > 0) {
        begin_merge(world, thread, MERGE_LAST);
        return;
    }
    thread->gone = true;
    thread->attached = false;
    show(world, thread, STATE_COUNT);
    wait_for_ever(thread, GONE);
}

static void next_step(struct naive_free *world, struct free_thread *thread) {
    if (thread->at == thread->step_count) {
        leave(world, thread);
        return;
    }
    const struct free_step *step = &thread->step[thread->at++];
    switch (step->kind) {
    case FREE_COMPUTE:
        run(world, thread, step->ns, false);
        break;
    case FREE_C_HELD:
        show(world, thread, STATE_RUNNING_C);
        set(world, thread, IN_C_HELD, step->ns);
        break;
    case FREE_C_RELEASED:
        detach(world, thread);
        set(world, thread, IN_C_RELEASED, step->ns);
        break;
    case FREE_IO:
    case FREE_SLEEP:
        detach(world, thread);
        set(world, thread, IN_SYSCALL, world->costs.syscall);
        break;
    case FREE_ACQUIRE:
    case FREE_APPEND:
        begin_acquire(world, thread);
        break;
    case FREE_RELEASE:
        begin_release(world, thread);
        break;
    case FREE_LOAD:
    case FREE_REFER:
    case FREE_STORE:
        begin_counter(world, thread);
        break;
    case FREE_TAKE:
        thread->cut = true; /* what it has taken is dropped */
        run(world, thread, world->costs.lock, true);
        break;
    default:
        begin_counting(world, thread);
    }
}

static void block(struct naive_free *world, struct free_thread *thread) {
    const struct free_step *step = step_of(thread);
    sim_ns left = step->ns > world->costs.syscall ? step->ns - world->costs.syscall : 0;
    if (step->kind == FREE_IO && left == 0) {
        attach(world, thread);
        check_point(world, thread, TO_NEXT_STEP);
        return;
    }
    left += step->kind == FREE_SLEEP ? world->costs.slack : 0;
    show(world, thread, step->kind == FREE_SLEEP ? STATE_SLEEP : STATE_IO);
    set(world, thread, BLOCKED, left);
}

/* --- time ---------------------------------------------------------------------- */

/* The thread's moment has come. */
static void happen(struct naive_free *world, struct free_thread *thread) {
    switch ((enum stage)thread->stage) {
    case ARRIVE_FIRST:
        attach(world, thread);
        next_step(world, thread);
        break;
    case BLOCK_ARRIVE:
    case IN_C_RELEASED:
        attach(world, thread);
        check_point(world, thread, TO_NEXT_STEP);
        break;
    case BYTECODE:
        piece_over(world, thread);
        break;
    case IN_C_HELD:
        check_point(world, thread, TO_NEXT_STEP);
        break;
    case IN_SYSCALL:
        block(world, thread);
        break;
    case BLOCKED:
        show(world, thread, STATE_READY);
        set(world, thread, BLOCK_ARRIVE, world->costs.wake);
        break;
    case COUNTING:
        count(world, thread);
        break;
    case LOAD_REFER:
    case LOAD_READ:
    case LOAD_DROP:
    case REFERRED:
    case STORE_WRITE:
    case STORE_DROP:
        use_counter(world, thread);
        break;
    case MERGE:
        check_point(world, thread, (enum after)thread->after);
        break;
    case MERGE_LAST:
        leave(world, thread);
        break;
    case ATTEMPT:
        attempt(world, thread);
        break;
    case SPIN:
        set(world, thread, LOOK,
            write_line(world, thread, &lock_of(world, thread)->line));
        break;
    case LOOK:
        look(world, thread);
        break;
    case PARK_ARRIVE:
        show(world, thread, STATE_DETACHED);
        set(world, thread, PARK_LEAVE, world->costs.futex_wait);
        break;
    case PARK_LEAVE:
        unparked(world, thread);
        break;
    case FUTEX:
        enter_futex(world, thread);
        break;
    case SLEEP_ARRIVE:
        set(world, thread, SLEEP_LEAVE, world->costs.futex_wait);
        break;
    case SLEEP_LEAVE:
        try_semaphore(world, thread);
        break;
    case UNLOCK:
        unlock(world, thread);
        break;
    case UNLOCKED:
        check_point(world, thread, TO_NEXT_STEP);
        break;
    case PARKED:
    case ASLEEP:
    case GONE:
        break;
    }
}

static int find_next(const struct naive_free *world) {
    int next = NOBODY;
    for (int i = 0; i < world->thread_count; i++) {
        const sim_ns when = world->thread[i].when;
        if (when != SIM_NEVER && (next == NOBODY || when < world->thread[next].when)) {
            next = i;
        }
    }
    return next;
}

static bool is_tied(const struct naive_free *world, int next) {
    int same = 0;
    for (int i = 0; i < world->thread_count; i++) {
        same += world->thread[i].when == world->thread[next].when;
    }
    return same > 1;
}

static void nobody_has(struct free_line *line) { line->owner = NOBODY; }

static void prepare(struct naive_free *world) {
    for (int i = 0; i < FREE_LOCKS + FREE_LISTS; i++) {
        struct free_lock *lock = &world->lock[i];
        lock->internal = i >= FREE_LOCKS;
        lock->mutex = world->costs.mutex || lock->internal;
        lock->holder = lock->lane.who = NOBODY;
        lock->lane.state = STATE_FREE;
        nobody_has(&lock->line);
    }
    for (int i = 0; i < FREE_COUNTERS; i++) {
        nobody_has(&world->object[i]);
        nobody_has(&world->slot[i]);
    }
    for (int i = 0; i < FREE_REFERENTS; i++) {
        nobody_has(&world->referent[i]);
    }
    for (int i = 0; i < FREE_THREADS; i++) {
        nobody_has(&world->bucket[i]);
    }
    for (int i = 0; i < world->thread_count; i++) {
        struct free_thread *thread = &world->thread[i];
        thread->stage = ARRIVE_FIRST;
        thread->lane.state = STATE_READY;
        thread->lane.who = NOBODY;
        thread->when = thread->start + world->costs.wake;
    }
}

/* Closes the lanes of the locks; false when a thread still waits. */
static bool finish(struct naive_free *world) {
    for (int i = 0; i < FREE_LOCKS + FREE_LISTS; i++) {
        show_lane(world, &world->lock[i].lane, STATE_COUNT, NOBODY);
    }
    for (int i = 0; i < world->thread_count; i++) {
        if (world->thread[i].stage != GONE) {
            return false;
        }
    }
    return !world->full;
}

bool naive_free_run(struct naive_free *world) {
    prepare(world);
    for (;;) {
        const int next = find_next(world);
        if (next == NOBODY) {
            return finish(world);
        }
        if (is_tied(world, next) || world->full) {
            return false;
        }
        world->now = world->thread[next].when;
        happen(world, &world->thread[next]);
    }
}
