/* SPDX-License-Identifier: MIT */
#include "server/bench/bench_http.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/service.h"
#include "server/bench/bench_client.h"
#include "server/bench/bench_folder.h"
#include "server/bench/bench_http_priv.h"
#include "server/bench/bench_stream.h"

enum { CONNECTIONS = 64, SUBMISSIONS = 300, PREVIEWS = 300, CANCELS = 100 };
#define LOAD_S 2.0

/* One runtime, one strategy, four jobs: what somebody tries out. */
static const char small_document[] =
    "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":4}],"
    "\"workload\":{\"jobs\":{\"count\":20,\"steps\":[{\"python_us\":2000},"
    "{\"io_us\":5000}]}}}";

/* Goes on for minutes, if nobody ends it. */
static const char long_document[] =
    "{\"schema\":1,\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":8}],"
    "\"workload\":{\"jobs\":{\"count\":1000,\"steps\":[{\"repeat\":100000,\"steps\":["
    "{\"python_us\":20},{\"io_us\":50}]}]}}}";

/* Of all cases, until the end. */
static struct service *service;

int bench_http_server(uint16_t *port, struct err *err) {
    const char *path;
    int code = 0;
    if (service == NULL) {
        code = bench_folder_file(BENCH_SERVED, &path, err);
        if (code == 0) {
            const struct service_options options = {.database = path};
            code = service_start(&service, &options, err);
        }
    }
    if (code == 0) {
        *port = service_port(service);
    }
    return code;
}

void bench_http_close(void) {
    service_stop(service);
    service = NULL;
}

/* --- from a document to its result -------------------------------------------------- */

static int expect(const struct bench_answer *answer, int status, struct err *err) {
    return answer->status == status ? 0
                                    : err_set(err, ERR_IO, "%d instead of %d: %.200s",
                                              answer->status, status, answer->body);
}

/* The path of what was submitted, from the answer's first member: {"id":"e12", ... */
static int submitted_path(const struct bench_answer *answer, char *out, size_t size,
                          struct err *err) {
    long long id;
    if (sscanf(answer->body, "{\"id\":\"e%lld\"", &id) != 1) {
        return err_set(err, ERR_IO, "an experiment without an id");
    }
    snprintf(out, size, "/api/v1/experiments/e%lld", id);
    return 0;
}

/* Reads what was submitted until it has that status. */
static int await_status(struct bench_client *client, const char *path, const char *wanted,
                        struct err *err) {
    struct bench_answer answer;
    bool is_so = false;
    int code = 0;
    while (code == 0 && !is_so) {
        code = bench_client_ask(client, "GET", path, NULL, &answer, err);
        if (code == 0) {
            code = expect(&answer, 200, err);
        }
        const char *status = code == 0 ? strstr(answer.body, "\"status\":\"") : NULL;
        is_so = status != NULL && strncmp(status + 10, wanted, strlen(wanted)) == 0;
    }
    return code;
}

int bench_http_submit(struct bench_client *client, const char *document, char *path,
                      size_t size, struct err *err) {
    struct bench_answer answer;
    int code = bench_client_ask(client, "POST", "/api/v1/experiments?again=true",
                                document, &answer, err);
    if (code == 0) {
        code = expect(&answer, 201, err);
    }
    return code == 0 ? submitted_path(&answer, path, size, err) : code;
}

/* Submits, and reads until it is done. */
static int submit_once(struct bench_client *client, double *begin_s, struct err *err) {
    char path[64];
    (void)begin_s;
    const int code = bench_http_submit(client, small_document, path, sizeof path, err);
    return code == 0 ? await_status(client, path, "done", err) : code;
}

/* Ends a run that is under way: the time begins when it is asked for. */
static int cancel_once(struct bench_client *client, double *begin_s, struct err *err) {
    struct bench_answer answer;
    char path[64], cancel[80];
    int code = bench_http_submit(client, long_document, path, sizeof path, err);
    if (code == 0) {
        code = await_status(client, path, "running", err);
    }
    if (code != 0) {
        return code;
    }
    snprintf(cancel, sizeof cancel, "%s/cancel", path);
    *begin_s = bench_wall_s();
    code = bench_client_ask(client, "POST", cancel, NULL, &answer, err);
    if (code == 0) {
        code = expect(&answer, 202, err);
    }
    return code == 0 ? await_status(client, path, "interrupted", err) : code;
}

static int preview_once(struct bench_client *client, double *begin_s, struct err *err) {
    struct bench_answer answer;
    (void)begin_s;
    const int code = bench_client_ask(client, "POST", "/api/v1/preview?client=bench",
                                      small_document, &answer, err);
    return code == 0 ? expect(&answer, 200, err) : code;
}

static int compare_times(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What is done again and again, one after the other. `begin_s` may be set to when the time that
 * counts begins, where something comes before it. */
struct routine {
    int (*once)(struct bench_client *client, double *begin_s, struct err *err);
    int count;
    double quantile;
};

static int measure_times(const struct routine *routine, double *value, char *note,
                         size_t size, struct err *err) {
    struct bench_client *client = NULL;
    double *times = calloc((size_t)routine->count, sizeof *times);
    uint16_t port = 0;
    int code = times != NULL ? bench_http_server(&port, err) : err_set_nomem(err);
    if (code == 0) {
        code = bench_client_open(&client, port, err);
    }
    for (int i = 0; code == 0 && i < routine->count; i++) {
        double begin_s = bench_wall_s();
        code = routine->once(client, &begin_s, err);
        times[i] = 1e3 * (bench_wall_s() - begin_s);
    }
    if (code == 0) {
        qsort(times, (size_t)routine->count, sizeof *times, compare_times);
        const int last = routine->count - 1;
        *value = times[(int)floor(routine->quantile * last)];
        snprintf(note, size, "median %.2f, longest %.1f of %d", times[last / 2],
                 times[last], routine->count);
    }
    bench_client_close(client);
    free(times);
    return code;
}

static int submit_p50(double *value, char *note, size_t size, struct err *err) {
    return measure_times(&(struct routine){submit_once, SUBMISSIONS, 0.5}, value, note,
                         size, err);
}

static int submit_p99(double *value, char *note, size_t size, struct err *err) {
    return measure_times(&(struct routine){submit_once, SUBMISSIONS, 0.99}, value, note,
                         size, err);
}

static int preview_p50(double *value, char *note, size_t size, struct err *err) {
    return measure_times(&(struct routine){preview_once, PREVIEWS, 0.5}, value, note,
                         size, err);
}

static int cancel_p99(double *value, char *note, size_t size, struct err *err) {
    return measure_times(&(struct routine){cancel_once, CANCELS, 0.99}, value, note, size,
                         err);
}

/* --- rates --------------------------------------------------------------------------- */

static int measure_rate(const char *path, double *value, char *note, size_t size,
                        struct err *err) {
    struct bench_client *client = NULL;
    struct bench_answer answer;
    uint16_t port = 0;
    int code = bench_http_server(&port, err);
    if (code == 0) {
        code = bench_client_open(&client, port, err);
    }
    if (code == 0) {
        code = submit_once(client, &(double){0}, err); /* there is at least one run */
    }
    if (code == 0) {
        code = bench_client_ask(client, "GET", path, NULL, &answer, err);
    }
    if (code == 0) {
        snprintf(note, size, "GET %s, %zu bytes, %d connections", path, answer.size,
                 CONNECTIONS);
        const struct bench_load load = {port, path, CONNECTIONS, LOAD_S};
        code = bench_client_load(&load, value, err);
    }
    bench_client_close(client);
    return code;
}

static int json_rate(double *value, char *note, size_t size, struct err *err) {
    return measure_rate("/api/v1/runs/r1", value, note, size, err);
}

static int asset_rate(double *value, char *note, size_t size, struct err *err) {
    return measure_rate("/", value, note, size, err);
}

const struct bench_case bench_http_cases[] = {
    {"http_json_per_s", "1/s", "higher", "small JSON answers from the store", json_rate,
     NULL, false},
    {"http_asset_per_s", "1/s", "higher", "the page's first file", asset_rate, NULL,
     false},
    {"submit_to_done_p50_ms", "ms", "lower",
     "from sending a document to reading its result, 20 jobs under 4 threads", submit_p50,
     NULL, false},
    {"submit_to_done_p99_ms", "ms", "lower", "the same, 99th percentile", submit_p99,
     NULL, false},
    {"sse_p99_ms", "ms", "lower",
     "how long after the first stream an event of a grid of 2,400 cells comes to the "
     "others",
     bench_events_p99, NULL, false},
    {"sse_bytes_per_client", "bytes", "lower", "memory of a stream of events",
     bench_events_bytes, NULL, false},
    {"preview_p50_ms", "ms", "lower", "a preview of the same document", preview_p50, NULL,
     false},
    {"cancel_p99_ms", "ms", "lower",
     "from asking for the end of a run that goes on until it is read as interrupted",
     cancel_p99, NULL, false},
};
const size_t bench_http_case_count = sizeof bench_http_cases / sizeof bench_http_cases[0];
