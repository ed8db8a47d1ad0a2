/* SPDX-License-Identifier: MIT */
#include "api_fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "tests/support/test.h"

void api_fixture_start(struct api_fixture *fixture) {
    struct err err = {0};
    const struct service_options options = {.database = fixture->scratch.database,
                                            .limits = fixture->limits};
    service_stop(fixture->service);
    if (service_start(&fixture->service, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    fixture->port = service_port(fixture->service);
}

int api_fixture_set_up(void **state) {
    struct api_fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    api_fixture_start(fixture);
    *state = fixture;
    return 0;
}

int api_fixture_tear_down(void **state) {
    struct api_fixture *fixture = *state;
    service_stop(fixture->service);
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

json_t *api_ask(const struct api_fixture *fixture, const char *method, const char *path,
                const char *body, int *status) {
    struct http_answer answer;
    json_t *json = NULL;
    http_client_request(fixture->port, method, path, body, &answer);
    if (answer.body_size > 0) {
        json = json_loads(answer.body, 0, NULL);
        assert_non_null(json);
    }
    *status = answer.status;
    http_answer_deinit(&answer);
    return json;
}

json_t *api_expect(const struct api_fixture *fixture, const char *method,
                   const char *path, const char *body, int wanted) {
    int status;
    json_t *json = api_ask(fixture, method, path, body, &status);
    if (status != wanted) {
        fail_msg("%s %s: %d instead of %d: %s", method, path, status, wanted,
                 json_string_value(json_object_get(json, "detail")));
    }
    return json;
}

static bool has_word(const struct api_fixture *fixture, const char *path, const char *key,
                     const char *word) {
    json_t *json = api_expect(fixture, "GET", path, NULL, 200);
    const bool has = strcmp(json_string_value(json_object_get(json, key)), word) == 0;
    json_decref(json);
    return has;
}

void api_wait_for(const struct api_fixture *fixture, const char *path, const char *key,
                  const char *word) {
    const int64_t started = monotonic_ms();
    while (!has_word(fixture, path, key, word)) {
        poll_pause(started);
    }
}

void api_run(const struct api_fixture *fixture, const char *document,
             const char *experiment) {
    const int64_t started = monotonic_ms();
    char path[64];
    json_decref(api_expect(fixture, "POST", "/api/v1/experiments", document, 201));
    snprintf(path, sizeof path, "/api/v1/experiments/%s", experiment);
    while (has_word(fixture, path, "status", "queued") ||
           has_word(fixture, path, "status", "running")) {
        poll_pause(started);
    }
}

void api_change(const struct api_fixture *fixture, const char *sql) {
    sqlite3 *sqlite = NULL;
    assert_int_equal(sqlite3_open(fixture->scratch.database, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(sqlite, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

int api_change_if(const struct api_fixture *fixture, const struct api_condition *change) {
    struct http_answer answer = {0};
    char text[512];
    snprintf(text, sizeof text,
             "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             "If-Match: %s\r\nContent-Length: %zu\r\n\r\n%s",
             change->method, change->path, change->if_match, strlen(change->body),
             change->body);
    http_client_exchange(fixture->port, text, &answer);
    const int status = answer.status;
    http_answer_deinit(&answer);
    return status;
}

void api_read_tag(const struct api_fixture *fixture, const char *path, char out[64]) {
    struct http_answer answer;
    http_client_request(fixture->port, "GET", path, NULL, &answer);
    assert_int_equal(answer.status, 200);
    snprintf(out, 64, "%s", http_answer_header(&answer, "ETag"));
    http_answer_deinit(&answer);
}
