/* SPDX-License-Identifier: MIT */
/*
 * py_peer - a socket pair with another process at its far end, which sends every message
 * back.
 *
 *     send   detach, the system call, wake the peer if it sleeps, attach
 *     peer   asleep in recv(); on a core of its own: `answer_ns` of system calls and of
 *            computing, the answer leaves, recv() again
 *     recv   detach, the system call, sleep unless an answer is there, attach
 *
 * The peer has no GIL of ours and needs a core like anybody. Where it gets one decides who
 * wins the GIL: beside a computing thread that has just been woken on the other core it
 * waits until the sender sleeps, and then needs a context switch instead of a wake-up.
 *
 * Several threads may receive from one socket. They sleep without exclusion (Linux
 * net/unix/af_unix.c unix_stream_data_wait, kernel/sched/wait.c prepare_to_wait): an
 * answer wakes all of them, the last one that came first; who is on a core first has it,
 * also if it never slept, and the others sleep again.
 *
 * An event loop that reads from our end has it in its selector: an answer makes that ready,
 * and the loop receives in a call that never waits.
 *
 * Simplified: a message is one item, and the socket's buffers never fill up, so that a
 * sender does not wait; answering takes always the same time.
 */
#ifndef ENGINE_PYTHON_PY_PEER_H
#define ENGINE_PYTHON_PY_PEER_H

#include "engine/os/cpu.h"

struct py_thread;
struct selector;

struct py_peer {
    struct os_thread os;         /* must be first */
    struct py_thread *receivers; /* asleep in recv(), the last one first */
    uint64_t asked, answered;    /* messages that the peer, and nobody, has received */
    sim_ns answer_ns;            /* CPU time of the peer for one answer, >= 0 */
    bool sleeping;               /* the peer, in recv() */
    struct selector *selector;   /* of the event loop that watches our end, or NULL */
    void *reader;                /* what that loop knows it by; its own */
    struct py_peer *next_readable, *previous_readable; /* in the selector's list */
};

/* A peer that sleeps; opens the lanes of its process and thread. Both live as long as the
 * run does. ERR_NOMEM */
int py_peer_init(struct py_peer *peer, struct cpu *cpu, const char *name,
                 sim_ns answer_ns) WARN_UNUSED;

/* epoll_ctl() with our end: `selector` is told of answers, also of those that are there
 * already (level-triggered); NULL: nobody is. */
void py_peer_watch(struct py_peer *peer, struct selector *selector);

/* Receives all answers that are there; returns how many. */
uint64_t py_peer_receive_all(struct py_peer *peer);

#endif
