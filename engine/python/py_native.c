/* SPDX-License-Identifier: MIT */
/*
 * py_native - native threads inside a C call: OpenMP, BLAS.
 *
 * The thread that calls is one of its team. The others are made at the first call that
 * needs them and sleep on a futex between calls, as those of libgomp and OpenBLAS do once
 * they have stopped spinning. They know nothing of Python: they want cores, no GIL. The
 * caller wakes them one after the other, does its own share, and waits for the last. Which
 * that will be nobody knows when the wait begins: its resource is the one of those still
 * at work that was woken last, and `by` is who was the last in the end.
 *
 *     caller   wake wake  own share ......... wait       goes on
 *     native 1     own share ................
 *     native 2          own share ..................| wakes the caller
 *
 * Simplified: shares are equal, and nobody spins before it sleeps.
 */
#include "engine/python/py_thread_priv.h"

#include <stdio.h>

struct native_worker {
    struct os_thread os; /* must be first */
    struct native_team *team;
    bool called; /* before it had gone to sleep after the call before */
    bool busy;   /* its share of this call is not done yet */
};

struct native_team {
    struct py_thread *caller;
    struct native_worker **workers; /* as many as were ever needed */
    uint32_t count, capacity;
    uint32_t woken;   /* in this call */
    uint32_t pending; /* shares that are not done yet, without the caller's */
    sim_ns share_ns;
    os_fn then;
    bool waiting; /* the caller's own share is done */
};

static const struct activity SLEEPING = {STATE_IDLE, LANE_NONE, SITE_NONE};

/* --- native threads ------------------------------------------------------------ */

static void worker_begin(struct os_thread *os);

static void worker_sleep(struct os_thread *os) {
    struct native_worker *worker = (struct native_worker *)(void *)os;
    if (worker->called) {
        worker->called = false;
        worker_begin(os);
    } else {
        os_thread_block(os, SLEEPING, worker_begin);
    }
}

static void worker_done(struct os_thread *os) {
    struct native_worker *worker = (struct native_worker *)(void *)os;
    struct native_team *team = worker->team;
    worker->busy = false;
    team->pending--;
    if (team->pending == 0 && team->waiting) {
        os_thread_wake(&team->caller->client.os, os->lane);
        os_thread_work(os, os->cpu->machine->futex_wake_ns, worker_sleep);
        return;
    }
    os_thread_work(os, 0, worker_sleep);
}

static void worker_begin(struct os_thread *os) {
    const struct native_team *team = ((struct native_worker *)(void *)os)->team;
    os_thread_show(
        os, (struct activity){STATE_DETACHED, LANE_NONE, team->caller->action.site},
        LANE_NONE);
    os_thread_work(os, team->share_ns, worker_done);
}

static struct native_worker *worker_create(struct native_team *team) {
    struct world *world = team->caller->world;
    struct native_worker *worker = arena_alloc(&world->arena, 1, sizeof *worker);
    if (worker == NULL) {
        return NULL;
    }
    char name[32];
    snprintf(name, sizeof name, "native %u", team->count + 1);
    const lane_id lane =
        recorder_open_lane(world->sim.recorder, world->sim.now,
                           &(struct lane_birth){LANE_THREAD,
                                                team->caller->process->lane,
                                                name,
                                                {STATE_READY, LANE_NONE, SITE_NONE}});
    if (os_thread_init(&worker->os, &world->cpu, lane, worker_begin) != 0) {
        return NULL;
    }
    os_thread_set_noise(&worker->os, ~(uint32_t)lane); /* Python threads count from 0 */
    worker->team = team;
    return worker;
}

/* --- the caller ---------------------------------------------------------------- */

static void go_on(struct os_thread *os) { PY_THREAD_OF(os)->team->then(os); }

/* Not when nobody is pending. */
static lane_id youngest_at_work(const struct native_team *team) {
    uint32_t i = team->woken - 1;
    while (!team->workers[i]->busy) {
        i--;
    }
    return team->workers[i]->os.lane;
}

static void wait_for_team(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    thread->team->waiting = true;
    if (thread->team->pending == 0) {
        go_on(os);
    } else {
        py_thread_block(thread, STATE_WAIT_OBJECT, youngest_at_work(thread->team), go_on);
    }
}

static void call_next(struct os_thread *os);

static void worker_created(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct native_team *team = thread->team;
    struct native_worker *worker = worker_create(team);
    if (worker == NULL) {
        world_fail_nomem(thread->world);
        return;
    }
    team->workers[team->count++] = worker;
    team->woken++;
    worker->busy = true;
    os_thread_wake(&worker->os, os->lane);
    call_next(os);
}

/* Returns what it costs the caller. */
static sim_ns call_worker(const struct py_thread *thread, struct native_worker *worker) {
    const struct machine *machine = py_thread_machine(thread);
    worker->busy = true;
    if (worker->os.state != OS_BLOCKED) {
        worker->called = true;
        return machine->futex_empty_ns;
    }
    os_thread_wake(&worker->os, thread->client.os.lane);
    return machine->futex_wake_ns;
}

/* Wakes, or makes, the next member of the team; then does its own share. */
static void call_next(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct native_team *team = thread->team;
    if (team->woken + 1 == (uint32_t)thread->action.value) {
        py_thread_work(thread, team->share_ns, wait_for_team);
    } else if (team->woken == team->count) {
        py_thread_work(thread, py_thread_machine(thread)->thread_create_ns,
                       worker_created);
    } else {
        struct native_worker *worker = team->workers[team->woken++];
        py_thread_work(thread, call_worker(thread, worker), call_next);
    }
}

/* Room for the workers of this call. */
static int reserve(struct py_thread *thread, uint32_t workers) {
    struct arena *arena = &thread->world->arena;
    if (thread->team == NULL) {
        thread->team = arena_alloc(arena, 1, sizeof *thread->team);
    }
    struct native_team *team = thread->team;
    if (team == NULL) {
        return ERR_NOMEM;
    }
    team->caller = thread;
    if (workers > team->capacity) {
        struct native_worker **grown = arena_alloc(arena, workers, sizeof(void *));
        if (grown == NULL) {
            return ERR_NOMEM;
        }
        for (uint32_t i = 0; i < team->count; i++) {
            grown[i] = team->workers[i];
        }
        team->workers = grown;
        team->capacity = workers;
    }
    return 0;
}

void py_native_share(struct py_thread *thread, os_fn then) {
    const uint32_t threads = (uint32_t)thread->action.value;
    if (reserve(thread, threads - 1) != 0) {
        world_fail_nomem(thread->world);
        return;
    }
    struct native_team *team = thread->team;
    team->then = then;
    team->woken = 0;
    team->pending = threads - 1;
    team->waiting = false;
    team->share_ns = thread->action.ns / threads;
    call_next(&thread->client.os);
}
