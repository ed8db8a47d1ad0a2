/* SPDX-License-Identifier: MIT */
#include "server/api/sql_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/api.h"
#include "server/api/item_list.h"
#include "server/api/span_view.h"
#include "server/api/sql_view.h"
#include "server/clock/clock.h"
#include "server/document/text.h"

/* --- the request ----------------------------------------------------------------- */

struct query {
    struct sql_request request;
    struct sql_value params[SQL_API_PARAMS_MAX];
    size_t rows_max;
};

static int read_param(const json_t *json, size_t i, struct sql_value *out,
                      struct err *err) {
    char pointer[32];
    switch (json_typeof(json)) {
    case JSON_NULL:
        *out = (struct sql_value){.type = SQL_NULL};
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        *out = (struct sql_value){.type = SQL_INTEGER, .integer = json_is_true(json)};
        return 0;
    case JSON_INTEGER:
        *out =
            (struct sql_value){.type = SQL_INTEGER, .integer = json_integer_value(json)};
        return 0;
    case JSON_REAL:
        *out = (struct sql_value){.type = SQL_REAL, .real = json_real_value(json)};
        return 0;
    case JSON_STRING:
        *out = (struct sql_value){.type = SQL_TEXT,
                                  .text = json_string_value(json),
                                  .size = json_string_length(json)};
        return 0;
    default:
        snprintf(pointer, sizeof pointer, "/params/%zu", i);
        return err_set_pointer(err, pointer,
                               "a parameter is a number, a string, true, false or null");
    }
}

static int read_params(const json_t *json, struct query *query, struct err *err) {
    if (!json_is_array(json)) {
        return err_set_pointer(err, "/params", "must be a list, not %s",
                               text_type_name(json));
    }
    query->request.param_count = json_array_size(json);
    if (query->request.param_count > SQL_API_PARAMS_MAX) {
        return err_set_pointer(err, "/params", "has at most %d values",
                               SQL_API_PARAMS_MAX);
    }
    int code = 0;
    for (size_t i = 0; code == 0 && i < query->request.param_count; i++) {
        code = read_param(json_array_get(json, i), i, &query->params[i], err);
    }
    return code;
}

/* One of query, params and limit. */
static int read_member(const char *key, const json_t *value, struct query *query,
                       struct err *err) {
    if (strcmp(key, "query") == 0) {
        if (!json_is_string(value)) {
            return err_set_pointer(err, "/query", "must be a string, not %s",
                                   text_type_name(value));
        }
        query->request.text = json_string_value(value);
        query->request.size = json_string_length(value);
        return 0;
    }
    if (strcmp(key, "params") == 0) {
        return read_params(value, query, err);
    }
    const json_int_t rows = json_integer_value(value); /* limit; 0 when it is none */
    if (rows < 1 || rows > SQL_API_ROWS_MAX) {
        return err_set_pointer(err, "/limit", "must be a whole number from 1 to %d",
                               SQL_API_ROWS_MAX);
    }
    query->rows_max = (size_t)rows;
    return 0;
}

static int read_request(json_t *body, struct query *query, struct err *err) {
    char pointer[API_POINTER_SIZE];
    const char *key;
    json_t *value;
    int code = 0;
    if (api_find_unknown(body, "query params limit", pointer)) {
        return err_set_pointer(err, pointer,
                               "unknown field: there are query, params, limit");
    }
    json_object_foreach(body, key, value) {
        if ((code = read_member(key, value, query, err)) != 0) {
            return code;
        }
    }
    if (query->request.text == NULL) {
        return err_set_pointer(err, "", "the field 'query' is missing");
    }
    query->request.params = query->params;
    query->request.time_ms = SQL_API_TIME_MS;
    return 0;
}

/* --- the answer ------------------------------------------------------------------ */

/* Values arrive by rows. They leave by columns, or as a line for each row. */
struct answer {
    const struct sql_session *session;
    struct json_writer *columns; /* the values of each; NULL: by rows */
    struct json_writer lines;
    size_t column_count;
    size_t rows, bytes;
    bool truncated;
};

static void answer_deinit(struct answer *answer) {
    for (size_t i = 0; answer->columns != NULL && i < answer->column_count; i++) {
        json_writer_deinit(&answer->columns[i]);
    }
    free(answer->columns);
    json_writer_deinit(&answer->lines);
}

/* An object has no two members of one name. */
static int check_names(const struct answer *answer, struct err *err) {
    for (size_t i = 0; i < answer->column_count; i++) {
        const char *name = sql_session_column_name(answer->session, i);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(name, sql_session_column_name(answer->session, j)) == 0) {
                return err_set_pointer(err, "/query",
                                       "two columns are called '%.64s', which lines "
                                       "cannot show; name one with AS",
                                       name);
            }
        }
    }
    return 0;
}

static int begin_columns(struct answer *answer, struct err *err) {
    answer->columns = calloc(answer->column_count + 1, sizeof *answer->columns);
    if (answer->columns == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < answer->column_count; i++) {
        struct json_writer *column = &answer->columns[i];
        json_writer_begin_object(column);
        json_writer_key(column, "name");
        json_writer_string(column, sql_session_column_name(answer->session, i));
        json_writer_key(column, "values");
        json_writer_begin_array(column);
    }
    return 0;
}

static int answer_init(struct answer *answer, const struct sql_session *session,
                       bool by_rows, struct err *err) {
    answer->session = session;
    answer->column_count = sql_session_column_count(session);
    return by_rows ? check_names(answer, err) : begin_columns(answer, err);
}

static void add_line(struct answer *answer) {
    json_writer_begin_object(&answer->lines);
    for (size_t i = 0; i < answer->column_count; i++) {
        const struct sql_value value = sql_session_value(answer->session, i);
        json_writer_key(&answer->lines, sql_session_column_name(answer->session, i));
        sql_view_write(&answer->lines, &value);
    }
    json_writer_end_object(&answer->lines);
    json_writer_end_line(&answer->lines);
}

/* False when the row has no room any more. */
static bool add_row(struct answer *answer) {
    enum { NUMBER_BYTES = 16 };
    for (size_t i = 0; i < answer->column_count; i++) {
        answer->bytes += NUMBER_BYTES + sql_session_value(answer->session, i).size;
    }
    if (answer->bytes > SQL_API_BYTES_MAX) {
        return false;
    }
    answer->rows++;
    if (answer->columns == NULL) {
        add_line(answer);
        return true;
    }
    for (size_t i = 0; i < answer->column_count; i++) {
        const struct sql_value value = sql_session_value(answer->session, i);
        sql_view_write(&answer->columns[i], &value);
    }
    return true;
}

static int add_rows(struct answer *answer, struct sql_session *session, size_t rows_max,
                    struct err *err) {
    int code;
    while ((code = sql_session_next(session, err)) == 1) {
        if (answer->rows == rows_max || !add_row(answer)) {
            answer->truncated = true;
            return 0;
        }
    }
    return code;
}

static void write_damages(struct json_writer *writer, const struct damage_list *list) {
    json_writer_key(writer, "damages");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < list->count; i++) {
        const struct damage *it = &list->items[i];
        json_writer_begin_object(writer);
        span_view_int(writer, "run_id", it->run);
        json_writer_key(writer, "kind");
        json_writer_string(writer, damage_kind_name(it));
        json_writer_key(writer, "lane_group");
        if (it->group >= 0) {
            json_writer_int(writer, it->group);
        } else {
            json_writer_null(writer);
        }
        span_view_int(writer, "from_ns", it->from_ns);
        span_view_int(writer, "to_ns", it->to_ns);
        json_writer_key(writer, "what");
        json_writer_string(writer, it->what);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

/* Takes the columns' texts one after the other. */
static int write_columns(struct answer *answer, struct json_writer *writer,
                         struct err *err) {
    int code = 0;
    json_writer_key(writer, "columns");
    json_writer_begin_array(writer);
    for (size_t i = 0; code == 0 && i < answer->column_count; i++) {
        char *text = NULL;
        size_t size = 0;
        json_writer_end_array(&answer->columns[i]);
        json_writer_end_object(&answer->columns[i]);
        code = json_writer_steal(&answer->columns[i], &text, &size, err);
        if (code == 0) {
            json_writer_raw(writer, text, size);
            free(text);
        }
    }
    json_writer_end_array(writer);
    return code;
}

static int write_answer(struct answer *answer, struct json_writer *writer,
                        struct err *err) {
    int code = 0;
    const bool by_rows = answer->columns == NULL;
    if (by_rows) {
        *writer = answer->lines;
        answer->lines = (struct json_writer){0};
    }
    json_writer_begin_object(writer);
    if (!by_rows) {
        code = write_columns(answer, writer, err);
    }
    json_writer_key(writer, "rows");
    json_writer_uint(writer, answer->rows);
    json_writer_key(writer, "truncated");
    json_writer_bool(writer, answer->truncated);
    write_damages(writer, sql_session_damages(answer->session));
    json_writer_end_object(writer);
    if (by_rows) {
        json_writer_end_line(writer);
    }
    if (code != 0) {
        json_writer_deinit(writer);
    }
    return code;
}

/* --- the query ------------------------------------------------------------------- */

/* How often it is asked whether the client is still there: that is a call of the system. */
enum { LOOK_MS = 50 };

struct watch {
    const struct api *api;
    const struct http_request *request;
    int64_t look_ms; /* when to look next */
};

/* Few may be asked at once: what nobody waits for any more leaves its place. */
static bool is_over(void *context) {
    struct watch *watch = context;
    const int64_t now_ms = clock_ms();
    if (now_ms >= watch->look_ms) {
        watch->look_ms = now_ms + LOOK_MS;
        if (http_request_is_given_up(watch->request)) {
            return true;
        }
    }
    return atomic_load(&watch->api->closing);
}

/* What is wrong with the query, or too much of it, is about the query. */
static void point_at_query(struct err *err) {
    const int code = err->code;
    if ((code == ERR_INVALID || code == ERR_LIMIT) && err->pointer[0] == '\0') {
        snprintf(err->pointer, sizeof err->pointer, "/query");
    }
}

static int run_query(struct api *api, const struct http_request *request,
                     const struct query *query, struct json_writer *writer,
                     struct err *err) {
    struct sql_session **session = &api->sql[request->worker];
    struct answer answer = {0};
    int code = *session != NULL ? 0 : sql_session_open(session, api->db, err);
    if (code != 0) {
        return code;
    }
    if ((code = sql_session_begin(*session, &query->request, err)) == 0 &&
        (code = answer_init(&answer, *session, item_list_wants_lines(request), err)) ==
            0 &&
        (code = add_rows(&answer, *session, query->rows_max, err)) == 0) {
        code = write_answer(&answer, writer, err);
    }
    if (code != 0) {
        point_at_query(err);
    }
    sql_session_end(*session); /* a statement that is not at its end keeps the log */
    answer_deinit(&answer);
    return code;
}

int sql_api_query(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    struct api *api = context;
    struct watch watch = {api, request, clock_ms() + LOOK_MS};
    struct query query = {.rows_max = SQL_API_ROWS,
                          .request = {.cancelled = is_over, .context = &watch}};
    struct json_writer writer = {0};
    json_t *body = NULL;
    int code = text_parse(&body, request->body, request->body_size, err);
    if (code != 0) {
        return code;
    }
    code = read_request(body, &query, err);
    if (code == 0) {
        if (atomic_fetch_add(&api->sql_running, 1) < SQL_API_AT_ONCE) {
            code = run_query(api, request, &query, &writer, err);
        } else {
            code = err_set(err, ERR_LIMIT, "%d queries are running already",
                           SQL_API_AT_ONCE);
        }
        atomic_fetch_sub(&api->sql_running, 1);
    }
    json_decref(body);
    if (code == 0) {
        code = http_response_take_json(response, 200, &writer, err);
    }
    if (code == 0 && item_list_wants_lines(request)) {
        response->content_type = ITEM_LIST_LINES;
    }
    return code;
}
