/* SPDX-License-Identifier: MIT */
#include "tests/support/naive_quota.h"

#include <stdbool.h>

static const sim_ns MS = 1000000;
static const sim_ns SLICE = 5000000;

static void set(struct naive_quota *q, struct naive_core *core, enum naive_moment moment,
                sim_ns when) {
    core->when[moment] = when;
    core->order[moment] = ++q->orders;
}

/* --- the pool ------------------------------------------------------------------ */

static bool buy(struct naive_quota *q, struct naive_core *core, sim_ns target) {
    while (core->budget < target && q->pool > 0) {
        const sim_ns gap = target - core->budget;
        const sim_ns more = gap < q->pool ? gap : q->pool;
        core->budget += more;
        q->pool -= more;
    }
    return core->budget > 0;
}

static sim_ns next_check(const struct naive_quota *q, const struct naive_core *core) {
    sim_ns due = q->now + core->budget;
    while (q->tick > 0 && due % q->tick != 0) {
        due += q->tick - due % q->tick;
    }
    return due;
}

static void go(struct naive_quota *q, struct naive_core *core) {
    core->since = q->now;
    set(q, core, NAIVE_DONE, q->now + core->left);
    set(q, core, NAIVE_CHECK, next_check(q, core));
}

static void fall(struct naive_quota *q, struct naive_core *core) {
    core->fell = ++q->orders;
    core->since = q->now;
    core->when[NAIVE_DONE] = core->when[NAIVE_CHECK] = SIM_NEVER;
}

static struct naive_core *first_fallen(struct naive_quota *q, uint64_t after) {
    struct naive_core *first = 0;
    for (int i = 0; i < q->count; i++) {
        struct naive_core *it = &q->core[i];
        if (it->fell > after && (first == 0 || it->fell < first->fell)) {
            first = it;
        }
    }
    return first;
}

/* Whoever fell first is served first. */
static void serve(struct naive_quota *q) {
    uint64_t after = 0;
    for (struct naive_core *it; (it = first_fallen(q, after)) != 0;) {
        after = it->fell;
        if (buy(q, it, 1)) {
            it->fell = 0;
            it->throttled_ns += q->now - it->since;
            go(q, it);
        }
    }
    if (first_fallen(q, 0) == 0) {
        q->slack = SIM_NEVER;
    }
}

static void give_back(struct naive_quota *q, struct naive_core *core) {
    if (core->budget <= MS) {
        return;
    }
    q->pool += core->budget - MS;
    core->budget = MS;
    if (q->pool > SLICE && first_fallen(q, 0) != 0 && q->slack == SIM_NEVER &&
        q->refill - q->now >= 7 * MS) {
        q->slack = q->now + 5 * MS;
        q->slacks++;
    }
}

/* --- moments ------------------------------------------------------------------- */

static void wake(struct naive_quota *q, struct naive_core *core) {
    core->left = core->part[core->at].work;
    if (core->budget > 0 || buy(q, core, SLICE)) {
        go(q, core);
    } else {
        fall(q, core);
    }
}

static void done(struct naive_quota *q, struct naive_core *core) {
    core->when[NAIVE_CHECK] = SIM_NEVER;
    give_back(q, core);
    if (core->at == NAIVE_PARTS - 1) {
        core->ends = q->now;
    } else {
        set(q, core, NAIVE_WAKE, q->now + core->part[core->at++].pause);
    }
}

static void check(struct naive_quota *q, struct naive_core *core) {
    if (core->budget > 0 || buy(q, core, SLICE)) {
        set(q, core, NAIVE_CHECK, next_check(q, core));
    } else {
        fall(q, core);
    }
}

static void happen(struct naive_quota *q, struct naive_core *core,
                   enum naive_moment moment) {
    core->when[moment] = SIM_NEVER;
    if (moment == NAIVE_WAKE) {
        wake(q, core);
        return;
    }
    core->budget -= q->now - core->since;
    core->left -= q->now - core->since;
    core->since = q->now;
    if (moment == NAIVE_DONE) {
        done(q, core);
    } else {
        check(q, core);
    }
}

/* NULL when nothing happens to any core any more. */
static struct naive_core *find_first(struct naive_quota *q, enum naive_moment *moment) {
    struct naive_core *first = 0;
    for (int kind = 0; kind < NAIVE_MOMENTS; kind++) {
        for (int i = 0; i < q->count; i++) {
            struct naive_core *it = &q->core[i];
            const sim_ns best = first == 0 ? SIM_NEVER : first->when[*moment];
            const bool tie = first != 0 && it->when[kind] == best && (int)*moment == kind;
            if (it->when[kind] < best || (tie && it->order[kind] < first->order[kind])) {
                first = it;
                *moment = (enum naive_moment)kind;
            }
        }
    }
    return first;
}

static void refill(struct naive_quota *q) {
    q->now = q->refill;
    q->refill += q->period;
    q->pool = q->quota;
    q->throttled_periods += first_fallen(q, 0) != 0;
    serve(q);
}

static void hand_out_slack(struct naive_quota *q) {
    q->now = q->slack;
    q->slack = SIM_NEVER;
    if (q->refill - q->now >= 2 * MS && q->pool > SLICE) {
        serve(q);
    }
}

static void begin(struct naive_quota *q) {
    q->pool = q->quota;
    q->refill = q->period;
    q->slack = SIM_NEVER;
    for (int i = 0; i < q->count; i++) {
        q->core[i].when[NAIVE_DONE] = q->core[i].when[NAIVE_CHECK] = SIM_NEVER;
        set(q, &q->core[i], NAIVE_WAKE, q->core[i].start);
    }
}

void naive_quota_run(struct naive_quota *q) {
    begin(q);
    for (;;) {
        enum naive_moment moment = NAIVE_MOMENTS;
        struct naive_core *first = find_first(q, &moment);
        const sim_ns when = first == 0 ? SIM_NEVER : first->when[moment];
        if (first == 0 && first_fallen(q, 0) == 0) {
            return;
        }
        if (q->refill <= when && q->refill <= q->slack) {
            refill(q);
        } else if (q->slack <= when) {
            hand_out_slack(q);
        } else {
            q->now = when;
            happen(q, first, moment);
        }
    }
}
