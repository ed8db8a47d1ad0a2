/* SPDX-License-Identifier: MIT */
#include "engine/python/unit.h"

#include "engine/python/world.h"

static struct open_loop_part *part_at(struct open_loop *loop, sim_ns at) {
    const double share =
        (double)(at - loop->from_ns) / (double)(loop->to_ns - loop->from_ns);
    const int part = (int)(share * OPEN_LOOP_PARTS);
    return &loop->part[part < OPEN_LOOP_PARTS ? part : OPEN_LOOP_PARTS - 1];
}

int open_loop_init(struct open_loop *loop, const struct plan *plan,
                   const struct arrivals *arrivals, struct arena *arena) {
    if (!arrivals_are_open(arrivals)) {
        return 0;
    }
    loop->queueing = arena_alloc(arena, 1, sizeof *loop->queueing);
    loop->service = arena_alloc(arena, 1, sizeof *loop->service);
    if (loop->queueing == NULL || loop->service == NULL) {
        return ERR_NOMEM;
    }
    loop->on = true;
    loop->from_ns = plan->arrivals.warmup_ns;
    loop->to_ns = plan->arrivals.for_ns;
    for (uint32_t i = 0; i < arrivals->count; i++) {
        const sim_ns at = arrivals_time(arrivals, i);
        if (at < loop->from_ns) {
            loop->arrived_before++;
        } else {
            loop->arrived_in++;
            part_at(loop, at)->arrived++;
        }
    }
    return 0;
}

void unit_begin(const struct world *world, struct unit *unit,
                const struct action *action) {
    unit->began_ns = world->sim.now;
    unit->arrived_ns = action->value != 0 ? action->ns : -1;
}

/* A unit of an open workload. */
static void end_open(struct tally *tally, const struct unit *unit, sim_ns now) {
    struct open_loop *loop = &tally->open_loop;
    loop->ended_before += now < loop->from_ns;
    loop->ended_in += now >= loop->from_ns && now <= loop->to_ns;
    if (unit->arrived_ns < loop->from_ns) {
        return; /* of the warm-up */
    }
    histogram_add(&tally->latency, now - unit->arrived_ns);
    histogram_add(loop->queueing, unit->began_ns - unit->arrived_ns);
    histogram_add(loop->service, now - unit->began_ns);
    struct open_loop_part *part = part_at(loop, unit->arrived_ns);
    part->ended++;
    part->latency_ns += (double)(now - unit->arrived_ns);
}

void unit_end(struct world *world, const struct unit *unit) {
    if (world->jobs.count > 0) {
        recorder_count_by(world->sim.recorder, world->sim.now, world->processes[0]->lane,
                          COUNTER_JOBS_IN_SYSTEM, -1);
    }
    if (world->tally.open_loop.on && unit->arrived_ns >= 0) {
        end_open(&world->tally, unit, world->sim.now);
    } else {
        histogram_add(&world->tally.latency, world->sim.now - unit->began_ns);
    }
}
