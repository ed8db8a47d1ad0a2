/* SPDX-License-Identifier: MIT */
#include "engine/base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "gilscope: internal error: %s is false at %s:%d\n", condition, file,
            line);
    abort();
}
