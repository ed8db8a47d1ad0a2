/* SPDX-License-Identifier: MIT */
#include "server/http/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include <microhttpd.h>

/* Seconds after which a client may try again when the queue is full. */
enum { RETRY_AFTER_S = 5 };

/* Error codes of the program -> statuses of HTTP: the only such table. */
static const struct {
    int code;
    unsigned status; /* pointer "": malformed as a whole, or not about a document */
    unsigned pointer_status; /* the pointer leads into a well-formed document */
} statuses[] = {
    {ERR_NOMEM, MHD_HTTP_SERVICE_UNAVAILABLE, MHD_HTTP_SERVICE_UNAVAILABLE},
    {ERR_INVALID, MHD_HTTP_BAD_REQUEST, MHD_HTTP_UNPROCESSABLE_CONTENT},
    {ERR_LIMIT, MHD_HTTP_SERVICE_UNAVAILABLE, MHD_HTTP_UNPROCESSABLE_CONTENT},
    {ERR_NOT_FOUND, MHD_HTTP_NOT_FOUND, MHD_HTTP_NOT_FOUND},
    {ERR_UNSUPPORTED, MHD_HTTP_UNPROCESSABLE_CONTENT, MHD_HTTP_UNPROCESSABLE_CONTENT},
    {ERR_IO, MHD_HTTP_INTERNAL_SERVER_ERROR, MHD_HTTP_INTERNAL_SERVER_ERROR},
    {ERR_DB, MHD_HTTP_INTERNAL_SERVER_ERROR, MHD_HTTP_INTERNAL_SERVER_ERROR},
    {ERR_CANCELLED, MHD_HTTP_SERVICE_UNAVAILABLE, MHD_HTTP_SERVICE_UNAVAILABLE},
    {ERR_CORRUPT, MHD_HTTP_INTERNAL_SERVER_ERROR, MHD_HTTP_INTERNAL_SERVER_ERROR},
    {ERR_CONFLICT, MHD_HTTP_CONFLICT, MHD_HTTP_CONFLICT},
};

static unsigned status_of(const struct err *err) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].code == err->code) {
            return err->pointer[0] != '\0' ? statuses[i].pointer_status
                                           : statuses[i].status;
        }
    }
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

struct problem {
    unsigned status;
    const char *type;
    const struct err *err;
    const char *instance;
    const char *pointer; /* NULL: no `errors` */
};

/* The sentence with "{0}", "{1}" in the place of its values. */
static void write_message(struct json_writer *writer, const struct err *err) {
    char message[sizeof err->text + 4 * ERR_HOLES_MAX];
    size_t used = 0, from = 0;
    for (int i = 0; i < err->hole_count; i++) {
        const struct err_hole *hole = &err->holes[i];
        used += (size_t)snprintf(message + used, sizeof message - used, "%.*s{%d}",
                                 hole->at - (int)from, err->text + from, i);
        from = (size_t)hole->at + (size_t)hole->size;
    }
    snprintf(message + used, sizeof message - used, "%s", err->text + from);
    json_writer_key(writer, "message");
    json_writer_string(writer, message);
}

static void write_sentence(struct json_writer *writer, const struct err *err) {
    json_writer_key(writer, "detail");
    json_writer_string(writer, err->text);
    write_message(writer, err);
    json_writer_key(writer, "values");
    json_writer_begin_array(writer);
    for (int i = 0; i < err->hole_count; i++) {
        char value[sizeof err->text];
        snprintf(value, sizeof value, "%.*s", err->holes[i].size,
                 err->text + err->holes[i].at);
        json_writer_string(writer, value);
    }
    json_writer_end_array(writer);
}

static void write_error(struct json_writer *writer, const struct err *err,
                        const char *pointer) {
    json_writer_begin_object(writer);
    json_writer_key(writer, "pointer");
    json_writer_string(writer, pointer);
    write_sentence(writer, err);
    if (err->text_line > 0) {
        json_writer_key(writer, "line");
        json_writer_int(writer, err->text_line);
        json_writer_key(writer, "column");
        json_writer_int(writer, err->text_column);
    }
    json_writer_end_object(writer);
}

static void write_errors(struct json_writer *writer, const struct problem *problem,
                         const struct http_response *response) {
    json_writer_key(writer, "errors");
    json_writer_begin_array(writer);
    write_error(writer, problem->err, problem->pointer);
    for (size_t i = 0; i < response->other_count; i++) {
        write_error(writer, &response->others[i], response->others[i].pointer);
    }
    json_writer_end_array(writer);
}

static void write_problem(struct http_response *response, const struct problem *problem) {
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "type");
    json_writer_string(&writer, problem->type);
    json_writer_key(&writer, "title");
    json_writer_string(&writer, MHD_get_reason_phrase_for(problem->status));
    json_writer_key(&writer, "status");
    json_writer_uint(&writer, problem->status);
    write_sentence(&writer, problem->err);
    json_writer_key(&writer, "instance");
    json_writer_string(&writer, problem->instance);
    if (problem->pointer != NULL) {
        write_errors(&writer, problem, response);
    }
    json_writer_end_object(&writer);
    http_response_deinit(response);
    response->status = problem->status;
    /* Without memory the status alone has to do. */
    if (http_response_take_json(response, problem->status, &writer, NULL) == 0) {
        response->content_type = "application/problem+json";
    }
    if (problem->status == MHD_HTTP_SERVICE_UNAVAILABLE) {
        response->retry_after_s = RETRY_AFTER_S;
    }
}

void problem_from_err(struct http_response *response, const struct err *err,
                      const char *instance, bool about_body) {
    char type[64];
    snprintf(type, sizeof type, "urn:gilscope:problem:%s", err_code_name(err->code));
    const bool about_document = about_body && err->code == ERR_INVALID;
    const struct problem problem = {
        .status = status_of(err),
        .type = type,
        .err = err,
        .instance = instance,
        .pointer = about_document || err->pointer[0] != '\0' ? err->pointer : NULL,
    };
    write_problem(response, &problem);
}

void problem_set(struct http_response *response, unsigned status, const char *instance,
                 const char *pointer, const char *fmt, ...) {
    struct err err = {0};
    va_list args;
    va_start(args, fmt);
    err_vset_at(&err, __FILE__, __LINE__, ERR_INVALID, "", fmt, args);
    va_end(args);
    const struct problem problem = {.status = status,
                                    .type = "about:blank",
                                    .err = &err,
                                    .instance = instance,
                                    .pointer = pointer};
    write_problem(response, &problem);
}
