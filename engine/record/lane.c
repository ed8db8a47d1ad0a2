/* SPDX-License-Identifier: MIT */
#include "engine/record/lane.h"

#include <assert.h>

static const char *const kind_names[] = {
    "core", "process", "gil", "thread", "loop", "task", "lock",
};
static_assert(sizeof kind_names / sizeof kind_names[0] == LANE_KIND_COUNT, "a name each");

static const char *const state_names[] = {
    "running",  "running_c", "detached",    "wait_gil",     "forced_wait", "ready",
    "io",       "sleep",     "wait_lock",   "wait_object",  "spin",        "paused",
    "idle",     "await_io",  "await_timer", "await_future", "await_lock",  "poll",
    "callback", "switch",    "held",        "free",         "alive",       "throttled",
};
static_assert(sizeof state_names / sizeof state_names[0] == STATE_COUNT, "a name each");

static const char *const instant_names[] = {
    "drop_request", "forced_drop", "voluntary_drop",
    "false_wakeup", "late_timer",  "slow_callback",
};
static_assert(sizeof instant_names / sizeof instant_names[0] == INSTANT_COUNT,
              "a name each");

static const char *const counter_names[] = {
    "ready_threads", "gil_waiters",   "lock_waiters",     "queue_items",
    "work_items",    "ready_handles", "jobs_in_system",   "pending_calls",
    "call_items",    "result_items",  "scheduled_timers",
};
static_assert(sizeof counter_names / sizeof counter_names[0] == COUNTER_COUNT,
              "a name each");

const char *lane_kind_name(enum lane_kind kind) { return kind_names[kind]; }
const char *lane_state_name(enum lane_state state) { return state_names[state]; }
const char *instant_kind_name(enum instant_kind kind) { return instant_names[kind]; }
const char *counter_kind_name(enum counter_kind kind) { return counter_names[kind]; }
