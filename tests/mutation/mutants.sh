# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Sourced by tests/mutation/run: the ways in which the engine is broken. Each changes one text
# that has to be in its file exactly once; when the engine is written anew, so is the text.
#
#   mutant NAME TEST FILE WHAT OLD NEW

# --- the GIL ----------------------------------------------------------------------------

gil=engine/python/gil.c

mutant gil-no-request gil $gil 'an impatient waiter does not set the drop request' \
    'gil->drop_request = true;' ';'
mutant gil-request-unseen gil $gil 'the holder looks for the drop request at no check point' \
    '        cut_at_check_point(gil->holder);' ';'
mutant gil-request-after-switch gil $gil 'a waiter asks although the GIL has changed hands' \
    'gil->switch_number == client->switch_seen' 'true'
mutant gil-no-forced-wait gil $gil 'who dropped on request does not wait for a taker' \
    '!gil->drop_request || gil->last_holder != client' 'true'
mutant gil-no-barging gil $gil 'a newcomer queues behind those who wait' \
    'if (gil->holder == NULL) {' \
    'if (gil->holder == NULL && (client->waiting || gil->waiters == 0)) {'
mutant gil-newest-first gil $gil 'a release wakes the newest waiter' \
    'gil->cond.first;' 'gil->cond.last;'
mutant gil-signal-forgotten gil $gil 'a time-out counts although the signal came before its end' \
    'if (client->signalled) {
        client->timed_out = false;' 'if (client->signalled) {'
mutant gil-waking-is-free gil $gil 'the futex call of who drops the GIL costs nothing' \
    'os_thread_wake(&waiter->os, client->os.lane);
    }
    return gil->cpu->machine->futex_wake_ns;' 'os_thread_wake(&waiter->os, client->os.lane);
    }
    return 0;'
mutant gil-handover-is-free gil $gil 'waking who waits for a taker costs nothing' \
    'os_thread_wake(&dropper->os, client->os.lane);
    return gil->cpu->machine->futex_wake_ns;' 'os_thread_wake(&dropper->os, client->os.lane);
    return 0;'
mutant gil-waking-up-is-free gil $gil 'the return from the futex call costs nothing' \
    'client->gil->cpu->machine->futex_wait_ns' '0'
mutant gil-exit-waits gil $gil 'a thread that ends waits for a taker' \
    'release(client, then, proceed);' 'release(client, then, released);'
mutant gil-ticks-start-anew gil_laws $gil '2.7 counts ticks from the start of each piece' \
    'gil->tick_left_ns -= ns;' ';'
mutant gil-no-interrupt gil $gil 'no timer interrupt in the gap of a 2.7 check' \
    'os_thread_interrupts(&client->os, gap);' '0;'
mutant c-call-no-check gil_laws engine/python/py_compute.c 'no check point after a C call' \
    'thread->action.value < 0 ? py_thread_finish : py_thread_check_and_finish' \
    'py_thread_finish'
mutant start-does-not-wait gil_laws engine/python/py_start.c \
    'Thread.start() does not wait for the thread' 'if (child->started) {' 'if (true) {'
mutant interpreter-shares-gil interpreter engine/python/py_interpreter.c \
    'a sub-interpreter uses the GIL of the main one' \
    'thread->client.gil = &process->gil;' 'thread->client.gil = &thread->home->gil;'

# --- cores and timers -------------------------------------------------------------------

mutant wake-up-at-once cpu engine/os/cpu.c 'an idle core wakes up in no time' \
    'core_send(core, thread, core_wake_latency(core));' 'core_send(core, thread, 0);'
mutant no-deep-sleep cpu engine/os/wakeup.c 'long idle cores wake up like others' \
    'idle >= machine->deep_after_ns' 'false'
mutant no-timer-slack cpu engine/os/wakeup.c 'timers have no slack' \
    'return sim_add(sim_add(cpu->sim->now, ns), late);' 'return sim_add(cpu->sim->now, ns);'
mutant slice-never-ends cpu engine/os/cpu.c 'the end of a slice is not noticed' \
    '        preempt(core);' ';'
mutant slice-ends-between-ticks cpu engine/os/cpu.c 'the end of a slice is noticed at once' \
    'if (machine->tick_ns == 0) {' 'if (true) {'
mutant no-wake-up-preemption cpu engine/os/cpu.c 'a wake-up preempts nobody' \
    'core->cpu->sim->now - core->slice_since >= core->cpu->slice_ns' 'false'
mutant switch-is-free cpu engine/os/cpu.c 'a context switch costs nothing' \
    'core_send(core, next, cpu->machine->context_switch_ns);' 'core_send(core, next, 0);'
mutant ready-newest-first cpu engine/os/cpu.c 'a core takes the newest ready thread' \
    'thread->next = NULL;
    if (cpu->ready_last == NULL) {' \
    'thread->next = cpu->ready_first;
    if (thread->next != NULL) {
        cpu->ready_first = thread;
        return;
    }
    if (cpu->ready_last == NULL) {'
mutant siblings-do-not-matter smt engine/os/cpu.c 'two threads on a core are as fast as on two' \
    'sibling->busy ? WORK_SHARED' 'sibling->busy ? WORK_ALONE'
mutant speed-up-unnoticed cpu engine/os/cpu.c 'work does not end earlier on a faster core' \
    'thread->clock->speed_ppm > thread->planned_ppm' 'false'
mutant slow-down-unnoticed smt engine/os/cpu.c 'work does not end later on a slower core' \
    'if (due > sim->now) {' 'if (false) {'
mutant work-rounded work_clock engine/os/work_clock.h \
    'a change of speed forgets parts of a nanosecond' '.rest = (int64_t)rest,' '.rest = 0,'
mutant quota-for-ever quota engine/os/cpu.c 'the quota refuses nobody' \
    'if (!quota_admit(&core->share)) {' 'if (!quota_admit(&core->share) && false) {'
mutant lines-do-not-queue cache_line engine/os/cache_line.c \
    'a cache line is fetched by two cores at once' \
    '(last > now ? last : now) + transfer_ns' 'now + transfer_ns + 0 * last'
mutant ties-newest-first event_queue engine/sim/event_queue.c \
    'of events at one time the last one comes first' \
    'queue->pushes++,' '(UINT64_C(0xffffffffffffff) - queue->pushes++),'
mutant ties-without-priority event_queue engine/sim/event_queue.c \
    'the priority of events at one time does not count' \
    '(uint64_t)event->priority << 56 |' '0 * (uint64_t)event->priority |'

# --- random numbers ---------------------------------------------------------------------

mutant draws-by-place run engine/strategy/actors.c 'an actor draws by its place in the list' \
    'hash_name(plan->actors[index].name));' 'index);'
mutant draws-by-worker run engine/strategy/job_runner.c 'a job draws by who runs it' \
    'random_mix(runner->work_key, number));' 'random_mix(runner->work_key, runner->number + 1));'
mutant draws-without-visit step_list engine/program/step_list.c \
    'a step draws the same at each visit' '(uint64_t)list->frame[i].iteration);' '0);'
mutant repetitions-alike run engine/base/random.c 'a repetition draws what the first one drew' \
    'seed), repetition);' 'seed), 0 * repetition);'
mutant wakes-alike cpu engine/os/wakeup.c 'all wake-ups of a core have the same noise' \
    'random_next(&core->wake_noise)' 'core->wake_noise'

# --- locks ------------------------------------------------------------------------------

mutant no-lost-update lock engine/python/py_counter.c 'a store adds to what is there now' \
    'counter->value = thread->action.value;' 'counter->value++;'
mutant lock-newest-first lock_examples engine/python/py_lock.c 'a release wakes the newest waiter' \
    'thread->next_waiter = NULL;
    if (lock->last == NULL) {' \
    'thread->next_waiter = lock->first;
    if (thread->next_waiter != NULL) {
        lock->first = thread;
        return;
    }
    if (lock->last == NULL) {'
mutant lock-no-interrupt lock_shares engine/python/py_lock.c \
    'no timer interrupt between release and next attempt' \
    'ns + os_thread_interrupts(&thread->client.os, ns)' 'ns'
mutant lock-line-is-free lock_examples engine/python/py_lock.c 'a lock is in the cache of every core' \
    'os_thread_write_line(&thread->client.os, &lock->line);' '0;'
mutant mutex-does-not-spin lock_examples engine/python/py_lock.c 'PyMutex parks without spinning' \
    'thread->spins = py_thread_runtime(thread)->lock_spins;' 'thread->spins = 0;'
mutant mutex-does-not-park lock_examples engine/python/py_lock.c 'PyMutex spins for ever' \
    'lock->first != NULL || thread->spins == 0' 'lock->first != NULL'
mutant mutex-is-never-fair lock engine/python/py_lock.c \
    'PyMutex is not handed over after a millisecond' \
    'now - lock->first->parked_ns > FAIR_NS' 'now < 0 * FAIR_NS'

# --- free threading and the collector ---------------------------------------------------

mutant stop-does-not-wait stop_world engine/python/stop_world.c \
    'the world counts as stopped at once' 'if (world->countdown > 0) {' 'if (false) {'
mutant stop-lets-attach stop_world engine/python/stop_world.c \
    'a thread attaches while the world is stopped' \
    'if (client->member.state == ATTACH_SUSPENDED) {' 'if (false) {'
mutant one-pause stop_world engine/python/py_gc.c 'a collection without GIL stops the world once' \
    'stop_world_release(&thread->client, finalizers_run);' \
    'stop_world_release(&thread->client, collected); (void)finalizers_run;'
mutant collect-early gc engine/python/gc.c 'a collection comes one object too early' \
    'gc->count[0] <= threshold(gc, 0)' 'gc->count[0] < threshold(gc, 0)'
mutant counts-are-free free_threading engine/python/py_compute.c \
    'atomic reference counts cost nothing' \
    '* (slower > 0 ? slower : 0) +' '* (slower > 0 ? 0 : 0) +'
mutant merge-forgotten object engine/python/brc.c \
    'the maker of an object does not merge its count' 'owner->queued_objects++;' ';'

# --- asyncio ----------------------------------------------------------------------------

loop=engine/aio/loop.c

mutant loop-same-iteration loop $loop 'what is scheduled during an iteration runs in it' \
    'handle == NULL && loop->todo > 0' 'handle == NULL && loop->ready.count > 0'
mutant loop-newest-first loop $loop 'call_soon() is last in, first out' \
    'handle->next = NULL;' \
    'handle->next = loop->ready.first;
    if (handle->next != NULL) {
        loop->ready.first = handle;
        loop->ready.count++;
        return;
    }'
mutant loop-timers-first loop_oracle $loop 'timers run before what select() reports' \
    'const uint64_t before = loop->ready.count;' \
    'collect_timers(loop);
    const uint64_t before = loop->ready.count;'
mutant loop-exact-select loop $loop 'select() waits for less than a millisecond' \
    'unit == 0 ? wait :' 'true ? wait :'
mutant loop-keeps-cancelled aio_tasks $loop 'cancelled timers stay in the heap' \
    '2 * loop->timers_cancelled > count' 'false'
mutant loop-no-self-pipe loop $loop 'a worker wakes the loop without its self-pipe' \
    'loop->pipe_reported = selector->bytes > 0;' 'loop->pipe_reported = false;'
mutant lock-can-be-barged aio_sync engine/aio/sync.c 'asyncio.Lock lets a newcomer pass' \
    'lock->value != 0 || has_waiters(&lock->waiters)' 'lock->value != 0'
mutant semaphore-can-be-barged loop_oracle engine/aio/sync.c \
    'asyncio.Semaphore lets a newcomer pass' \
    'has_waiters(&semaphore->waiters)' 'false'
mutant queue-wakes-two aio_sync engine/aio/sync.c 'Queue.put() wakes two getters' \
    'wake_next(task, &queue->waiters);
    return aio_done(task);' 'wake_next(task, &queue->waiters);
    wake_next(task, &queue->waiters);
    return aio_done(task);'
mutant event-wakes-one aio_sync engine/aio/sync.c 'Event.set() wakes one task' \
    'wake_first(task, &event->waiters, INT64_MAX)' 'wake_first(task, &event->waiters, 1)'
mutant gather-stops-waiting aio_tasks engine/aio/group.c 'gather() ends with its first task' \
    '(first && group->kind == GROUP_GATHER)' '(group->kind == GROUP_GATHER)'
mutant gather-raises-late aio_tasks engine/aio/group.c 'gather() raises when all have ended' \
    '(first && group->kind == GROUP_GATHER)' 'false'
mutant group-cancels-nobody aio_tasks engine/aio/group.c 'a TaskGroup cancels no task' \
    '    group->aborting = true;
    aio_group_cancel_members(group, by);' '    group->aborting = true;'
mutant timeout-swallows aio_tasks engine/aio/timeouts.c \
    'timeout() swallows a cancellation by somebody else' \
    'status == RESUME_CANCELLED && task->cancelling <= timeout->cancelling' \
    'status == RESUME_CANCELLED'

# --- pools and processes ----------------------------------------------------------------

mutant pool-starts-always pool engine/python/py_pool.c 'each submit() starts a worker' \
    'if (pool->idle > 0) {' 'if (false) {'
mutant pool-no-prefetch process_pool engine/strategy/process_pool.c \
    'the call queue of a process pool has no place more than workers' \
    '.room = spec->workers + 1' '.room = spec->workers'
mutant pickling-is-free process_pool engine/python/pickle_cost.h \
    'the bytes of a pickle cost nothing' 'bytes * 1000 / rate' '0'
mutant pipe-has-no-end pipe engine/python/py_pipe.c 'a pipe is never full' \
    'const int64_t room = PY_PIPE_CAPACITY - pipe->used;' 'const int64_t room = INT64_MAX;'

# --- arrivals ---------------------------------------------------------------------------

mutant latency-from-start open_loop engine/python/unit.c \
    'latency counts from the start of a job, not from its arrival' \
    'action->value != 0 ? action->ns : -1;' 'action->value != 0 ? unit->began_ns : -1;'
mutant bursts-raise-the-rate arrivals engine/program/arrivals.c \
    'bursts come as often as single jobs' \
    'const double mean = (double)plan->burst / plan->rate_per_s;' \
    'const double mean = 1.0 / plan->rate_per_s;'
