/* SPDX-License-Identifier: MIT */
/*
 * fixture - a store in a folder of its own, and the things that the tests put into it.
 *
 * fixture_setup() and fixture_teardown() are cmocka's; the folder goes with all its
 * files.
 */
#ifndef TESTS_DB_FIXTURE_H
#define TESTS_DB_FIXTURE_H

#include "tests/support/test.h"

#include "db/cell_store.h"
#include "db/db.h"
#include "db/experiment_store.h"
#include "db/run_writer.h"

struct fixture {
    char folder[96];
    char path[128]; /* of the store */
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The test fails when an error is set or `rc` is not 0, and says why. */
void fixture_ok(int rc, const struct err *err);

/* Opens as the owner. */
struct db *fixture_open(const struct fixture *fixture);
struct db_reader *fixture_reader(struct db *db);

/* How many bytes the store's readers keep of what they decoded; what they have is forgotten. */
void fixture_keep_at_most(struct db_reader *reader, size_t bytes);

/* An experiment with so many pending cells; its hash is made of the number. */
int64_t fixture_experiment(struct db *db, int number, size_t cells);

/* cell_store_finish() of a cell whose runs are stored, with nothing next. */
int fixture_finish_cell(struct db *db, int64_t cell, enum cell_status status,
                        const char *reason, struct err *err);

/* Id of the first cell of an experiment. */
int64_t fixture_cell(struct db_reader *reader, int64_t experiment);

/* A result as the engine would give it, with so many lanes of threads. With lanes it is
 * freed with run_result_deinit(). */
struct run_result fixture_result(uint64_t fingerprint, size_t lane_count);
/* One more lane; it lives as long as the run. */
void fixture_add_lane(struct run_result *result, enum lane_kind kind);

/* A recording of one lane: `count` spans of 10 ns from `first` * 10 on, in one chunk of
 * about 10 bytes a span. */
int fixture_record(const struct sink *sink, uint32_t seq, uint32_t count, sim_ns first,
                   struct err *err);

/* One stored and finished run with `chunks` chunks of 100 spans and one lane. */
int64_t fixture_run(struct db *db, int64_t cell, uint32_t repetition, uint32_t chunks);

/* The one number that a query on the file gives, past all our code. */
int64_t fixture_sql(const struct fixture *fixture, const char *sql);

/* Makes the store what an older gilscope would have left, back to schema 1. */
void fixture_to_schema(const struct fixture *fixture, int version);

/* From now on the process has to obey the permissions of files, even root's: without
 * becoming somebody else, who might not reach the folder. 0, or -1 when that is impossible. */
int fixture_obey_permissions(void);

/* splitmix64: the next value of a stream of its own. */
uint64_t fixture_random(uint64_t *state);

/* 0 .. limit - 1 */
uint32_t fixture_below(uint64_t *state, uint32_t limit);

#endif
