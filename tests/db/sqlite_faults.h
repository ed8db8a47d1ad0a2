/* SPDX-License-Identifier: MIT */
/*
 * sqlite_faults - a SQLite that fails: the nth call of its interface that a caller of ours
 * makes, or the nth time that it needs memory itself.
 *
 * Calls are counted that may fail: to open, prepare, bind, step, execute, copy, define. Our
 * own code and the tests call them through the linker's --wrap (CMakeLists.txt); a call that
 * fails is not made, and returns what SQLite might have returned.
 */
#ifndef TESTS_DB_SQLITE_FAULTS_H
#define TESTS_DB_SQLITE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/* The call after `after` more successes, on whatever thread, fails, and with `for_good` all
 * that follow. A negative number: none. */
void sqlite_calls_fail_after(int64_t after, bool for_good);
bool sqlite_calls_have_failed(void);

/* The same of those calls alone that execute a statement, or a step of it, once: as if the
 * disk were full. */
void sqlite_statements_fail_after(int64_t after);

/* From now on memory is counted, and taken from the system each time. Before anything is done
 * with SQLite. */
void sqlite_memory_install(void);
void sqlite_memory_fail_after(int64_t after, bool for_good);
bool sqlite_memory_has_failed(void);

#endif
