/* SPDX-License-Identifier: MIT */
#include "engine/python/py_peer.h"

#include "engine/python/py_thread_priv.h"

#define PEER_OF(os_pointer) ((struct py_peer *)(void *)(os_pointer))

static const struct activity in_recv = {STATE_IO, LANE_NONE, SITE_NONE};
static const struct activity answering = {STATE_DETACHED, LANE_NONE, SITE_NONE};

/* --- who is told of answers ---------------------------------------------------- */

static void append_readable(struct py_peer *peer) {
    struct selector *selector = peer->selector;
    peer->next_readable = NULL;
    peer->previous_readable = selector->last_readable;
    if (selector->last_readable != NULL) {
        selector->last_readable->next_readable = peer;
    } else {
        selector->first_readable = peer;
    }
    selector->last_readable = peer;
}

static void remove_readable(struct py_peer *peer) {
    struct selector *selector = peer->selector;
    struct py_peer *next = peer->next_readable, *previous = peer->previous_readable;
    *(next != NULL ? &next->previous_readable : &selector->last_readable) = previous;
    *(previous != NULL ? &previous->next_readable : &selector->first_readable) = next;
}

/* The only place where `answered` changes: a peer is in the list of its selector as long as
 * that is above 0. */
static void set_answered(struct py_peer *peer, uint64_t answered) {
    if (peer->selector != NULL && (answered > 0) != (peer->answered > 0)) {
        (answered > 0 ? append_readable : remove_readable)(peer);
    }
    peer->answered = answered;
}

void py_peer_watch(struct py_peer *peer, struct selector *selector) {
    const uint64_t answered = peer->answered;
    if (peer->selector == selector) {
        return;
    }
    set_answered(peer, 0);
    peer->selector = selector;
    set_answered(peer, answered);
    if (selector != NULL && answered > 0) {
        selector->ready = true;
    }
}

uint64_t py_peer_receive_all(struct py_peer *peer) {
    const uint64_t answered = peer->answered;
    set_answered(peer, 0);
    return answered;
}

/* --- the peer ------------------------------------------------------------------ */

static void peer_look(struct os_thread *os);

static void peer_sent(struct os_thread *os) {
    struct py_peer *peer = PEER_OF(os);
    struct py_thread *receiver = peer->receivers;
    set_answered(peer, peer->answered + 1);
    peer->receivers = NULL;
    if (peer->selector != NULL) {
        selector_set_ready(peer->selector, os->lane);
    }
    while (receiver != NULL) { /* awake it may be asked to wait again */
        struct py_thread *next = receiver->next_waiter;
        os_thread_wake(&receiver->client.os, os->lane);
        receiver = next;
    }
    peer_look(os);
}

static void peer_look(struct os_thread *os) {
    struct py_peer *peer = PEER_OF(os);
    if (peer->asked == 0) {
        peer->sleeping = true;
        os_thread_block(os, in_recv, peer_look);
        return;
    }
    peer->asked--;
    os_thread_show(os, answering, LANE_NONE);
    os_thread_work(os, peer->answer_ns, peer_sent);
}

int py_peer_init(struct py_peer *peer, struct cpu *cpu, const char *name,
                 sim_ns answer_ns) {
    struct recorder *recorder = cpu->sim->recorder;
    const lane_id process = recorder_open_lane(
        recorder, cpu->sim->now,
        &(struct lane_birth){
            LANE_PROCESS, LANE_NONE, name, {STATE_ALIVE, LANE_NONE, SITE_NONE}});
    const lane_id lane =
        recorder_open_lane(recorder, cpu->sim->now,
                           &(struct lane_birth){LANE_THREAD, process, name, in_recv});
    *peer = (struct py_peer){.answer_ns = answer_ns, .sleeping = true};
    return os_thread_init(&peer->os, cpu, lane, peer_look);
}

/* --- our side ------------------------------------------------------------------ */

static struct py_peer *peer_of(const struct py_thread *thread) {
    return ((const struct world_object *)thread->action.object)->peer;
}

static void sent(struct os_thread *os) {
    struct py_peer *peer = peer_of(PY_THREAD_OF(os));
    peer->asked++;
    if (peer->sleeping) {
        peer->sleeping = false; /* on its way it finds this message and all later ones */
        os_thread_wake(&peer->os, os->lane);
    }
    if (PY_THREAD_OF(os)->action.value == 1) {
        py_thread_finish(os);
    } else {
        py_thread_attach_and_finish(os);
    }
}

static void send_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_DETACHED, LANE_NONE);
    py_thread_work(thread, thread->action.ns, sent);
}

void py_peer_begin_send(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->action.value == 1) {
        py_thread_show(thread, STATE_RUNNING_C, LANE_NONE);
        py_thread_work(thread, thread->action.ns, sent);
    } else {
        py_thread_detach(thread, send_enter);
    }
}

/* Also after a wake-up: another thread may have been here first. */
static void recv_look(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_peer *peer = peer_of(thread);
    if (peer->answered > 0) {
        set_answered(peer, peer->answered - 1);
        py_thread_attach_and_finish(os);
        return;
    }
    thread->next_waiter = peer->receivers;
    peer->receivers = thread;
    py_thread_block(thread, STATE_IO, peer->os.lane, recv_look);
}

static void recv_enter(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_thread_show(thread, STATE_DETACHED, LANE_NONE);
    py_thread_work(thread, py_thread_machine(thread)->syscall_ns, recv_look);
}

void py_peer_begin_recv(struct os_thread *os) {
    py_thread_detach(PY_THREAD_OF(os), recv_enter);
}
