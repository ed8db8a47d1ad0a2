/* SPDX-License-Identifier: MIT */
/*
 * check - assertions against programmer errors.
 *
 * ASSERT is compiled into every build: it prints condition, file and line and aborts.
 * Nothing that a request or a stored file can contain may reach one: input is validated
 * at the edge. ASSERT_SLOW is for O(n) checks and exists only where GILSCOPE_SLOW_CHECKS
 * is defined.
 */
#ifndef ENGINE_BASE_CHECK_H
#define ENGINE_BASE_CHECK_H

__attribute__((cold)) _Noreturn void check_failed(const char *condition, const char *file,
                                                  int line);

#define ASSERT(condition)                                                                \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

#ifdef GILSCOPE_SLOW_CHECKS
#define ASSERT_SLOW(condition) ASSERT(condition)
#else
#define ASSERT_SLOW(condition) ((void)0)
#endif

#endif
