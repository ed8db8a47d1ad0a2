/* SPDX-License-Identifier: MIT */
/* /metrics is read by a parser of the text format of its own; /readyz tells the truth. */
#include "server/http/http_metrics.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http_client.h"
#include "scratch.h"
#include "server/api/service.h"
#include "tests/support/test.h"

/* --- a parser of the text format 0.0.4 ------------------------------------------- */

enum { SAMPLES_MAX = 2000, NAME_SIZE = 160 };

struct sample {
    char series[NAME_SIZE * 2]; /* name and labels as they stand */
    char name[NAME_SIZE];
    double value;
};

struct exposition {
    struct sample samples[SAMPLES_MAX];
    size_t count;
    char family[NAME_SIZE], type[16]; /* the one that is being read */
};

static bool is_name(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        const bool letter = isalpha((unsigned char)text[i]) || strchr("_:", text[i]);
        if (!letter && (i == 0 || !isdigit((unsigned char)text[i]))) {
            return false;
        }
    }
    return length > 0;
}

/* Past {a="x",b="y"}; fails when it is not that. */
static const char *skip_labels(const char *at) {
    do {
        at++;
        const size_t length = strcspn(at, "=");
        assert_true(is_name(at, length));
        at += length;
        assert_memory_equal(at, "=\"", 2);
        at += 2;
        at += strcspn(at, "\"\\\n");
        assert_int_equal(*at, '"');
        at++;
    } while (*at == ',');
    assert_int_equal(*at, '}');
    return at + 1;
}

/* Whether a sample of that name belongs to the family. */
static bool belongs(const struct exposition *all, const char *name) {
    const size_t length = strlen(all->family);
    if (strncmp(name, all->family, length) != 0) {
        return false;
    }
    const char *rest = name + length;
    return strcmp(all->type, "histogram") != 0
               ? *rest == '\0'
               : strcmp(rest, "_bucket") == 0 || strcmp(rest, "_sum") == 0 ||
                     strcmp(rest, "_count") == 0;
}

static void read_sample(struct exposition *all, const char *line) {
    assert_true(all->count < SAMPLES_MAX);
    struct sample *sample = &all->samples[all->count];
    const size_t length = strcspn(line, "{ ");
    const char *at = line + length;
    char *end = NULL;
    assert_true(is_name(line, length));
    at = *at == '{' ? skip_labels(at) : at;
    snprintf(sample->name, sizeof sample->name, "%.*s", (int)length, line);
    snprintf(sample->series, sizeof sample->series, "%.*s", (int)(at - line), line);
    assert_int_equal(*at, ' ');
    sample->value = strtod(at + 1, &end);
    assert_true(end > at + 1 && *end == '\0');
    if (!belongs(all, sample->name)) {
        fail_msg("%s stands under %s", sample->name, all->family);
    }
    for (size_t i = 0; i < all->count; i++) {
        assert_string_not_equal(all->samples[i].series, sample->series);
    }
    all->count++;
}

static void read_comment(struct exposition *all, const char *line) {
    char name[NAME_SIZE];
    if (sscanf(line, "# HELP %159s", name) == 1) {
        assert_true(strlen(line) > strlen("# HELP ") + strlen(name) + 1);
        strcpy(all->family, name);
        all->type[0] = '\0';
        for (size_t i = 0; i < all->count; i++) {
            assert_string_not_equal(all->samples[i].name, name); /* in one piece */
        }
        return;
    }
    assert_int_equal(sscanf(line, "# TYPE %159s %15s", name, all->type), 2);
    assert_string_equal(name, all->family);
    const bool counts = strcmp(all->type, "counter") == 0;
    const size_t length = strlen(name);
    assert_true(counts || strcmp(all->type, "gauge") == 0 ||
                strcmp(all->type, "histogram") == 0);
    /* What counts says so, and nothing else does. */
    assert_int_equal(length > 6 && strcmp(name + length - 6, "_total") == 0, counts);
}

static struct exposition *parse(char *text) {
    struct exposition *all = calloc(1, sizeof *all);
    assert_non_null(all);
    assert_true(text[0] != '\0' && text[strlen(text) - 1] == '\n');
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (line[0] == '#') {
            read_comment(all, line);
        } else {
            read_sample(all, line);
        }
    }
    return all;
}

/* The value of a series; fails when it is not there. */
static double value_of(const struct exposition *all, const char *series) {
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->samples[i].series, series) == 0) {
            return all->samples[i].value;
        }
    }
    fail_msg("no %s", series);
    return 0;
}

/* Buckets never fall, and the last one is the count. */
static void check_histograms(const struct exposition *all) {
    double last = 0;
    size_t found = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct sample *sample = &all->samples[i];
        const size_t length = strlen(sample->name);
        if (length > 7 && strcmp(sample->name + length - 7, "_bucket") == 0) {
            assert_true(sample->value >= last);
            last = sample->value;
        } else if (length > 6 && strcmp(sample->name + length - 6, "_count") == 0) {
            assert_true(sample->value == last);
            assert_non_null(strstr(all->samples[i - 2].series, "le=\"+Inf\""));
            last = 0;
            found++;
        }
    }
    assert_true(found > 0);
}

/* --- counting -------------------------------------------------------------------- */

static const struct http_route table[] = {
    {"GET", "/a", NULL, 0, NULL, "application/json"},
    {"POST", "/a", NULL, 0, NULL, "application/json"},
};

static struct exposition *write_and_parse(struct http_metrics *metrics) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    http_metrics_write(metrics, out);
    assert_int_equal(fclose(out), 0);
    struct exposition *all = parse(text);
    free(text);
    return all;
}

static void test_http_metrics_count_what_ended(void **state) {
    (void)state;
    struct http_metrics *metrics = NULL;
    assert_int_equal(http_metrics_create(&metrics, table, 2, NULL), 0);
    static const struct http_metrics_request requests[] = {
        {&table[0], false, "GET", 200, 1},
        {&table[0], false, "HEAD", 200, 100000},
        {&table[0], false, "GET", 200, 100001},
        {&table[1], false, "POST", 418, 20000000000},
        {NULL, true, "GET", 304, 1000000},
        {NULL, false, "BREW\"\n", 404, 1000000},
        {NULL, false, "GET", 0, 0},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        http_metrics_count(metrics, &requests[i]);
    }
    http_metrics_connection(metrics, 1);
    http_metrics_connection(metrics, 1);
    http_metrics_connection(metrics, -1);
    struct exposition *all = write_and_parse(metrics);
    static const struct {
        double value;
        const char *series;
    } rows[] = {
#define REQUESTS(labels) "gilscope_http_requests_total{" labels "}"
#define DURATION(what, labels)                                                           \
    "gilscope_http_request_duration_seconds" what "{" labels "}"
        {2, REQUESTS("method=\"GET\",route=\"/a\",code=\"200\"")},
        {1, REQUESTS("method=\"HEAD\",route=\"/a\",code=\"200\"")},
        {1, REQUESTS("method=\"POST\",route=\"/a\",code=\"999\"")},
        {1, REQUESTS("method=\"GET\",route=\"file\",code=\"304\"")},
        {1, REQUESTS("method=\"other\",route=\"none\",code=\"404\"")},
        {1, REQUESTS("method=\"GET\",route=\"none\",code=\"0\"")},
        {2, DURATION("_bucket", "method=\"GET\",route=\"/a\",le=\"0.0001\"")},
        {3, DURATION("_bucket", "method=\"GET\",route=\"/a\",le=\"0.00025\"")},
        {3, DURATION("_count", "method=\"GET\",route=\"/a\"")},
        {0, DURATION("_bucket", "method=\"POST\",route=\"/a\",le=\"10\"")},
        {1, DURATION("_bucket", "method=\"POST\",route=\"/a\",le=\"+Inf\"")},
        {20, DURATION("_sum", "method=\"POST\",route=\"/a\"")},
        {1, "gilscope_http_connections"},
        {2, "gilscope_http_connections_total"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (value_of(all, rows[i].series) != rows[i].value) {
            fail_msg("%s is %g", rows[i].series, value_of(all, rows[i].series));
        }
    }
    check_histograms(all);
    free(all);
    http_metrics_destroy(metrics);
}

/* --- a server -------------------------------------------------------------------- */

struct fixture {
    struct scratch scratch;
    struct service *service;
    uint16_t port;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make(&fixture->scratch);
    const struct service_options options = {.database = fixture->scratch.database};
    assert_int_equal(service_start(&fixture->service, &options, NULL), 0);
    fixture->port = service_port(fixture->service);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    service_stop(fixture->service);
    scratch_remove(&fixture->scratch);
    free(fixture);
    return 0;
}

static struct exposition *ask_metrics(uint16_t port) {
    struct http_answer answer;
    http_client_request(port, "GET", "/metrics", NULL, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(http_answer_header(&answer, "Content-Type"),
                        "text/plain; version=0.0.4; charset=utf-8");
    struct exposition *all = parse(answer.body);
    http_answer_deinit(&answer);
    return all;
}

static void test_monitor_counts_what_the_server_does(void **state) {
    const struct fixture *fixture = *state;
    static const char document[] =
        "{\"schema\":1,\"strategies\":[{\"threads\":2},{\"threads\":3}],\"repetitions\":"
        "2,"
        "\"workload\":{\"jobs\":{\"count\":4,\"steps\":[{\"python_us\":1000}]}}}";
    const int64_t started = monotonic_ms();
    struct http_answer answer;
    struct exposition *all = ask_metrics(fixture->port);
    assert_true(value_of(all, "gilscope_runs_total{status=\"done\"}") == 0);
    assert_true(value_of(all, "gilscope_event_streams") == 0);
    http_client_request(fixture->port, "POST", "/api/v1/experiments", document, &answer);
    assert_int_equal(answer.status, 201);
    http_answer_deinit(&answer);
    do {
        free(all);
        poll_pause(started);
        all = ask_metrics(fixture->port);
    } while (value_of(all, "gilscope_cells_total{status=\"done\"}") < 2);
    assert_true(value_of(all, "gilscope_runs_total{status=\"done\"}") == 4);
    assert_true(value_of(all, "gilscope_simulated_events_total") > 8);
    assert_true(value_of(all, "gilscope_experiments_queued") == 0);
    assert_true(value_of(all, "gilscope_store_bytes{file=\"store\"}") > 0);
    assert_true(value_of(all, "gilscope_http_requests_total{method=\"POST\","
                              "route=\"/api/v1/experiments\",code=\"201\"}") == 1);
    assert_true(value_of(all, "gilscope_http_connections") >= 1);
    check_histograms(all);
    free(all);
}

static void test_monitor_tells_of_the_process(void **state) {
    const struct fixture *fixture = *state;
    struct exposition *all = ask_metrics(fixture->port);
    assert_true(value_of(all, "process_cpu_seconds_total") > 0);
    assert_true(value_of(all, "process_resident_memory_bytes") > 1e6);
    assert_true(value_of(all, "process_virtual_memory_bytes") >=
                value_of(all, "process_resident_memory_bytes"));
    const double files = value_of(all, "process_open_fds");
    assert_true(files > 3 && files < value_of(all, "process_max_fds"));
    assert_true(value_of(all, "process_start_time_seconds") > 1.6e9);
    const int fd = http_client_connect(fixture->port);
    char buffer[4096] = "";
    http_client_send_text(fd, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    http_client_read_until(fd, "retry", buffer, sizeof buffer);
    free(all);
    all = ask_metrics(fixture->port);
    assert_true(value_of(all, "gilscope_event_streams") == 1);
    assert_true(value_of(all, "process_open_fds") > files);
    free(all);
    close(fd);
}

static void test_monitor_is_ready(void **state) {
    const struct fixture *fixture = *state;
    struct http_answer answer;
    http_client_request(fixture->port, "GET", "/readyz", NULL, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{\"status\":\"ready\"}");
    http_answer_deinit(&answer);
}

/* How large files may become; what is written beyond fails as on a full disk. */
static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void wait_for_readiness(uint16_t port, int status, const char *text) {
    const int64_t started = monotonic_ms();
    struct http_answer answer;
    for (;;) {
        http_client_request(port, "GET", "/readyz", NULL, &answer);
        const bool is_so = answer.status == status && strstr(answer.body, text) != NULL;
        http_answer_deinit(&answer);
        if (is_so) {
            return;
        }
        poll_pause(started);
    }
}

/* What has not begun when nothing can be stored waits; it is the end that cannot be kept. */
static void wait_until_running(uint16_t port) {
    const int64_t started = monotonic_ms();
    for (bool runs = false; !runs;) {
        struct http_answer answer;
        http_client_request(port, "GET", "/api/v1/experiments?status=running", NULL,
                            &answer);
        runs = strstr(answer.body, "\"status\":\"running\"") != NULL;
        http_answer_deinit(&answer);
        poll_pause(started);
    }
}

static void test_monitor_is_not_ready_while_nothing_can_be_stored(void **state) {
    const struct fixture *fixture = *state;
    static const char document[] =
        "{\"schema\":1,\"record\":\"timeline\",\"strategies\":[{\"threads\":4}],"
        "\"workload\":{\"jobs\":{\"count\":400,\"steps\":[{\"repeat\":100,\"steps\":["
        "{\"python_us\":300},{\"io_us\":500}]}]}}}";
    struct http_answer answer;
    signal(SIGXFSZ, SIG_IGN);
    http_client_request(fixture->port, "POST", "/api/v1/experiments", document, &answer);
    assert_int_equal(answer.status, 201);
    http_answer_deinit(&answer);
    wait_until_running(fixture->port);
    limit_files(4096);
    wait_for_readiness(fixture->port, 503, "experiments cannot be stored");
    struct exposition *all = ask_metrics(fixture->port);
    assert_true(value_of(all, "gilscope_experiments_unsettled") == 1);
    free(all);
    limit_files(RLIM_INFINITY);
    wait_for_readiness(fixture->port, 200, "ready");
}

/* Nothing is at work that would notice, and nothing is submitted. */
static void test_monitor_is_not_ready_while_the_store_cannot_be_written(void **state) {
    const struct fixture *fixture = *state;
    signal(SIGXFSZ, SIG_IGN);
    wait_for_readiness(fixture->port, 200, "ready");
    limit_files(4096);
    wait_for_readiness(fixture->port, 503, "nothing can be stored: ");
    limit_files(RLIM_INFINITY);
    wait_for_readiness(fixture->port, 200, "ready");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_metrics_count_what_ended),
        TEST(test_monitor_counts_what_the_server_does),
        TEST(test_monitor_tells_of_the_process),
        TEST(test_monitor_is_ready),
        TEST(test_monitor_is_not_ready_while_nothing_can_be_stored),
        TEST(test_monitor_is_not_ready_while_the_store_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
