/* SPDX-License-Identifier: MIT */
/*
 * process_pool - concurrent.futures.ProcessPoolExecutor
 * (Lib/concurrent/futures/process.py, Lib/multiprocessing/queues.py).
 *
 *     parent: main          manager                feeder            child: worker
 *
 *     submit()
 *       work_ids.put
 *       wakeup: a byte ->   poll() returns
 *                           work_ids.get
 *                           call_queue.put ---->  wakes up
 *                                                 pickle, write ->   reads, unpickles
 *                                                                    the job
 *                           poll() returns  <---------------------   pickles, writes
 *                           reads, unpickles
 *     result()    <-------  future.set_result
 *
 * Three threads of the parent work on each item, and all of them need its one GIL. The
 * call queue holds max_workers + 1 items (EXTRA_QUEUED_CALLS), so that a worker finds the
 * next one in the pipe. Workers read from it one at a time, under a semaphore that they
 * share; they write results under another. A worker that has its message lets the next
 * one read while it unpickles.
 *
 * With fork, and up to 3.8 with every way of starting, all processes are started by the
 * first submit(), before the manager thread (gh-90622). Else submit() starts one unless
 * the idle semaphore says that one is idle.
 *
 * What a call is: `chunk_size` jobs, or, in an executor of an event loop, whatever that
 * submits. The loop awaits no result(): the Future's done callback, which the manager
 * calls, is call_soon_threadsafe.
 *
 * shutdown() wakes the manager. When nothing is pending it sends each worker a None, tells
 * the feeder to end, joins it and then every process; the main thread joins the manager.
 *
 * Simplified: the locks inside submit() and the queue of work ids are never contended;
 * looking whether a process is alive costs its bytecode and no system call; the sentinels
 * of the processes are never ready, for a worker does not die.
 */
#ifndef ENGINE_STRATEGY_PROCESS_POOL_H
#define ENGINE_STRATEGY_PROCESS_POOL_H

#include "engine/aio/executor.h"
#include "engine/python/pickle_cost.h"
#include "engine/python/py_message.h"
#include "engine/python/py_pool.h"
#include "engine/python/py_thread.h"
#include "engine/strategy/job_runner.h"
#include "engine/strategy/process_start.h"

/*
 * Opcodes, counted on CPython 3.12.1 with a trace function between one system call, lock
 * or C call and the next, with one worker; of a worker on 3.11.7, less the seventh by
 * which 3.11 is longer. Messages count on their own (py_message.h).
 */
enum {
    POOL_MAKE_OPCODES = 2700, /* ProcessPoolExecutor() */
    POOL_SUBMIT_OPCODES = 215,
    POOL_SUBMITTED_OPCODES = 36,
    POOL_SHUTDOWN_OPCODES = 40,

    MANAGER_ITEM_OPCODES = 177,     /* full(), get(), _CallItem, put() up to its lock */
    MANAGER_PUT_OPCODES = 20,       /* ... the rest, besides the Condition */
    MANAGER_NONE_OPCODES = 62,      /* full(), get(): Empty */
    MANAGER_POLL_OPCODES = 331,     /* wait() up to poll() */
    MANAGER_SENTINEL_OPCODES = 126, /* ... for each process */
    MANAGER_POLLED_OPCODES = 110,   /* ... and after it */
    MANAGER_CLEAR_OPCODES = 217,    /* clear(): poll() of the wake pipe */
    MANAGER_CLEARED_OPCODES = 69,
    MANAGER_WOKEN_OPCODES = 106 + 72, /* ... when there is a message: besides recv */
    MANAGER_RESULT_OPCODES = 24,
    MANAGER_IDLE_OPCODES = 30 + 61 + 24, /* the idle semaphore, is_shutting_down() */
    MANAGER_ALIVE_OPCODES = 2 * 65,      /* get_n_children_alive(), twice */
    MANAGER_END_OPCODES = 150,

    FEEDER_PICKLE_OPCODES = 48,
    FEEDER_SEND_OPCODES = 17, /* up to the write lock, and after its release */

    WORKER_GET_OPCODES = 13,
    WORKER_GOT_OPCODES = 17,
    WORKER_CALL_OPCODES = 33, /* from loads() into the first job */
    WORKER_JOB_OPCODES = 7,   /* ... for each job of the chunk */
    WORKER_RETURN_OPCODES = 62,
    WORKER_SEND_OPCODES = 30,

    /* Of one item through all of them, besides result() and set_result(). */
    PROCESS_JOB_OPCODES = 3830
};

/* Bytes of a pickled call and of a result, besides what belongs to each job (pickled with
 * protocol 4; len() of 3.12). */
enum { CALL_BYTES = 180, RESULT_BYTES = 95, JOB_BYTES = 8, PID_BYTES = 18 };

enum { NO_MORE_CALLS = -1, FEEDER_SENTINEL = -2 };

/* What the thread that has the executor is doing with it. */
enum process_pool_phase {
    POOL_OVER, /* nothing */
    POOL_SUBMIT,
    POOL_WAKE,
    POOL_ADJUST,
    POOL_LAUNCH,
    POOL_MANAGER,
    POOL_SUBMITTED,
    POOL_SHUTDOWN,
    POOL_STOP,
    POOL_STOP_WAKE,
    POOL_JOIN
};

struct process_pool {
    struct world *world;
    struct aio_executor *executor; /* whose calls it runs; NULL = jobs */
    enum process_pool_phase phase;
    struct py_message wake; /* from submit() and shutdown() */
    uint32_t jobs, chunk_size, chunks, max_workers;
    int64_t opcode_ps;
    struct py_future *futures; /* by chunk, of those submitted */

    struct py_queue work_ids;
    struct py_pipe wakeup;
    uint32_t pending;        /* submitted, without a result yet */
    uint32_t results_on_way; /* that a worker has begun to write and nobody has read */
    uint32_t idle;           /* the idle semaphore */
    bool shutting_down;
    struct thread_spec manager;

    struct world_object
        buffer;    /* of the call queue: its Condition, and what is to be sent */
    uint32_t room; /* its semaphore: max_workers + 1 at first */
    struct thread_spec feeder;
    struct py_pipe calls;
    struct py_lock call_reader, call_writer;

    struct py_pipe results;
    struct py_lock result_writer;

    struct process_starter starter;
    struct thread_spec *worker_specs; /* max_workers of them */
    uint32_t workers;                 /* started */
};

struct process_pool_spec {
    struct world *world;
    uint32_t workers;
    uint32_t chunk_size; /* jobs in a call; 0 = 1 */
    enum start_method start;
    struct aio_executor *executor; /* NULL = jobs */
};

/* For the jobs of the world; lives in its arena. ERR_NOMEM */
int process_pool_init(struct process_pool *pool,
                      const struct process_pool_spec *spec) WARN_UNUSED;

/*
 * Parts of the program of the one thread that has the executor: it takes the next action
 * until there is none.
 *
 *   make       ProcessPoolExecutor(): one action
 *   submit     submit() of call `call`, whose Future has no result
 *   shutdown   shutdown(wait=True)
 */
void process_pool_make(struct process_pool *pool, struct action *action);
void process_pool_submit(struct process_pool *pool, int64_t call);
bool process_pool_submit_next(struct process_pool *pool, const struct resume *resume,
                              struct action *action);
void process_pool_shutdown(struct process_pool *pool);
bool process_pool_shutdown_next(struct process_pool *pool, struct action *action);

/* --- inside the pool ----------------------------------------------------------- */

/* Jobs of that chunk. */
static inline uint32_t process_pool_jobs_of(const struct process_pool *pool,
                                            int64_t chunk) {
    const uint32_t first = (uint32_t)chunk * pool->chunk_size;
    const uint32_t left = pool->jobs - first;
    return left < pool->chunk_size ? left : pool->chunk_size;
}

/* Of what is sent to a worker for that chunk, and of what comes back. */
int64_t process_pool_call_bytes(const struct process_pool *pool, int64_t chunk);
int64_t process_pool_result_bytes(const struct process_pool *pool, int64_t chunk);

/* Bytecode of the executor. */
void process_pool_run(const struct process_pool *pool, int64_t opcodes,
                      struct action *action);

/* One of the pool's numbers has changed: its counters have that, too. */
void process_pool_tell(const struct process_pool *pool);

/* Puts into a queue; out of memory ends the run. */
void process_pool_put(struct process_pool *pool, struct py_queue *queue, int64_t value);

/* The programs of the manager thread, of the feeder thread and of worker `number`. */
int process_manager_build(struct process_pool *pool, struct program *program) WARN_UNUSED;
int process_feeder_build(struct process_pool *pool, struct program *program) WARN_UNUSED;
int process_worker_build(struct process_pool *pool, struct program *program) WARN_UNUSED;

#endif
