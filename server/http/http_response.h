/* SPDX-License-Identifier: MIT */
/*
 * http_response - what a handler answers; the server adds the security headers, sends it
 * and frees the body.
 *
 * A response has one of a body, a file and a stream (server-sent events). A zeroed struct is
 * an empty 200.
 */
#ifndef SERVER_HTTP_HTTP_RESPONSE_H
#define SERVER_HTTP_HTTP_RESPONSE_H

#include "engine/base/err.h"
#include "server/http/http_file.h"
#include "server/http/http_stream.h"
#include "server/http/json_writer.h"

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;

enum { HTTP_ETAG_SIZE = 64 };

struct http_response {
    unsigned status;          /* 0 means 200 */
    const char *content_type; /* static text; NULL without a body */
    char *body;               /* heap, owned; or static when `body_is_static` */
    size_t body_size;         /* of the file, too */
    bool body_is_static;
    bool body_is_file;
    struct http_file file;            /* of `body_is_file` */
    const char *cache_control;        /* static; NULL means "no-store", or
                                      of a GET "no-cache" */
    const char *encoding;             /* static: "gzip", or NULL */
    const char *vary;                 /* static, or NULL */
    unsigned retry_after_s;           /* 0: header not sent */
    char etag[HTTP_ETAG_SIZE];        /* quotes included; "" : header not sent */
    char allow[64];                   /* "" : header not sent */
    char location[96];                /* "" : header not sent */
    char disposition[96];             /* Content-Disposition; "" : header not sent */
    char cookie[144];                 /* Set-Cookie; "" : header not sent */
    bool keep;                        /* it can no longer change: answer_cache.h */
    bool replayed;                    /* nothing was made: Idempotent-Replayed is sent */
    const char *authenticate;         /* static: WWW-Authenticate, or NULL */
    bool close;                       /* the connection, after the answer */
    bool endless;                     /* to HEAD: GET gets a stream, of no length */
    const char *request_id;           /* X-Request-Id, or NULL; lives until it is sent */
    struct http_stream_source stream; /* used when `read` is not NULL */
    /* Of a request that is refused: what else is wrong with it. Heap, owned. */
    struct err *others;
    size_t other_count;
};

/* Takes the writer's text as the body, application/json. ERR_NOMEM; the writer is then
 * empty. */
int http_response_take_json(struct http_response *response, unsigned status,
                            struct json_writer *writer, struct err *err) WARN_UNUSED;

/*
 * Makes a 304 of what would be a 200. The body stays, for its length: the HTTP library gives
 * every answer but 204 a Content-Length, and that of a 304 must be the one that the 200 has
 * (RFC 9110, 8.6). It does not send it.
 */
void http_response_not_modified(struct http_response *response);

/* Frees a body, or closes a file or stream, that was not sent. */
void http_response_deinit(struct http_response *response);

/*
 * Queues the response on a connection and takes its body, file or stream in every case. 0, or
 * ERR_NOMEM: the connection must then be closed.
 */
int http_response_send(struct http_response *response, struct MHD_Connection *connection,
                       struct err *err) WARN_UNUSED;

#endif
