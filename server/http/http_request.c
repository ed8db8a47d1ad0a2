/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* POLLRDHUP */
#include "server/http/http_request.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

const char *http_request_query(const struct http_request *request, const char *name) {
    const char *value = NULL;
    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &value, NULL) == MHD_NO) {
        return NULL;
    }
    return value != NULL ? value : "";
}

bool http_request_has_query(const struct http_request *request) {
    return MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, NULL,
                                     NULL) > 0;
}

/* --- headers --------------------------------------------------------------------- */

static const char *const list_names[HTTP_LISTS] = {
    MHD_HTTP_HEADER_ACCEPT,          MHD_HTTP_HEADER_ACCEPT_ENCODING,
    MHD_HTTP_HEADER_ACCEPT_LANGUAGE, MHD_HTTP_HEADER_IF_MATCH,
    MHD_HTTP_HEADER_IF_NONE_MATCH,
};

/* The lines of one header. */
struct lines {
    const char *name;
    size_t count;
    size_t size; /* of all values, with a comma and a space behind each */
    char *out;   /* where they are written to, or NULL */
};

static enum MHD_Result add_line(void *context, enum MHD_ValueKind kind, const char *name,
                                const char *value) {
    (void)kind;
    struct lines *lines = context;
    if (strcasecmp(name, lines->name) == 0 && value != NULL) {
        const size_t length = strlen(value);
        if (lines->out != NULL) {
            memcpy(lines->out + lines->size, value, length);
            memcpy(lines->out + lines->size + length, ", ", 2);
        }
        lines->count++;
        lines->size += length + 2;
    }
    return MHD_YES;
}

static struct lines read_lines(const struct http_request *request, const char *name,
                               char *out) {
    struct lines lines = {.name = name, .out = out};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_line, &lines);
    return lines;
}

static enum MHD_Result count_lists(void *context, enum MHD_ValueKind kind,
                                   const char *name, const char *value) {
    unsigned *counts = context;
    (void)kind;
    (void)value;
    for (int i = 0; i < HTTP_LISTS; i++) {
        counts[i] += strcasecmp(name, list_names[i]) == 0;
    }
    return MHD_YES;
}

/* Hardly any request has one in several lines: it costs one look at its headers. */
bool http_request_join_lists(struct http_request *request) {
    unsigned counts[HTTP_LISTS] = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_lists, counts);
    for (int i = 0; i < HTTP_LISTS; i++) {
        if (counts[i] < 2) {
            continue;
        }
        const struct lines lines = read_lines(request, list_names[i], NULL);
        request->has_lists = true;
        request->lists[i] = malloc(lines.size);
        if (request->lists[i] == NULL) {
            return false;
        }
        read_lines(request, list_names[i], request->lists[i]);
        request->lists[i][lines.size - 2] = '\0'; /* no comma behind the last one */
    }
    return true;
}

void http_request_free_lists(struct http_request *request) {
    for (int i = 0; i < HTTP_LISTS; i++) {
        free(request->lists[i]);
        request->lists[i] = NULL;
    }
}

const char *http_request_header(const struct http_request *request, const char *name) {
    for (int i = 0; request->has_lists && i < HTTP_LISTS; i++) {
        if (request->lists[i] != NULL && strcasecmp(name, list_names[i]) == 0) {
            return request->lists[i];
        }
    }
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

size_t http_request_count_header(const struct http_request *request, const char *name) {
    return read_lines(request, name, NULL).count;
}

bool http_request_is_given_up(const struct http_request *request) {
    struct pollfd end = {.fd = MHD_get_connection_info(request->connection,
                                                       MHD_CONNECTION_INFO_CONNECTION_FD)
                                   ->connect_fd,
                         .events = POLLRDHUP};
    return poll(&end, 1, 0) > 0;
}

/* RFC 9110, 5.6.2. */
static bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-!#$%&'*+.^_`|~", c) != NULL);
}

static bool is_token(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (!is_token_character(text[i])) {
            return false;
        }
    }
    return size > 0;
}

static bool has_control(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool is_name(const char *text, size_t size, const char *name) {
    return size == strlen(name) && strncasecmp(text, name, size) == 0;
}

/*
 * Of a header that goes on in the next line libmicrohttpd 0.9.75 appends that line to the
 * *name*, which it moves for that behind all that it has read: `Content-Length:` and ` 20` become
 * the header `Content-Length20`, `Content-: 20` and ` Length` a length. Else the value lies behind
 * the name and its colon.
 */
static bool goes_on(const char *name, size_t name_size, const char *value) {
    return (uintptr_t)value <= (uintptr_t)name + name_size;
}

static enum MHD_Result look_at_header(void *context, enum MHD_ValueKind kind,
                                      const char *name, size_t name_size,
                                      const char *value, size_t value_size) {
    (void)kind;
    struct http_headers *headers = context;
    headers->count++;
    headers->hosts += is_name(name, name_size, "host") ? 1 : 0;
    headers->lengths += is_name(name, name_size, "content-length") ? 1 : 0;
    headers->codings += is_name(name, name_size, "transfer-encoding") ? 1 : 0;
    headers->malformed = headers->malformed || !is_token(name, name_size) ||
                         (value != NULL && (has_control(value, value_size) ||
                                            goes_on(name, name_size, value)));
    return MHD_YES;
}

struct http_headers http_request_headers(const struct http_request *request) {
    struct http_headers headers = {0};
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, look_at_header,
                                &headers);
    return headers;
}

struct query_check {
    const char *allowed;
    unsigned seen; /* bit i: the allowed name number i */
    struct http_query_fault fault;
};

/* The number of the name in the list, or -1. */
static int find_name(const char *names, const char *name) {
    const size_t length = strlen(name);
    for (int i = 0; names != NULL && *names != '\0'; i++) {
        const size_t word = strcspn(names, " ");
        if (word == length && memcmp(names, name, length) == 0) {
            return i;
        }
        names += word;
        names += strspn(names, " ");
    }
    return -1;
}

static enum MHD_Result check_parameter(void *context, enum MHD_ValueKind kind,
                                       const char *name, const char *value) {
    (void)kind;
    struct query_check *check = context;
    const int at = find_name(check->allowed, name);
    if (at < 0) {
        check->fault.unknown = name;
        return MHD_NO;
    }
    if ((check->seen & 1U << at) != 0) {
        check->fault.repeated = name;
        return MHD_NO;
    }
    if (value != NULL && strlen(value) > HTTP_PARAMETER_MAX) {
        check->fault.too_long = name;
        return MHD_NO;
    }
    check->seen |= 1U << at;
    return MHD_YES;
}

struct http_query_fault http_request_check_query(const struct http_request *request,
                                                 const char *allowed) {
    struct query_check check = {.allowed = allowed};
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, check_parameter,
                              &check);
    return check.fault;
}
