/* SPDX-License-Identifier: MIT */
/*
 * fuzz_request - any text as a request to the whole server, which has a finished experiment,
 * its runs and a note: everything but the reading of sockets (forged_http.h) is the real
 * thing. Whatever is asked, the answer is well-formed, and no fault of the server's.
 *
 * What an input submits is cancelled and removed after it. From time to time, and when an
 * input removed what all others ask about, the server begins again with a new store.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <zlib.h>

#include "engine/base/check.h"
#include "forged_http.h"
#include "server/api/service.h"
#include "server/log/log.h"
#include "tests/server/scratch.h"

enum { INPUTS_OF_A_STORE = 20000, BODY_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scratch scratch;
static struct service *service;
static unsigned inputs;

/* --- the server ------------------------------------------------------------------ */

static unsigned ask(const char *text, struct forged_answer *answer) {
    forged_http_ask((const uint8_t *)text, strlen(text), answer);
    return answer->status;
}

/* The status alone. */
static unsigned tell(const char *text) {
    struct forged_answer answer;
    const unsigned status = ask(text, &answer);
    forged_answer_deinit(&answer);
    return status;
}

#define POST(path)                                                                       \
    "POST " path " HTTP/1.1\nHost: localhost\nContent-Type: application/json\n\n"
#define GET(path) "GET " path " HTTP/1.1\nHost: localhost\n\n"

static const char first_experiment[] =
    POST("/api/v1/experiments") "{\"schema\":1,\"name\":\"first\",\"goal\":\"makespan_"
                                "us\",\"record\":\"timeline\","
                                "\"strategies\":[\"sequential\",{\"threads\":2}],"
                                "\"workload\":{\"jobs\":{\"count\":4,"
                                "\"steps\":[{\"python_us\":7000},{\"io_us\":500}]}}}";
static const char first_note[] =
    POST("/api/v1/runs/r1/notes") "{\"text\":\"a note\",\"from\":1,\"to\":9}";

static bool is_done(void) {
    struct forged_answer answer;
    ASSERT(ask(GET("/api/v1/experiments/e1"), &answer) == 200);
    json_t *json = json_loads(answer.body, 0, NULL);
    const char *status = json_string_value(json_object_get(json, "status"));
    const bool done = status != NULL && strcmp(status, "done") == 0;
    json_decref(json);
    forged_answer_deinit(&answer);
    return done;
}

static void stop(void) {
    service_stop(service);
    service = NULL;
    scratch_remove(&scratch);
}

static void start(void) {
    const struct service_options options = {.database = scratch.database, .workers = 1};
    scratch_make(&scratch);
    ASSERT(service_start(&service, &options, NULL) == 0);
    ASSERT(tell(first_experiment) == 201);
    while (!is_done()) {
        (void)poll(NULL, 0, 1);
    }
    ASSERT(tell(first_note) == 201);
}

static void be_ready(void) {
    if (service == NULL) {
        setenv("GILSCOPE_LOG", "error", 0);
        log_init();
        atexit(stop);
    } else if (inputs++ % INPUTS_OF_A_STORE != INPUTS_OF_A_STORE - 1 &&
               tell(GET("/api/v1/runs/r1")) == 200) {
        return;
    } else {
        stop();
    }
    start();
}

/* --- what every answer is ---------------------------------------------------------- */

static bool is_type(const struct forged_answer *answer, const char *type) {
    const char *is = forged_answer_header(answer, "Content-Type");
    return is != NULL && strcmp(is, type) == 0;
}

static void check_json(const char *text, size_t size) {
    json_error_t error;
    json_t *json =
        json_loadb(text, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        fprintf(stderr, "no JSON: %s: %.*s\n", error.text, (int)size, text);
        abort();
    }
    json_decref(json);
}

static void check_lines(const char *text, size_t size) {
    for (const char *at = text; at < text + size;) {
        const char *end = memchr(at, '\n', (size_t)(text + size - at));
        ASSERT(end != NULL);
        check_json(at, (size_t)(end - at));
        at = end + 1;
    }
}

/* Server-sent events: fields that the standard knows, and comments. */
static void check_events(const char *text) {
    static const char *const fields[] = {"id: ", "event: ", "data: ", "retry: ", ":"};
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        bool known = length == 0;
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            known = known || strncmp(text, fields[i], strlen(fields[i])) == 0;
        }
        ASSERT(known && text[length] == '\n');
        text += length + 1;
    }
}

static void check_problem(const struct forged_answer *answer) {
    json_t *json = json_loadb(answer->body, answer->body_size, 0, NULL);
    ASSERT(is_type(answer, "application/problem+json"));
    ASSERT(json != NULL);
    ASSERT(json_integer_value(json_object_get(json, "status")) == answer->status);
    ASSERT(json_string_length(json_object_get(json, "detail")) > 0);
    json_decref(json);
}

/* In place. */
static void unpack(struct forged_answer *answer) {
    char *plain = malloc(BODY_MAX);
    z_stream stream = {.next_in = (Bytef *)answer->body,
                       .avail_in = (uInt)answer->body_size,
                       .next_out = (Bytef *)plain,
                       .avail_out = BODY_MAX - 1};
    ASSERT(plain != NULL && inflateInit2(&stream, 15 + 16) == Z_OK);
    ASSERT(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    plain[stream.total_out] = '\0';
    free(answer->body);
    answer->body = plain;
    answer->body_size = stream.total_out;
    inflateEnd(&stream);
}

static void check_body(const struct forged_answer *answer) {
    if (is_type(answer, "application/json") ||
        is_type(answer, "application/schema+json")) {
        check_json(answer->body, answer->body_size);
    } else if (is_type(answer, "application/x-ndjson")) {
        check_lines(answer->body, answer->body_size);
    } else if (is_type(answer, "text/event-stream")) {
        check_events(answer->body);
    }
}

static void check_answer(struct forged_answer *answer, bool head_only) {
    const char *coding = forged_answer_header(answer, "Content-Encoding");
    const unsigned status = answer->status;
    ASSERT(status >= 200 && (status < 500 || status == 503));
    ASSERT(forged_answer_header(answer, "X-Request-Id") != NULL);
    if (status == 204 || status == 304) {
        ASSERT(answer->body_size == 0);
        return;
    }
    if (coding != NULL) {
        ASSERT(strcmp(coding, "gzip") == 0);
        unpack(answer);
    }
    if (status >= 400) {
        check_problem(answer);
    } else if (!head_only) {
        check_body(answer);
    }
}

/* --- one input ------------------------------------------------------------------- */

static void undo(const struct forged_answer *answer) {
    const char *made = forged_answer_header(answer, "Location");
    char text[256];
    if (made != NULL && strncmp(made, "/api/v1/experiments/", 20) == 0) {
        snprintf(text, sizeof text, POST("%s/cancel"), made);
        (void)tell(text); /* it may have ended by itself */
    }
    if (made != NULL) {
        snprintf(text, sizeof text, "DELETE %s HTTP/1.1\nHost: localhost\n\n", made);
        (void)tell(text); /* the last moment of a run may be at work */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct forged_answer answer;
    be_ready();
    forged_http_ask(data, size, &answer);
    check_answer(&answer, size > 4 && memcmp(data, "HEAD", 4) == 0);
    undo(&answer);
    forged_answer_deinit(&answer);
    return 0;
}
