/* SPDX-License-Identifier: MIT */
#include "engine/os/wakeup_priv.h"

#include "engine/base/check.h"

#include <stdio.h>

static const struct activity IDLE = {STATE_IDLE, LANE_NONE, SITE_NONE};

static void core_arrival(struct event *event);
static void core_slice_end(struct event *event);
static void work_done(struct event *event);
static void core_out_of_quota(struct quota_share *share);
static void core_in_quota(struct quota_share *share);

#define CORE_OF(event_pointer, member)                                                   \
    ((struct core *)(void *)((char *)(event_pointer)-offsetof(struct core, member)))
#define SHARE_CORE(share_pointer) CORE_OF(share_pointer, share)

/* --- setting up ---------------------------------------------------------------- */

/*
 * The base slice of the machine. Linux derives it from the number of CPUs: 0.70 ms times
 * 1 + log2 of it, counting at most 8 (6.15+ kernel/sched/fair.c sysctl_sched_base_slice,
 * get_update_sysctl_factor).
 */
static sim_ns slice_of(const struct machine *machine) {
    if (machine->slice_ns > 0) {
        return machine->slice_ns;
    }
    sim_ns factor = 1;
    for (int64_t cpus = machine->cores < 8 ? machine->cores : 8; cpus > 1; cpus /= 2) {
        factor++;
    }
    return factor * 700 * NS_PER_US;
}

static struct core *sibling_of(const struct cpu *cpu, uint32_t index) {
    const uint32_t other = index ^ 1;
    return cpu->machine->smt_threads == 2 && other < cpu->core_count ? &cpu->cores[other]
                                                                     : NULL;
}

/* Linear between one busy physical core (full speed) and all of them. */
static const int64_t *turbo_table(const struct cpu *cpu, struct arena *arena) {
    const uint32_t most = cpu->physical_count;
    int64_t *speed = arena_alloc(arena, most + 1, sizeof *speed);
    const int64_t loss = FULL_SPEED_PPM - cpu->machine->all_cores_speed_ppm;
    for (uint32_t busy = 0; speed != NULL && busy <= most; busy++) {
        speed[busy] =
            busy < 2 ? FULL_SPEED_PPM : FULL_SPEED_PPM - loss * (busy - 1) / (most - 1);
    }
    return speed;
}

static int core_init(struct cpu *cpu, uint32_t index) {
    struct sim *sim = cpu->sim;
    struct core *core = &cpu->cores[index];
    char name[16];
    snprintf(name, sizeof name, "core %u", index);
    *core = (struct core){
        .cpu = cpu,
        .sibling = sibling_of(cpu, index),
        .arrival = {.fire = core_arrival, .priority = PRIORITY_CORE},
        .slice_end = {.fire = core_slice_end, .priority = PRIORITY_CORE},
        .index = index,
        .wake_noise = cpu_noise_key(cpu, RANDOM_WAKE, index),
        .line_noise = cpu_noise_key(cpu, RANDOM_LINE, index),
        .lane =
            recorder_open_lane(sim->recorder, sim->now,
                               &(struct lane_birth){LANE_CORE, LANE_NONE, name, IDLE}),
    };
    return quota_share_init(&core->share, &cpu->quota);
}

int cpu_init(struct cpu *cpu, struct sim *sim, const struct machine *machine,
             struct arena *arena, struct err *err) {
    const uint32_t count = (uint32_t)machine->cores;
    struct core *cores = arena_alloc(arena, count, sizeof *cores);
    if (cores == NULL || event_queue_reserve(&sim->queue, 2 * (size_t)count) != 0) {
        return err_set_nomem(err);
    }
    *cpu = (struct cpu){
        .sim = sim,
        .machine = machine,
        .cores = cores,
        .core_count = count,
        .idle_count = count,
        .physical_count = machine->smt_threads == 2 ? count - count / 2 : count,
        .slice_ns = slice_of(machine),
    };
    for (int i = 0; i < WORK_CLOCK_COUNT; i++) {
        cpu->clocks[i].speed_ppm = FULL_SPEED_PPM;
    }
    cpu->clocks[WORK_SHARED].speed_ppm = machine->smt_speed_ppm;
    cpu->turbo_ppm = turbo_table(cpu, arena);
    if (cpu->turbo_ppm == NULL) {
        return err_set_nomem(err);
    }
    int rc = quota_init(&cpu->quota, sim, machine, core_out_of_quota, core_in_quota);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        rc = core_init(cpu, i);
    }
    return rc == 0 ? 0 : err_set_nomem(err);
}

int os_thread_init(struct os_thread *thread, struct cpu *cpu, lane_id lane, os_fn then) {
    if (event_queue_reserve(&cpu->sim->queue, 2) != 0) {
        return ERR_NOMEM;
    }
    *thread = (struct os_thread){
        .cpu = cpu,
        .then = then,
        .work_done = {.fire = work_done, .priority = PRIORITY_CORE},
        .timer = {.priority = PRIORITY_WORLD},
        .lane = lane,
        .doing = {STATE_DETACHED, LANE_NONE, SITE_NONE},
        .state = OS_BLOCKED,
    };
    return 0;
}

/* --- recording ----------------------------------------------------------------- */

static void show_thread(struct os_thread *thread, struct activity activity, lane_id by) {
    if (!thread->masked) {
        sim_switch(thread->cpu->sim, thread->lane, activity, by);
    }
}

/* It wants a core, at the place where it will go on. */
static void show_ready(struct os_thread *thread, lane_id by) {
    show_thread(thread, (struct activity){STATE_READY, LANE_NONE, thread->doing.site},
                by);
}

static void show_core(struct core *core, enum lane_state state) {
    const lane_id who = core->current == NULL ? LANE_NONE : core->current->lane;
    sim_switch(core->cpu->sim, core->lane, (struct activity){state, who, SITE_NONE},
               LANE_NONE);
}

void os_thread_show(struct os_thread *thread, struct activity doing, lane_id by) {
    ASSERT(thread->state == OS_ON_CORE);
    thread->doing = doing;
    show_thread(thread, doing, by);
}

/* --- work ---------------------------------------------------------------------- */

/* Work by the CPU clock ends by the clock; all other work advances at the cores' speed. */
static const struct work_clock *clock_of(const struct os_thread *thread) {
    const struct core *sibling = thread->core->sibling;
    return &thread->cpu->clocks[thread->clocked                    ? WORK_CLOCKED
                                : sibling != NULL && sibling->busy ? WORK_SHARED
                                                                   : WORK_ALONE];
}

static sim_ns now_on(const struct os_thread *thread, const struct work_clock *clock) {
    return work_clock_read(clock, thread->cpu->sim->now);
}

static bool is_working(const struct os_thread *thread) {
    return event_is_pending(&thread->work_done);
}

static sim_ns left_of(const struct os_thread *thread) {
    return is_working(thread) ? thread->until_ns - now_on(thread, thread->clock)
                              : thread->left_ns;
}

/* Books so much core time. */
static void book(struct os_thread *thread, sim_ns time) {
    thread->cpu_ns += time;
    thread->core->busy_ns += time;
}

/* Core time that is not booked yet. */
static sim_ns unbooked(const struct os_thread *thread) {
    return is_working(thread) ? thread->cpu->sim->now - thread->resumed_ns : 0;
}

static void resume_work(struct os_thread *thread, sim_ns due) {
    struct cpu *cpu = thread->cpu;
    thread->resumed_ns = cpu->sim->now;
    thread->working_next = cpu->working;
    thread->working_link = &cpu->working;
    if (cpu->working != NULL) {
        cpu->working->working_link = &thread->working_next;
    }
    cpu->working = thread;
    thread->planned_ppm = (int32_t)thread->clock->speed_ppm;
    sim_schedule(cpu->sim, &thread->work_done, due);
}

static void leave_working(struct os_thread *thread) {
    *thread->working_link = thread->working_next;
    if (thread->working_next != NULL) {
        thread->working_next->working_link = thread->working_link;
    }
}

/* Lets the thread do its work and call its continuations for as long as it has a core. */
static void drive(struct os_thread *thread) {
    struct sim *sim = thread->cpu->sim;
    while (thread->state == OS_ON_CORE && sim_step(sim)) {
        if (thread->left_ns > 0) {
            const sim_ns since = sim->now;
            thread->clock = clock_of(thread);
            thread->until_ns = sim_add(now_on(thread, thread->clock), thread->left_ns);
            const sim_ns due = work_clock_due(thread->clock, thread->until_ns);
            if (!sim_try_advance(sim, due)) {
                resume_work(thread, due);
                return;
            }
            thread->left_ns = 0;
            book(thread, due - since);
        }
        const os_fn then = thread->then;
        ASSERT(then != NULL);
        thread->then = NULL;
        then(thread);
    }
}

static void work_done(struct event *event) {
    struct os_thread *thread = OS_THREAD_OF(event, work_done);
    struct sim *sim = thread->cpu->sim;
    const sim_ns due = work_clock_due(thread->clock, thread->until_ns);
    if (due > sim->now) { /* it has been slower than planned */
        thread->planned_ppm = (int32_t)thread->clock->speed_ppm;
        sim_schedule(sim, event, due);
        return;
    }
    leave_working(thread);
    thread->left_ns = 0;
    book(thread, sim->now - thread->resumed_ns);
    drive(thread);
}

void os_thread_work(struct os_thread *thread, sim_ns ns, os_fn then) {
    ASSERT(thread->state == OS_ON_CORE && thread->then == NULL && ns >= 0);
    thread->work_ns = ns;
    thread->left_ns = ns;
    thread->then = then;
}

sim_ns os_thread_work_done(const struct os_thread *thread) {
    return thread->work_ns - left_of(thread);
}

sim_ns os_thread_cpu_clock(const struct os_thread *thread) {
    return thread->cpu_ns + unbooked(thread);
}

/* Stops the running piece of work, so that it can be moved. */
static void pause_work(struct os_thread *thread) {
    if (is_working(thread)) {
        thread->left_ns = left_of(thread);
        book(thread, unbooked(thread));
        leave_working(thread);
        sim_cancel_event(thread->cpu->sim, &thread->work_done);
    }
}

/*
 * The event of a running piece of work is planned for the speed of that moment. When it
 * becomes slower nothing is done: its event comes too early, and finds that out. Speeds
 * change with every wake-up of anybody, and mostly back again.
 */
static void plan_work(struct os_thread *thread) {
    struct sim *sim = thread->cpu->sim;
    const sim_ns due = work_clock_due(thread->clock, thread->until_ns);
    thread->planned_ppm = (int32_t)thread->clock->speed_ppm;
    sim_move_event(sim, &thread->work_done, due > sim->now ? due : sim->now);
}

static void hurry_work(struct os_thread *thread) {
    if (thread->clock->speed_ppm > thread->planned_ppm) {
        plan_work(thread);
    }
}

void os_thread_shorten_work(struct os_thread *thread, sim_ns ns) {
    const sim_ns less = thread->work_ns - ns;
    ASSERT(less >= 0 && less <= left_of(thread));
    thread->work_ns = ns;
    if (is_working(thread)) {
        thread->until_ns -= less;
        plan_work(thread);
    } else {
        thread->left_ns -= less;
    }
}

sim_ns cpu_busy_ns(const struct cpu *cpu) {
    sim_ns sum = 0;
    for (uint32_t i = 0; i < cpu->core_count; i++) {
        sum += cpu->cores[i].busy_ns;
    }
    for (const struct os_thread *thread = cpu->working; thread != NULL;
         thread = thread->working_next) {
        sum += unbooked(thread);
    }
    return sum;
}

/* --- speed --------------------------------------------------------------------- */

static void set_turbo(struct cpu *cpu, int64_t speed_ppm) {
    const sim_ns now = cpu->sim->now;
    const int64_t before_ppm = cpu->clocks[WORK_ALONE].speed_ppm;
    if (speed_ppm == before_ppm) {
        return;
    }
    work_clock_set_speed(&cpu->clocks[WORK_ALONE], now, speed_ppm);
    if (cpu->machine->smt_threads == 2) {
        work_clock_set_speed(&cpu->clocks[WORK_SHARED], now,
                             speed_ppm * cpu->machine->smt_speed_ppm / FULL_SPEED_PPM);
    }
    if (speed_ppm > before_ppm) {
        for (struct os_thread *thread = cpu->working; thread != NULL;
             thread = thread->working_next) {
            hurry_work(thread);
        }
    }
}

/* The core's sibling begins or ceases to execute. */
static void change_clock(struct core *core) {
    struct os_thread *thread = core->current;
    if (thread != NULL && is_working(thread)) {
        const sim_ns left = left_of(thread);
        thread->clock = clock_of(thread);
        thread->until_ns = sim_add(now_on(thread, thread->clock), left);
        hurry_work(thread);
    }
}

/* The core begins or ceases to execute: that changes the speed of the others. */
static void core_set_busy(struct core *core, bool busy) {
    struct cpu *cpu = core->cpu;
    if (core->busy == busy) {
        return;
    }
    core->busy = busy;
    if (core->sibling == NULL || !core->sibling->busy) {
        cpu->busy_physical_count = cpu->busy_physical_count + busy - !busy;
    }
    set_turbo(cpu, cpu->turbo_ppm[cpu->busy_physical_count]);
    if (core->sibling != NULL) {
        change_clock(core->sibling);
    }
}

/* --- cores --------------------------------------------------------------------- */

static void ready_push(struct cpu *cpu, struct os_thread *thread) {
    thread->next = NULL;
    if (cpu->ready_last == NULL) {
        cpu->ready_first = thread;
    } else {
        cpu->ready_last->next = thread;
    }
    cpu->ready_last = thread;
}

static struct os_thread *ready_pop(struct cpu *cpu) {
    struct os_thread *thread = cpu->ready_first;
    if (thread != NULL) {
        cpu->ready_first = thread->next;
        if (cpu->ready_first == NULL) {
            cpu->ready_last = NULL;
        }
    }
    return thread;
}

/* Without quota: the core does nothing, its thread waits for it. */
static void core_stand_still(struct core *core) {
    if (core->busy) {
        core->idle_since = core->cpu->sim->now;
        core_set_busy(core, false);
    }
    show_thread(core->current,
                (struct activity){STATE_READY, core->lane, core->current->doing.site},
                LANE_NONE);
    show_core(core, STATE_THROTTLED);
}

/* The core is `latency` away from running the thread. */
static void core_send(struct core *core, struct os_thread *thread, sim_ns latency) {
    struct sim *sim = core->cpu->sim;
    core->current = thread;
    thread->core = core;
    if (!quota_admit(&core->share)) {
        core_stand_still(core);
        return;
    }
    core_set_busy(core, true);
    core->sent_ns = sim->now;
    core->cpu->context_switches++;
    show_core(core, STATE_SWITCH);
    sim_schedule(sim, &core->arrival, sim_add(sim->now, latency));
}

static void watch_slice(struct core *core);

static void core_arrival(struct event *event) {
    struct core *core = CORE_OF(event, arrival);
    struct os_thread *thread = core->current;
    const sim_ns now = core->cpu->sim->now;
    core->busy_ns += now - core->sent_ns;
    core->slice_since = now - core->slice_used_ns;
    core->slice_used_ns = 0;
    thread->state = OS_ON_CORE;
    thread->last_core = core;
    quota_run(&core->share);
    show_core(core, STATE_RUNNING);
    show_thread(thread, thread->doing, core->left_by);
    if (core->cpu->ready_first != NULL) {
        watch_slice(core);
    }
    drive(thread);
}

/* The core has lost its thread: takes the next one, or idles. */
static void core_vacate(struct core *core) {
    struct cpu *cpu = core->cpu;
    const lane_id leaver = core->current->lane;
    core->current = NULL;
    sim_cancel_event(cpu->sim, &core->slice_end);
    quota_pause(&core->share);
    struct os_thread *next = ready_pop(cpu);
    if (next != NULL) {
        core->left_by = leaver;
        core_send(core, next, cpu->machine->context_switch_ns);
        return;
    }
    quota_give_back(&core->share);
    core->idle_since = cpu->sim->now;
    cpu->idle_count++;
    core_set_busy(core, false);
    show_core(core, STATE_IDLE);
}

/* When the present thread may be preempted: its slice is over, noticed at a tick. */
static sim_ns slice_noticed(const struct core *core) {
    const struct machine *machine = core->cpu->machine;
    const sim_ns end = sim_add(core->slice_since, core->cpu->slice_ns);
    if (machine->tick_ns == 0) {
        return end;
    }
    return sim_add(end, machine->tick_ns - 1) / machine->tick_ns * machine->tick_ns;
}

/* Somebody waits for a core: the slice of this core's thread now has an end. */
static void watch_slice(struct core *core) {
    struct sim *sim = core->cpu->sim;
    if (!event_is_pending(&core->slice_end) && core->current != NULL &&
        core->current->state == OS_ON_CORE) {
        const sim_ns due = slice_noticed(core);
        sim_schedule(sim, &core->slice_end, due > sim->now ? due : sim->now);
    }
}

static void preempt(struct core *core) {
    struct os_thread *thread = core->current;
    pause_work(thread);
    thread->state = OS_READY;
    thread->core = NULL;
    core->cpu->preemptions++;
    show_ready(thread, LANE_NONE);
    ready_push(core->cpu, thread);
    core_vacate(core);
}

static void core_slice_end(struct event *event) {
    struct core *core = CORE_OF(event, slice_end);
    if (core->cpu->ready_first != NULL && core->current != NULL &&
        core->current->state == OS_ON_CORE) {
        preempt(core);
    }
}

/* --- quota --------------------------------------------------------------------- */

static void core_out_of_quota(struct quota_share *share) {
    struct core *core = SHARE_CORE(share);
    struct os_thread *thread = core->current;
    pause_work(thread);
    thread->state = OS_READY;
    sim_cancel_event(core->cpu->sim, &core->slice_end);
    quota_pause(share);
    core->slice_used_ns = core->cpu->sim->now - core->slice_since;
    core_send(core, thread, 0); /* which the quota refuses */
}

static void core_in_quota(struct quota_share *share) {
    struct core *core = SHARE_CORE(share);
    core->left_by = LANE_NONE;
    core_send(core, core->current, core_wake_latency(core));
}

/* --- blocking and waking ------------------------------------------------------- */

static void leave_core(struct os_thread *thread) {
    struct core *core = thread->core;
    thread->core = NULL;
    core_vacate(core);
}

void os_thread_block(struct os_thread *thread, struct activity waiting, os_fn then) {
    ASSERT(thread->state == OS_ON_CORE && thread->then == NULL);
    thread->state = OS_BLOCKED;
    thread->work_ns = thread->left_ns = 0;
    thread->then = then;
    show_thread(thread, waiting, LANE_NONE);
    leave_core(thread);
}

void os_thread_exit(struct os_thread *thread) {
    ASSERT(thread->state == OS_ON_CORE && thread->then == NULL);
    thread->state = OS_ENDED;
    recorder_close_lane(thread->cpu->sim->recorder, thread->cpu->sim->now, thread->lane);
    leave_core(thread);
}

static bool slice_used_up(const struct core *core) {
    return core->current != NULL && core->current->state == OS_ON_CORE &&
           core->cpu->sim->now - core->slice_since >= core->cpu->slice_ns;
}

/* A wake-up without an idle core: preempts a thread that has had its slice, else waits.
 */
static void queue_for_core(struct cpu *cpu) {
    uint32_t candidates = 0;
    for (uint32_t i = 0; i < cpu->core_count; i++) {
        candidates += slice_used_up(&cpu->cores[i]);
        watch_slice(&cpu->cores[i]);
    }
    if (candidates == 0) {
        return;
    }
    uint32_t nth = chooser_choose(cpu->sim->chooser, CHOICE_PREEMPT_CORE, candidates);
    for (uint32_t i = 0;; i++) {
        if (slice_used_up(&cpu->cores[i]) && nth-- == 0) {
            struct core *core = &cpu->cores[i];
            sim_cancel_event(cpu->sim, &core->slice_end);
            sim_schedule(cpu->sim, &core->slice_end, cpu->sim->now);
            return;
        }
    }
}

void os_thread_wake(struct os_thread *thread, lane_id by) {
    ASSERT(thread->state == OS_BLOCKED);
    struct cpu *cpu = thread->cpu;
    thread->state = OS_READY;
    show_ready(thread, by);
    if (cpu->idle_count > 0) {
        struct core *core = cpu_find_idle_core(cpu, thread);
        cpu->idle_count--;
        core->left_by = LANE_NONE;
        core_send(core, thread, core_wake_latency(core));
        return;
    }
    ready_push(cpu, thread);
    queue_for_core(cpu);
}

/* --- cache lines --------------------------------------------------------------- */

/* True when no other core has to be asked. */
static bool has_line(const struct os_thread *thread, struct cache_line *line) {
    const struct cpu *cpu = thread->cpu;
    return cpu->machine->line_transfer_ns == 0 ||
           cache_line_is_here(line, thread->core->index, cpu->sim->now);
}

sim_ns os_thread_read_line(const struct os_thread *thread, struct cache_line *line) {
    return has_line(thread, line) ? 0 : core_line_transfer(thread->core);
}

sim_ns os_thread_write_line(const struct os_thread *thread, struct cache_line *line) {
    return os_thread_write_line_times(thread, line, 1);
}

sim_ns os_thread_write_line_times(const struct os_thread *thread, struct cache_line *line,
                                  int64_t times) {
    if (times == 0 || has_line(thread, line)) {
        return 0;
    }
    return cache_line_fetch(line, thread->core->index, thread->cpu->sim->now,
                            times * core_line_transfer(thread->core));
}
