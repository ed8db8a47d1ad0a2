/* SPDX-License-Identifier: MIT */
/*
 * SIGTERM while answers are being sent: those that were begun arrive whole, new requests
 * are refused, a client that does not read delays the end only so long, and a second
 * signal ends it at once.
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "tests/support/test.h"

#define HOST "Host: localhost\r\n"

static int set_up(void **state) {
    struct scratch *scratch = calloc(1, sizeof *scratch);
    assert_non_null(scratch);
    scratch_make(scratch);
    *state = scratch;
    return 0;
}

static int tear_down(void **state) {
    scratch_remove(*state);
    free(*state);
    return 0;
}

static uint16_t start(struct process *process, const struct scratch *scratch,
                      const char *seconds) {
    const char *const options[] = {"--drain-seconds", seconds, NULL};
    return process_start_server_with(process, scratch->database, options);
}

/* --- a client that takes its time ------------------------------------------------ */

/* More than all buffers on the way hold, so that the server is still sending. */
static const char large_query[] =
    "{\"query\":\"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
    "< "
    "1500) SELECT hex(zeroblob(5000)) FROM n\",\"limit\":2000}";

/* A connection that asked for it, and read the first bytes of the answer. */
static int ask_for_much(uint16_t port) {
    char request[1024];
    char first[5] = "";
    const int small = 256 * 1024;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    snprintf(request, sizeof request,
             "POST /api/v1/sql HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             sizeof large_query - 1, large_query);
    http_client_send_text(fd, request);
    assert_int_equal(recv(fd, first, 4, MSG_PEEK | MSG_WAITALL), 4);
    assert_string_equal(first, "HTTP");
    return fd;
}

/* Waits until the server refuses: a new connection is closed without an answer. */
static void wait_until_it_refuses(uint16_t port) {
    const int64_t started = monotonic_ms();
    for (;;) {
        struct http_answer answer = {0};
        const int fd = http_client_connect(port);
        http_client_send_text(fd, "GET /healthz HTTP/1.1\r\n" HOST "\r\n");
        http_client_read(fd, false, &answer);
        const int status = answer.status;
        http_answer_deinit(&answer);
        close(fd);
        if (status == 0) {
            return;
        }
        poll_pause(started);
    }
}

static void test_drain_sends_what_was_begun_and_refuses_the_rest(void **state) {
    struct process process;
    struct http_answer answer = {0};
    const uint16_t port = start(&process, *state, "600");
    const int kept = http_client_connect(port);
    http_client_send_text(kept, "GET /readyz HTTP/1.1\r\n" HOST "\r\n");
    http_client_read(kept, false, &answer);
    assert_int_equal(answer.status, 200);
    http_answer_deinit(&answer);
    const int fd = ask_for_much(port);
    assert_int_equal(kill(process.pid, SIGTERM), 0);
    wait_until_it_refuses(port);
    http_client_send_text(kept, "GET /readyz HTTP/1.1\r\n" HOST "\r\n");
    http_client_read(kept, false, &answer);
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.body, "stopping"));
    assert_non_null(http_answer_header(&answer, "Retry-After"));
    assert_string_equal(http_answer_header(&answer, "Connection"), "close");
    http_answer_deinit(&answer);
    assert_true(http_client_is_closed(kept));
    http_client_read(fd, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_size,
                     strtoul(http_answer_header(&answer, "Content-Length"), NULL, 10));
    assert_true(answer.body_size > 1500 * 10000);
    http_answer_deinit(&answer);
    assert_int_equal(process_wait(&process), 0);
    close(kept);
    close(fd);
}

static void test_drain_gives_up_on_who_does_not_read(void **state) {
    struct process process;
    const uint16_t port = start(&process, *state, "1");
    const int fd = ask_for_much(port);
    assert_int_equal(process_end(&process, SIGTERM), 0);
    close(fd);
}

static int ask_health(uint16_t port) {
    struct http_answer answer = {0};
    const bool came = http_client_try(port, "GET", "/healthz", NULL, &answer);
    const int status = came ? answer.status : 0;
    if (came) {
        http_answer_deinit(&answer);
    }
    return status;
}

/* As nohup starts it: what is ignored stays so. */
static void test_drain_outlives_a_terminal_under_nohup(void **state) {
    struct process process;
    signal(SIGHUP, SIG_IGN);
    const uint16_t port = start(&process, *state, "0");
    signal(SIGHUP, SIG_DFL);
    assert_int_equal(kill(process.pid, SIGHUP), 0);
    /* Stopping takes it a moment. */
    const int64_t started = monotonic_ms();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ask_health(port), 200);
        poll_pause(started);
    }
    assert_int_equal(process_end(&process, SIGTERM), 0);
}

static void test_drain_ends_when_its_terminal_does(void **state) {
    struct process process;
    start(&process, *state, "0");
    assert_int_equal(process_end(&process, SIGHUP), 0);
}

static void test_drain_ends_at_the_second_signal(void **state) {
    struct process process;
    const uint16_t port = start(&process, *state, "3600");
    const int fd = ask_for_much(port);
    assert_int_equal(kill(process.pid, SIGTERM), 0);
    wait_until_it_refuses(port);
    assert_int_equal(process_end(&process, SIGTERM), 1000 + SIGTERM);
    close(fd);
}

/* --- under load ------------------------------------------------------------------ */

enum { CLIENTS = 8, STREAMS = 4, ANSWER_MAX = 1024 * 1024, KEPT_MAX = 256 };

struct client {
    pthread_t thread;
    uint16_t port;
    int number;
    unsigned whole;          /* answers */
    char made[KEPT_MAX][96]; /* paths of the experiments that it was told of */
    size_t made_count;
    char fault[256];
};

static atomic_uint answers; /* of all clients */

enum body { NOTHING, DOCUMENT, QUERY };

static const struct {
    const char *line;
    enum body body;
} requests[] = {
    {"GET /api/v1/models", NOTHING},
    {"POST /api/v1/experiments", DOCUMENT},
    {"GET /metrics", NOTHING},
    {"POST /api/v1/preview", DOCUMENT},
    {"GET /api/v1/experiments", NOTHING},
    {"POST /api/v1/sql", QUERY},
    {"GET /api/v1/presets", NOTHING},
};

enum { REQUEST_COUNT = sizeof requests / sizeof requests[0] };

/* `unique` tells documents apart. */
static void send_request(int fd, size_t which, int unique) {
    char body[512] = "";
    char request[1024];
    if (requests[which].body == DOCUMENT) {
        snprintf(
            body, sizeof body,
            "{\"schema\":1,\"seed\":%d,\"strategies\":[{\"threads\":2}],\"workload\":"
            "{\"jobs\":{\"count\":9,\"steps\":[{\"python_us\":100}]}}}",
            unique);
    } else if (requests[which].body == QUERY) {
        snprintf(body, sizeof body, "{\"query\":\"SELECT %d, hex(zeroblob(20000))\"}",
                 unique);
    }
    snprintf(request, sizeof request, "%s HTTP/1.1\r\n" HOST "%s%zu\r\n\r\n%s",
             requests[which].line,
             body[0] != '\0' ? "Content-Type: application/json\r\nContent-Length: "
                             : "Content-Length: ",
             strlen(body), body);
    http_client_send_text(fd, request);
}

/* Reads up to the end of the head; its size, 0 when nothing came. */
static size_t read_head(int fd, char *head, size_t capacity) {
    size_t size = 0;
    while (size + 1 < capacity && recv(fd, head + size, 1, 0) == 1) {
        head[++size] = '\0';
        if (size >= 4 && memcmp(head + size - 4, "\r\n\r\n", 4) == 0) {
            break;
        }
    }
    return size;
}

static bool fail_client(struct client *client, const char *what, const char *text) {
    snprintf(client->fault, sizeof client->fault, "%s: %.150s", what, text);
    return false;
}

/* Whole as JSON, too, unless it is text. */
static bool check_body(struct client *client, const char *head, const char *body,
                       size_t size) {
    json_t *json = json_loadb(body, size, 0, NULL);
    if (json == NULL && strstr(head, "Content-Type: text/plain") == NULL) {
        return fail_client(client, "no JSON", head);
    }
    json_decref(json);
    return true;
}

static void keep_experiment(struct client *client, const char *head) {
    const char *location = strstr(head, "\r\nLocation: ");
    if (location != NULL && client->made_count < KEPT_MAX) {
        snprintf(client->made[client->made_count++], sizeof client->made[0], "%.*s",
                 (int)strcspn(location + 12, "\r"), location + 12);
    }
}

/* Whether an answer came, or none of it; what lies between is a fault. */
static bool read_whole(int fd, struct client *client) {
    char head[8192] = "";
    const size_t size = read_head(fd, head, sizeof head);
    const char *length = strstr(head, "\r\nContent-Length: ");
    if (size == 0) {
        return false;
    }
    if (length == NULL || strcmp(head + size - 4, "\r\n\r\n") != 0) {
        return fail_client(client, "half a head", head);
    }
    const size_t body_size = strtoul(length + 18, NULL, 10);
    char *body = malloc(body_size + 1);
    const bool whole = body != NULL &&
                       recv(fd, body, body_size, MSG_WAITALL) == (ssize_t)body_size &&
                       check_body(client, head, body, body_size);
    if (!whole && client->fault[0] == '\0') {
        fail_client(client, "half a body", head);
    }
    free(body);
    keep_experiment(client, head);
    client->whole++;
    atomic_fetch_add(&answers, 1);
    return whole;
}

static int connect_to(uint16_t port, bool *connected) {
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *connected = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    return fd;
}

/* Asks on connections of its own, each for several answers, until it is refused. */
static void *client_main(void *context) {
    struct client *client = context;
    bool answered = true;
    for (int i = client->number; answered && client->fault[0] == '\0'; i++) {
        const int fd = connect_to(client->port, &answered);
        const unsigned before = client->whole;
        for (int j = 0; answered && j < 5; j++) {
            send_request(fd, (size_t)(i + j) % REQUEST_COUNT,
                         client->number * 100000 + i * 10 + j);
            if (!read_whole(fd, client)) {
                break;
            }
        }
        answered = client->whole > before;
        close(fd);
    }
    return NULL;
}

/* Reads an event stream to its end: the last event is whole, and the end is said. */
static void *stream_main(void *context) {
    static const char end[] = "\n\n\r\n0\r\n\r\n";
    struct client *client = context;
    char *text = calloc(1, ANSWER_MAX);
    size_t size = 0;
    ssize_t got = 1;
    bool connected;
    const int fd = connect_to(client->port, &connected);
    http_client_send_text(
        fd, "GET /api/v1/events?topics=experiments,queue HTTP/1.1\r\n" HOST "\r\n");
    while (text != NULL && got > 0 && size < ANSWER_MAX - 1) {
        got = recv(fd, text + size, ANSWER_MAX - 1 - size, 0);
        size += got > 0 ? (size_t)got : 0;
        client->whole += got > 0 ? 1 : 0;
    }
    if (size < sizeof end || memcmp(text + size - sizeof end + 1, end, sizeof end - 1)) {
        fail_client(client, "no end of a stream", text + (size > 100 ? size - 100 : 0));
    }
    close(fd);
    free(text);
    return NULL;
}

static void check_made(const struct scratch *scratch, const struct client *clients) {
    struct process process;
    const uint16_t port = process_start_server(&process, scratch->database);
    for (int i = 0; i < CLIENTS; i++) {
        for (size_t k = 0; k < clients[i].made_count; k++) {
            struct http_answer answer;
            http_client_request(port, "GET", clients[i].made[k], NULL, &answer);
            assert_int_equal(answer.status, 200);
            http_answer_deinit(&answer);
        }
    }
    assert_int_equal(process_end(&process, SIGTERM), 0);
}

/* The first of them read answers, the others streams. */
static void drain_under_load(const struct scratch *scratch, struct client *clients) {
    struct process process;
    atomic_store(&answers, 0);
    const uint16_t port = start(&process, scratch, "600");
    for (int i = 0; i < CLIENTS + STREAMS; i++) {
        clients[i].port = port;
        clients[i].number = i;
        assert_int_equal(pthread_create(&clients[i].thread, NULL,
                                        i < CLIENTS ? client_main : stream_main,
                                        &clients[i]),
                         0);
    }
    for (const int64_t started = monotonic_ms(); atomic_load(&answers) < 40;) {
        poll_pause(started);
    }
    assert_int_equal(kill(process.pid, SIGTERM), 0);
    for (int i = 0; i < CLIENTS + STREAMS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_string_equal(clients[i].fault, "");
        assert_true(clients[i].whole > 0);
    }
    assert_int_equal(process_wait(&process), 0);
}

static void test_drain_under_load_cuts_no_answer(void **state) {
    for (int round = 0; round < (getenv("GILSCOPE_LONG") != NULL ? 50 : 4); round++) {
        struct client *clients = calloc(CLIENTS + STREAMS, sizeof *clients);
        assert_non_null(clients);
        drain_under_load(*state, clients);
        check_made(*state, clients);
        free(clients);
    }
}

/* --- a file that is being written ------------------------------------------------- */

/* Whether the process has a file open whose name has `part` in it, also after it is gone. */
static bool has_open(pid_t pid, const char *part) {
    char folder[64], path[512], target[512];
    bool found = false;
    snprintf(folder, sizeof folder, "/proc/%ld/fd", (long)pid);
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        const ssize_t size = readlink(path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        found = found || strstr(target, part) != NULL;
    }
    closedir(entries);
    return found;
}

static void wait_until_done(uint16_t port, const char *path) {
    char status[32] = "";
    for (const int64_t began = monotonic_ms(); strcmp(status, "done") != 0;) {
        struct http_answer answer;
        poll_pause(began);
        http_client_request(port, "GET", path, NULL, &answer);
        json_find_text(answer.body, "status", status, sizeof status);
        http_answer_deinit(&answer);
    }
}

/* It would take long: who asked for it is told, and nothing of it is left. */
static void test_drain_ends_a_file_that_is_being_written(void **state) {
    static const char document[] =
        "{\"schema\":1,\"record\":\"timeline\",\"strategies\":[{\"threads\":4}],"
        "\"workload\":{\"jobs\":{\"count\":60000,\"steps\":[{\"python_us\":300},"
        "{\"io_us\":300},{\"python_us\":300}]}}}";
    const struct scratch *scratch = *state;
    struct process process;
    struct http_answer answer;
    const uint16_t port = start(&process, scratch, "600");
    http_client_request(port, "POST", "/api/v1/experiments", document, &answer);
    assert_int_equal(answer.status, 201);
    http_answer_deinit(&answer);
    wait_until_done(port, "/api/v1/experiments/e1");
    const int fd = http_client_connect(port);
    http_client_send_text(
        fd, "GET /api/v1/experiments/e1/export?format=sqlite HTTP/1.1\r\n" HOST "\r\n");
    for (const int64_t began = monotonic_ms(); !has_open(process.pid, "-export-");) {
        poll_pause(began);
    }
    assert_int_equal(kill(process.pid, SIGTERM), 0);
    http_client_read(fd, false, &answer);
    if (answer.status != 200) { /* a fast machine may have written it */
        assert_int_equal(answer.status, 503);
        assert_non_null(strstr(answer.body, "the server is stopping"));
    }
    http_answer_deinit(&answer);
    close(fd);
    assert_int_equal(process_wait(&process), 0);
    assert_int_equal(scratch_count(scratch, "-export-"), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_drain_sends_what_was_begun_and_refuses_the_rest),
        TEST(test_drain_gives_up_on_who_does_not_read),
        TEST(test_drain_outlives_a_terminal_under_nohup),
        TEST(test_drain_ends_when_its_terminal_does),
        TEST(test_drain_ends_at_the_second_signal),
        TEST(test_drain_ends_a_file_that_is_being_written),
        TEST(test_drain_under_load_cuts_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
