/* SPDX-License-Identifier: MIT */
#include "engine/python/runtime_table.h"

#include <string.h>

#define AT(member) offsetof(struct runtime, member)

/* Costs of asyncio and of pools are whole-microsecond figures for a current desktop: what
 * was measured on a slow virtual machine, divided by 4. */
#define DESKTOP_ESTIMATE                                                                 \
    "measured on a slow virtual machine with CPython 3.11, divided by 4 for a desktop"

const struct field runtime_fields[] = {
    {"switch_interval_us", AT(switch_interval_ns), FIELD_US, 1, 1e9,
     "how long a thread waits for the GIL before it asks the holder to drop it",
     "sys.setswitchinterval; Python/ceval_gil.c DEFAULT_INTERVAL 5000, least 1"},
    {"force_switching", AT(force_switching), FIELD_FLAG, 0, 1,
     "after a drop on request the dropper waits until another thread has taken the GIL",
     "Python/ceval_gil.c FORCE_SWITCHING, on on every platform"},
    {"check_spacing_us", AT(check_spacing_ns), FIELD_US, 0.001, 1e6,
     "time between two check points in pure Python",
     "3.9: most opcodes; 3.10+: back edges, function entry, calls; 0.02 - 2 us, "
     "estimate"},
    {"check_every_opcode", AT(check_every_opcode), FIELD_FLAG, 0, 1,
     "check points lie also in straight-line code, so that `x += 1` can lose updates",
     "Python/ceval.c: up to 3.9 before most opcodes; 3.10+ back edges and calls only "
     "(bpo-29988)"},
    {"check_after_enter", AT(check_after_enter), FIELD_FLAG, 0, 1,
     "a check point lies between __enter__ of a with statement and its body",
     "3.14 Python/bytecodes.c: __enter__ is called by CALL; 3.10 - 3.13: BEFORE_WITH"},
    {"lock_kind", AT(lock_kind), FIELD_COUNT, 0, 1,
     "threading.Lock: 0 = POSIX semaphore, 1 = PyMutex",
     "Python/thread_pthread.h up to 3.13; Python/lock.c from 3.14"},
    {"gil_enabled", AT(gil_enabled), FIELD_FLAG, 0, 1,
     "free-threaded build: its GIL is switched on, as by PYTHON_GIL=1 or by an extension "
     "module that does not declare Py_mod_gil; no meaning for other builds",
     "Python/ceval_gil.c _PyEval_EnableGILTransient, 3.13+"},
    {"has_interpreters", AT(has_interpreters), FIELD_FLAG, 0, 1,
     "interpreters of one process can have a GIL of their own",
     "PEP 684, 3.12+: Python/ceval_gil.c init_own_gil; in Python from 3.14 (PEP 734)"},
    {"interpreter_start_us", AT(interpreter_start_ns), FIELD_US, 0, 1e9,
     "making an interpreter, in the thread that uses it, with its GIL held",
     "tests/fidelity: ipe, first call 48 - 82 ms on a virtual machine with the import of "
     "a "
     "module and its imports; a fifth of it, divided by 4 for a desktop: estimate"},
    {"has_interpreter_pool", AT(has_interpreter_pool), FIELD_FLAG, 0, 1,
     "concurrent.futures.InterpreterPoolExecutor exists in this runtime",
     "3.14 and later (PEP 734)"},
    {"interpreter_import_us", AT(interpreter_import_ns), FIELD_US, 0, 1e9,
     "importing the job's module with all that it imports, in each interpreter at its "
     "first "
     "call",
     "tests/fidelity: ipe, first call 48 - 82 ms on a virtual machine; four fifths of "
     "it, "
     "divided by 4 for a desktop: estimate"},
    {"interpreter_end_us", AT(interpreter_end_ns), FIELD_US, 0, 1e9,
     "ending an interpreter, in its thread at the shutdown of the pool, with its GIL "
     "held",
     "tests/fidelity: ipe, shutdown 7 - 11 ms of one on a virtual machine, divided by 4"},
    {"interpreter_call_us", AT(interpreter_call_ns), FIELD_US, 0, 1e6,
     "one call of a function in another interpreter, besides pickling: a third before it "
     "enters, a third inside, a third after it has left",
     "Lib/concurrent/futures/interpreter.py, Python/crossinterp.c; tests/fidelity: ipe, "
     "round trip 0.13 - 0.38 ms on a virtual machine less that of a thread pool, divided "
     "by "
     "4: estimate"},
    {"has_interpreter_queue", AT(has_interpreter_queue), FIELD_FLAG, 0, 1,
     "concurrent.interpreters.create_queue exists in this runtime",
     "3.14 and later (PEP 734); before, only in CPython's own tests"},
    {"interpreter_queue_us", AT(interpreter_queue_ns), FIELD_US, 0, 1e6,
     "C code of one put() or get() of a queue between interpreters, besides its data",
     "Modules/_interpqueuesmodule.c; put and get of None 0.81 us with CPython 3.13.0 on "
     "a "
     "slow virtual machine, where queue.Queue takes 2.8 times as long as here: estimate"},
    {"interpreter_queue_miss_us", AT(interpreter_queue_miss_ns), FIELD_US, 0, 1e6,
     "C code that makes and raises QueueEmpty or QueueFull, besides interpreter_queue",
     "the same measurement: get of an empty queue 1.8 us, put into a full one 2.0 us, "
     "less the call and the except clause: estimate"},
    {"c_release_bytes", AT(c_release_bytes), FIELD_COUNT, 0, 1e12,
     "C calls that release the GIL by size keep it for fewer bytes",
     "Modules/hashlib.h HASHLIB_GIL_MINSIZE 2048"},
    {"queue_call_us", AT(queue_call_ns), FIELD_US, 0, 1e6,
     "Python code of Queue.put() or get() besides its locks and waits",
     "Lib/queue.py; put and get 2.4 - 4 us, " DESKTOP_ESTIMATE},
    {"condition_call_us", AT(condition_call_ns), FIELD_US, 0, 1e6,
     "Python code of Semaphore.release() besides its locks; other functions of "
     "threading.py by their number of opcodes",
     "Lib/threading.py: 56 opcodes, as long each as Queue.put()'s and get()'s, 85 and "
     "68"},
    {"local_ref_us", AT(local_ref_ns), FIELD_US, 0, 1e3,
     "counting a reference with a plain addition", "1 - 4 cycles, estimate at 3 GHz"},
    {"shared_ref_us", AT(shared_ref_ns), FIELD_US, 0, 1e3,
     "counting a reference with an atomic operation on a line of one's own cache",
     "Include/refcount.h, free-threaded: ob_ref_shared; 20 - 50 cycles at 3 GHz"},
    {"immortal_objects", AT(immortal_objects), FIELD_FLAG, 0, 1,
     "None, True and small integers are not counted", "PEP 683, 3.12+"},
    {"atomic_refcounts", AT(atomic_refcounts), FIELD_FLAG, 0, 1,
     "every count of a reference is an atomic operation, whoever makes it",
     "no release of CPython; hypothetical"},
    {"counts_per_us", AT(counts_per_us), FIELD_COUNT, 0, 1e6,
     "atomic_refcounts: how often 1 us of bytecode counts a reference",
     "atomic counts alone made CPython about 30 % slower in one thread (Gilectomy, "
     "Hastings 2016, in an independent study, 2026): 300 ns / (shared_ref_us - "
     "local_ref_us); with locks as well it was half as fast (Stein 1999, Python FAQ)"},
    {"shared_counts_per_us", AT(shared_counts_per_us), FIELD_COUNT, 0, 1e6,
     "atomic_refcounts: how many of these are of objects that all threads use: None, "
     "small integers, code, functions",
     "a quarter in a counting loop, nearly all in recursive calls (counted in the "
     "bytecode of 3.9); a half, estimate"},
    {"brc_merge_us", AT(brc_merge_ns), FIELD_US, 0, 1e3,
     "merging the two counts of an object that another thread has dropped, and freeing "
     "it",
     "Python/brc.c _Py_brc_merge_refcounts: an atomic operation and a deallocation, "
     "estimate"},
    {"brc_for_detached", AT(brc_for_detached), FIELD_FLAG, 0, 1,
     "who drops an object of a thread that is detached merges its counts itself",
     "Python/brc.c after September 2026 (gh-157838); in no release yet"},
    {"gc_enabled", AT(gc_enabled), FIELD_FLAG, 0, 1,
     "the collector runs by itself; false: gc.disable()", "gc module"},
    {"gc_kind", AT(gc_kind), FIELD_COUNT, 0, GC_KIND_COUNT - 1,
     "0 = generational, 1 = incremental, 2 = free-threaded: all objects, the world "
     "stands "
     "still",
     "Python/gc.c; incremental only in the first releases of 3.14 and withdrawn "
     "(gh-148726); Python/gc_free_threading.c"},
    {"gc_threshold_0", AT(gc_threshold_0), FIELD_COUNT, 0, 1e12,
     "allocations less releases of objects that are tracked before a collection; 0 = "
     "never",
     "gc.get_threshold() of 2.7.18 - 3.12.1: 700; of 3.13.0: 2000; 3.13t+ "
     "Python/gc_free_threading.c"},
    {"gc_threshold_1", AT(gc_threshold_1), FIELD_COUNT, 0, 1e12,
     "collections of generation 0 before one of generation 1; free-threaded: 0 = do not "
     "wait for a quarter of the survivors",
     "gc.get_threshold() of 2.7.18 - 3.13.0: 10"},
    {"gc_threshold_2", AT(gc_threshold_2), FIELD_COUNT, 0, 1e12,
     "collections of generation 1 before one of generation 2",
     "gc.get_threshold() of 2.7.18 - 3.13.0: 10"},
    {"gc_at_check_point", AT(gc_at_check_point), FIELD_FLAG, 0, 1,
     "a collection waits for the next check point; false: it runs inside the allocation",
     "Python/ceval_gil.c _Py_HandlePending, 3.12+"},
    {"gc_object_us", AT(gc_object_ns), FIELD_US, 0, 1e3,
     "time of a collection for each object it looks at",
     "gc.collect() with 100,000 lists [None] beside and without: 40 - 71 ns each on a "
     "virtual machine, 2.7 - 3.13"},
    {"gc_start_objects", AT(gc_start_objects), FIELD_COUNT, 0, 1e12,
     "objects that are tracked before the program makes any; 0: after gc.freeze()",
     "len(gc.get_objects()): 3475 in 2.7.18, 4595 - 5089 in 3.6 - 3.13"},
    {"new_object_us", AT(new_object_ns), FIELD_US, 0, 1e3,
     "making a list of one item and keeping it",
     "[[None] for _ in range(400000)] with gc.disable(): 101 - 151 ns each on a virtual "
     "machine, 3.6 - 3.13; 2.7: 259 ns"},
    {"free_object_us", AT(free_object_ns), FIELD_US, 0, 1e3, "giving it back",
     "del of that list: 38 - 56 ns each; 2.7: 75 ns"},
    {"critical_section_us", AT(critical_section_ns), FIELD_US, 0, 1e3,
     "locking, or unlocking, an object that nobody else wants",
     "3.13+ Python/critical_section.c: one compare-and-swap, 20 - 50 cycles at 3 GHz"},
    {"lock_us", AT(lock_ns), FIELD_US, 0, 1e6,
     "CPU time of an uncontended acquire() or release()",
     "acquire and release 0.29 us on a slow virtual machine; tests/fidelity, "
     "lock_uncontended"},
    {"rlock_us", AT(rlock_ns), FIELD_US, 0, 1e6,
     "CPU time of an uncontended acquire() or release() of an RLock",
     "timeit 'a(); r()' of an RLock's methods, and of a Lock's, on a slow virtual "
     "machine: 0.22 - 0.28 us and 0.14 - 0.29 us in 3.6 - 3.13, where both are C (from "
     "3.2 on): as lock_us; 2.31 us and 0.14 us in 2.7.18, where RLock is Python: half of "
     "2.31 us, divided by 4 for a desktop; 3.1: by its python_cost"},
    {"lock_spins", AT(lock_spins), FIELD_COUNT, 0, 1e6,
     "PyMutex: how often a thread yields before it parks",
     "Python/lock.c MAX_SPIN_COUNT: 40 in free-threaded builds, 0 with a GIL"},
    {"lock_looks", AT(lock_looks), FIELD_COUNT, 0, 1e6,
     "PyMutex: after so many yields a thread looks at the lock again, 0 = after the last",
     "Python/lock.c _PyMutex_LockTimed: up to 3.14 it yields 40 times with what it has "
     "seen before; from 3.15 on it looks at every fourth (gh-135871)"},
    {"attach_us", AT(attach_ns), FIELD_US, 0, 1e6,
     "CPU time of an uncontended take_gil or drop_gil",
     "1-byte os.read 661 ns against getppid 361 ns, CPython 3.11"},
    {"python_cost", AT(python_cost_ppm), FIELD_RATIO, 0.01, 100,
     "time of pure Python on this runtime, CPython 3.12 = 1",
     "3.11 is 1.25 times as fast as 3.10, 3.12 about 5 % faster (What's New in 3.11, "
     "3.12); "
     "3.13t 1.40, 3.14t 1.08 times the GIL build's time (free-threading HOWTO); 3.15t "
     "1.09 of "
     "3.15 (free-threading-benchmarking, Nov 2025); every other row: estimate"},
    {"thread_start_us", AT(thread_start_ns), FIELD_US, 0, 1e6,
     "Python code of Thread.start() in the starting thread",
     "Lib/threading.py; estimate"},
    {"thread_bootstrap_us", AT(thread_bootstrap_ns), FIELD_US, 0, 1e6,
     "Python code in the new thread before its target runs",
     "Lib/threading.py _bootstrap_inner; estimate"},
    {"thread_join_us", AT(thread_join_ns), FIELD_US, 0, 1e6,
     "Python code of Thread.join() in the joining thread", "Lib/threading.py; estimate"},
    {"pool_job_us", AT(pool_job_ns), FIELD_US, 0, 1e6,
     "Python code of a ThreadPoolExecutor worker per job, result() in the caller by its "
     "number of opcodes",
     "Lib/concurrent/futures/thread.py; 51 us a job in bulk, " DESKTOP_ESTIMATE
     "; 160 opcodes in a worker, 306 in submit(), about 120 in result()"},
    {"pool_submit_us", AT(pool_submit_ns), FIELD_US, 0, 1e6,
     "Python code of ThreadPoolExecutor.submit()",
     "Lib/concurrent/futures/thread.py; the same measurement"},
    {"pool_idle_rule", AT(pool_idle_rule), FIELD_COUNT, 0, POOL_IDLE_RULE_COUNT - 1,
     "ThreadPoolExecutor: a worker says that it is idle 0 = never, 1 = after each job, "
     "2 = when it finds no job; submit() starts no worker while one is idle",
     "Lib/concurrent/futures/thread.py of 3.7, 3.8 - 3.11, 3.12"},
    {"queue_hands_over", AT(queue_hands_over), FIELD_FLAG, 0, 1,
     "SimpleQueue.put() gives its item to the thread that has waited longest",
     "3.13+ Modules/_queuemodule.c maybe_handoff_item; before: whoever comes first"},
    {"has_barrier", AT(has_barrier), FIELD_FLAG, 0, 1,
     "threading.Barrier exists in this runtime", "3.2 and later"},
    {"has_simple_queue", AT(has_simple_queue), FIELD_FLAG, 0, 1,
     "queue.SimpleQueue exists in this runtime", "3.7 and later"},
    {"default_pool_per_core", AT(default_pool_per_core), FIELD_COUNT, 0, 1000,
     "so many workers a core has the pool of a loop that nobody gives a size; 0: as many "
     "as "
     "cores and 4 more, at most 32",
     "CPython Lib/concurrent/futures/thread.py ThreadPoolExecutor.__init__: 5 a core in "
     "3.5 - "
     "3.7, min(32, cores + 4) since 3.8; 3.4 has 5 in all, which is not modelled"},
    {"has_thread_pool", AT(has_thread_pool), FIELD_FLAG, 0, 1,
     "concurrent.futures.ThreadPoolExecutor exists in this runtime",
     "3.2 and later (PEP 3148); a backport for 2.7 is no part of it"},
    {"has_asyncio", AT(has_asyncio), FIELD_FLAG, 0, 1, "asyncio exists in this runtime",
     "3.4 and later"},
    {"has_task_groups", AT(has_task_groups), FIELD_FLAG, 0, 1,
     "asyncio.TaskGroup and asyncio.timeout() exist in this runtime", "3.11 and later"},
    {"has_eager_tasks", AT(has_eager_tasks), FIELD_FLAG, 0, 1,
     "asyncio.eager_task_factory exists in this runtime", "3.12 and later"},
    {"wait_for_rule", AT(wait_for_rule), FIELD_COUNT, 0, WAIT_FOR_RULE_COUNT - 1,
     "asyncio.wait_for(): 0 = timeout(), 1 = makes a task of what it waits for, and ends "
     "as "
     "that does; 2 = drops what the cancelled task ends with, 3 = waits for it only when "
     "the "
     "time is over, 4 = never",
     "Lib/asyncio/tasks.py wait_for of 3.12.1; 3.9.18 - 3.11.7; 3.8.18; 3.7.16; 3.6.15"},
    {"semaphore_rule", AT(semaphore_rule), FIELD_COUNT, 0, SEMAPHORE_RULE_COUNT - 1,
     "asyncio.Semaphore: a released permit is 0 = whoever's who comes first, 1 = the "
     "first "
     "waiter's until its step, 2 = the first waiter's; 3 = the same, and whoever ends a "
     "wait "
     "wakes as many as there are permits",
     "Lib/asyncio/locks.py Semaphore of 3.8.18; 3.9.18 (_wakeup_scheduled); 3.10.13, "
     "3.11.7 "
     "and 3.12.1; 3.13.0 (gh-111693)"},
    {"except_catches_cancel", AT(except_catches_cancel), FIELD_FLAG, 0, 1,
     "`except Exception` catches CancelledError, and a task that was cancelled can go on",
     "Lib/concurrent/futures/_base.py up to 3.7: CancelledError(Error), which is an "
     "Exception; a BaseException from 3.8 on (bpo-32528)"},
    {"group_counts_eager", AT(group_counts_eager), FIELD_FLAG, 0, 1,
     "asyncio.TaskGroup.create_task() calls the done callback of an eager task that has "
     "ended in its first step; false: it is scheduled",
     "Lib/asyncio/taskgroups.py create_task: 3.12.0 - 3.12.8, 3.13.0, 3.13.1; scheduled "
     "again since (gh-128588)"},
    {"group_uncancels", AT(group_uncancels), FIELD_FLAG, 0, 1,
     "an asyncio.TaskGroup that fails while it is left takes its cancellation of the "
     "parent back, and passes on one that came from outside",
     "Lib/asyncio/taskgroups.py __aexit__, tasks.py Task.uncancel: 3.13 (gh-116720); "
     "3.12.1 looks only at what it has cancelled before it waits"},
    {"condition_passes_on", AT(condition_passes_on), FIELD_FLAG, 0, 1,
     "wait() of an asyncio.Condition that is cancelled notifies another waiter",
     "Lib/asyncio/locks.py Condition.wait: 3.13 (gh-112202); before, a notification that "
     "met a cancellation is lost"},
    {"uvloop", AT(uvloop), FIELD_FLAG, 0, 1,
     "event loops are uvloop's: libuv in place of Python for everything but tasks, "
     "timers of "
     "whole milliseconds, one acquisition of the GIL for a poll and its first callback, "
     "writes that keep the GIL",
     "github.com/MagicStack/uvloop: loop.pyx runs uv_run() without the GIL and each "
     "callback "
     "with it, UVStream writes with uv_try_write()"},
    {"uvloop_cost", AT(uvloop_cost_ppm), FIELD_RATIO, 0, 1,
     "time of uvloop's own code, of what asyncio's Python takes for the same",
     "protocols and streams are 2.1 and 2.2 times as fast (independent study, 2026, "
     "3.13); "
     "system calls and the steps of tasks are the same: estimate"},
    {"timer_clean_us", AT(timer_clean_ns), FIELD_US, 0, 1e3,
     "removing cancelled timers from the heap, for each timer in it",
     "asyncio/base_events.py _run_once: a list comprehension and heapify; 0.1 us on a "
     "slow virtual machine with 3.11, divided by 4: estimate"},
    {"loop_start_us", AT(loop_start_ns), FIELD_US, 0, 1e7,
     "asyncio.run(): making and closing the event loop",
     "tests/fidelity: aio_run_empty, 0.13 - 0.35 ms on a virtual machine"},
    {"loop_iteration_us", AT(loop_iteration_ns), FIELD_US, 0, 1e6,
     "Python code of one _run_once besides select() and the handles",
     "asyncio/base_events.py; 5.8 us for an iteration with one "
     "callback, " DESKTOP_ESTIMATE},
    {"loop_handle_us", AT(loop_handle_ns), FIELD_US, 0, 1e6,
     "running one handle besides what its callback does",
     "asyncio/events.py Handle._run; call_soon and run 2.5 us, " DESKTOP_ESTIMATE},
    {"task_create_us", AT(task_create_ns), FIELD_US, 0, 1e6, "create_task()",
     "gather of tasks that do nothing 11.7 us each, " DESKTOP_ESTIMATE},
    {"task_step_us", AT(task_step_ns), FIELD_US, 0, 1e6,
     "Task.__step: into the coroutine and back",
     "Modules/_asynciomodule.c; switch over sleep(0) 2.0 us, " DESKTOP_ESTIMATE},
    {"call_later_us", AT(call_later_ns), FIELD_US, 0, 1e6,
     "a timer with its future: heap push and done callback",
     "asyncio/base_events.py call_at; estimate"},
    {"threadsafe_wake_us", AT(threadsafe_wake_ns), FIELD_US, 0, 1e6,
     "call_soon_threadsafe() besides the send on the self-pipe",
     "asyncio/base_events.py; to_thread 158 us, " DESKTOP_ESTIMATE},
    {"self_pipe_us", AT(self_pipe_ns), FIELD_US, 0, 1e6,
     "reading the self-pipe besides its two recv calls",
     "asyncio/selector_events.py _read_from_self; the same measurement"},
    {"process_start_us", AT(process_start_ns), FIELD_US, 0, 1e7,
     "Process.start() in the parent besides fork()",
     "mp.Process with fork 1.27 ms against os.fork + wait 0.81 ms (independent study, "
     "2026)"},
    {"process_bootstrap_us", AT(process_bootstrap_ns), FIELD_US, 0, 1e7,
     "Python code in a forked child before its target runs",
     "Lib/multiprocessing/process.py _bootstrap; estimate"},
    {"process_job_us", AT(process_job_ns), FIELD_US, 0, 1e7,
     "Python code of a ProcessPoolExecutor per item (a chunk of jobs): submit(), "
     "manager, "
     "feeder and worker by their numbers of opcodes, 5, 76, 8 and 11 % of it",
     "Lib/concurrent/futures/process.py; 240-470 us a job, " DESKTOP_ESTIMATE
     "; opcodes counted on 3.12.1 with a trace function"},
    {"start_rule", AT(start_rule), FIELD_COUNT, 0, START_RULE_COUNT - 1,
     "how multiprocessing starts a process: 0 = fork, 1 = fork, but spawn on macOS, 2 = "
     "forkserver, but spawn on macOS",
     "Lib/multiprocessing/context.py: up to 3.7, 3.8 - 3.13, 3.14"},
    {"has_start_methods", AT(has_start_methods), FIELD_FLAG, 0, 1,
     "a process can also be started by spawn and by forkserver",
     "multiprocessing.get_context(), 3.4 and later"},
    {"pool_starts_on_demand", AT(pool_starts_on_demand), FIELD_FLAG, 0, 1,
     "ProcessPoolExecutor: submit() starts a process when none is idle, unless by fork; "
     "false: the first submit() starts all of them",
     "Lib/concurrent/futures/process.py _adjust_process_count of 3.9, "
     "_safe_to_dynamically_spawn_children (gh-90622)"},
    {"spawn_start_us", AT(spawn_start_ns), FIELD_US, 0, 1e8,
     "starting an interpreter in a new process, until it can be told what to do: of a "
     "spawned process, and of the fork server",
     "mp.Process by spawn 25.2 ms, of which python -c pass 11.0, on a Mac laptop, 3.14 "
     "(independent study, 2026), less start() and an import"},
    {"forkserver_start_us", AT(forkserver_start_ns), FIELD_US, 0, 1e8,
     "Python code of a child of the fork server, besides process_bootstrap_us and "
     "import_us",
     "mp.Process by a warm forkserver 4.9 ms against 1.27 ms by fork (independent study, "
     "2026)"},
    {"import_us", AT(import_ns), FIELD_US, 0, 1e9,
     "importing `__main__` with all that it imports: in each spawned process and each "
     "child of the fork server",
     "of the program: estimate for a small one; Lib/multiprocessing/spawn.py "
     "_fixup_main_from_path"},
    {"pickle_us", AT(pickle_ns), FIELD_US, 0, 1e6,
     "pickling a call or a result, besides its bytes", "C code: 1 - 3 us, estimate"},
    {"unpickle_us", AT(unpickle_ns), FIELD_US, 0, 1e6,
     "unpickling a call or a result, besides its bytes", "C code: 1 - 3 us, estimate"},
    {"pickle_mb_per_s", AT(pickle_mb_per_s), FIELD_COUNT, 0, 1e9,
     "megabytes (1,000,000 bytes) a second that pickle or unpickle of the jobs' payload, "
     "with the GIL; 0 = takes no time",
     "one bytes object: a copy, at memory speed, estimate; 100,000 dicts: 36 MB/s each "
     "way "
     "(measured on a slow virtual machine with CPython 3.11)"},
    {"process_bytes", AT(process_bytes), FIELD_COUNT, 0, 1e12,
     "memory of a process with its interpreter and its main thread",
     "PSS of an idle `python`, smaps_rollup: 5.2 MiB 2.7.18, 6.2 - 7.0 3.6 - 3.10, 8.8 "
     "3.12.1; free-threaded: 99 MiB of a parent and 8 spawned workers (independent "
     "study, "
     "2026) / 9"},
    {"fork_bytes", AT(fork_bytes), FIELD_COUNT, 0, 1e12,
     "memory that a forked child does not share with its parent",
     "31 MiB of a parent and 8 forked workers less 11 MiB of the parent (independent "
     "study, "
     "2026), / 8; a child that does nothing: 0.7 - 0.9 MiB, 2.7 - 3.13"},
    {"interpreter_bytes", AT(interpreter_bytes), FIELD_COUNT, 0, 1e12,
     "memory of each interpreter with a GIL of its own besides the main one; not of a "
     "free-threaded build's",
     "PSS of 20 empty interpreters: 2415 KiB each 3.12.1, 2207 KiB 3.13.0; imports come "
     "on "
     "top"},
    {"thread_bytes", AT(thread_bytes), FIELD_COUNT, 0, 1e12,
     "memory of each thread but the main one",
     "PSS of 50 blocked threads: 19 - 21 KiB each up to 3.10, 17 KiB 3.11 - 3.13; "
     "free-threaded, whose threads have heaps of their own: 25 MiB of 8 threads less 11 "
     "MiB "
     "of the process (independent study, 2026), / 8"},
    {"asyncio_bytes", AT(asyncio_bytes), FIELD_COUNT, 0, 1e12,
     "memory of asyncio, once in a process with an event loop",
     "PSS before and after the import: 8.1 - 8.6 MiB 3.6 - 3.10, 9.7 MiB 3.12"},
    {"task_bytes", AT(task_bytes), FIELD_COUNT, 0, 1e12,
     "memory of a task that waits for a timer",
     "PSS of 10,000 tasks in asyncio.sleep(): 2.2 kB each 3.6 - 3.10, 1.5 kB 3.11 - "
     "3.13"},
};
const size_t runtime_field_count = sizeof runtime_fields / sizeof runtime_fields[0];

/* Costs of CPython 3.12 on a desktop; another version's Python code takes `percent` of
 * it. */
#define PYTHON_COSTS(percent)                                                            \
    .thread_start_ns = 60 * (percent), .thread_bootstrap_ns = 60 * (percent),            \
    .queue_call_ns = 6 * (percent), .condition_call_ns = 22 * (percent) / 5,             \
    .local_ref_ns = 1, .shared_ref_ns = 10, .brc_merge_ns = 40, .gc_object_ns = 50,      \
    .gc_start_objects = 5000, .new_object_ns = (percent), .free_object_ns = 40,          \
    .critical_section_ns = 10, .c_release_bytes = 2048,                                  \
    .thread_join_ns = 30 * (percent), .pool_job_ns = 35 * (percent),                     \
    .pool_submit_ns = 66 * (percent), .process_start_ns = 3000 * (percent),              \
    .process_bootstrap_ns = 1000 * (percent), .process_job_ns = 800 * (percent),         \
    .spawn_start_ns = 180000 * (percent), .forkserver_start_ns = 30000 * (percent),      \
    .import_ns = 50000 * (percent), .pickle_ns = 15 * (percent),                         \
    .unpickle_ns = 15 * (percent), .pickle_mb_per_s = 4000

#define KIB(number) ((int64_t)((number)*1024))

/* What a thread, a process ... adds. Rows of 3.2 and later with a GIL have 3.12's. */
#define MEMORY(process_kib, thread_kib, task)                                            \
    .process_bytes = KIB(process_kib), .fork_bytes = KIB(2560),                          \
    .interpreter_bytes = KIB(2300), .thread_bytes = KIB(thread_kib),                     \
    .asyncio_bytes = KIB(9900), .task_bytes = (task)

#define ASYNCIO(percent)                                                                 \
    .has_asyncio = 1, .timer_clean_ns = 25, .uvloop_cost_ppm = 250000,                   \
    .loop_start_ns = 600 * (percent), .loop_iteration_ns = 15 * (percent),               \
    .loop_handle_ns = 5 * (percent), .task_create_ns = 20 * (percent),                   \
    .task_step_ns = 5 * (percent), .call_later_ns = 15 * (percent),                      \
    .threadsafe_wake_ns = 20 * (percent), .self_pipe_ns = 15 * (percent)

#define NO_ASYNCIO .has_asyncio = 0

/* What is different from version to version. */
#define ASYNCIO_3_4(percent)                                                             \
    ASYNCIO(percent), .wait_for_rule = WAIT_FOR_LEAVES, .except_catches_cancel = 1,      \
                      .default_pool_per_core = 5
#define ASYNCIO_3_7(percent)                                                             \
    ASYNCIO(percent), .wait_for_rule = WAIT_FOR_LEAVES_AT_CANCEL,                        \
                      .except_catches_cancel = 1, .default_pool_per_core = 5
#define ASYNCIO_3_8(percent) ASYNCIO(percent), .wait_for_rule = WAIT_FOR_DROPS
#define ASYNCIO_TASK(percent) ASYNCIO(percent), .wait_for_rule = WAIT_FOR_RETURNS
#define ASYNCIO_3_9(percent) ASYNCIO_TASK(percent), .semaphore_rule = SEMAPHORE_SCHEDULES
#define ASYNCIO_3_10(percent) ASYNCIO_TASK(percent), .semaphore_rule = SEMAPHORE_RESERVES
#define ASYNCIO_3_11(percent) ASYNCIO_3_10(percent), .has_task_groups = 1
#define ASYNCIO_EAGER(percent)                                                           \
    ASYNCIO(percent), .has_task_groups = 1, .has_eager_tasks = 1
#define ASYNCIO_3_12(percent)                                                            \
    ASYNCIO_EAGER(percent), .semaphore_rule = SEMAPHORE_RESERVES, .group_counts_eager = 1
#define ASYNCIO_3_14(percent)                                                            \
    ASYNCIO_EAGER(percent), .semaphore_rule = SEMAPHORE_WAKES_ALL, .group_uncancels = 1, \
                            .condition_passes_on = 1
#define ASYNCIO_3_13(percent) ASYNCIO_3_14(percent), .group_counts_eager = 1

/* The collector, by version. */
#define GC(kind, threshold, later)                                                       \
    .gc_enabled = 1, .gc_kind = (kind), .gc_threshold_0 = (threshold),                   \
    .gc_threshold_1 = 10, .gc_threshold_2 = 10, .gc_at_check_point = (later)

/* 2.7 - 3.1: 100 ticks are about 25 iterations of a counting loop. */
#define TICK(label, id, percent)                                                         \
    {                                                                                    \
        label, "tick",                                                                   \
            {.name = id,                                                                 \
             .gil = GIL_TICK,                                                            \
             .switch_interval_ns = 5000000,                                              \
             .check_spacing_ns = 20 * (percent),                                         \
             .attach_ns = 50,                                                            \
             .check_every_opcode = 1,                                                    \
             .check_after_enter = 1,                                                     \
             .lock_ns = 70,                                                              \
             .rlock_ns = 11 * (percent) / 5,                                             \
             GC(GC_GENERATIONAL, 700, 0),                                                \
             .python_cost_ppm = 10000 * (percent),                                       \
             PYTHON_COSTS(percent),                                                      \
             MEMORY(5205, 21, 0),                                                        \
             NO_ASYNCIO},                                                                \
            false                                                                        \
    }

#define INTERVAL(label, id, code, percent, aio)                                          \
    {                                                                                    \
        label, "interval",                                                               \
            {.name = id,                                                                 \
             .gil = GIL_INTERVAL,                                                        \
             .switch_interval_ns = 5000000,                                              \
             .force_switching = 1,                                                       \
             code,                                                                       \
             .has_barrier = 1,                                                           \
             .has_thread_pool = 1,                                                       \
             .attach_ns = 70,                                                            \
             .lock_ns = 70,                                                              \
             .rlock_ns = 70,                                                             \
             .python_cost_ppm = 10000 * (percent),                                       \
             PYTHON_COSTS(percent),                                                      \
             MEMORY(8966, 17, 1470),                                                     \
             aio},                                                                       \
            false                                                                        \
    }

#define FREE_THREADED(label, id, code, percent, aio, hypothetical)                       \
    {                                                                                    \
        label, "none",                                                                   \
            {.name = id,                                                                 \
             .gil = GIL_NONE,                                                            \
             .switch_interval_ns = 5000000,                                              \
             .force_switching = 1,                                                       \
             code,                                                                       \
             .has_barrier = 1,                                                           \
             .has_thread_pool = 1,                                                       \
             .lock_spins = 40,                                                           \
             .attach_ns = 70,                                                            \
             .lock_ns = 70,                                                              \
             .rlock_ns = 70,                                                             \
             .python_cost_ppm = 10000 * (percent),                                       \
             PYTHON_COSTS(percent),                                                      \
             GC(GC_FREE_THREADED, 2000, 1),                                              \
             MEMORY(11264, 1792, 1470),                                                  \
             aio},                                                                       \
            hypothetical                                                                 \
    }

/* Where check points lie, what a Lock is and when the collector runs, by version. */
#define OPCODES                                                                          \
    .check_spacing_ns = 50, .check_every_opcode = 1, .check_after_enter = 1,             \
    GC(GC_GENERATIONAL, 700, 0)
#define OPCODES_3_4 OPCODES, .has_start_methods = 1
#define OPCODES_3_7 OPCODES_3_4, .has_simple_queue = 1
#define OPCODES_3_8                                                                      \
    OPCODES_3_7, .pool_idle_rule = POOL_IDLE_AFTER_ITEM, .start_rule = START_RULE_SPAWN
#define OPCODES_3_9 OPCODES_3_8, .pool_starts_on_demand = 1
#define SPACING                                                                          \
    .check_spacing_ns = 100, .has_simple_queue = 1, .has_start_methods = 1,              \
    .pool_starts_on_demand = 1
#define EARLY SPACING, .start_rule = START_RULE_SPAWN
#define BACK_EDGES                                                                       \
    EARLY, GC(GC_GENERATIONAL, 700, 0), .pool_idle_rule = POOL_IDLE_AFTER_ITEM
#define IMMORTAL                                                                         \
    SPACING, .immortal_objects = 1, .pool_idle_rule = POOL_IDLE_WHEN_EMPTY,              \
             .has_interpreters = 1, .interpreter_start_ns = 3000000,                     \
             .interpreter_queue_ns = 150, .interpreter_queue_miss_ns = 400
#define BACK_EDGES_3_12                                                                  \
    IMMORTAL, .start_rule = START_RULE_SPAWN, GC(GC_GENERATIONAL, 700, 1)
#define HANDS_OVER IMMORTAL, .queue_hands_over = 1
#define IMMORTAL_3_13 HANDS_OVER, .start_rule = START_RULE_SPAWN
#define BACK_EDGES_3_13 IMMORTAL_3_13, GC(GC_GENERATIONAL, 2000, 1)
#define PYMUTEX                                                                          \
    HANDS_OVER, .check_after_enter = 1, .lock_kind = LOCK_PYMUTEX,                       \
                .start_rule = START_RULE_FORKSERVER, .has_interpreter_pool = 1,          \
                .has_interpreter_queue = 1, .interpreter_import_ns = 10000000,           \
                .interpreter_end_ns = 2000000, .interpreter_call_ns = 30000
#define PYMUTEX_3_15 PYMUTEX, .lock_looks = 4
#define BACK_EDGES_3_14 PYMUTEX, GC(GC_GENERATIONAL, 2000, 1)

/* The GIL taken out of CPython 3.12 and nothing put in its place but atomic counts. Locks
 * are those of the free-threaded builds: without them it would crash. */
#define ATOMIC_REFCOUNTS                                                                 \
    EARLY, .pool_idle_rule = POOL_IDLE_WHEN_EMPTY, .queue_hands_over = 1,                \
           .atomic_refcounts = 1, .counts_per_us = 33, .shared_counts_per_us = 16

const struct runtime_row runtime_rows[] = {
    TICK("CPython 2.7", "cpython-2.7", 130),
    TICK("CPython 3.1", "cpython-3.1", 150),
    INTERVAL("CPython 3.2", "cpython-3.2", OPCODES, 140, NO_ASYNCIO),
    INTERVAL("CPython 3.3", "cpython-3.3", OPCODES, 140, NO_ASYNCIO),
    INTERVAL("CPython 3.4", "cpython-3.4", OPCODES_3_4, 140, ASYNCIO_3_4(250)),
    INTERVAL("CPython 3.5", "cpython-3.5", OPCODES_3_4, 140, ASYNCIO_3_4(250)),
    INTERVAL("CPython 3.6", "cpython-3.6", OPCODES_3_4, 135, ASYNCIO_3_4(150)),
    INTERVAL("CPython 3.7", "cpython-3.7", OPCODES_3_7, 130, ASYNCIO_3_7(140)),
    INTERVAL("CPython 3.8", "cpython-3.8", OPCODES_3_8, 130, ASYNCIO_3_8(140)),
    INTERVAL("CPython 3.9", "cpython-3.9", OPCODES_3_9, 130, ASYNCIO_3_9(140)),
    INTERVAL("CPython 3.10", "cpython-3.10", BACK_EDGES, 130, ASYNCIO_3_10(140)),
    INTERVAL("CPython 3.11", "cpython-3.11", BACK_EDGES, 105, ASYNCIO_3_11(110)),
    INTERVAL("CPython 3.12", "cpython-3.12", BACK_EDGES_3_12, 100, ASYNCIO_3_12(100)),
    INTERVAL("CPython 3.13", "cpython-3.13", BACK_EDGES_3_13, 100, ASYNCIO_3_13(100)),
    INTERVAL("CPython 3.14", "cpython-3.14", BACK_EDGES_3_14, 97, ASYNCIO_3_14(87)),
    INTERVAL("CPython 3.15", "cpython-3.15", BACK_EDGES_3_14, 95, ASYNCIO_3_14(87)),
    FREE_THREADED("CPython 3.13, free-threaded", "cpython-3.13t", IMMORTAL_3_13, 140,
                  ASYNCIO_3_13(140), false),
    FREE_THREADED("CPython 3.14, free-threaded", "cpython-3.14t", PYMUTEX, 105,
                  ASYNCIO_3_14(100), false),
    FREE_THREADED("CPython 3.15, free-threaded", "cpython-3.15t", PYMUTEX_3_15, 104,
                  ASYNCIO_3_14(95), false),
    FREE_THREADED("CPython without GIL, every reference count atomic",
                  "cpython-atomic-refcounts", ATOMIC_REFCOUNTS, 100, ASYNCIO_3_12(100),
                  true),
};
const size_t runtime_row_count = sizeof runtime_rows / sizeof runtime_rows[0];

const struct runtime_row *runtime_row_find(const char *name) {
    for (size_t i = 0; i < runtime_row_count; i++) {
        if (strcmp(runtime_rows[i].runtime.name, name) == 0) {
            return &runtime_rows[i];
        }
    }
    return NULL;
}
