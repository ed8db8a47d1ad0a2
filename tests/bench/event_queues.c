/* SPDX-License-Identifier: MIT */
/*
 * event_queues - the engine's queue of events and others that it could be: the same order
 * of events, and what an operation takes. The outcome is in engine/sim/event_queue.h.
 *
 *   event_queues                          the table: ns per operation, the best of many
 *   event_queues --check                  only that all give the same order; status 1 if not
 *   event_queues --only QUEUE WORKLOAD N  one measurement, to count instructions:
 *       valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=operate
 *
 * All are called through one table (queue_variants.h), so that none is inlined where
 * another is not. What the workload itself takes is measured without a queue and left off.
 *
 * Workloads, n events pending:
 *   hold    takes the first and pushes it again, after an exponential time. The timers of a
 *           loop with 100,000 sleeping asyncio tasks see pushes and pops only (counted over
 *           600,000 operations, the first 100,000 of them pushes): a cancelled timer is
 *           filtered out later, not removed.
 *   equal   the same after a fixed time: tasks that sleep equally long.
 *   spin    n threads of pure Python under a GIL, the engine's usual company. Measured in
 *           the engine with 4 threads: push 36 %, pop 33 %, move 29 %, remove 3 %; with 64
 *           threads 34, 34, 33, 0.2 %. This imitation: 34, 33, 32, 1.2 and 34, 33, 33,
 *           0.3 %. A waiter looks every 5 ms (timer, arrival on a core),
 *           each of which changes the speed of the cores and moves the end of the holder's
 *           work, far away.
 *   jumble  anything with anything, and ties everywhere; only checked.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/queue_variants.h"
#include "tests/support/dice.h"

enum { GAPS = 1024 };

/* --- workloads ------------------------------------------------------------------- */

struct stage {
    const struct variant *variant;
    struct queue queue;
    struct item *items;
    size_t n;
    sim_ns now;
    struct dice dice;
    sim_ns gaps[GAPS]; /* quantiles of the exponential distribution */
    uint64_t operations;
    uint64_t seen; /* hash of what was popped */
    size_t holder; /* spin */
    sim_ns handover_at;
};

struct workload {
    const char *name;
    void (*start)(struct stage *stage);
    void (*step)(struct stage *stage);
};

static void push(struct stage *stage, struct item *item, sim_ns at) {
    stage->operations++;
    stage->variant->push(&stage->queue, item, at);
}

static void take(struct stage *stage, struct item *item) {
    stage->operations++;
    stage->variant->remove(&stage->queue, item);
}

static void move(struct stage *stage, struct item *item, sim_ns at) {
    stage->operations++;
    stage->variant->move(&stage->queue, item, at);
}

static struct item *pop(struct stage *stage) {
    stage->operations++;
    struct item *item = stage->variant->pop(&stage->queue, &stage->now);
    const uint64_t which = item == NULL ? 0 : (uint64_t)(item - stage->items) + 1;
    stage->seen =
        (stage->seen ^ which ^ (uint64_t)stage->now << 20) * UINT64_C(0x9e3779b97f4a7c15);
    return item;
}

static sim_ns between(struct stage *stage, sim_ns low, uint32_t range) {
    return low + (sim_ns)((dice_roll(&stage->dice) >> 32) * range >> 32);
}

static sim_ns exponential(struct stage *stage) {
    const uint64_t roll = dice_roll(&stage->dice);
    return stage->gaps[roll % GAPS] + (sim_ns)(roll >> 48);
}

static void hold_start(struct stage *stage) {
    for (size_t i = 0; i < stage->n; i++) {
        push(stage, &stage->items[i], exponential(stage));
    }
}

static void hold_step(struct stage *stage) {
    struct item *item = pop(stage);
    push(stage, item, stage->now + exponential(stage));
}

static void equal_start(struct stage *stage) {
    for (size_t i = 0; i < stage->n; i++) {
        push(stage, &stage->items[i], (sim_ns)i * NS_PER_S / (sim_ns)stage->n);
    }
}

static void equal_step(struct stage *stage) {
    struct item *item = pop(stage);
    push(stage, item, stage->now + NS_PER_S);
}

/* Items 0 .. n - 1 are timers, those from n on what the threads do on a core. */
static void spin_start(struct stage *stage) {
    for (size_t i = 0; i < stage->n; i++) {
        stage->items[i].event.priority = PRIORITY_WORLD;
        stage->items[stage->n + i].event.priority = PRIORITY_CORE;
        push(stage, i == 0 ? &stage->items[stage->n] : &stage->items[i],
             between(stage, 0, 5000000));
    }
}

/* The holder lets go: it waits from now on. The next thread works, whether it was waiting
 * or on its way to a core for a look (`up`). */
static void hand_over(struct stage *stage) {
    const size_t n = stage->n, old = stage->holder, next = old + 1 < n ? old + 1 : 0;
    struct item *timer = &stage->items[next], *work = &stage->items[n + next];
    push(stage, &stage->items[old], between(stage, stage->now + 5040000, 20000));
    const sim_ns end = between(stage, stage->now + NS_PER_S, NS_PER_S);
    if (timer->up) {
        move(stage, work, end);
    } else {
        take(stage, timer);
        push(stage, work, end);
    }
    timer->up = false;
    stage->holder = next;
    stage->handover_at = stage->now + 5100000;
}

static void spin_step(struct stage *stage) {
    const size_t n = stage->n, which = (size_t)(pop(stage) - stage->items);
    if (which == n + stage->holder) {
        hand_over(stage);
        return;
    }
    struct item *timer = &stage->items[which % n];
    timer->up = which < n;
    if (timer->up) {
        push(stage, timer + n, between(stage, stage->now + 70000, 50000));
    } else {
        push(stage, timer, between(stage, stage->now + 5040000, 20000));
    }
    const bool wanted = stage->now >= stage->handover_at;
    move(stage, &stage->items[n + stage->holder],
         wanted ? stage->now + 600 : between(stage, stage->now + NS_PER_S, NS_PER_S));
}

static void jumble_start(struct stage *stage) {
    for (size_t i = 0; i < stage->n; i++) {
        stage->items[i].event.priority = (uint8_t)between(stage, 0, 2);
    }
}

/* Few different times: ties are the rule. */
static void jumble_step(struct stage *stage) {
    struct item *item = &stage->items[between(stage, 0, (uint32_t)stage->n)];
    const sim_ns at = between(stage, 0, stage->operations % 4000 < 2000 ? 20 : 1000000);
    if (between(stage, 0, 3) == 0) {
        item = pop(stage);
        if (item != NULL) {
            item->up = false;
        }
    } else if (!item->up) {
        item->up = true;
        push(stage, item, at);
    } else if (between(stage, 0, 2) == 0) {
        item->up = false;
        take(stage, item);
    } else {
        move(stage, item, at);
    }
}

static const struct workload workloads[] = {
    {"hold", hold_start, hold_step},
    {"equal", equal_start, equal_step},
    {"spin", spin_start, spin_step},
    {"jumble", jumble_start, jumble_step},
};
enum {
    WORKLOAD_COUNT = sizeof workloads / sizeof workloads[0],
    MEASURED_COUNT = WORKLOAD_COUNT - 1
};

/* --- measuring ------------------------------------------------------------------- */

static void stage_reset(struct stage *stage, const struct variant *variant,
                        const struct workload *workload) {
    struct queue *queue = &stage->queue;
    const size_t count = 2 * stage->n;
    memset(stage->items, 0, count * sizeof *stage->items);
    for (size_t i = 0; i < count; i++) { /* for `none` */
        stage->items[i].next = &stage->items[i + 1 < count ? i + 1 : 0];
    }
    queue_reset(queue);
    if (variant == &queue_none) {
        queue->root = stage->items;
    }
    stage->variant = variant;
    stage->dice = dice_make(1);
    stage->now = stage->handover_at = 0;
    stage->holder = 0;
    stage->operations = stage->seen = 0;
    workload->start(stage);
}

static void stage_init(struct stage *stage, size_t n) {
    *stage = (struct stage){.n = n, .items = allocate(2 * n, sizeof *stage->items)};
    queue_init(&stage->queue, n + 1);
    for (int i = 0; i < GAPS; i++) {
        stage->gaps[i] = (sim_ns)(-log((i + 0.5) / GAPS) * NS_PER_S);
    }
}

static void stage_deinit(struct stage *stage) {
    queue_deinit(&stage->queue);
    free(stage->items);
}

/* What callgrind is to count. */
static __attribute__((noinline)) void operate(struct stage *stage, uint64_t operations,
                                              void (*step)(struct stage *stage)) {
    const uint64_t end = stage->operations + operations;
    while (stage->operations < end) {
        step(stage);
    }
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Nanoseconds per operation, once all pending events have been replaced twice. */
static double measure(struct stage *stage, const struct variant *variant,
                      const struct workload *workload) {
    const uint64_t operations = stage->n > 10000 ? 1000000 : 200000;
    stage_reset(stage, variant, workload);
    operate(stage, 4 * stage->n + 1000, workload->step);
    const uint64_t before = stage->operations;
    const double start = seconds_now();
    operate(stage, operations, workload->step);
    return (seconds_now() - start) * 1e9 / (double)(stage->operations - before);
}

static void print_row(const struct workload *workload, size_t n, const double *best) {
    printf("%-6s %6zu", workload->name, n);
    for (int i = 0; i < VARIANT_COUNT; i++) {
        if (n > queue_variants[i].most) {
            printf(" %8s", "-");
        } else {
            printf(" %8.1f", best[i] - best[VARIANT_COUNT]);
        }
    }
    printf(" %8.1f\n", best[VARIANT_COUNT]);
    fflush(stdout);
}

/* The queues take turns, so that a slow minute of the machine is one for all. */
static void measure_row(const struct workload *workload, size_t n) {
    const int repeats = n > 10000 ? 7 : 40;
    double best[VARIANT_COUNT + 1];
    struct stage stage;
    stage_init(&stage, n);
    for (int repeat = 0; repeat < repeats; repeat++) {
        for (int i = 0; i <= VARIANT_COUNT; i++) {
            const struct variant *variant =
                i < VARIANT_COUNT ? &queue_variants[i] : &queue_none;
            if (n <= variant->most) {
                const double took = measure(&stage, variant, workload);
                best[i] = repeat == 0 || took < best[i] ? took : best[i];
            }
        }
    }
    print_row(workload, n, best);
    stage_deinit(&stage);
}

static int print_table(void) {
    static const size_t counts[] = {4, 16, 64, 1000, 100000};
    printf("%-6s %6s", "ns", "n");
    for (int i = 0; i < VARIANT_COUNT; i++) {
        printf(" %8s", queue_variants[i].name);
    }
    printf(" %8s\n", "left off");
    for (int i = 0; i < MEASURED_COUNT; i++) {
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            measure_row(&workloads[i], counts[k]);
        }
    }
    return 0;
}

static int check(void) {
    static const size_t counts[] = {1, 2, 4, 16, 60, 200, 1000};
    enum { OPERATIONS = 20000 };
    int compared = 0, different = 0;
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        struct stage stage;
        stage_init(&stage, counts[k]);
        for (int i = 0; i < WORKLOAD_COUNT; i++) {
            uint64_t expected = 0;
            for (int v = 0; v < VARIANT_COUNT; v++) {
                stage_reset(&stage, &queue_variants[v], &workloads[i]);
                operate(&stage, OPERATIONS, workloads[i].step);
                expected = v == 0 ? stage.seen : expected;
                compared++;
                if (stage.seen != expected) {
                    different++;
                    printf("%s: another order than the engine's: %s, %zu events\n",
                           queue_variants[v].name, workloads[i].name, counts[k]);
                }
            }
        }
        stage_deinit(&stage);
    }
    printf("event queues: %d of %d the same\n", compared - different, compared);
    return different > 0;
}

static int measure_only(const char *queue, const char *load, size_t n) {
    for (int i = 0; i <= VARIANT_COUNT; i++) {
        const struct variant *variant =
            i < VARIANT_COUNT ? &queue_variants[i] : &queue_none;
        for (int k = 0; k < MEASURED_COUNT; k++) {
            if (n > 0 && n <= variant->most && strcmp(variant->name, queue) == 0 &&
                strcmp(workloads[k].name, load) == 0) {
                struct stage stage;
                stage_init(&stage, n);
                const double ns = measure(&stage, variant, &workloads[k]);
                printf("%.1f ns, all %llu operations\n", ns,
                       (unsigned long long)stage.operations);
                stage_deinit(&stage);
                return 0;
            }
        }
    }
    return 2;
}

int main(int count, char **words) {
    int rc = 2;
    if (count == 1) {
        rc = print_table();
    } else if (count == 2 && strcmp(words[1], "--check") == 0) {
        rc = check();
    } else if (count == 5 && strcmp(words[1], "--only") == 0) {
        rc = measure_only(words[2], words[3], strtoul(words[4], NULL, 10));
    }
    if (rc == 2) {
        fprintf(stderr, "usage: event_queues [--check | --only QUEUE WORKLOAD N]\n");
    }
    return rc;
}
