/* SPDX-License-Identifier: MIT */
#include "engine/os/quota.h"

#include "engine/base/check.h"

/* Linux kernel/sched/fair.c. */
static const sim_ns SLICE_NS = 5 * NS_PER_MS; /* sysctl_sched_cfs_bandwidth_slice */
static const sim_ns KEPT_NS = NS_PER_MS;      /* min_cfs_rq_runtime */
static const sim_ns SLACK_NS = 5 * NS_PER_MS; /* cfs_bandwidth_slack_period */
static const sim_ns NEAR_NS = 2 * NS_PER_MS;  /* min_bandwidth_expiration */

static void refill(struct event *event);
static void hand_out_slack(struct event *event);
static void used_up(struct event *event);

#define QUOTA_OF(event_pointer, member)                                                  \
    ((struct quota *)(void *)((char *)(event_pointer)-offsetof(struct quota, member)))

int quota_init(struct quota *quota, struct sim *sim, const struct machine *machine,
               quota_fn stop, quota_fn go_on) {
    if (event_queue_reserve(&sim->queue, 2) != 0) {
        return ERR_NOMEM;
    }
    *quota = (struct quota){
        .sim = sim,
        .limit_ns = machine->quota_ns,
        .period_ns = machine->quota_period_ns,
        .tick_ns = machine->tick_ns,
        .pool_ns = machine->quota_ns,
        .refill_ns = machine->quota_period_ns,
        .refill = {.fire = refill, .priority = PRIORITY_WORLD},
        .slack = {.fire = hand_out_slack, .priority = PRIORITY_WORLD},
        .stop = stop,
        .go_on = go_on,
    };
    return 0;
}

int quota_share_init(struct quota_share *share, struct quota *quota) {
    if (event_queue_reserve(&quota->sim->queue, 1) != 0) {
        return ERR_NOMEM;
    }
    *share = (struct quota_share){
        .quota = quota,
        .used_up = {.fire = used_up, .priority = PRIORITY_LAST},
    };
    return 0;
}

/* --- the pool ------------------------------------------------------------------ */

/* While nobody is throttled no event refills the pool: whoever looks does. */
static void catch_up(struct quota *quota) {
    const sim_ns now = quota->sim->now;
    if (now >= quota->refill_ns) {
        quota->pool_ns = quota->limit_ns;
        quota->refill_ns = sim_add(now - now % quota->period_ns, quota->period_ns);
    }
}

/* As much as makes the budget `target`, or what there is; true when it is above zero. */
static bool buy(struct quota_share *share, sim_ns target) {
    struct quota *quota = share->quota;
    const sim_ns wanted = target - share->budget_ns;
    const sim_ns bought = wanted < quota->pool_ns ? wanted : quota->pool_ns;
    quota->pool_ns -= bought;
    share->budget_ns += bought;
    return share->budget_ns > 0;
}

/* distribute_cfs_runtime() */
static void distribute(struct quota *quota) {
    struct quota_share *share = quota->first, *stay_first = NULL, *stay_last = NULL;
    quota->first = quota->last = NULL;
    while (share != NULL) {
        struct quota_share *next = share->next;
        share->next = NULL;
        if (buy(share, 1)) {
            quota->go_on(share);
        } else if (stay_last == NULL) {
            stay_first = stay_last = share;
        } else {
            stay_last->next = share;
            stay_last = share;
        }
        share = next;
    }
    quota->first = stay_first;
    quota->last = stay_last;
    if (stay_first == NULL) {
        sim_cancel_event(quota->sim, &quota->refill);
        sim_cancel_event(quota->sim, &quota->slack);
    }
}

/* do_sched_cfs_period_timer() */
static void refill(struct event *event) {
    struct quota *quota = QUOTA_OF(event, refill);
    quota->throttled_periods++;
    catch_up(quota);
    sim_schedule(quota->sim, &quota->refill, quota->refill_ns);
    distribute(quota);
}

/* runtime_refresh_within() */
static bool refill_is_near(const struct quota *quota, sim_ns ns) {
    return quota->refill_ns - quota->sim->now < ns;
}

/* do_sched_cfs_slack_timer() */
static void hand_out_slack(struct event *event) {
    struct quota *quota = QUOTA_OF(event, slack);
    catch_up(quota);
    if (!refill_is_near(quota, NEAR_NS) && quota->pool_ns > SLICE_NS) {
        distribute(quota);
    }
}

/* --- one core ------------------------------------------------------------------ */

/* throttle_cfs_rq() */
static void throttle(struct quota_share *share) {
    struct quota *quota = share->quota;
    if (quota->last == NULL) {
        quota->first = share;
        sim_schedule(quota->sim, &quota->refill, quota->refill_ns);
    } else {
        quota->last->next = share;
    }
    quota->last = share;
}

bool quota_admit(struct quota_share *share) {
    struct quota *quota = share->quota;
    if (!quota_is_set(quota) || share->budget_ns > 0) {
        return true;
    }
    catch_up(quota);
    if (buy(share, SLICE_NS)) {
        return true;
    }
    throttle(share);
    return false;
}

/* The budget is looked at when it ends, or at the first tick after that. */
static void watch(struct quota_share *share) {
    const struct quota *quota = share->quota;
    const sim_ns tick = quota->tick_ns;
    sim_ns due = sim_add(quota->sim->now, share->budget_ns);
    if (tick > 0) {
        due = sim_add(due, tick - 1) / tick * tick;
    }
    sim_schedule(quota->sim, &share->used_up, due);
}

static void charge(struct quota_share *share) {
    const sim_ns now = share->quota->sim->now;
    share->budget_ns -= now - share->since_ns;
    share->since_ns = now;
}

void quota_run(struct quota_share *share) {
    if (quota_is_set(share->quota)) {
        share->running = true;
        share->since_ns = share->quota->sim->now;
        watch(share);
    }
}

void quota_pause(struct quota_share *share) {
    if (share->running) {
        charge(share);
        share->running = false;
        sim_cancel_event(share->quota->sim, &share->used_up);
    }
}

/* account_cfs_rq_runtime() at a tick */
static void used_up(struct event *event) {
    struct quota_share *share =
        (void *)((char *)event - offsetof(struct quota_share, used_up));
    ASSERT(share->running);
    charge(share);
    catch_up(share->quota);
    if (share->budget_ns > 0 || buy(share, SLICE_NS)) {
        watch(share);
    } else {
        share->quota->stop(share);
    }
}

/* return_cfs_rq_runtime() */
void quota_give_back(struct quota_share *share) {
    struct quota *quota = share->quota;
    if (!quota_is_set(quota) || share->budget_ns <= KEPT_NS) {
        return;
    }
    catch_up(quota);
    quota->pool_ns += share->budget_ns - KEPT_NS;
    share->budget_ns = KEPT_NS;
    if (quota->first != NULL && quota->pool_ns > SLICE_NS &&
        !event_is_pending(&quota->slack) && !refill_is_near(quota, SLACK_NS + NEAR_NS)) {
        sim_schedule(quota->sim, &quota->slack, sim_add(quota->sim->now, SLACK_NS));
    }
}
