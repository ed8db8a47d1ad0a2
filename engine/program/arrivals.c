/* SPDX-License-Identifier: MIT */
#include "engine/program/arrivals.h"

#include <math.h>
#include <string.h>

#include "engine/base/random.h"

/* A time in seconds, rounded once; what lies beyond the window needs no exact value. */
static sim_ns to_ns(const struct arrivals_plan *plan, double seconds) {
    const double ns = seconds * 1e9;
    return ns > (double)plan->for_ns ? plan->for_ns + 1 : (sim_ns)(ns + 0.5);
}

/* Walks over the moments at which something arrives. */
struct walk {
    const struct arrivals_plan *plan;
    uint64_t key;
    uint64_t moment; /* the next one's number */
    sim_ns at;       /* of the one before it */
};

/* False when the next moment is behind the window. */
static bool walk_next(struct walk *walk) {
    const struct arrivals_plan *plan = walk->plan;
    const uint64_t moment = walk->moment++;
    if (plan->kind == ARRIVALS_CONSTANT) {
        walk->at =
            to_ns(plan, (double)walk->moment * (double)plan->burst / plan->rate_per_s);
    } else {
        const double mean = (double)plan->burst / plan->rate_per_s;
        const double gap = random_exponential(random_mix(walk->key, moment)) * mean;
        walk->at += to_ns(plan, gap);
    }
    return walk->at <= plan->for_ns;
}

static struct walk walk_begin(const struct arrivals_plan *plan, uint64_t key) {
    return (struct walk){.plan = plan, .key = random_mix(key, RANDOM_ARRIVAL)};
}

int arrivals_init(struct arrivals *arrivals, const struct plan *plan, uint64_t key,
                  struct arena *arena) {
    const struct arrivals_plan *open = &plan->arrivals;
    if (open->kind == ARRIVALS_NONE) {
        *arrivals = (struct arrivals){.count = plan->job_count};
        return 0;
    }
    /* Nearly always enough: eight standard deviations more than the mean. */
    const double mean = open->rate_per_s * (double)open->for_ns * 1e-9;
    size_t capacity = (size_t)(mean + 8.0 * sqrt(mean * open->burst)) + open->burst + 8;
    sim_ns *at = arena_alloc(arena, capacity, sizeof *at);
    if (at == NULL) {
        return ERR_NOMEM;
    }
    uint32_t count = 0;
    for (struct walk walk = walk_begin(open, key); walk_next(&walk);) {
        if (count + open->burst > capacity) {
            sim_ns *moved = arena_alloc(arena, 2 * capacity, sizeof *at);
            if (moved == NULL) {
                return ERR_NOMEM;
            }
            memcpy(moved, at, count * sizeof *at);
            at = moved;
            capacity *= 2;
        }
        for (uint32_t i = 0; i < open->burst; i++) {
            at[count++] = walk.at;
        }
    }
    *arrivals = (struct arrivals){.at = at, .count = count};
    return 0;
}

void arrivals_await(const struct arrivals *arrivals, uint32_t number,
                    struct action *action) {
    action->kind = ACTION_IO;
    action->ns = arrivals_time(arrivals, number);
    action->value = 1;
}

void arrivals_begin_unit(const struct arrivals *arrivals, uint32_t number,
                         struct action *action) {
    action->kind = ACTION_UNIT_BEGIN;
    action->ns = arrivals_time(arrivals, number);
    action->value = arrivals_are_open(arrivals);
}
