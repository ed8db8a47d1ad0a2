/* SPDX-License-Identifier: MIT */
#include "server/http/router.h"

#include <stdio.h>
#include <string.h>

/* Compares segment by segment; captures are written only into `captures`. */
static bool path_matches(const char *pattern, const char *path,
                         char captures[HTTP_CAPTURES_MAX][HTTP_CAPTURE_SIZE]) {
    size_t captured = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        const size_t pattern_length = strcspn(pattern, "/");
        const size_t path_length = strcspn(path, "/");
        if (pattern_length > 0 && pattern[0] == '{') {
            if (path_length == 0 || path_length >= HTTP_CAPTURE_SIZE ||
                captured == HTTP_CAPTURES_MAX) {
                return false;
            }
            memcpy(captures[captured], path, path_length);
            captures[captured][path_length] = '\0';
            captured++;
        } else if (pattern_length != path_length ||
                   memcmp(pattern, path, path_length) != 0) {
            return false;
        }
        pattern += pattern_length;
        path += path_length;
    }
    return *pattern == '\0' && *path == '\0';
}

static void allow_add(char *allow, size_t size, const char *method) {
    const size_t used = strlen(allow);
    snprintf(allow + used, size - used, "%s%s%s", used > 0 ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

void router_find(const struct http_route *routes, size_t count,
                 struct http_request *request, struct router_match *out) {
    *out = (struct router_match){0};
    const char *method = request->head_only ? "GET" : request->method;
    for (size_t i = 0; i < count; i++) {
        char captures[HTTP_CAPTURES_MAX][HTTP_CAPTURE_SIZE] = {{0}};
        if (!path_matches(routes[i].path, request->path, captures)) {
            continue;
        }
        out->path_known = true;
        allow_add(out->allow, sizeof out->allow, routes[i].method);
        if (out->route == NULL && strcmp(routes[i].method, method) == 0) {
            out->route = &routes[i];
            memcpy(request->capture, captures, sizeof captures);
        }
    }
    if (out->path_known) {
        allow_add(out->allow, sizeof out->allow, "OPTIONS");
    }
}
