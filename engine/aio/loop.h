/* SPDX-License-Identifier: MIT */
/*
 * loop - the event loop of asyncio, as a program of its thread.
 *
 * One iteration (Lib/asyncio/base_events.py BaseEventLoop._run_once):
 *
 *   1. cancelled timers are removed: from the head of the heap, or all of them when there
 *      are more than 100 timers and more than half of them are cancelled
 *   2. time-out: 0 if handles are ready, else until the first timer, else none
 *   3. select(time-out): always called, always detaches; epoll rounds up to whole
 *      milliseconds (Lib/selectors.py EpollSelector.select)
 *   4. a handle is appended to the ready queue for every file descriptor that is ready
 *   5. timers that are due are moved to the ready queue, in the order of their times
 *   6. as many handles as are ready *now* are run; what they append waits for the next
 *      iteration
 *
 * Tasks (Lib/asyncio/tasks.py, futures.py): a step runs the coroutine until it suspends.
 * Then nothing of the task is in the ready queue. Whatever ends the wait sets a future's
 * result in a handle of its own; that appends the task's next step: one more iteration.
 *
 *   await I/O      fd ready -> handle: set_result -> handle: step
 *   asyncio.sleep  timer due -> handle: set_result -> handle: step        (0: handle: step)
 *   to_thread      worker: call_soon_threadsafe -> handle: set_result -> handle: step, and a
 *                  byte on the self-pipe -> handle: recv until EAGAIN (two system calls);
 *                  in another executor: whoever sets its Future
 *   locks, queues  release(), put() ... in another task's step -> handle: step
 *   tasks          end -> handle: done callback of gather() -> handle: step
 *   streams        socket readable -> handle: recv, feed_data -> handle: step
 *
 * cancel() cancels the future that a task waits for: CancelledError is raised in its next
 * step. A task whose step is already in the ready queue gets it there. The program learns it
 * as a resume and cleans up with ordinary actions.
 *
 * The loop is a struct program: it passes what its tasks ask for on to its thread, except
 * what suspends a task. So a task that computes or blocks does so on the loop's thread,
 * as it should.
 *
 * With the runtime's `uvloop` the loop is libuv's: its own code is not Python; timers have
 * whole milliseconds from the time that it read last; a poll and the first callback after it
 * need the GIL once; a write keeps the GIL. Tasks, futures and locks are asyncio's.
 *
 * Simplified: await_io has no system calls of a transport: those are in stream.c; the main
 * coroutine only gathers the tasks that are there at the start; the default executor is shut
 * down by the loop's thread itself, not by one more thread, so that tasks which are still there
 * take no step meanwhile; 3.4 - 3.6, which have no asyncio.run(), close their loop like 3.7.
 */
#ifndef ENGINE_AIO_LOOP_H
#define ENGINE_AIO_LOOP_H

#include "engine/python/py_thread.h"

struct aio_executor;
struct aio_loop;

/* What makes one task. */
struct aio_task_spec {
    const char *name;
    struct program program;
    bool
        background; /* the main coroutine does not gather it: it is cancelled at the end */
};

struct aio_loop_spec {
    struct world *world;
    uint32_t task_count; /* at the start */
    uint32_t
        permits; /* of the strategy's semaphore, 0 = none: see ACTION_ASYNC_ACQUIRE */
    struct aio_executor *executor; /* that ACTION_AWAIT_THREAD uses; its owner shuts it
                                    * down. NULL: the default executor, of threads */
    uint32_t executor_workers;     /* of the default executor; 0 = min(32, cores + 4) */
    bool eager; /* eager_task_factory, 3.12+: a task's first step is taken when it is made
                 */
};

/* A loop with room for its tasks, from the world's arena; NULL when out of memory. */
struct aio_loop *aio_loop_create(const struct aio_loop_spec *spec);

/* The next task; to be called exactly task_count times. */
void aio_loop_add_task(struct aio_loop *loop, const struct aio_task_spec *spec);

/* The program for the loop's thread. */
struct program aio_loop_program(struct aio_loop *loop);

#endif
