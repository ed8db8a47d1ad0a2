/* SPDX-License-Identifier: MIT */
/*
 * stop_world - attach states of the threads of an interpreter without a GIL, and pauses in
 * which all of them but one stand still (Python/pystate.c stop_the_world, 3.13+).
 *
 *                attach                    asked to stop, at its next check point
 *     DETACHED ---------> ATTACHED -------------------------------------------+
 *       ^  |   <---------                                                     |
 *       |  |     detach                                                       v
 *       |  +--------------------------------------------------------->  SUSPENDED
 *       |            the requester's sweep, without asking                    |
 *       +---------------------------------------------------------------------+
 *                                   release
 *
 *   request  One requester at a time: others wait for the mutex, detached. It counts the other
 *            threads, suspends those that are detached, and asks the attached ones to stop.
 *            Until the count is zero it waits for an event, at most 1 ms, and sweeps again: a
 *            thread that has detached meanwhile does not say so.
 *   suspend  An attached thread looks at its check points; a long C call has none and delays
 *            everybody. The last one sets the event. Then it sleeps.
 *   attach   A suspended thread that wants to attach sleeps until the release. One that is
 *            blocked elsewhere (I/O, a lock) does not notice the pause.
 *   release  All are detached again; who sleeps is woken, one after the other.
 *
 * The pause starts when the slowest attached thread has come to a check point. While the
 * world is stopped the lane of the process shows `paused` with the requester.
 *
 * Simplified: the lock around the list of threads is never contended, and a second
 * requester does not spin on the mutex before it sleeps.
 */
#ifndef ENGINE_PYTHON_STOP_WORLD_H
#define ENGINE_PYTHON_STOP_WORLD_H

#include "engine/os/cpu.h"

struct gil_client;

enum attach_state { ATTACH_DETACHED, ATTACH_ATTACHED, ATTACH_SUSPENDED };

/* What a thread has to do at its next check point; bits of gil_client.breaker. */
enum breaker {
    BREAKER_STOP = 1,  /* suspend itself */
    BREAKER_MERGE = 2, /* merge the reference counts that others have queued */
    BREAKER_GC = 4     /* collect garbage */
};

struct stop_world {
    struct gil_client *members;                /* every thread of the interpreter */
    struct gil_client *parked;                 /* asleep until the release */
    struct gil_client *waking;                 /* released, still asleep */
    struct gil_client *requester;              /* has the mutex, or NULL */
    struct gil_client *next_first, *next_last; /* wait for the mutex */
    uint32_t member_count;
    uint32_t countdown; /* other threads that are not suspended yet */
    bool requested;
    bool waiting; /* the requester sleeps until the event, or for 1 ms */
    bool stopped;
    lane_id lane; /* of the process */
};

/* The part of a thread that this module knows; in struct gil_client. */
struct stop_world_member {
    struct gil_client *previous, *next;
    struct gil_client *next_parked; /* in `parked`, or in the queue for the mutex */
    os_fn then;                     /* once it is attached */
    os_fn then_stopped;             /* once the world stands still, or goes on again */
    enum attach_state state;
};

/* A new thread, detached. */
void stop_world_add(struct stop_world *world, struct gil_client *client);

/* On a core, detached or suspended: `then` is called attached, after the pause. */
void stop_world_attach(struct gil_client *client, os_fn then);

/* On a core, attached: is detached at once. */
void stop_world_detach(struct gil_client *client);

/* On a core, attached, at its end: is no thread of the interpreter any more. */
void stop_world_leave(struct gil_client *client, os_fn then);

/* On a core, attached, at a check point with BREAKER_STOP: takes part in the pause, if
 * there still is one; `then` is called attached, after it. */
void stop_world_suspend(struct gil_client *client, os_fn then);

/* On a core, attached: `then` is called when no other thread is attached. */
void stop_world_request(struct gil_client *client, os_fn then);

/* The requester, when it is done: all go on. */
void stop_world_release(struct gil_client *client, os_fn then);

#endif
