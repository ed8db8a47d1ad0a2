/* SPDX-License-Identifier: MIT */
#include "engine/python/py_signal.h"

#include "engine/python/py_thread_priv.h"

struct py_signal {
    struct event arrival; /* must be first */
    struct py_thread *main;
    struct py_signal *next;
    sim_ns at_ns, handler_ns;
};

/* --- arrival ------------------------------------------------------------------- */

static void append(struct py_signals *signals, struct py_signal *signal) {
    signal->next = NULL;
    if (signals->pending_last == NULL) {
        signals->pending_first = signal;
    } else {
        signals->pending_last->next = signal;
    }
    signals->pending_last = signal;
}

static void arrive(struct event *event) {
    struct py_signal *signal = (struct py_signal *)(void *)event;
    struct py_thread *main = signal->main;
    append(&main->signals, signal);
    if (py_thread_runtime(main)->gil == GIL_TICK) {
        gil_set_hurried(main->client.gil, true);
    } else {
        py_start_interrupt_join(main);
    }
}

int py_signal_schedule(struct py_thread *main) {
    struct world *world = main->world;
    const struct plan *plan = world->plan;
    struct py_signal *signals =
        arena_alloc(&world->arena, plan->signal_count, sizeof *signals);
    if (signals == NULL || event_queue_reserve(&world->sim.queue, plan->signal_count)) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < plan->signal_count; i++) {
        signals[i] = (struct py_signal){
            .arrival = {.fire = arrive, .priority = PRIORITY_WORLD},
            .main = main,
            .at_ns = plan->signals[i].at_ns,
            .handler_ns = plan->signals[i].handler_ns,
        };
        sim_schedule(&world->sim, &signals[i].arrival, plan->signals[i].at_ns);
    }
    return 0;
}

/* --- handlers ------------------------------------------------------------------ */

static void handled(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    py_signal_handle(thread, thread->after_signals);
}

void py_signal_handle(struct py_thread *thread, os_fn then) {
    struct py_signals *signals = &thread->signals;
    const struct py_signal *signal = signals->pending_first;
    if (signal == NULL) {
        gil_set_hurried(thread->client.gil, false);
        then(&thread->client.os);
        return;
    }
    signals->pending_first = signal->next;
    if (signal->next == NULL) {
        signals->pending_last = NULL;
    }
    struct tally *tally = &thread->world->tally;
    const sim_ns latency = py_thread_sim(thread)->now - signal->at_ns;
    tally->signals++;
    if (latency > tally->signal_latency_max_ns) {
        tally->signal_latency_max_ns = latency;
    }
    thread->after_signals = then;
    py_thread_run_python(thread, signal->handler_ns, handled);
}
