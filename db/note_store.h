/* SPDX-License-Identifier: MIT */
/*
 * note_store - what somebody wrote about a run, beside it: a run itself never changes.
 *
 * A note is about a window of the run's time, on one lane or on all; without text it is a
 * bookmark. It goes when the run goes. Ids are never given twice. A key makes adding one
 * idempotent: the same key gives the same note, however often it is sent, while that is there.
 */
#ifndef DB_NOTE_STORE_H
#define DB_NOTE_STORE_H

#include "db/db.h"
#include "engine/base/memory.h"
#include "engine/base/time.h"
#include "engine/record/lane.h"

#include <stdbool.h>

enum {
    NOTE_TEXT_MAX = 4000, /* bytes */
    NOTES_MAX = 1000      /* of one run */
};

struct note {
    int64_t id, run;    /* given by the store */
    int64_t experiment; /* of the run; set by the store */
    const char *text;
    sim_ns from_ns, to_ns;          /* 0 <= from <= to */
    lane_id lane;                   /* LANE_NONE: all */
    int64_t created_ms, changed_ms; /* since 1970, UTC */
};

/* The texts live in the arena. */
struct note_list {
    struct note *items;
    size_t count;
    bool has_more; /* after the last one */
    struct arena arena;
};

/* Which notes of a run: `limit` of them after one, of which window and id count. */
struct note_wish {
    int64_t run;
    struct note after; /* zeroed: from the first */
    size_t limit;
};

/* A page of the notes of a run, by time. ERR_NOT_FOUND: there is no run. */
int note_store_list(struct db_reader *reader, const struct note_wish *wish,
                    struct note_list *out, struct err *err) WARN_UNUSED;

/* Which notes of all runs, the newest first: `limit` of them that are older than one and have
 * `text` in them. */
struct note_wish_of_all {
    int64_t before;   /* its id; 0: from the newest */
    const char *text; /* A to Z in either case; "": all */
    size_t limit;
};

/* A page of them. Not those of experiments that are being removed. */
int note_store_list_all(struct db_reader *reader, const struct note_wish_of_all *wish,
                        struct note_list *out, struct err *err) WARN_UNUSED;

/* ERR_INVALID: the run is there, and has no such lane as far as it has been recorded. */
int note_store_check_lane(struct db_reader *reader, int64_t run, lane_id lane,
                          struct err *err) WARN_UNUSED;

/* One of them, in a list. ERR_NOT_FOUND */
int note_store_read(struct db_reader *reader, int64_t id, struct note_list *out,
                    struct err *err) WARN_UNUSED;
void note_list_deinit(struct note_list *list);

/* All text is borrowed for the call. */
struct note_new {
    struct note note; /* run, text, window and lane count */
    const char *key;  /* NULL: it is another one in any case */
    const char *hash; /* with a key: of all that the client said */
    int64_t now_ms;
};

/* Or finds that of the key, then `*existed`. ERR_NOT_FOUND: there is no run. ERR_LIMIT: it has
 * NOTES_MAX notes. ERR_INVALID: the window or the text is none. ERR_CONFLICT: the key's note
 * was made of something else. */
int note_store_add(struct db *db, const struct note_new *wanted, int64_t *id,
                   bool *existed, struct err *err) WARN_UNUSED;

/* Replaces text, window and lane of `note->id`, if it is still as `seen` (NULL: whatever it is).
 * ERR_NOT_FOUND; ERR_INVALID; ERR_CONFLICT: it is not. */
int note_store_change(struct db *db, const struct note *note, const struct note *seen,
                      int64_t now_ms, struct err *err) WARN_UNUSED;

/* The same. */
int note_store_remove(struct db *db, int64_t id, const struct note *seen,
                      struct err *err) WARN_UNUSED;

#endif
