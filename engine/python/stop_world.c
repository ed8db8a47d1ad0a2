/* SPDX-License-Identifier: MIT */
#include "engine/python/stop_world.h"

#include "engine/base/check.h"
#include "engine/python/gil.h"

static const sim_ns ROUND_NS = NS_PER_MS; /* stop_the_world: wait_ns */

static void wait_for_others(struct gil_client *client);

static struct stop_world *world_of(const struct gil_client *client) {
    return &client->gil->stop_world;
}

static void show(struct gil_client *client, enum lane_state state) {
    os_thread_show(&client->os, (struct activity){state, LANE_NONE, client->site},
                   LANE_NONE);
}

static void block(struct gil_client *client, enum lane_state state, os_fn then) {
    os_thread_block(&client->os,
                    (struct activity){state, world_of(client)->lane, client->site}, then);
}

/* --- members ------------------------------------------------------------------- */

/* init_threadstate: a thread that is made during a request is suspended from the
 * beginning. */
void stop_world_add(struct stop_world *world, struct gil_client *client) {
    client->member = (struct stop_world_member){
        .next = world->members,
        .state = world->requested ? ATTACH_SUSPENDED : ATTACH_DETACHED,
    };
    if (world->members != NULL) {
        world->members->member.previous = client;
    }
    world->members = client;
    world->member_count++;
}

static void remove_member(struct stop_world *world, struct gil_client *client) {
    struct stop_world_member *member = &client->member;
    if (member->previous == NULL) {
        world->members = member->next;
    } else {
        member->previous->member.next = member->next;
    }
    if (member->next != NULL) {
        member->next->member.previous = member->previous;
    }
    world->member_count--;
}

/* --- suspending ---------------------------------------------------------------- */

/* One thread less to wait for; the last one sets the event. Returns the price. */
static sim_ns count_down(struct stop_world *world, const struct gil_client *client) {
    world->countdown--;
    if (world->countdown > 0 || !world->waiting) {
        return 0;
    }
    world->waiting = false;
    struct os_thread *requester = &world->requester->os;
    sim_cancel_event(requester->cpu->sim, &requester->timer);
    os_thread_wake(requester, client->os.lane);
    return requester->cpu->machine->futex_wake_ns;
}

static void attach_again(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    stop_world_attach(client, client->member.then);
}

static void unparked(struct os_thread *os) {
    os_thread_work(os, os->cpu->machine->futex_wait_ns, attach_again);
}

void stop_world_attach(struct gil_client *client, os_fn then) {
    struct stop_world *world = world_of(client);
    if (client->member.state == ATTACH_SUSPENDED) {
        client->member.then = then;
        client->member.next_parked = world->parked;
        world->parked = client;
        block(client, STATE_PAUSED, unparked);
        return;
    }
    client->member.then = NULL;
    client->member.state = ATTACH_ATTACHED;
    show(client, STATE_RUNNING);
    os_thread_work(&client->os, 0, then);
}

void stop_world_detach(struct gil_client *client) {
    ASSERT(client->member.state == ATTACH_ATTACHED && !client->computing);
    client->member.state = ATTACH_DETACHED;
    show(client, STATE_DETACHED);
}

/* tstate_delete_common: who goes during a request is not waited for. */
void stop_world_leave(struct gil_client *client, os_fn then) {
    struct stop_world *world = world_of(client);
    remove_member(world, client);
    client->member.state = ATTACH_DETACHED;
    if (!world->requested) {
        os_thread_work(&client->os, 0, then);
        return;
    }
    show(client, STATE_DETACHED);
    os_thread_work(&client->os, count_down(world, client), then);
}

void stop_world_suspend(struct gil_client *client, os_fn then) {
    struct stop_world *world = world_of(client);
    ASSERT(client->member.state == ATTACH_ATTACHED && world->requester != client);
    client->breaker &= ~(unsigned)BREAKER_STOP;
    if (!world->requested) { /* asked, detached meanwhile, and the pause is over */
        os_thread_work(&client->os, 0, then);
        return;
    }
    client->member.state = ATTACH_SUSPENDED;
    client->member.then = then;
    show(client, STATE_DETACHED);
    os_thread_work(&client->os, count_down(world, client), attach_again);
}

/* --- requesting ---------------------------------------------------------------- */

/* Suspends the detached threads, asks the attached ones. */
static void sweep(struct stop_world *world) {
    for (struct gil_client *it = world->members; it != NULL; it = it->member.next) {
        if (it == world->requester) {
            continue;
        }
        if (it->member.state == ATTACH_DETACHED) {
            it->member.state = ATTACH_SUSPENDED;
            world->countdown--;
        } else if (it->member.state == ATTACH_ATTACHED &&
                   (it->breaker & BREAKER_STOP) == 0) {
            gil_break(it, BREAKER_STOP);
        }
    }
}

/* A compare-and-swap on the state of every other thread. */
static sim_ns price_of_sweep(const struct gil_client *client) {
    return (world_of(client)->member_count - 1) * client->gil->runtime->shared_ref_ns;
}

static void swept(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    struct stop_world *world = world_of(client);
    sweep(world);
    if (world->countdown > 0) {
        wait_for_others(client);
        return;
    }
    world->stopped = true;
    sim_switch(client->gil->sim, world->lane,
               (struct activity){STATE_PAUSED, os->lane, SITE_NONE}, LANE_NONE);
    const os_fn then = client->member.then_stopped;
    client->member.then_stopped = NULL;
    then(os);
}

static void look_again(struct os_thread *os) {
    const struct gil_client *client = GIL_CLIENT_OF(os);
    os_thread_work(os, price_of_sweep(client), swept);
}

static void woken(struct os_thread *os) {
    os_thread_work(os, os->cpu->machine->futex_wait_ns, look_again);
}

static void round_over(struct event *event) {
    struct os_thread *os = OS_THREAD_OF(event, timer);
    world_of(GIL_CLIENT_OF(os))->waiting = false;
    os_thread_wake(os, LANE_NONE);
}

/* PyEvent_WaitTimed without detaching. */
static void wait_for_others(struct gil_client *client) {
    struct stop_world *world = world_of(client);
    world->waiting = true;
    client->os.timer.fire = round_over;
    sim_schedule(client->gil->sim, &client->os.timer,
                 os_thread_timer_due(&client->os, ROUND_NS));
    block(client, STATE_WAIT_OBJECT, woken);
}

/* --- one requester at a time --------------------------------------------------- */

static void request_again(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    stop_world_request(client, client->member.then_stopped);
}

static void attach_and_request(struct os_thread *os) {
    stop_world_attach(GIL_CLIENT_OF(os), request_again);
}

static void mutex_woken(struct os_thread *os) {
    os_thread_work(os, os->cpu->machine->futex_wait_ns, attach_and_request);
}

/* PyMutex_Lock detaches before it sleeps: the present requester need not wait for this
 * one. */
static void wait_for_mutex(struct gil_client *client) {
    struct stop_world *world = world_of(client);
    stop_world_detach(client);
    client->member.next_parked = NULL;
    if (world->next_last == NULL) {
        world->next_first = client;
    } else {
        world->next_last->member.next_parked = client;
    }
    world->next_last = client;
    block(client, STATE_WAIT_LOCK, mutex_woken);
}

void stop_world_request(struct gil_client *client, os_fn then) {
    struct stop_world *world = world_of(client);
    ASSERT(client->member.state == ATTACH_ATTACHED && world->requester != client);
    client->member.then_stopped = then;
    if (world->requester != NULL) {
        wait_for_mutex(client);
        return;
    }
    world->requester = client;
    world->requested = true;
    world->countdown = world->member_count - 1;
    show(client, STATE_RUNNING_C);
    os_thread_work(&client->os, price_of_sweep(client), swept);
}

/* --- releasing ----------------------------------------------------------------- */

static void unlock(struct os_thread *os) {
    struct gil_client *client = GIL_CLIENT_OF(os);
    struct stop_world *world = world_of(client);
    struct gil_client *next = world->next_first;
    sim_ns price = 0;
    world->requester = NULL;
    if (next != NULL) {
        world->next_first = next->member.next_parked;
        if (world->next_first == NULL) {
            world->next_last = NULL;
        }
        os_thread_wake(&next->os, os->lane);
        price = os->cpu->machine->futex_wake_ns;
    }
    os_thread_work(os, price, client->member.then_stopped);
}

static void wake_parked(struct os_thread *os) {
    struct stop_world *world = world_of(GIL_CLIENT_OF(os));
    struct gil_client *parked = world->waking;
    if (parked == NULL) {
        unlock(os);
        return;
    }
    world->waking = parked->member.next_parked;
    os_thread_wake(&parked->os, os->lane);
    os_thread_work(os, os->cpu->machine->futex_wake_ns, wake_parked);
}

void stop_world_release(struct gil_client *client, os_fn then) {
    struct stop_world *world = world_of(client);
    ASSERT(world->requester == client && world->stopped);
    world->requested = false;
    world->stopped = false;
    for (struct gil_client *it = world->members; it != NULL; it = it->member.next) {
        if (it != client) {
            ASSERT(it->member.state == ATTACH_SUSPENDED);
            it->member.state = ATTACH_DETACHED;
        }
    }
    sim_switch(client->gil->sim, world->lane,
               (struct activity){STATE_ALIVE, LANE_NONE, SITE_NONE}, client->os.lane);
    world->waking = world->parked;
    world->parked = NULL;
    client->member.then_stopped = then;
    wake_parked(&client->os);
}
