/* SPDX-License-Identifier: MIT */
#include "engine/python/py_lock.h"

#include "engine/base/check.h"
#include "engine/python/py_thread_priv.h"

static const sim_ns FAIR_NS = NS_PER_MS; /* Python/lock.c TIME_TO_BE_FAIR_NS */

static void semaphore_try(struct os_thread *os);
static void look_woken(struct os_thread *os);

static struct py_lock *lock_of(const struct py_thread *thread) {
    return thread->action.object;
}

static bool is_mutex(const struct py_thread *thread) { return lock_of(thread)->mutex; }

void py_lock_init(struct py_lock *lock, const struct runtime *runtime, lane_id lane) {
    *lock = (struct py_lock){
        .mutex = runtime->lock_kind == LOCK_PYMUTEX,
        .releaser = LANE_NONE,
        .lane = lane,
        .waiting = {STATE_WAIT_LOCK, lane, SITE_NONE},
    };
}

/* --- state --------------------------------------------------------------------- */

static void show_lock(const struct py_thread *thread, const struct py_lock *lock) {
    if (lock->lane == LANE_NONE) {
        return;
    }
    const bool held = lock->holder != NULL;
    sim_switch(py_thread_sim(thread), lock->lane,
               (struct activity){held ? STATE_HELD : STATE_FREE,
                                 held ? lock->holder->client.os.lane : LANE_NONE,
                                 SITE_NONE},
               thread->client.os.lane);
}

static void hold(struct py_thread *thread, struct py_lock *lock) {
    lock->holder = thread;
    show_lock(thread, lock);
}

static void queue_push(struct py_lock *lock, struct py_thread *thread) {
    thread->next_waiter = NULL;
    if (lock->last == NULL) {
        lock->first = thread;
    } else {
        lock->last->next_waiter = thread;
    }
    lock->last = thread;
}

static struct py_thread *queue_pop(struct py_lock *lock) {
    struct py_thread *thread = lock->first;
    if (thread != NULL) {
        lock->first = thread->next_waiter;
        if (lock->first == NULL) {
            lock->last = NULL;
        }
    }
    return thread;
}

/* Also the RLock that is written in Python, up to 3.1, is one piece: it has no check points
 * inside. */
static sim_ns price_of_code(const struct py_lock *lock, const struct runtime *runtime) {
    if (lock->internal) {
        return runtime->critical_section_ns;
    }
    return lock->recursive ? runtime->rlock_ns : runtime->lock_ns;
}

/* acquire() or release() itself, and the way to the lock's cache line. */
static sim_ns price_of_call(const struct py_thread *thread) {
    struct py_lock *lock = lock_of(thread);
    return price_of_code(lock, py_thread_runtime(thread)) +
           os_thread_write_line(&thread->client.os, &lock->line);
}

/* --- acquire ------------------------------------------------------------------- */

/* With the lock, attached. The call ends at a check point, however long it took, unless it
 * is a part of one. */
static void acquired(struct os_thread *os) {
    if (PY_THREAD_OF(os)->action.value == 1) {
        py_thread_finish(os);
    } else {
        py_thread_check_and_finish(os);
    }
}

/* Off the lock's queue for good, with the lock: now for the GIL. */
static void obtained(struct py_thread *thread) {
    if (thread->client.os.masked) {
        thread->client.os.masked = false;
        os_thread_show(&thread->client.os,
                       (struct activity){STATE_DETACHED, LANE_NONE, thread->action.site},
                       lock_of(thread)->releaser);
    }
    gil_take(&thread->client, acquired);
}

static void woken(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_work(thread, py_thread_machine(thread)->futex_wait_ns, semaphore_try);
}

/* The wait is over, whatever comes of it; before it tries again it attaches
 * (Python/parking_lot.c _PySemaphore_Wait). */
static void unparked(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->unparked = false;
    gil_take(&thread->client, look_woken);
}

static void unpark_paid(struct os_thread *os) {
    py_thread_work(PY_THREAD_OF(os), py_thread_machine(PY_THREAD_OF(os))->futex_wait_ns,
                   unparked);
}

/* Detached, after it has joined the queue: perhaps its turn has come meanwhile. */
static void sleep_parked(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    const struct py_lock *lock = lock_of(thread);
    if (thread->unparked) {
        unparked(os);
        return;
    }
    thread->parked = true;
    py_thread_block(thread, lock->waiting.state, lock->waiting.resource, unpark_paid);
}

static void park(struct py_thread *thread) {
    queue_push(lock_of(thread), thread);
    py_thread_detach(thread, sleep_parked);
}

/* Sleeps until a release. The wait for a lock that has a lane is one span however often it
 * wakes up in vain; other locks are means to wait for something, which is what is shown. */
static void sleep_on(struct py_thread *thread, struct py_lock *lock) {
    queue_push(lock, thread);
    if (lock->lane == LANE_NONE) {
        py_thread_block(thread, lock->waiting.state, lock->waiting.resource, woken);
        return;
    }
    if (!thread->client.os.masked) {
        py_thread_show(thread, lock->waiting.state, lock->waiting.resource);
        thread->client.os.masked = true;
    }
    os_thread_block(&thread->client.os, thread->client.os.doing, woken);
}

/* In the kernel, which compares once more before it puts the thread to sleep (Linux
 * kernel/futex/waitwake.c futex_wait_setup: EAGAIN). */
static void futex_entered(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (lock_of(thread)->holder != NULL) {
        sleep_on(thread, lock_of(thread));
    } else {
        semaphore_try(os);
    }
}

static void semaphore_try(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_lock *lock = lock_of(thread);
    if (lock->holder != NULL) {
        py_thread_work(thread, py_thread_machine(thread)->futex_empty_ns, futex_entered);
        return;
    }
    lock->waiters--;
    hold(thread, lock);
    obtained(thread);
}

static void wait_detached(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    lock_of(thread)->waiters++;
    semaphore_try(os);
}

static void look(struct os_thread *os);

static void look_again(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_work(thread, os_thread_write_line(os, &lock_of(thread)->line), look);
}

/* How often it yields before the next look: until then it does not know what the lock has
 * become. */
static int64_t take_yields(struct py_thread *thread) {
    const int64_t looks = py_thread_runtime(thread)->lock_looks;
    const int64_t yields = looks > 0 && looks < thread->spins ? looks : thread->spins;
    thread->spins -= yields;
    return yields;
}

/* The thread has just seen that a PyMutex is taken. It yields in the hope of a quick
 * release, until it has done so often enough, be it before it parked or after; or it parks,
 * at once when others are parked. */
static void contend(struct py_thread *thread) {
    const struct py_lock *lock = lock_of(thread);
    if (lock->first != NULL || thread->spins == 0) {
        park(thread);
        return;
    }
    py_thread_show(thread, STATE_SPIN, lock->waiting.resource);
    py_thread_work(thread,
                   take_yields(thread) * py_thread_machine(thread)->sched_yield_ns,
                   look_again);
}

static void look(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (lock_of(thread)->holder != NULL) {
        contend(thread);
        return;
    }
    os_thread_show(os, (struct activity){STATE_RUNNING, LANE_NONE, thread->action.site},
                   lock_of(thread)->releaser);
    hold(thread, lock_of(thread));
    acquired(os);
}

static void obtain_woken(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (lock_of(thread)->holder != NULL) {
        contend(thread);
    } else {
        hold(thread, lock_of(thread));
        acquired(os);
    }
}

/* Attached again, after it was parked: the lock is its own, or there for anybody. */
static void look_woken(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->handed_over) {
        thread->handed_over = false;
        acquired(os);
    } else {
        py_thread_work(thread, os_thread_write_line(os, &lock_of(thread)->line),
                       obtain_woken);
    }
}

static void acquire_try(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_lock *lock = lock_of(thread);
    if (lock->recursive && lock->holder == thread) {
        lock->depth++;
        py_thread_check_and_finish(os);
    } else if (lock->holder == NULL) {
        hold(thread, lock);
        acquired(os);
    } else if (is_mutex(thread)) {
        thread->parked_ns = py_thread_sim(thread)->now; /* patience counts from here */
        thread->spins = py_thread_runtime(thread)->lock_spins;
        contend(thread);
    } else {
        py_thread_detach(thread, wait_detached);
    }
}

/* From a release to the next attempt a waiter has its chance, and a timer interrupt in
 * that gap is what lets it in at last: without one a thread that wants the lock again at
 * once would keep a semaphore from all others for ever. */
static void work_in_gap(struct py_thread *thread, sim_ns ns, os_fn then) {
    py_thread_work(thread, ns + os_thread_interrupts(&thread->client.os, ns), then);
}

void py_lock_begin_acquire(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_RUNNING, LANE_NONE);
    work_in_gap(thread, price_of_call(thread), acquire_try);
}

/* --- release ------------------------------------------------------------------- */

/* Wakes the oldest sleeper, if there is one; returns the price. */
static sim_ns wake_first(struct py_thread *thread, struct py_lock *lock) {
    const struct machine *machine = py_thread_machine(thread);
    struct py_thread *sleeper = queue_pop(lock);
    if (sleeper != NULL && lock->mutex && !sleeper->parked) {
        sleeper->unparked = true; /* it still lets the GIL go */
        return machine->futex_empty_ns;
    }
    if (sleeper != NULL) {
        sleeper->parked = false;
        os_thread_wake(&sleeper->client.os, thread->client.os.lane);
        return machine->futex_wake_ns;
    }
    return lock->waiters > 0 ? machine->futex_empty_ns : 0;
}

static sim_ns unlock_mutex(struct py_thread *thread, struct py_lock *lock) {
    const sim_ns now = py_thread_sim(thread)->now;
    if (lock->first != NULL && now - lock->first->parked_ns > FAIR_NS) {
        lock->first->handed_over = true;
        hold(lock->first, lock);
    }
    return wake_first(thread, lock);
}

static void released(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_lock *lock = lock_of(thread);
    if (lock->holder == NULL || (lock->recursive && lock->holder != thread)) {
        world_raise(thread->world, thread->action.site,
                    lock->recursive ? "RuntimeError: cannot release un-acquired lock"
                                    : "RuntimeError: release unlocked lock");
        return;
    }
    if (lock->depth > 0) {
        lock->depth--;
        py_thread_check_and_finish(os);
        return;
    }
    lock->holder = NULL;
    lock->releaser = thread->client.os.lane;
    const sim_ns price =
        is_mutex(thread) ? unlock_mutex(thread, lock) : wake_first(thread, lock);
    show_lock(thread, lock);
    work_in_gap(thread, price, py_thread_check_and_finish);
}

void py_lock_begin_release(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_RUNNING, LANE_NONE);
    py_thread_work(thread, price_of_call(thread), released);
}
