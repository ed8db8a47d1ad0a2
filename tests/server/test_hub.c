/* SPDX-License-Identifier: MIT */
#include "server/stream/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"
#include "server/http/http_server.h"
#include "tests/support/test.h"

#define TOPIC "e7"
#define OTHER "e8"
#define ALL "experiments"
enum { BUFFER_SIZE = 1 << 20 };

struct fixture {
    struct hub *hub;
    struct http_server *server;
    uint16_t port;
};

/* The names of a list with commas. */
static struct hub_topics topics_of(const char *list) {
    struct hub_topics topics = {0};
    while (*list != '\0') {
        const size_t length = strcspn(list, ",");
        memcpy(topics.name[topics.count++], list, length);
        list += length + (list[length] == ',');
    }
    return topics;
}

/* GET /events?topics=A,B&after=N: a stream without a greeting. */
static int handle_events(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err) {
    const struct fixture *fixture = context;
    const char *after = http_request_query(request, "after");
    const struct hub_topics topics = topics_of(http_request_query(request, "topics"));
    const struct hub_subscription subscription = {
        .topics = &topics, .after = after != NULL ? strtoull(after, NULL, 10) : 0};
    response->content_type = "text/event-stream";
    return hub_subscribe(fixture->hub, &subscription, &response->stream, err);
}

static const struct http_route table[] = {
    {"GET", "/events", handle_events, 0, "topics after", "text/event-stream"},
};

/* Both ends of every stream are files of this process. False: it may not have so many. */
static bool raise_file_limit(rlim_t wanted) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_cur > wanted ? limit.rlim_cur : wanted;
    return limit.rlim_cur <= limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void start(struct fixture *fixture) {
    assert_int_equal(hub_create(&fixture->hub, NULL), 0);
    const struct http_server_options options = {
        .routes = table, .route_count = 1, .context = fixture};
    assert_int_equal(http_server_start(&fixture->server, &options, NULL), 0);
    fixture->port = http_server_listener(fixture->server)->port;
}

static void stop(struct fixture *fixture) {
    http_server_quiesce(fixture->server);
    hub_close(fixture->hub);
    http_server_stop(fixture->server);
    hub_destroy(fixture->hub);
    *fixture = (struct fixture){0};
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    start(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    if (fixture->hub != NULL) {
        stop(fixture);
    }
    free(fixture);
    return 0;
}

/*
 * Opens a stream and waits until it is subscribed: the first thing sent is "retry:". What
 * came with it is left in `buffer`.
 */
static int subscribe_version(const struct fixture *fixture, const char *version,
                             const char *query, char *buffer, size_t capacity) {
    char text[256];
    buffer[0] = '\0';
    const int fd = http_client_connect(fixture->port);
    snprintf(text, sizeof text, "GET /events?%s %s\r\nHost: localhost\r\n\r\n", query,
             version);
    http_client_send_text(fd, text);
    http_client_read_until(fd, "retry: 2000\n\n", buffer, capacity);
    return fd;
}

/* HTTP/1.0 has no chunks, so that the text comes as it is. */
static int subscribe(const struct fixture *fixture, const char *topics, uint64_t after,
                     char *buffer, size_t capacity) {
    char query[64];
    snprintf(query, sizeof query, "topics=%s&after=%llu", topics,
             (unsigned long long)after);
    return subscribe_version(fixture, "HTTP/1.0", query, buffer, capacity);
}

/* To the topic and to ALL. */
static void publish(const struct fixture *fixture, const char *topic, const char *data) {
    const struct hub_event event = {"cell", data, strlen(data)};
    struct hub_topics topics = topics_of(topic);
    strcpy(topics.name[topics.count++], ALL);
    hub_publish(fixture->hub, &topics, &event);
}

static void test_hub_delivers_to_topic_and_to_all(void **state) {
    const struct fixture *fixture = *state;
    char one[4096] = "";
    char all[4096] = "";
    char expected[128];
    const int topic_fd = subscribe(fixture, TOPIC, 0, one, sizeof one);
    const int all_fd = subscribe(fixture, ALL, 0, all, sizeof all);
    publish(fixture, TOPIC, "{\"n\":1}");
    publish(fixture, OTHER, "{\"n\":2}");
    publish(fixture, TOPIC, "{\"n\":3}");
    http_client_read_until(all_fd, "{\"n\":3}\n\n", all, sizeof all);
    http_client_read_until(topic_fd, "{\"n\":3}\n\n", one, sizeof one);
    snprintf(expected, sizeof expected, "id: %llu\nevent: cell\ndata: {\"n\":3}\n\n",
             (unsigned long long)hub_sequence(fixture->hub));
    assert_non_null(strstr(one, expected));
    assert_non_null(strstr(all, expected));
    assert_non_null(strstr(one, "{\"n\":1}"));
    assert_null(strstr(one, "{\"n\":2}"));
    assert_non_null(strstr(all, "{\"n\":2}"));
    close(topic_fd);
    close(all_fd);
}

/* A stream about several topics gets each event once, in the order they were published. */
static void test_hub_merges_topics(void **state) {
    const struct fixture *fixture = *state;
    char buffer[64 * 1024] = "";
    char expected[32];
    const int fd = subscribe(fixture, "experiments,e7,e8,e9", 0, buffer, sizeof buffer);
    const char *const topics[] = {"e7", "e8", "e7,e8", "e5"};
    for (int i = 0; i < 200; i++) {
        char data[32];
        snprintf(data, sizeof data, "{\"n\":%d}", i);
        publish(fixture, topics[i % 4], data);
    }
    http_client_read_until(fd, "{\"n\":199}\n\n", buffer, sizeof buffer);
    const char *at = buffer;
    for (int i = 0; i < 200; i++) {
        snprintf(expected, sizeof expected, "{\"n\":%d}\n", i);
        at = strstr(at, expected);
        assert_non_null(at);
        at += strlen(expected);
        assert_null(strstr(at, expected));
    }
    close(fd);
}

/* Only the topic that lost events is read again. */
static void test_hub_resyncs_each_topic(void **state) {
    const struct fixture *fixture = *state;
    char buffer[4096] = "";
    const struct hub_topics busy = topics_of("r1");
    publish(fixture, TOPIC, "{\"n\":1}");
    const uint64_t first = hub_sequence(fixture->hub);
    for (int i = 0; i < HUB_RING_EVENTS + 5; i++) {
        hub_publish(fixture->hub, &busy, &(struct hub_event){"timeline", "{}", 2});
    }
    publish(fixture, TOPIC, "{\"n\":2}");
    const int fd = subscribe(fixture, "e7,r1", first, buffer, sizeof buffer);
    http_client_read_until(fd, "{\"n\":2}\n\n", buffer, sizeof buffer);
    assert_non_null(strstr(buffer, "event: resync\ndata: {\"topic\":\"r1\""));
    assert_null(strstr(buffer, "{\"topic\":\"e7\""));
    assert_null(strstr(buffer, "{\"n\":1}"));
    close(fd);
    /* Who is cut off after the resync, and goes on after its id, gets the other topic's event. */
    const uint64_t id = strtoull(strstr(buffer, "id: ") + 4, NULL, 10);
    assert_true(id < hub_sequence(fixture->hub));
    const int again = subscribe(fixture, TOPIC, id, buffer, sizeof buffer);
    http_client_read_until(again, "{\"n\":2}\n\n", buffer, sizeof buffer);
    assert_null(strstr(buffer, "resync"));
    close(again);
}

static void test_hub_knows_what_is_followed(void **state) {
    const struct fixture *fixture = *state;
    char buffer[1024] = "";
    struct hub_names followed;
    publish(fixture, "r1", "{}");
    const int fd = subscribe(fixture, "e7,r2", 0, buffer, sizeof buffer);
    assert_int_equal(hub_followed(fixture->hub, 'r', &followed, NULL), 0);
    assert_int_equal(followed.count, 1);
    assert_string_equal(followed.items[0], "r2");
    hub_names_deinit(&followed);
    /* However many they are. */
    const int more = subscribe(fixture, "r3,r4,r5,r6,r7,r8,r9,r10,r11,r12,r13,r14,r15", 0,
                               buffer, sizeof buffer);
    const int most =
        subscribe(fixture, "r16,r17,r18,r19,r20,r2,r5", 0, buffer, sizeof buffer);
    assert_int_equal(hub_followed(fixture->hub, 'r', &followed, NULL), 0);
    assert_int_equal(followed.count, 19);
    hub_names_deinit(&followed);
    close(more);
    close(most);
    close(fd);
}

static void test_hub_resumes_after_an_event(void **state) {
    const struct fixture *fixture = *state;
    char buffer[4096] = "";
    publish(fixture, TOPIC, "{\"n\":1}");
    const uint64_t first = hub_sequence(fixture->hub);
    publish(fixture, TOPIC, "{\"n\":2}");
    publish(fixture, TOPIC, "{\"n\":3}");
    const int fd = subscribe(fixture, TOPIC, first, buffer, sizeof buffer);
    http_client_read_until(fd, "{\"n\":3}\n\n", buffer, sizeof buffer);
    assert_null(strstr(buffer, "{\"n\":1}"));
    assert_non_null(strstr(buffer, "{\"n\":2}"));
    assert_null(strstr(buffer, "resync"));
    close(fd);
}

static void test_hub_says_resync_when_the_past_is_gone(void **state) {
    const struct fixture *fixture = *state;
    char buffer[4096] = "";
    char expected[128];
    publish(fixture, TOPIC, "{\"n\":1}");
    /* An id of an earlier process: smaller than all of this one. */
    int fd = subscribe(fixture, TOPIC, 5, buffer, sizeof buffer);
    snprintf(expected, sizeof expected,
             "event: resync\ndata: {\"topic\":\"e7\",\"sequence\":%llu}\n\n",
             (unsigned long long)hub_sequence(fixture->hub));
    http_client_read_until(fd, expected, buffer, sizeof buffer);
    close(fd);
    /* An id that was never given. */
    fd = subscribe(fixture, TOPIC, UINT64_MAX, buffer, sizeof buffer);
    http_client_read_until(fd, expected, buffer, sizeof buffer);
    publish(fixture, TOPIC, "{\"n\":2}");
    http_client_read_until(fd, "{\"n\":2}\n\n", buffer, sizeof buffer);
    close(fd);
}

static void test_hub_delivers_an_event_larger_than_any_buffer(void **state) {
    const struct fixture *fixture = *state;
    enum { SIZE = 400 * 1000 };
    char *data = malloc(SIZE + 1);
    char *buffer = calloc(1, BUFFER_SIZE);
    assert_non_null(data);
    assert_non_null(buffer);
    memset(data, 'x', SIZE);
    data[SIZE] = '\0';
    const int fd = subscribe(fixture, TOPIC, 0, buffer, BUFFER_SIZE);
    buffer[0] = '\0'; /* the head has letters, too */
    publish(fixture, TOPIC, data);
    publish(fixture, TOPIC, "END");
    http_client_read_until(fd, "data: END", buffer, BUFFER_SIZE);
    size_t letters = 0;
    for (const char *c = buffer; *c != '\0'; c++) {
        letters += *c == 'x' ? 1 : 0;
    }
    assert_int_equal(letters, SIZE);
    close(fd);
    free(buffer);
    free(data);
}

/*
 * A client that does not read: the publisher goes on, and the client, once it reads, gets
 * whole events, a resync, and what is published after it.
 */
static void test_hub_never_waits_for_a_slow_client(void **state) {
    const struct fixture *fixture = *state;
    enum { EVENTS = 4 * HUB_RING_EVENTS, SIZE = 8000 };
    char *data = malloc(SIZE + 1);
    char *buffer = calloc(1, (size_t)EVENTS * SIZE);
    assert_non_null(data);
    assert_non_null(buffer);
    memset(data, 'x', SIZE);
    data[SIZE] = '\0';
    const int fd = subscribe(fixture, TOPIC, 0, buffer, (size_t)EVENTS * SIZE);
    buffer[0] = '\0';
    for (int i = 0; i < EVENTS; i++) {
        publish(fixture, TOPIC, data);
    }
    /* The stream may fall behind more than once. Whatever ends the backlog, the newest event
     * or a resync in its place, has the newest number; what is published after it must come. */
    char newest[64];
    snprintf(newest, sizeof newest, "id: %llu\n",
             (unsigned long long)hub_sequence(fixture->hub));
    http_client_read_until(fd, newest, buffer, (size_t)EVENTS * SIZE);
    assert_non_null(strstr(buffer, "event: resync"));
    publish(fixture, TOPIC, "END");
    http_client_read_until(fd, "data: END", buffer, (size_t)EVENTS * SIZE);
    size_t letters = 0;
    for (const char *c = buffer; *c != '\0'; c++) {
        letters += *c == 'x' ? 1 : 0;
    }
    assert_int_equal(letters % SIZE, 0);
    assert_true(letters / SIZE < EVENTS);
    close(fd);
    free(buffer);
    free(data);
}

static void test_hub_close_ends_idle_streams(void **state) {
    struct fixture *fixture = *state;
    enum { STREAMS = 100 };
    int fds[STREAMS];
    char first[1024];
    for (int i = 0; i < STREAMS; i++) {
        fds[i] = subscribe_version(fixture, "HTTP/1.1", "topics=e3", first, sizeof first);
    }
    stop(fixture);
    for (int i = 0; i < STREAMS; i++) {
        char buffer[256] = "";
        /* The end of a chunked body: the stream was ended, not cut. */
        http_client_read_until(fds[i], "0\r\n\r\n", buffer, sizeof buffer);
        close(fds[i]);
    }
}

/* Streams that are idle, stuck, or whose client has left: stopping must not abort. */
static void test_hub_stops_with_all_kinds_of_clients(void **state) {
    struct fixture *fixture = *state;
    enum { SIZE = 300 * 1000, EVENTS = 100 };
    char *data = malloc(SIZE + 1);
    char first[1024];
    assert_non_null(data);
    memset(data, 'x', SIZE);
    data[SIZE] = '\0';
    const int stuck = subscribe(fixture, TOPIC, 0, first, sizeof first);
    const int idle = subscribe(fixture, OTHER, 0, first, sizeof first);
    close(subscribe(fixture, TOPIC, 0, first, sizeof first));
    for (int i = 0; i < EVENTS; i++) {
        publish(fixture, TOPIC, data);
    }
    free(data);
    stop(fixture);
    close(stuck);
    close(idle);
}

/* --- clients that leave ------------------------------------------------------------ */

static void wait_for_streams(const struct fixture *fixture, unsigned count) {
    const int64_t started = monotonic_ms();
    while (hub_stream_count(fixture->hub) != count) {
        poll_pause(started);
    }
}

/* Nothing is published and no heartbeat is due: only that they left tells it. */
static void test_hub_forgets_streams_whose_clients_left(void **state) {
    const struct fixture *fixture = *state;
    enum { STREAMS = HUB_STREAMS_MAX };
    char first[1024];
    if (!raise_file_limit(2 * STREAMS + 200)) {
        skip();
    }
    int *fds = calloc(STREAMS, sizeof *fds);
    assert_non_null(fds);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < STREAMS; i++) {
            fds[i] = subscribe(fixture, TOPIC, 0, first, sizeof first);
        }
        assert_int_equal(hub_stream_count(fixture->hub), STREAMS);
        struct http_answer answer;
        http_client_request(fixture->port, "GET", "/events?topics=e1", NULL, &answer);
        assert_int_equal(answer.status, 503);
        http_answer_deinit(&answer);
        for (int i = 0; i < STREAMS; i++) {
            close(fds[i]);
        }
        wait_for_streams(fixture, 0);
    }
    free(fds);
}

/* "I send no more" is not "I have left". */
static void test_hub_keeps_streams_that_only_read(void **state) {
    const struct fixture *fixture = *state;
    char buffer[4096] = "";
    const int reader = subscribe(fixture, TOPIC, 0, buffer, sizeof buffer);
    const int other = subscribe(fixture, OTHER, 0, buffer, sizeof buffer);
    buffer[0] = '\0';
    assert_int_equal(shutdown(reader, SHUT_WR), 0);
    close(other);
    /* Two looks later, at least: it was sent two heartbeats. */
    http_client_read_until(reader, ": hb\n\n: hb\n\n", buffer, sizeof buffer);
    wait_for_streams(fixture, 1);
    publish(fixture, TOPIC, "{\"n\":5}");
    http_client_read_until(reader, "{\"n\":5}\n\n", buffer, sizeof buffer);
    close(reader);
    wait_for_streams(fixture, 0);
}

/* A stream without a greeting may say so with NULL. */
/* Who was cut off before the first event comes back with the id of the greeting. */
static void test_hub_greets_with_an_id(void **state) {
    const struct fixture *fixture = *state;
    char first[4096] = "";
    char again[4096] = "";
    close(subscribe(fixture, TOPIC, 0, first, sizeof first));
    const char *id = strstr(first, "id: ");
    assert_non_null(id);
    publish(fixture, TOPIC, "{\"n\":1}");
    const uint64_t after = strtoull(id + strlen("id: "), NULL, 10);
    const int fd = subscribe(fixture, TOPIC, after, again, sizeof again);
    http_client_read_until(fd, "{\"n\":1}\n\n", again, sizeof again);
    assert_null(strstr(again, "resync"));
    close(fd);
    /* What is no id of this process is not replaced before the loss is told. */
    again[0] = '\0';
    close(subscribe(fixture, TOPIC, UINT64_MAX, again, sizeof again));
    assert_non_null(strstr(again, "\r\n\r\nretry: 2000"));
}

static void test_hub_needs_no_greeting(void **state) {
    (void)state;
    struct http_stream_source source = {0};
    struct hub *hub = NULL;
    assert_int_equal(hub_create(&hub, NULL), 0);
    const struct hub_topics topics = topics_of(ALL);
    const struct hub_subscription subscription = {.topics = &topics};
    assert_int_equal(hub_subscribe(hub, &subscription, &source, NULL), 0);
    source.close(source.context);
    hub_close(hub);
    hub_destroy(hub);
}

static void test_hub_refuses_subscribers_once_closed(void **state) {
    (void)state;
    struct http_stream_source source;
    struct hub *hub = NULL;
    assert_int_equal(hub_create(&hub, NULL), 0);
    hub_close(hub);
    const struct hub_topics topics = topics_of(TOPIC);
    const struct hub_subscription subscription = {.topics = &topics};
    assert_int_equal(hub_subscribe(hub, &subscription, &source, NULL), ERR_CANCELLED);
    hub_publish(hub, &topics, &(struct hub_event){"cell", "{}", 2});
    hub_destroy(hub);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_hub_delivers_to_topic_and_to_all),
        TEST(test_hub_merges_topics),
        TEST(test_hub_resyncs_each_topic),
        TEST(test_hub_knows_what_is_followed),
        TEST(test_hub_resumes_after_an_event),
        TEST(test_hub_says_resync_when_the_past_is_gone),
        TEST(test_hub_delivers_an_event_larger_than_any_buffer),
        TEST(test_hub_never_waits_for_a_slow_client),
        TEST(test_hub_close_ends_idle_streams),
        TEST(test_hub_stops_with_all_kinds_of_clients),
        TEST(test_hub_forgets_streams_whose_clients_left),
        TEST(test_hub_keeps_streams_that_only_read),
        TEST(test_hub_greets_with_an_id),
        cmocka_unit_test(test_hub_needs_no_greeting),
        cmocka_unit_test(test_hub_refuses_subscribers_once_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
