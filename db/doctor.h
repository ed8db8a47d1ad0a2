/* SPDX-License-Identifier: MIT */
/*
 * doctor - examines a store: is the file sound, is every stored thing readable, does
 * everything belong to something, where does the space go.
 *
 * The examination reads all of the store in one state of it. Others may go on working;
 * what is half done by an owner that lives is no finding.
 *
 * A repair changes only what loses nothing that was reported stored: indexes are built
 * anew, rows that belong to nothing and recordings that nobody can see are removed, what a
 * dead process left is marked, experiments that were removed go completely. What is damaged
 * stays as it is; a copy (backup.h) may have it.
 */
#ifndef DB_DOCTOR_H
#define DB_DOCTOR_H

#include "db/db.h"
#include "db/vacuum.h"
#include "engine/base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum doctor_kind {
    DOCTOR_FILE,      /* SQLite finds the file damaged */
    DOCTOR_INDEX,     /* an index does not agree with its table */
    DOCTOR_REFERENCE, /* rows that belong to nothing */
    DOCTOR_CHUNK,     /* a chunk cannot be read */
    DOCTOR_GAP,       /* a chunk is missing, or all from one on */
    DOCTOR_ROWS,      /* lanes or histograms of a run cannot be read */
    DOCTOR_LEFTOVER,  /* chunks of a run that has no timeline */
    DOCTOR_DEAD,      /* what a dead process left running */
    DOCTOR_KIND_COUNT
};

/* "file", "index" ...: the words of --json. */
const char *doctor_kind_name(enum doctor_kind kind);

struct doctor_finding {
    enum doctor_kind kind;
    bool repairable;
    int64_t run;        /* 0: of no run */
    int64_t group, seq; /* of a chunk; -1: of no lane group, no chunk */
    char text[400];     /* what is wrong and what it costs, one sentence */
};

/* Where findings go while they are found. */
struct doctor_listener {
    void *context;
    void (*found)(void *context, const struct doctor_finding *finding);
};

struct doctor_options {
    struct doctor_listener listener;
    const atomic_bool *cancel; /* may be NULL */
};

struct doctor_experiment {
    int64_t id;
    const char *name;
    int64_t runs;
    int64_t bytes; /* of chunks, lanes, histograms and the document; not of indexes */
};

struct doctor_report {
    int64_t findings, repairable;
    int64_t chunks;   /* that were decoded */
    int64_t removing; /* experiments that are being removed */
    struct vacuum_space space;
    int64_t file_bytes, log_bytes;
    struct doctor_experiment *experiments; /* by id */
    size_t experiment_count;
    struct arena arena;
};

/* ERR_CANCELLED; other errors only for what keeps the examination from going on. */
int doctor_examine(struct db_reader *reader, const struct doctor_options *options,
                   struct doctor_report *out, struct err *err) WARN_UNUSED;
void doctor_report_deinit(struct doctor_report *report);

struct doctor_repair {
    struct db_recovered recovered;
    int64_t rows;    /* that belonged to nothing */
    int64_t chunks;  /* that nobody could see */
    int64_t removed; /* experiments whose removal was finished */
    bool reindexed;
};

int doctor_repair(struct db *db, struct doctor_repair *out, struct err *err) WARN_UNUSED;

#endif
