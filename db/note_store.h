/* SPDX-License-Identifier: MIT */
/*
 * note_store - what somebody wrote about a run, beside it: a run itself never changes.
 *
 * A note is about a window of the run's time, on one lane or on all; without text it is a
 * bookmark. It goes when the run goes. Ids are never given twice.
 */
#ifndef DB_NOTE_STORE_H
#define DB_NOTE_STORE_H

#include "db/db.h"
#include "engine/base/memory.h"
#include "engine/base/time.h"
#include "engine/record/lane.h"

enum {
    NOTE_TEXT_MAX = 4000, /* bytes */
    NOTES_MAX = 1000      /* of one run */
};

struct note {
    int64_t id, run; /* given by the store */
    const char *text;
    sim_ns from_ns, to_ns;          /* 0 <= from <= to */
    lane_id lane;                   /* LANE_NONE: all */
    int64_t created_ms, changed_ms; /* since 1970, UTC */
};

/* By id; the texts live in the arena. */
struct note_list {
    struct note *items;
    size_t count;
    struct arena arena;
};

/* The notes of a run, by time. ERR_NOT_FOUND: there is no run. */
int note_store_list(struct db_reader *reader, int64_t run, struct note_list *out,
                    struct err *err) WARN_UNUSED;

/* One of them, in a list. ERR_NOT_FOUND */
int note_store_read(struct db_reader *reader, int64_t id, struct note_list *out,
                    struct err *err) WARN_UNUSED;
void note_list_deinit(struct note_list *list);

/* Of `note`, run, text, window and lane count. ERR_NOT_FOUND: there is no run. ERR_LIMIT: it has
 * NOTES_MAX notes. ERR_INVALID: the window or the text is none. */
int note_store_add(struct db *db, const struct note *note, int64_t now_ms, int64_t *id,
                   struct err *err) WARN_UNUSED;

/* Replaces text, window and lane of `note->id`. ERR_NOT_FOUND; ERR_INVALID. */
int note_store_change(struct db *db, const struct note *note, int64_t now_ms,
                      struct err *err) WARN_UNUSED;

/* ERR_NOT_FOUND */
int note_store_remove(struct db *db, int64_t id, struct err *err) WARN_UNUSED;

#endif
