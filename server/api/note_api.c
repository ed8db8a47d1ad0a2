/* SPDX-License-Identifier: MIT */
#include "server/api/note_api.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/note_store.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/item_list.h"
#include "server/api/resource_id.h"
#include "server/document/hash.h"
#include "server/document/text.h"
#include "server/http/problem.h"
#include "server/http/representation.h"

/* --- writing --------------------------------------------------------------------- */

static void write_int(struct json_writer *writer, const char *key, int64_t value) {
    json_writer_key(writer, key);
    json_writer_int(writer, value);
}

static void write_note(struct json_writer *writer, const struct note *note) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "id", RESOURCE_NOTE, note->id);
    experiment_view_id(writer, "run", RESOURCE_RUN, note->run);
    experiment_view_id(writer, "experiment", RESOURCE_EXPERIMENT, note->experiment);
    json_writer_key(writer, "text");
    json_writer_string(writer, note->text);
    write_int(writer, "from", note->from_ns);
    write_int(writer, "to", note->to_ns);
    json_writer_key(writer, "lane");
    if (note->lane != LANE_NONE) {
        json_writer_int(writer, note->lane);
    } else {
        json_writer_null(writer);
    }
    write_int(writer, "created_ms", note->created_ms);
    write_int(writer, "changed_ms", note->changed_ms);
    json_writer_end_object(writer);
}

/* --- the body -------------------------------------------------------------------- */

/* A number of a member, or `fallback` without it. */
static int read_number(const json_t *body, const char *name, int64_t fallback,
                       int64_t max, int64_t *out, struct err *err) {
    const json_t *value = json_object_get(body, name);
    char pointer[16];
    *out = value != NULL ? json_integer_value(value) : fallback;
    if (value == NULL || (json_is_integer(value) && *out >= 0 && *out <= max)) {
        return 0;
    }
    snprintf(pointer, sizeof pointer, "/%s", name);
    return err_set_pointer(err, pointer, "'%s' must be a whole number from 0 to %lld",
                           name, (long long)max);
}

static int check_members(const json_t *body, struct err *err) {
    const json_t *text = json_object_get(body, "text");
    char pointer[API_POINTER_SIZE];
    if (api_find_unknown(body, "text from to lane", pointer)) {
        return err_set_pointer(err, pointer,
                               "unknown field: a note has text, from, to and lane");
    }
    if (text == NULL) {
        return err_set_pointer(err, "",
                               "the field 'text' is missing; of a bookmark it is empty");
    }
    return json_is_string(text)
               ? 0
               : err_set_pointer(err, "/text",
                                 "'text' must be a string; an empty one is a bookmark");
}

/* {"text": "...", "from": 0, "to": 5000, "lane": 3}; "to" is "from" without it, "lane" null. */
static int read_members(json_t *body, struct note *out, struct err *err) {
    int64_t lane;
    int code = check_members(body, err);
    if (code == 0) {
        code = read_number(body, "from", 0, INT64_MAX, &out->from_ns, err);
    }
    if (code == 0) {
        code = read_number(body, "to", out->from_ns, INT64_MAX, &out->to_ns, err);
    }
    if (json_is_null(json_object_get(body, "lane"))) {
        (void)json_object_del(body, "lane");
    }
    if (code == 0) {
        code = read_number(body, "lane", LANE_NONE, INT32_MAX, &lane, err);
    }
    if (code == 0) {
        out->lane = (lane_id)lane;
        out->text = json_string_value(json_object_get(body, "text"));
    }
    return code;
}

/* The text is borrowed from `*body`, which the caller releases with json_decref(). */
static int read_body(const struct http_request *request, json_t **body, struct note *out,
                     struct err *err) {
    int code = text_parse(body, request->body != NULL ? request->body : "",
                          request->body_size, err);
    if (code == 0) {
        code = read_members(*body, out, err);
        if (code != 0) {
            json_decref(*body);
        }
    }
    return code;
}

/* --- handlers -------------------------------------------------------------------- */

static int note_id(const struct http_request *request, int64_t *out, struct err *err) {
    return resource_id_parse(RESOURCE_NOTE, request->capture[0], out, err);
}

static int respond(const struct api *api, const struct http_request *request, int64_t id,
                   unsigned status, struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct note_list list;
    int code = note_store_read(api_reader(api, request), id, &list, err);
    code = resource_id_missing(code, RESOURCE_NOTE, id, err);
    if (code != 0) {
        return code;
    }
    write_note(&writer, &list.items[0]);
    note_list_deinit(&list);
    return http_response_take_json(response, status, &writer, err);
}

/* The text of a cursor is window and id of the page's last note: "0-5000-n3". */
enum { CURSOR_SIZE = 48 + RESOURCE_ID_SIZE };

static void write_cursor(const struct note *note, char out[CURSOR_SIZE]) {
    char name[RESOURCE_ID_SIZE];
    resource_id_format(RESOURCE_NOTE, note->id, name);
    snprintf(out, CURSOR_SIZE, "%" PRId64 "-%" PRId64 "-%s", note->from_ns, note->to_ns,
             name);
}

static int parse_after(const struct http_request *request, struct note *out,
                       struct err *err) {
    const char *text = http_request_query(request, "after");
    char name[RESOURCE_ID_SIZE], again[CURSOR_SIZE];
    if (text == NULL) {
        return 0;
    }
    /* Only the one spelling that we write. */
    if (sscanf(text, "%19" SCNd64 "-%19" SCNd64 "-%23s", &out->from_ns, &out->to_ns,
               name) == 3 &&
        resource_id_parse(RESOURCE_NOTE, name, &out->id, NULL) == 0) {
        write_cursor(out, again);
        if (strcmp(again, text) == 0) {
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "query parameter 'after' must be the 'next' of a page before");
}

static int parse_wish(const struct http_request *request, struct note_wish *out,
                      struct err *err) {
    const struct api_number number = {"limit", NOTES_MAX, 1, NOTES_MAX};
    int64_t limit;
    *out = (struct note_wish){0};
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &out->run, err);
    if (code == 0) {
        code = api_query_number(request, &number, &limit, err);
    }
    if (code == 0) {
        out->limit = (size_t)limit;
        code = parse_after(request, &out->after, err);
    }
    return code;
}

/* A page, which is released; `next` NULL: it is the last one. */
static int respond_page(const struct http_request *request, struct note_list *list,
                        const char *next, struct http_response *response,
                        struct err *err) {
    struct item_list items = {0};
    item_list_open(&items, request);
    for (size_t i = 0; i < list->count; i++) {
        write_note(&items.writer, &list->items[i]);
        item_list_end_item(&items);
    }
    item_list_close_items(&items);
    item_list_next(&items, next);
    note_list_deinit(list);
    return item_list_respond(&items, response, err);
}

int note_api_list(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    struct note_wish wish;
    struct note_list list;
    char next[CURSOR_SIZE];
    int code = parse_wish(request, &wish, err);
    if (code == 0) {
        code = note_store_list(api_reader(context, request), &wish, &list, err);
        code = resource_id_missing(code, RESOURCE_RUN, wish.run, err);
    }
    if (code != 0) {
        return code;
    }
    if (list.has_more) {
        write_cursor(&list.items[list.count - 1], next);
    }
    return respond_page(request, &list, list.has_more ? next : NULL, response, err);
}

/* The text of a cursor is the id of the page's last note. */
static int parse_wish_of_all(const struct http_request *request,
                             struct note_wish_of_all *out, struct err *err) {
    const struct api_number number = {"limit", 50, 1, NOTES_MAX};
    const char *after = http_request_query(request, "after");
    const char *text = http_request_query(request, "text");
    int64_t limit;
    const int code = api_query_number(request, &number, &limit, err);
    if (code != 0) {
        return code;
    }
    *out = (struct note_wish_of_all){.text = text != NULL ? text : "",
                                     .limit = (size_t)limit};
    return after == NULL ||
                   resource_id_parse(RESOURCE_NOTE, after, &out->before, NULL) == 0
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'after' must be the 'next' of a page before");
}

int note_api_list_all(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    struct note_wish_of_all wish;
    struct note_list list;
    char next[RESOURCE_ID_SIZE];
    int code = parse_wish_of_all(request, &wish, err);
    if (code == 0) {
        code = note_store_list_all(api_reader(context, request), &wish, &list, err);
    }
    if (code != 0) {
        return code;
    }
    if (list.has_more) {
        resource_id_format(RESOURCE_NOTE, list.items[list.count - 1].id, next);
    }
    return respond_page(request, &list, list.has_more ? next : NULL, response, err);
}

/* Lanes of a run do not go, so that nothing changes until it is stored. */
static int check_lane(struct db_reader *reader, const struct note *note,
                      struct err *err) {
    return note->lane == LANE_NONE
               ? 0
               : note_store_check_lane(reader, note->run, note->lane, err);
}

/* Of all that the client said; how it wrote it does not count. */
static void hash_note(const struct note *note, char out[HASH_TEXT_SIZE]) {
    char numbers[96];
    struct hash hash = hash_begin();
    const int size =
        snprintf(numbers, sizeof numbers, "%" PRId64 " %" PRId64 " %" PRId64 " %d ",
                 note->run, note->from_ns, note->to_ns, (int)note->lane);
    hash_add(&hash, numbers, (size_t)size);
    hash_add(&hash, note->text, strlen(note->text));
    hash_text(&hash, out);
}

static int add_note(const struct api *api, const struct http_request *request,
                    int64_t *id, bool *existed, struct err *err) {
    struct note_new wanted = {.now_ms = stored_job_now_ms()};
    char hash[HASH_TEXT_SIZE];
    json_t *body = NULL;
    int code =
        resource_id_parse(RESOURCE_RUN, request->capture[0], &wanted.note.run, err);
    if (code == 0) {
        code = api_idempotency_key(request, &wanted.key, err);
    }
    if (code != 0 || (code = read_body(request, &body, &wanted.note, err)) != 0) {
        return code;
    }
    hash_note(&wanted.note, hash);
    wanted.hash = hash;
    code = check_lane(api_reader(api, request), &wanted.note, err);
    if (code == 0) {
        code = note_store_add(api->db, &wanted, id, existed, err);
    }
    json_decref(body);
    return resource_id_missing(code, RESOURCE_RUN, wanted.note.run, err);
}

int note_api_add(void *context, const struct http_request *request,
                 struct http_response *response, struct err *err) {
    const struct api *api = context;
    int64_t id = 0;
    bool existed = false;
    int code = add_note(api, request, &id, &existed, err);
    if (code == 0) {
        code = respond(api, request, id, existed ? 200 : 201, response, err);
    }
    if (code == 0) {
        char name[RESOURCE_ID_SIZE];
        response->replayed = existed;
        resource_id_format(RESOURCE_NOTE, id, name);
        snprintf(response->location, sizeof response->location, "/api/v1/notes/%s", name);
    }
    return code;
}

int note_api_read(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    int64_t id;
    const int code = note_id(request, &id, err);
    return code == 0 ? respond(context, request, id, 200, response, err) : code;
}

/* --- changing what is as it was seen ---------------------------------------------- */

/* A request that changes a note. With If-Match only the one that it names. */
struct change {
    const struct api *api;
    const struct http_request *request;
    struct note_list list; /* the note as it was read, when there is a condition */
    const struct note *seen;
    bool is_refused; /* it is another one by now */
};

static int is_named(const struct note *note, const char *if_match, bool *out,
                    struct err *err) {
    struct json_writer writer = {0};
    char *text = NULL;
    size_t size = 0;
    write_note(&writer, note);
    const int code = json_writer_steal(&writer, &text, &size, err);
    *out = code == 0 && representation_is(if_match, text, size);
    free(text);
    return code;
}

static int begin_change(struct change *change, int64_t id, struct err *err) {
    const char *if_match = http_request_header(change->request, "If-Match");
    bool is_it = true;
    if (if_match == NULL) {
        return 0;
    }
    int code =
        note_store_read(api_reader(change->api, change->request), id, &change->list, err);
    if (code == 0) {
        change->seen = change->list.items;
        code = is_named(change->seen, if_match, &is_it, err);
        change->is_refused = code == 0 && !is_it;
    }
    return code;
}

/* Makes a conflict in the store, where it was changed in between, the same refusal. */
static int end_change(struct change *change, int code, int64_t id,
                      struct http_response *response, struct err *err) {
    if (code == ERR_CONFLICT && change->seen != NULL) {
        change->is_refused = true;
        code = 0;
        err_clear(err);
    }
    if (code == 0 && change->is_refused) {
        problem_set(response, 412, change->request->path, NULL,
                    "the note is not as If-Match says: read it again");
    }
    if (change->seen != NULL) {
        note_list_deinit(&change->list);
    }
    return resource_id_missing(code, RESOURCE_NOTE, id, err);
}

/* The lane that it has is right in any case. */
static int check_other_lane(struct db_reader *reader, const struct note *note,
                            struct err *err) {
    struct note_list list;
    int code = note_store_read(reader, note->id, &list, err);
    if (code != 0) {
        return code;
    }
    if (list.items[0].lane != note->lane) {
        list.items[0].lane = note->lane;
        code = check_lane(reader, &list.items[0], err);
    }
    note_list_deinit(&list);
    return code;
}

int note_api_change(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err) {
    struct change change = {.api = context, .request = request};
    struct note note = {0};
    json_t *body = NULL;
    int code = note_id(request, &note.id, err);
    if (code != 0 || (code = read_body(request, &body, &note, err)) != 0) {
        return code;
    }
    code = begin_change(&change, note.id, err);
    if (code == 0 && !change.is_refused) {
        code = check_other_lane(api_reader(change.api, request), &note, err);
    }
    if (code == 0 && !change.is_refused) {
        code = note_store_change(change.api->db, &note, change.seen, stored_job_now_ms(),
                                 err);
    }
    code = end_change(&change, code, note.id, response, err);
    json_decref(body);
    return code == 0 && !change.is_refused
               ? respond(change.api, request, note.id, 200, response, err)
               : code;
}

int note_api_remove(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err) {
    struct change change = {.api = context, .request = request};
    int64_t id;
    int code = note_id(request, &id, err);
    if (code != 0) {
        return code;
    }
    code = begin_change(&change, id, err);
    if (code == 0 && !change.is_refused) {
        code = note_store_remove(change.api->db, id, change.seen, err);
    }
    code = end_change(&change, code, id, response, err);
    if (code == 0 && !change.is_refused) {
        response->status = 204;
    }
    return code;
}
