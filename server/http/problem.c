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
    const char *detail;
    const char *instance;
    const char *pointer; /* NULL: no `errors` */
    int line, column;    /* 0: not about a place in a text */
};

static void write_problem(struct http_response *response, const struct problem *problem) {
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "type");
    json_writer_string(&writer, problem->type);
    json_writer_key(&writer, "title");
    json_writer_string(&writer, MHD_get_reason_phrase_for(problem->status));
    json_writer_key(&writer, "status");
    json_writer_uint(&writer, problem->status);
    json_writer_key(&writer, "detail");
    json_writer_string(&writer, problem->detail);
    json_writer_key(&writer, "instance");
    json_writer_string(&writer, problem->instance);
    if (problem->pointer != NULL) {
        json_writer_key(&writer, "errors");
        json_writer_begin_array(&writer);
        json_writer_begin_object(&writer);
        json_writer_key(&writer, "pointer");
        json_writer_string(&writer, problem->pointer);
        json_writer_key(&writer, "detail");
        json_writer_string(&writer, problem->detail);
        if (problem->line > 0) {
            json_writer_key(&writer, "line");
            json_writer_int(&writer, problem->line);
            json_writer_key(&writer, "column");
            json_writer_int(&writer, problem->column);
        }
        json_writer_end_object(&writer);
        json_writer_end_array(&writer);
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
        .detail = err->text,
        .instance = instance,
        .pointer = about_document || err->pointer[0] != '\0' ? err->pointer : NULL,
        .line = err->text_line,
        .column = err->text_column,
    };
    write_problem(response, &problem);
}

void problem_set(struct http_response *response, unsigned status, const char *instance,
                 const char *pointer, const char *fmt, ...) {
    char detail[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    const struct problem problem = {.status = status,
                                    .type = "about:blank",
                                    .detail = detail,
                                    .instance = instance,
                                    .pointer = pointer};
    write_problem(response, &problem);
}
