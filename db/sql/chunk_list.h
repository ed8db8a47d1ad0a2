/* SPDX-License-Identifier: MIT */
/*
 * chunk_list - which chunks a run has, and the bytes of one of them.
 *
 * The list of a run comes from the index of the table alone and is kept until another
 * run's is asked for: a scan that begins again, as the inner side of a join does, finds it
 * there. Rows that cannot be right are left out of it, and noted.
 */
#ifndef DB_SQL_CHUNK_LIST_H
#define DB_SQL_CHUNK_LIST_H

#include "db/damage.h"
#include "engine/base/memory.h"
#include "engine/record/lane.h"

struct sqlite3;
struct sqlite3_stmt;

struct chunk_ref {
    int64_t id; /* row of the table, 1 .. CHUNK_ID_MAX */
    sim_ns t0_ns, t1_ns;
    sim_ns start_ns; /* earliest start of a span in it */
    uint64_t lanes;  /* lanes of the group that occur; all until it was decoded */
    uint32_t states; /* states that occur; likewise */
    uint32_t group;
};

#define CHUNK_GROUP_UNKNOWN UINT32_MAX
#define CHUNK_ID_MAX (INT64_MAX >> 12)

/* The statements that one kind of chunks is read by; constants of the scan. */
struct chunk_source {
    const char *list; /* run -> id, group, t0, t1, start, in the order of the scan */
    const char *read; /* id -> data */
    int64_t points;   /* DAMAGE_INSTANTS, DAMAGE_COUNTERS; 0: chunks of lane groups */
};

/* A zeroed one with `sqlite` and `source` set is empty. */
struct chunk_list {
    struct sqlite3 *sqlite;
    const struct chunk_source *source;
    struct damage_list *damages; /* of the caller; NULL: nobody wants to know */
    struct sqlite3_stmt *runs, *list, *read;
    int64_t run; /* whose chunks these are, 0: nobody's */
    struct chunk_ref *items;
    size_t count, capacity;
};

void chunk_list_deinit(struct chunk_list *list);

/* Begins with the runs from `lo` to `hi` that have a timeline; 1 and the next of them, by
 * id, with its chunks in the list; 0: no more. */
int chunk_list_begin(struct chunk_list *list, int64_t lo, int64_t hi,
                     struct err *err) WARN_UNUSED;
int chunk_list_next_run(struct chunk_list *list, struct err *err) WARN_UNUSED;

/* Notes that a chunk of the run is left out: `what` is wrong with it. ERR_NOMEM */
int chunk_list_note(struct chunk_list *list, const struct chunk_ref *ref,
                    const char *what, struct err *err) WARN_UNUSED;

/* The bytes of a chunk; they live until the next call. ERR_CORRUPT is about the chunk. */
int chunk_list_read(struct chunk_list *list, const struct chunk_ref *ref,
                    const void **data, size_t *size, struct err *err) WARN_UNUSED;

#endif
