/* SPDX-License-Identifier: MIT */
/*
 * fault_walk - everything that is done with a store (store_task.h), and every way of reading
 * one (store_answer.h), with the nth of something failing, until it passes without. The n
 * that are tried lie further and further apart; closer when GILSCOPE_LONG is set.
 *
 * Whatever fails ends in a clean error: one of the codes that it may have, and a sentence.
 * Afterwards the store is sound, what was reported stored is there and reads the same, what was
 * not is absent or says that it is not whole, and a reader that failed answers when asked again.
 */
#ifndef TESTS_DB_FAULT_WALK_H
#define TESTS_DB_FAULT_WALK_H

#include "tests/db/fixture.h"

enum { FAULT_CODES_MAX = 4 };

/* What fails. */
struct fault {
    const char *name;
    void (*fail_after)(int64_t after, bool for_good); /* a negative number: nothing */
    bool (*has_failed)(void);
    int codes[FAULT_CODES_MAX]; /* of the error that it may end in */
    bool for_good;              /* all that follow fail, too */
    bool is_damage;             /* that is what the doctor takes it for */
    bool
        is_silent; /* SQLite itself does not notice: answers of that connection are wrong */
};

void fault_walk_tasks(const struct fixture *fixture, const struct fault *fault);
void fault_walk_answers(const struct fixture *fixture, const struct fault *fault);

#endif
