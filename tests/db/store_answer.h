/* SPDX-License-Identifier: MIT */
/*
 * store_answer - every way of reading a store, each with an answer that is one number: a hash
 * of all that it says. Two answers are the same when the numbers are.
 */
#ifndef TESTS_DB_STORE_ANSWER_H
#define TESTS_DB_STORE_ANSWER_H

#include "tests/db/fixture.h"

/* What is asked about. */
struct store_question {
    struct db *db;
    struct db_reader *reader;
    int64_t experiment, cell;
    int64_t run; /* with a timeline of SMALL_RUN_LANES lanes */
};

/* What the doctor finds is ERR_CORRUPT, with its first sentence behind this. */
#define STORE_ANSWER_FOUND "found: "

size_t store_answer_count(void);
const char *store_answer_name(size_t number);

/* Asks in the way of that number, 0 .. count - 1. The way's own errors; *out is the answer
 * without one. */
int store_answer(size_t number, const struct store_question *question, uint64_t *out,
                 struct err *err) WARN_UNUSED;

#endif
