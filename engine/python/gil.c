/* SPDX-License-Identifier: MIT */
#include "engine/python/gil.h"

#include "engine/base/check.h"

static void take_try(struct os_thread *os);
static void take_deadline(struct event *event);

void gil_init(struct gil *gil, struct cpu *cpu, const struct runtime *runtime,
              lane_id process, const char *name) {
    *gil = (struct gil){
        .sim = cpu->sim,
        .cpu = cpu,
        .runtime = runtime,
        .tick_left_ns = runtime->check_spacing_ns,
        .lane = LANE_NONE,
        .stop_world = {.lane = process},
    };
    if (runtime->gil != GIL_NONE) {
        gil->lane = recorder_open_lane(
            cpu->sim->recorder, cpu->sim->now,
            &(struct lane_birth){
                LANE_GIL, process, name, {STATE_FREE, LANE_NONE, SITE_NONE}});
    }
}

enum { CHECK_INTERVAL = 100 }; /* Python/ceval.c _Py_CheckInterval, in ticks */

/* Bytecode between two checks. */
static sim_ns spacing_of(const struct gil *gil) {
    const sim_ns spacing = gil->runtime->check_spacing_ns;
    return gil->hurried && spacing > CHECK_INTERVAL ? spacing / CHECK_INTERVAL : spacing;
}

sim_ns gil_next_check(const struct gil *gil) {
    return gil->runtime->gil == GIL_TICK ? gil->tick_left_ns
                                         : gil->runtime->check_spacing_ns;
}

/* Check points of 3.2+ lie so close together that the end of a piece of bytecode is one.
 * The ticker of 2.7 goes on counting from one piece to the next. */
bool gil_count_ticks(struct gil *gil, sim_ns ns) {
    if (gil->runtime->gil != GIL_TICK) {
        return true;
    }
    if (ns < gil->tick_left_ns) {
        gil->tick_left_ns -= ns;
        return false;
    }
    const sim_ns spacing = spacing_of(gil);
    gil->tick_left_ns = spacing - (ns - gil->tick_left_ns) % spacing;
    return true;
}

bool gil_count_opcode(struct gil *gil) {
    return gil_count_ticks(gil, gil->runtime->check_spacing_ns / CHECK_INTERVAL);
}

/* --- queues of the two condition variables ------------------------------------- */

static void queue_append(struct gil_queue *queue, struct gil_client *client) {
    client->next = NULL;
    client->previous = queue->last;
    if (queue->last == NULL) {
        queue->first = client;
    } else {
        queue->last->next = client;
    }
    queue->last = client;
}

static void queue_remove(struct gil_queue *queue, struct gil_client *client) {
    if (client->previous == NULL) {
        queue->first = client->next;
    } else {
        client->previous->next = client->next;
    }
    if (client->next == NULL) {
        queue->last = client->previous;
    } else {
        client->next->previous = client->previous;
    }
}

/* --- recording ----------------------------------------------------------------- */

static void show_gil(struct gil *gil, enum lane_state state, lane_id holder, lane_id by) {
    sim_switch(gil->sim, gil->lane, (struct activity){state, holder, SITE_NONE}, by);
}

static void show_client(struct gil_client *client, enum lane_state state, lane_id by) {
    const lane_id resource = state == STATE_WAIT_GIL || state == STATE_FORCED_WAIT
                                 ? client->gil->lane
                                 : LANE_NONE;
    os_thread_show(&client->os, (struct activity){state, resource, client->site}, by);
}

static void proceed(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    const os_fn then = client->then;
    client->then = NULL;
    then(os);
}

/* --- take_gil ------------------------------------------------------------------ */

/* The first waiter of `switch_cond` may go on: somebody took the GIL. Returns the price.
 */
static sim_ns signal_switch(struct gil_client *client) {
    struct gil *gil = client->gil;
    struct gil_client *dropper = gil->switch_cond.first;
    if (dropper == NULL) {
        return 0;
    }
    queue_remove(&gil->switch_cond, dropper);
    os_thread_wake(&dropper->os, client->os.lane);
    return gil->cpu->machine->futex_wake_ns;
}

static void grant(struct gil_client *client) {
    struct gil *gil = client->gil;
    /* Who waited was let in by the one that dropped it last. */
    const lane_id releaser = client->waiting && gil->last_holder != NULL
                                 ? gil->last_holder->os.lane
                                 : LANE_NONE;
    gil->holder = client;
    if (gil->last_holder != client) {
        gil->last_holder = client;
        gil->switch_number++;
    }
    gil->drop_request = false;
    show_gil(gil, STATE_HELD, client->os.lane, client->os.lane);
    gil->waiters -= client->waiting;
    client->waiting = false;
    client->os.masked = false;
    show_client(client, STATE_RUNNING, releaser);
    os_thread_work(&client->os, signal_switch(client), proceed);
}

/* Bytecode that is being run ends at its next check point. */
static void cut_at_check_point(struct gil_client *client) {
    if (!client->computing) {
        return;
    }
    const sim_ns spacing = spacing_of(client->gil);
    const sim_ns first = gil_next_check(client->gil);
    const sim_ns done = os_thread_work_done(&client->os);
    const sim_ns next =
        done < first ? first : first + ((done - first) / spacing + 1) * spacing;
    if (next < client->os.work_ns) {
        os_thread_shorten_work(&client->os, next);
    }
}

void gil_break(struct gil_client *client, enum breaker what) {
    client->breaker |= what;
    cut_at_check_point(client);
}

/* The holder is to drop the GIL at its next check point, if it runs bytecode. */
static void notify_holder(const struct gil *gil) {
    if (gil->holder != NULL) {
        cut_at_check_point(gil->holder);
    }
}

void gil_set_hurried(struct gil *gil, bool hurried) {
    if (gil->runtime->gil != GIL_TICK || gil->hurried == hurried) {
        return;
    }
    gil->hurried = hurried;
    if (hurried) {
        const sim_ns tick = spacing_of(gil);
        gil->tick_left_ns = gil->tick_left_ns < tick ? gil->tick_left_ns : tick;
        if (gil->waiters > 0) {
            notify_holder(gil);
        }
    }
}

/* A waiter ran out of patience. */
static void request_drop(struct gil *gil, const struct gil_client *waiter) {
    if (!gil->drop_request) {
        gil->drop_requests++;
        sim_instant(gil->sim, gil->lane, INSTANT_DROP_REQUEST, waiter->os.lane);
    }
    gil->drop_request = true;
    notify_holder(gil);
}

/* Wakes the oldest sleeper, if there is one. Returns the price. The wake-up is on its way
 * while the dropper still pays for it: that is the head start in the race for the GIL. */
static sim_ns signal_waiter(struct gil_client *client) {
    struct gil *gil = client->gil;
    struct gil_client *waiter = gil->cond.first;
    if (waiter == NULL) { /* sem_post() looks in the kernel when anybody is on the way */
        return gil->runtime->gil == GIL_TICK && gil->waiters > 0
                   ? gil->cpu->machine->futex_empty_ns
                   : 0;
    }
    queue_remove(&gil->cond, waiter);
    waiter->signalled = true;
    if (!waiter->timed_out) { /* else it is on its way already */
        sim_cancel_event(gil->sim, &waiter->os.timer);
        os_thread_wake(&waiter->os, client->os.lane);
    }
    return gil->cpu->machine->futex_wake_ns;
}

/* Back on a core. Who timed out leaves the queue only now; a signal that it got in
 * between counts, not the time-out (Linux kernel/futex/waitwake.c __futex_wait). */
static void wait_over(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    if (client->signalled) {
        client->timed_out = false;
    } else {
        queue_remove(&client->gil->cond, client);
    }
    os_thread_work(os, client->gil->cpu->machine->futex_wait_ns, take_try);
}

static void wait_for_release(struct gil_client *client) {
    struct gil *gil = client->gil;
    if (!client->waiting) {
        client->waiting = true;
        gil->waiters++;
        show_client(client, STATE_WAIT_GIL, LANE_NONE);
        client->os.masked = true; /* however often it wakes up, this is one wait */
        if (gil->runtime->gil == GIL_TICK) {
            notify_holder(gil); /* from now on its checks are worth a look */
        }
    }
    client->timed_out = false;
    client->signalled = false;
    client->switch_seen = gil->switch_number;
    queue_append(&gil->cond, client);
    if (gil->runtime->gil == GIL_INTERVAL) {
        client->os.timer.fire = take_deadline;
        sim_schedule(gil->sim, &client->os.timer,
                     os_thread_timer_due(&client->os, gil->runtime->switch_interval_ns));
    }
    os_thread_block(&client->os, client->os.doing, wait_over);
}

static void take_deadline(struct event *event) {
    struct os_thread *os = OS_THREAD_OF(event, timer);
    GIL_CLIENT_OF(os)->timed_out = true;
    os_thread_wake(os, LANE_NONE);
}

/* The loop of take_gil: its first round, and every round after a wait. */
static void take_try(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    struct gil *gil = client->gil;
    if (gil->holder == NULL) {
        grant(client);
        return;
    }
    if (client->waiting) {
        if (!client->timed_out) {
            gil->false_wakeups++;
            sim_instant(gil->sim, gil->lane, INSTANT_FALSE_WAKEUP, os->lane);
        } else if (gil->switch_number == client->switch_seen) {
            request_drop(gil, client);
        }
    }
    wait_for_release(client);
}

void gil_take(struct gil_client *client, os_fn then) {
    if (client->gil->runtime->gil == GIL_NONE) {
        stop_world_attach(client, then);
        return;
    }
    client->then = then;
    os_thread_work(&client->os, client->gil->runtime->attach_ns, take_try);
}

/* --- drop_gil ------------------------------------------------------------------ */

/* Dropped on request, and nobody has been faster: waits for the handover. */
static void released(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    struct gil *gil = client->gil;
    if (gil->runtime->gil == GIL_TICK || !gil->runtime->force_switching ||
        !gil->drop_request || gil->last_holder != client) {
        proceed(os);
        return;
    }
    gil->drop_request = false;
    queue_append(&gil->switch_cond, client);
    os_thread_block(os, (struct activity){STATE_FORCED_WAIT, gil->lane, client->site},
                    proceed);
}

static void release(struct gil_client *client, os_fn then, os_fn afterwards) {
    struct gil *gil = client->gil;
    ASSERT(gil->holder == client && !client->computing);
    gil->last_holder = client;
    gil->holder = NULL;
    show_gil(gil, STATE_FREE, LANE_NONE, client->os.lane);
    show_client(client, STATE_DETACHED, LANE_NONE);
    client->then = then;
    sim_ns gap = gil->runtime->attach_ns + signal_waiter(client);
    if (gil->runtime->gil == GIL_TICK) {
        gap +=
            os_thread_interrupts(&client->os, gap); /* the waiter's chance, see gil.h */
    }
    os_thread_work(&client->os, gap, afterwards);
}

void gil_drop(struct gil_client *client, bool forced, os_fn then) {
    struct gil *gil = client->gil;
    if (gil->runtime->gil == GIL_NONE) {
        stop_world_detach(client);
        os_thread_work(&client->os, 0, then);
        return;
    }
    gil->forced_drops += forced;
    gil->voluntary_drops += !forced;
    if (!forced || gil->runtime->gil != GIL_TICK) { /* a check every 2 us is no event */
        sim_instant(gil->sim, gil->lane,
                    forced ? INSTANT_FORCED_DROP : INSTANT_VOLUNTARY_DROP,
                    client->os.lane);
    }
    release(client, then, released);
}

void gil_drop_at_exit(struct gil_client *client, os_fn then) {
    if (client->gil->runtime->gil == GIL_NONE) {
        stop_world_leave(client, then);
        return;
    }
    release(client, then, proceed);
}
