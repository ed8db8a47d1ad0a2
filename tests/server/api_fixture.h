/* SPDX-License-Identifier: MIT */
/* api_fixture - a server of a test's own, and one-line questions to it. */
#ifndef TESTS_SERVER_API_FIXTURE_H
#define TESTS_SERVER_API_FIXTURE_H

#include <jansson.h>

#include "scratch.h"
#include "server/api/service.h"

struct api_fixture {
    struct scratch scratch;
    struct service *service;
    uint16_t port;
    struct http_limits limits; /* of the server that is started next */
};

/* For cmocka: the state is a fixture with an empty store. */
int api_fixture_set_up(void **state);
int api_fixture_tear_down(void **state);

/* Starts the server, or ends it and starts it on the same store. */
void api_fixture_start(struct api_fixture *fixture);

/* The answer, to be released with json_decref(): NULL when it has no body. */
json_t *api_ask(const struct api_fixture *fixture, const char *method, const char *path,
                const char *body, int *status);

/* The same, of a question that must be answered with that status. */
json_t *api_expect(const struct api_fixture *fixture, const char *method,
                   const char *path, const char *body, int status);

/* Asks until the text member is the word. */
void api_wait_for(const struct api_fixture *fixture, const char *path, const char *key,
                  const char *word);

/* Submits a document, and waits until that experiment has ended. */
void api_run(const struct api_fixture *fixture, const char *document,
             const char *experiment);

/* Sends a change, with its body or "", under a condition; the status. */
struct api_condition {
    const char *method, *path, *body, *if_match;
};
int api_change_if(const struct api_fixture *fixture, const struct api_condition *change);

/* The ETag of what GET gives. */
void api_read_tag(const struct api_fixture *fixture, const char *path, char out[64]);

/* Changes the store behind the server's back. */
void api_change(const struct api_fixture *fixture, const char *sql);

#endif
