/* SPDX-License-Identifier: MIT */
/*
 * http_request - what a handler may know about a request: path, captured segments, query,
 * headers, body. Everything is borrowed and lives until the handler returns.
 */
#ifndef SERVER_HTTP_HTTP_REQUEST_H
#define SERVER_HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_CAPTURES_MAX = 2, HTTP_CAPTURE_SIZE = 64, HTTP_PARAMETER_MAX = 12 * 1024 };

struct MHD_Connection;

/* Headers that are lists, of which the server reads the elements. */
enum { HTTP_LISTS = 5 };

struct http_request {
    const char *method; /* as sent */
    const char *path;   /* percent-decoded, without the query */
    const char *body;   /* NULL when there is none */
    size_t body_size;
    bool head_only; /* HEAD: the body of the answer is not sent */
    int worker;     /* which executor thread runs the handler, -1: the HTTP thread */
    char capture[HTTP_CAPTURES_MAX][HTTP_CAPTURE_SIZE]; /* "{...}" segments, in order */
    struct MHD_Connection *connection;                  /* private */
    char *lists[HTTP_LISTS]; /* private: heap, of those that came in several lines */
    bool has_lists;          /* private: there is one */
};

/* A list may come in several lines, which together are the list (RFC 9110, 5.3): from then on
 * http_request_header() gives the whole of it. False: there is no memory. */
bool http_request_join_lists(struct http_request *request);
void http_request_free_lists(struct http_request *request);

/* The first value of a query parameter, percent-decoded; "" for "?name"; NULL if absent.
 */
const char *http_request_query(const struct http_request *request, const char *name);

/* Whether there is any query parameter. */
bool http_request_has_query(const struct http_request *request);

/* The value of a header, or NULL: of a list the whole one, else the first. */
const char *http_request_header(const struct http_request *request, const char *name);

/* In how many lines it came. */
size_t http_request_count_header(const struct http_request *request, const char *name);

/* What the headers are like, all together. */
struct http_headers {
    size_t count;
    size_t hosts, lengths, codings; /* Host, Content-Length, Transfer-Encoding */
    /* A name that is no token, a value of two lines or with a control character. */
    bool malformed;
};

struct http_headers http_request_headers(const struct http_request *request);

/* Whether the client has closed its end, as far as one call of the system tells, so that nobody
 * may be there to read an answer that takes long. On the thread that handles the request. */
bool http_request_is_given_up(const struct http_request *request);

struct http_query_fault {
    const char *unknown;  /* a parameter that is not allowed, or NULL */
    const char *repeated; /* a parameter that is there twice, or NULL */
    const char *too_long; /* one of more than HTTP_PARAMETER_MAX bytes, or NULL */
};

/* Checks the query against the space-separated `allowed` names (NULL: none is allowed).
 */
struct http_query_fault http_request_check_query(const struct http_request *request,
                                                 const char *allowed);

#endif
