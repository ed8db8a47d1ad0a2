/* SPDX-License-Identifier: MIT */
#include "server/http/router.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A segment of a path; borrowed. */
struct capture {
    const char *text;
    size_t length;
};

static size_t segment_length(const char *text) {
    size_t length = 0;
    while (text[length] != '/' && text[length] != '\0') {
        length++;
    }
    return length;
}

/* Most rows differ from the path in its first bytes: they are left at the first that differs. */
static bool path_matches(const char *pattern, const char *path,
                         struct capture captures[HTTP_CAPTURES_MAX]) {
    size_t captured = 0;
    for (;;) {
        if (*pattern == '{') {
            const size_t length = segment_length(path);
            if (length == 0 || length >= HTTP_CAPTURE_SIZE ||
                captured == HTTP_CAPTURES_MAX) {
                return false;
            }
            captures[captured++] = (struct capture){path, length};
            pattern += segment_length(pattern);
            path += length;
        } else if (*pattern != *path) {
            return false;
        } else if (*pattern == '\0') {
            return true;
        } else {
            pattern++;
            path++;
        }
    }
}

static void copy_captures(const struct capture captures[HTTP_CAPTURES_MAX],
                          struct http_request *request) {
    for (size_t i = 0; i < HTTP_CAPTURES_MAX; i++) {
        memcpy(request->capture[i], captures[i].text, captures[i].length);
        request->capture[i][captures[i].length] = '\0';
    }
}

static void allow_add(char *allow, size_t size, const char *method) {
    const size_t used = strlen(allow);
    snprintf(allow + used, size - used, "%s%s%s", used > 0 ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

static void list_allowed(const struct http_route *routes, size_t count, const char *path,
                         struct router_match *out) {
    for (size_t i = 0; i < count; i++) {
        struct capture captures[HTTP_CAPTURES_MAX];
        if (path_matches(routes[i].path, path, captures)) {
            out->path_known = true;
            allow_add(out->allow, sizeof out->allow, routes[i].method);
        }
    }
    if (out->path_known) {
        allow_add(out->allow, sizeof out->allow, "OPTIONS");
    }
}

void router_find(const struct http_route *routes, size_t count,
                 struct http_request *request, struct router_match *out) {
    *out = (struct router_match){0};
    const char *method = request->head_only ? "GET" : request->method;
    for (size_t i = 0; i < count; i++) {
        struct capture captures[HTTP_CAPTURES_MAX] = {{"", 0}, {"", 0}};
        if (strcmp(routes[i].method, method) == 0 &&
            path_matches(routes[i].path, request->path, captures)) {
            copy_captures(captures, request);
            out->route = &routes[i];
            out->path_known = true;
            return;
        }
    }
    list_allowed(routes, count, request->path, out);
}
