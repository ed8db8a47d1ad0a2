/* SPDX-License-Identifier: MIT */
/* fuzz_engine - any plan that is accepted runs, and keeps every promise. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/byte_plans.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct violation violation;
    if (byte_plan_run(data, size, &violation) == BYTE_PLAN_BROKEN) {
        fprintf(stderr, "broken: %s\n", violation.text);
        abort();
    }
    return 0;
}
