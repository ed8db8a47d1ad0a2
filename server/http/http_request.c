/* SPDX-License-Identifier: MIT */
#include "server/http/http_request.h"

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

const char *http_request_header(const struct http_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct header_count {
    const char *name;
    size_t count;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind,
                                    const char *name, const char *value) {
    (void)kind;
    (void)value;
    struct header_count *header = context;
    header->count += strcasecmp(name, header->name) == 0 ? 1 : 0;
    return MHD_YES;
}

size_t http_request_header_count(const struct http_request *request, const char *name) {
    struct header_count header = {.name = name};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header,
                              &header);
    return header.count;
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
    (void)value;
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
