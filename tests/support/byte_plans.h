/* SPDX-License-Identifier: MIT */
/*
 * byte_plans - any bytes become a plan, which is run if plan_check() accepts it: what it
 * accepts must run, whatever it is, and keep every promise.
 *
 * Used by the fuzz target and, with random bytes, by an ordinary test. No cmocka here.
 */
#ifndef TESTS_SUPPORT_BYTE_PLANS_H
#define TESTS_SUPPORT_BYTE_PLANS_H

#include "tests/support/invariants.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum byte_plan_end {
    BYTE_PLAN_REFUSED, /* by plan_check() */
    BYTE_PLAN_RAN,
    BYTE_PLAN_BROKEN /* `violation` says how */
};

enum byte_plan_end byte_plan_run(const uint8_t *bytes, size_t size,
                                 struct violation *violation);

#endif
