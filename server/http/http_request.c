/* SPDX-License-Identifier: MIT */
#include "server/http/http_request.h"

#include <string.h>

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

struct query_search {
    const char *allowed;
    const char *unknown;
};

static bool names_contain(const char *names, const char *name) {
    const size_t length = strlen(name);
    while (names != NULL && *names != '\0') {
        const size_t word = strcspn(names, " ");
        if (word == length && memcmp(names, name, length) == 0) {
            return true;
        }
        names += word;
        names += strspn(names, " ");
    }
    return false;
}

static enum MHD_Result check_query(void *context, enum MHD_ValueKind kind,
                                   const char *name, const char *value) {
    (void)kind;
    (void)value;
    struct query_search *search = context;
    if (names_contain(search->allowed, name)) {
        return MHD_YES;
    }
    search->unknown = name;
    return MHD_NO;
}

const char *http_request_unknown_query(const struct http_request *request,
                                       const char *allowed) {
    struct query_search search = {.allowed = allowed};
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, check_query,
                              &search);
    return search.unknown;
}
