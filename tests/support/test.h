/* SPDX-License-Identifier: MIT */
/*
 * test - what every test file includes for cmocka, in the order that cmocka needs.
 *
 * <cmocka.h> expects these four to be there before it; clang-format would sort them
 * apart.
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
