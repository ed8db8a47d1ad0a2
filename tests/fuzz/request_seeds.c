/* SPDX-License-Identifier: MIT */
/*
 * request_seeds DIRECTORY - writes inputs that fuzz_request begins with: a good request for
 * every row of the table of routes, with every parameter that it knows and with none.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/check.h"
#include "server/api/routes.h"

enum { TEXT_MAX = 4096 };

struct pair {
    const char *name, *value;
};

/* The ids that fuzz_request's store has. */
static const struct pair ids[] = {
    {"experiments", "e1"}, {"cells", "c1"}, {"runs", "r1"}, {"notes", "n1"}};

static const struct pair parameters[] = {{"after", "0-3271-0"},
                                         {"again", "false"},
                                         {"at", "7000500"},
                                         {"by", "1"},
                                         {"cells", "c1,c2"},
                                         {"client", "page%201"},
                                         {"direction", "next"},
                                         {"experiments", "e1,e2"},
                                         {"format", "sqlite"},
                                         {"from", "0"},
                                         {"kind", "thread"},
                                         {"lane", "1"},
                                         {"lanes", "1,2,3"},
                                         {"least", "1000"},
                                         {"limit", "5"},
                                         {"metrics", "cpu_us,makespan_us"},
                                         {"name", "Thread"},
                                         {"order", "time"},
                                         {"other_work", "true"},
                                         {"pixels", "100"},
                                         {"point", "%7B%22/machine/cores%22:4%7D"},
                                         {"resource", "10"},
                                         {"runtime", "cpython-3.12"},
                                         {"site", "1"},
                                         {"states", "wait_gil"},
                                         {"status", "done"},
                                         {"strategy", "threads(2)"},
                                         {"to", "9000000"},
                                         {"topics", "e1,r1,queue,experiments"},
                                         {"waiters", "1"},
                                         {"waits", "1"}};

#define DOCUMENT                                                                         \
    "{\"schema\":1,\"name\":\"seed\",\"seed\":2,\"goal\":\"makespan_us\","               \
    "\"strategies\":["                                                                   \
    "\"sequential\"],\"workload\":{\"jobs\":{\"count\":2,\"steps\":[{\"python_us\":9},"  \
    "{\"io_us\":{\"dist\":\"exponential\",\"mean\":5}}]}}}"

static const struct pair bodies[] = {
    {"/api/v1/session", "{\"token\":\"x\"}"},
    {"/api/v1/preview", DOCUMENT},
    {"/api/v1/experiments", DOCUMENT},
    {"/api/v1/experiments/{id}", "{\"name\":\"<b>\"}"},
    {"/api/v1/runs/{id}/what-if",
     "{\"patch\":[{\"op\":\"replace\",\"path\":\"/workload/jobs/count\",\"value\":3}]}"},
    {"/api/v1/runs/{id}/timeline/job", "{}"},
    {"/api/v1/runs/{id}/notes", "{\"text\":\"<b>a</b>\",\"from\":0,\"to\":5,\"lane\":1}"},
    {"/api/v1/notes/{id}", "{\"text\":\"b\",\"to\":9,\"lane\":null}"},
    {"/api/v1/sql", "{\"query\":\"SELECT kind, count(*) FROM lanes GROUP BY kind\","
                    "\"limit\":5}"},
};

static const char *find(const struct pair *pairs, size_t count, const char *name,
                        size_t length) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(pairs[i].name) == length && memcmp(pairs[i].name, name, length) == 0) {
            return pairs[i].value;
        }
    }
    return NULL;
}

#define FIND(pairs, name, length)                                                        \
    find(pairs, sizeof pairs / sizeof pairs[0], name, length)

static void append(char *text, const char *piece, size_t size) {
    const size_t used = strlen(text);
    ASSERT(used + size < TEXT_MAX);
    memcpy(text + used, piece, size);
    text[used + size] = '\0';
}

/* The path with the ids of what is named before them. */
static void append_path(char *text, const char *path) {
    const char *before = path;
    while (*path != '\0') {
        const size_t length = strcspn(path + 1, "/") + 1;
        if (path[1] == '{') {
            const char *id = FIND(ids, before + 1, (size_t)(path - before) - 1);
            ASSERT(id != NULL);
            append(text, "/", 1);
            append(text, id, strlen(id));
        } else {
            append(text, path, length);
        }
        before = path;
        path += length;
    }
}

static void append_query(char *text, const char *names) {
    const char *separator = "?";
    while (names != NULL && *names != '\0') {
        const size_t length = strcspn(names, " ");
        const char *known = FIND(parameters, names, length);
        const char *value = known != NULL ? known : "1";
        append(text, separator, 1);
        append(text, names, length);
        append(text, "=", 1);
        append(text, value, strlen(value));
        separator = "&";
        names += length;
        names += strspn(names, " ");
    }
}

static void append_text(char *text, const char *piece) {
    append(text, piece, strlen(piece));
}

static void make_request(char *text, const struct http_route *route, bool with_query) {
    const char *body = FIND(bodies, route->path, strlen(route->path));
    const bool has_body = (route->flags & HTTP_ROUTE_JSON_BODY) != 0;
    text[0] = '\0';
    append_text(text, route->method);
    append_text(text, " ");
    append_path(text, route->path);
    append_query(text, with_query ? route->query : NULL);
    append_text(text, " HTTP/1.1\nHost: localhost\nAccept: ");
    append_text(text, route->produces);
    append_text(text, has_body ? "\nContent-Type: application/json\n\n" : "\n\n");
    append_text(text, has_body ? (body != NULL ? body : "{}") : "");
}

static void write_input(const char *directory, unsigned number, const char *text) {
    char path[TEXT_MAX];
    snprintf(path, sizeof path, "%s/request-%03u", directory, number);
    FILE *file = fopen(path, "wb");
    ASSERT(file != NULL);
    fputs(text, file);
    ASSERT(fclose(file) == 0);
}

int main(int argc, char **argv) {
    char text[TEXT_MAX];
    unsigned number = 0;
    ASSERT(argc == 2);
    (void)mkdir(argv[1], 0777); /* or it is there */
    for (size_t i = 0; i < route_count; i++) {
        make_request(text, &routes[i], true);
        write_input(argv[1], number++, text);
        if (routes[i].query != NULL) {
            make_request(text, &routes[i], false);
            write_input(argv[1], number++, text);
        }
    }
    return EXIT_SUCCESS;
}
