/* SPDX-License-Identifier: MIT */
#include "db/note_store.h"

#include <string.h>

#include "db/db_priv.h"

/* --- reading ------------------------------------------------------------------- */

#define NOTE_COLUMNS                                                                     \
    "id, run, text, from_ns, to_ns, lane, created_ms, changed_ms,"                       \
    " (SELECT c.experiment FROM run r JOIN cell c ON c.id = r.cell WHERE r.id = run)"
static const char COUNT_OF_RUN[] = "SELECT count(*) FROM note WHERE run = ?";
static const char OF_RUN[] =
    "SELECT " NOTE_COLUMNS " FROM note WHERE run = ?"
    " AND (from_ns, to_ns, id) > (?, ?, ?) ORDER BY from_ns, to_ns, id LIMIT ?";
static const char OF_ID[] = "SELECT " NOTE_COLUMNS " FROM note WHERE id = ?";
static const char RUN_EXISTS[] = "SELECT 1 FROM run WHERE id = ?";

void note_list_deinit(struct note_list *list) {
    arena_deinit(&list->arena);
    *list = (struct note_list){0};
}

static int read_row(struct query *q, struct note_list *list, struct err *err) {
    struct note *note = &list->items[list->count];
    *note = (struct note){
        .id = query_get_int(q, 0),
        .run = query_get_int(q, 1),
        .text = query_copy_text(q, 2, &list->arena),
        .from_ns = query_get_int(q, 3),
        .to_ns = query_get_int(q, 4),
        .lane = query_is_null(q, 5) ? LANE_NONE : (lane_id)query_get_int(q, 5),
        .created_ms = query_get_int(q, 6),
        .changed_ms = query_get_int(q, 7),
        .experiment = query_get_int(q, 8),
    };
    list->count++;
    return note->text != NULL ? 0 : err_set_nomem(err);
}

/* At most `most` rows of the query, which ends. */
static int read_rows(struct query *q, size_t most, struct note_list *out,
                     struct err *err) {
    struct note_list list = {0};
    int rc = 0;
    list.items = arena_alloc(&list.arena, most, sizeof *list.items);
    if (list.items == NULL) {
        rc = err_set_nomem(err);
    }
    while (rc == 0 && (rc = query_next(q, err)) == 1) {
        list.has_more = list.count == most;
        if (list.has_more) {
            rc = 0;
            break;
        }
        rc = read_row(q, &list, err);
    }
    query_end(q);
    if (rc != 0) {
        note_list_deinit(&list);
        return rc;
    }
    *out = list;
    return 0;
}

/* The number that a statement with one parameter gives, 0 without a row. */
static int read_number(struct connection *connection, const char *sql, int64_t parameter,
                       int64_t *out, struct err *err) {
    struct query q;
    query_begin(&q, connection, sql);
    query_int(&q, parameter);
    const int rc = query_next(&q, err);
    *out = rc == 1 ? query_get_int(&q, 0) : 0;
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static int check_run(struct connection *connection, int64_t run, struct err *err) {
    int64_t exists;
    const int rc = read_number(connection, RUN_EXISTS, run, &exists, err);
    return rc != 0 || exists != 0
               ? rc
               : err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)run);
}

static int read_of_run(struct connection *connection, const struct note_wish *wish,
                       struct note_list *out, struct err *err) {
    struct query q;
    const int rc = check_run(connection, wish->run, err);
    if (rc != 0) {
        return rc;
    }
    query_begin(&q, connection, OF_RUN);
    query_int(&q, wish->run);
    query_int(&q, wish->after.from_ns);
    query_int(&q, wish->after.to_ns);
    query_int(&q, wish->after.id);
    query_int(&q, (int64_t)wish->limit + 1);
    return read_rows(&q, wish->limit, out, err);
}

int note_store_list(struct db_reader *reader, const struct note_wish *wish,
                    struct note_list *out, struct err *err) {
    int rc = db_reader_begin(reader, err);
    if (rc == 0) {
        rc = read_of_run(db_reader_connection(reader), wish, out, err);
        db_reader_end(reader);
    }
    return rc;
}

static const char OF_ALL[] =
    "SELECT " NOTE_COLUMNS " FROM note WHERE (?1 = 0 OR id < ?1)"
    " AND instr(lower(text), lower(?2)) > 0"
    " AND run IN (SELECT r.id FROM run r JOIN cell c ON c.id = r.cell"
    " JOIN experiment e ON e.id = c.experiment WHERE r.id = run AND e.removing = 0)"
    " ORDER BY id DESC LIMIT ?3";

int note_store_list_all(struct db_reader *reader, const struct note_wish_of_all *wish,
                        struct note_list *out, struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), OF_ALL);
    query_int(&q, wish->before);
    query_text(&q, wish->text);
    query_int(&q, (int64_t)wish->limit + 1);
    return read_rows(&q, wish->limit, out, err);
}

static const char HAS_LANE[] =
    "SELECT NOT EXISTS (SELECT 1 FROM run WHERE id = ?1)"
    " OR EXISTS (SELECT 1 FROM lane WHERE run = ?1 AND lane = ?2)";

int note_store_check_lane(struct db_reader *reader, int64_t run, lane_id lane,
                          struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), HAS_LANE);
    query_int(&q, run);
    query_int(&q, lane);
    int rc = query_next(&q, err);
    if (rc == 1 && query_get_int(&q, 0) == 0) {
        rc = err_set_pointer(err, "/lane",
                             "run r%lld has no lane %d: GET /runs/r%lld/lanes has those "
                             "that it has, null is all of them",
                             (long long)run, (int)lane, (long long)run);
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static int missing(int64_t id, struct err *err) {
    return err_set(err, ERR_NOT_FOUND, "there is no note %lld", (long long)id);
}

int note_store_read(struct db_reader *reader, int64_t id, struct note_list *out,
                    struct err *err) {
    struct note_list list;
    struct query q;
    query_begin(&q, db_reader_connection(reader), OF_ID);
    query_int(&q, id);
    const int rc = read_rows(&q, 1, &list, err);
    if (rc != 0) {
        return rc;
    }
    if (list.count == 0) {
        note_list_deinit(&list);
        return missing(id, err);
    }
    *out = list;
    return 0;
}

/* --- writing ------------------------------------------------------------------- */

static int check_note(const struct note *note, struct err *err) {
    if (note->from_ns < 0 || note->to_ns < note->from_ns) {
        return err_set_pointer(err, "/to",
                               "'from' must not be negative, and 'to' not before it");
    }
    if (strlen(note->text) > NOTE_TEXT_MAX) {
        return err_set_pointer(err, "/text", "a note has at most %d bytes of text",
                               NOTE_TEXT_MAX);
    }
    return 0;
}

static const char OF_KEY[] = "SELECT id, key_hash FROM note WHERE key = ?";

/* *id = 0: there is none, or there is no key. */
static int find_note(struct connection *connection, const struct note_new *wanted,
                     int64_t *id, struct err *err) {
    struct query q;
    *id = 0;
    if (wanted->key == NULL) {
        return 0;
    }
    query_begin(&q, connection, OF_KEY);
    query_text(&q, wanted->key);
    int rc = query_next(&q, err);
    if (rc == 1) {
        *id = query_get_int(&q, 0);
        rc = strcmp(query_get_text(&q, 1), wanted->hash) == 0
                 ? 0
                 : err_set(err, ERR_CONFLICT,
                           "this Idempotency-Key was used for another note");
    }
    query_end(&q);
    return rc;
}

static const char INSERT_NOTE[] =
    "INSERT INTO note (run, text, from_ns, to_ns, lane, created_ms, changed_ms, key,"
    " key_hash) VALUES (?, ?, ?, ?, nullif(?, -1), ?, ?, ?, ?)";

static int insert_note(struct connection *connection, const struct note_new *wanted,
                       int64_t *id, struct err *err) {
    const struct note *note = &wanted->note;
    int64_t count = 0;
    struct query q;
    int rc = check_run(connection, note->run, err);
    if (rc == 0) {
        rc = read_number(connection, COUNT_OF_RUN, note->run, &count, err);
    }
    if (rc == 0 && count >= NOTES_MAX) {
        rc = err_set(err, ERR_LIMIT, "a run has at most %d notes; remove one first",
                     NOTES_MAX);
    }
    if (rc != 0) {
        return rc;
    }
    query_begin(&q, connection, INSERT_NOTE);
    query_int(&q, note->run);
    query_text(&q, note->text);
    query_int(&q, note->from_ns);
    query_int(&q, note->to_ns);
    query_int(&q, note->lane);
    query_int(&q, wanted->now_ms);
    query_int(&q, wanted->now_ms);
    query_text(&q, wanted->key);
    query_text(&q, wanted->hash);
    rc = query_run(&q, err);
    *id = connection_last_id(connection);
    return rc;
}

int note_store_add(struct db *db, const struct note_new *wanted, int64_t *id,
                   bool *existed, struct err *err) {
    struct connection *connection;
    int64_t found = 0;
    bool is_old = false;
    int rc = check_note(&wanted->note, err);
    if (rc != 0 || (rc = db_write_begin(db, &connection, err)) != 0) {
        return rc;
    }
    rc = find_note(connection, wanted, &found, err);
    is_old = found != 0;
    if (rc == 0 && !is_old) {
        rc = insert_note(connection, wanted, &found, err);
    }
    rc = db_write_end(db, rc, err);
    if (rc == 0) {
        *id = found;
        *existed = is_old;
    }
    return rc;
}

/* In a transaction: whether nobody has changed it since. */
static int check_seen(struct connection *connection, int64_t id, const struct note *seen,
                      struct err *err) {
    struct note_list list;
    struct query q;
    if (seen == NULL) {
        return 0;
    }
    query_begin(&q, connection, OF_ID);
    query_int(&q, id);
    int rc = read_rows(&q, 1, &list, err);
    if (rc != 0) {
        return rc;
    }
    const struct note *note = list.items;
    if (list.count == 0) {
        rc = missing(id, err);
    } else if (strcmp(note->text, seen->text) != 0 || note->from_ns != seen->from_ns ||
               note->to_ns != seen->to_ns || note->lane != seen->lane ||
               note->changed_ms != seen->changed_ms) {
        rc =
            err_set(err, ERR_CONFLICT, "the note is not as If-Match says: read it again");
    }
    note_list_deinit(&list);
    return rc;
}

static const char UPDATE_NOTE[] = "UPDATE note SET text = ?, from_ns = ?, to_ns = ?,"
                                  " lane = nullif(?, -1), changed_ms = ? WHERE id = ?";

static int update_note(struct connection *connection, const struct note *note,
                       int64_t now_ms, struct err *err) {
    struct query q;
    query_begin(&q, connection, UPDATE_NOTE);
    query_text(&q, note->text);
    query_int(&q, note->from_ns);
    query_int(&q, note->to_ns);
    query_int(&q, note->lane);
    query_int(&q, now_ms);
    query_int(&q, note->id);
    const int rc = query_run(&q, err);
    return rc == 0 && connection_changes(connection) == 0 ? missing(note->id, err) : rc;
}

int note_store_change(struct db *db, const struct note *note, const struct note *seen,
                      int64_t now_ms, struct err *err) {
    struct connection *connection;
    int rc = check_note(note, err);
    if (rc == 0 && (rc = db_write_begin(db, &connection, err)) == 0) {
        rc = check_seen(connection, note->id, seen, err);
        rc = rc == 0 ? update_note(connection, note, now_ms, err) : rc;
        rc = db_write_end(db, rc, err);
    }
    return rc;
}

static const char DELETE_NOTE[] = "DELETE FROM note WHERE id = ?";

int note_store_remove(struct db *db, int64_t id, const struct note *seen,
                      struct err *err) {
    struct connection *connection;
    struct query q;
    int rc = db_write_begin(db, &connection, err);
    if (rc != 0) {
        return rc;
    }
    rc = check_seen(connection, id, seen, err);
    if (rc != 0) {
        return db_write_end(db, rc, err);
    }
    query_begin(&q, connection, DELETE_NOTE);
    query_int(&q, id);
    rc = query_run(&q, err);
    if (rc == 0 && connection_changes(connection) == 0) {
        rc = missing(id, err);
    }
    return db_write_end(db, rc, err);
}
