/* SPDX-License-Identifier: MIT */
/* bench_events - a thousand streams of server-sent events about one busy grid. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/bench/bench_client.h"
#include "server/bench/bench_http_priv.h"
#include "server/bench/bench_stream.h"

enum { STREAMS = 1000, EVENTS_MAX = 4000, ID_MAX = 24, POINTS = 600 };

/* How often it is asked whether the grid has ended, and how long nothing comes then before
 * everything has come. */
#define LOOK_S 0.2
#define QUIET_S 1.0

/* One stream, and the "id: ..." line that it is in. */
struct stream {
    int fd;
    size_t length; /* of `line`; ID_MAX: the line is another one */
    char line[ID_MAX];
    bool greeted; /* "retry: 2000" has come */
};

/* All of them, and when each event came to each. */
struct audience {
    uint16_t port;
    int epoll;
    struct stream *streams;
    uint64_t ids[EVENTS_MAX]; /* in the order in which they came first */
    size_t event_count;
    double (*came)[STREAMS]; /* by event, s; 0: not yet */
    double last_s;           /* when the last one came */
    size_t greeted;
};

/* --- reading ------------------------------------------------------------------------- */

static void note_event(struct audience *audience, size_t stream, uint64_t id) {
    size_t at = audience->event_count;
    while (at > 0 && audience->ids[at - 1] != id) {
        at--;
    }
    if (at == 0) {
        if (audience->event_count == EVENTS_MAX) {
            return;
        }
        audience->ids[audience->event_count++] = id;
        at = audience->event_count;
    }
    audience->last_s = bench_wall_s();
    audience->came[at - 1][stream] = audience->last_s;
}

static void end_line(struct audience *audience, struct stream *stream) {
    stream->line[stream->length < ID_MAX ? stream->length : 0] = '\0';
    if (strncmp(stream->line, "id: ", 4) == 0 && stream->greeted) {
        note_event(audience, (size_t)(stream - audience->streams),
                   strtoull(stream->line + 4, NULL, 10));
    } else if (strcmp(stream->line, "retry: 2000") == 0 && !stream->greeted) {
        stream->greeted = true;
        audience->greeted++;
    }
    stream->length = 0;
}

static int read_stream(struct audience *audience, struct stream *stream,
                       struct err *err) {
    char buffer[16 * 1024];
    const ssize_t got = recv(stream->fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
        return err_set(err, ERR_IO, "a stream of events broke");
    }
    for (ssize_t i = 0; i < got; i++) {
        if (buffer[i] == '\n') {
            end_line(audience, stream);
        } else if (buffer[i] != '\r' && stream->length < ID_MAX) {
            stream->line[stream->length++] = buffer[i];
        }
    }
    return 0;
}

/* Reads what has come, for at most a tenth of a second. */
static int read_some(struct audience *audience, struct err *err) {
    enum { AT_ONCE = 256, PATIENCE_MS = 100 };
    struct epoll_event events[AT_ONCE];
    const int count = epoll_wait(audience->epoll, events, AT_ONCE, PATIENCE_MS);
    int code = 0;
    for (int i = 0; code == 0 && i < count; i++) {
        code = read_stream(audience, events[i].data.ptr, err);
    }
    return code;
}

/* --- opening ------------------------------------------------------------------------- */

static int open_stream(struct audience *audience, struct stream *stream,
                       struct err *err) {
    /* HTTP/1.0: without chunks the lines come as they are. */
    static const char request[] =
        "GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n";
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(audience->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return stream->fd >= 0 &&
                   connect(stream->fd, (const struct sockaddr *)&address,
                           sizeof address) == 0 &&
                   send(stream->fd, request, sizeof request - 1, MSG_NOSIGNAL) ==
                       (ssize_t)sizeof request - 1 &&
                   epoll_ctl(audience->epoll, EPOLL_CTL_ADD, stream->fd, &event) == 0
               ? 0
               : err_set(err, ERR_IO, "a stream of events could not be opened");
}

static int open_audience(struct audience *audience, struct err *err) {
    int code = 0;
    audience->epoll = epoll_create1(EPOLL_CLOEXEC);
    audience->streams = calloc(STREAMS, sizeof *audience->streams);
    audience->came = calloc(EVENTS_MAX, sizeof *audience->came);
    if (audience->epoll < 0 || audience->streams == NULL || audience->came == NULL) {
        return err_set_nomem(err);
    }
    for (int i = 0; i < STREAMS; i++) {
        audience->streams[i].fd = -1;
    }
    for (int i = 0; code == 0 && i < STREAMS; i++) {
        code = open_stream(audience, &audience->streams[i], err);
    }
    while (code == 0 && audience->greeted < STREAMS) {
        code = read_some(audience, err);
    }
    /* What was told of earlier experiments meanwhile came only to those that were there. */
    for (const double until = bench_wall_s() + LOOK_S;
         code == 0 && bench_wall_s() < until;) {
        code = read_some(audience, err);
    }
    audience->event_count = 0;
    return code;
}

static void close_audience(struct audience *audience) {
    for (int i = 0; audience->streams != NULL && i < STREAMS; i++) {
        if (audience->streams[i].fd >= 0) {
            close(audience->streams[i].fd);
        }
    }
    if (audience->epoll >= 0) {
        close(audience->epoll);
    }
    free(audience->streams);
    free(audience->came);
}

/* Both ends of every stream are files of this process. */
static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* --- measuring ------------------------------------------------------------------------- */

static void write_grid(char *text, size_t size) {
    size_t used = (size_t)snprintf(
        text, size,
        "{\"schema\":1,\"record\":\"summary\",\"seed\":1,\"runtimes\":[\"cpython-3.12\"],"
        "\"strategies\":[\"sequential\",{\"threads\":2},{\"threads\":4},{\"asyncio\":4}],"
        "\"workload\":{\"jobs\":{\"count\":4,\"steps\":[{\"python_us\":100}]}},"
        "\"sweep\":{\"/seed\":[");
    for (int i = 0; i < POINTS; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%d", i == 0 ? "" : ",", i);
    }
    snprintf(text + used, size - used, "]}}");
}

/* Runs the grid while everybody listens. */
static int run_grid(struct audience *audience, struct err *err) {
    static char text[16 * 1024];
    struct bench_client *client = NULL;
    struct bench_answer answer;
    char path[64];
    write_grid(text, sizeof text);
    int code = bench_client_open(&client, audience->port, err);
    if (code == 0) {
        code = bench_http_submit(client, text, path, sizeof path, err);
    }
    bool ended = false;
    while (code == 0 && !(ended && bench_wall_s() - audience->last_s > QUIET_S)) {
        const double until = bench_wall_s() + LOOK_S;
        while (code == 0 && bench_wall_s() < until) {
            code = read_some(audience, err);
        }
        if (code == 0 && !ended) {
            code = bench_client_ask(client, "GET", "/api/v1/experiments?limit=1", NULL,
                                    &answer, err);
            ended = code == 0 && strstr(answer.body, "\"status\":\"done\"") != NULL;
        }
    }
    bench_client_close(client);
    return code;
}

static int compare_times(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Behind the stream that an event came to first; every event must have come to everybody. */
static int latency(const struct audience *audience, double *p99_ms, struct err *err) {
    const size_t count = audience->event_count * STREAMS;
    double *late = calloc(count + 1, sizeof *late);
    size_t used = 0;
    if (late == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < audience->event_count; i++) {
        double first = audience->came[i][0];
        for (size_t k = 0; k < STREAMS; k++) {
            const double at = audience->came[i][k];
            if (at <= 0) {
                free(late);
                return err_set(err, ERR_IO, "an event did not come to every stream");
            }
            first = at < first ? at : first;
        }
        for (size_t k = 0; k < STREAMS; k++) {
            late[used++] = 1e3 * (audience->came[i][k] - first);
        }
    }
    qsort(late, used, sizeof *late, compare_times);
    *p99_ms = used > 0 ? late[used * 99 / 100] : 0;
    free(late);
    return 0;
}

static long resident_bytes(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*d %ld", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

struct measured {
    double p99_ms, bytes_per_stream;
    size_t events;
};

static int measure(struct measured *out, struct err *err) {
    struct audience audience = {.epoll = -1};
    uint16_t port;
    raise_file_limit();
    int code = bench_http_server(&port, err);
    if (code != 0) {
        return code;
    }
    audience.port = port;
    const long before = resident_bytes();
    code = open_audience(&audience, err);
    const long after = resident_bytes();
    if (code == 0) {
        code = run_grid(&audience, err);
    }
    if (code == 0) {
        code = latency(&audience, &out->p99_ms, err);
    }
    out->bytes_per_stream = (double)(after - before) / STREAMS;
    out->events = audience.event_count;
    close_audience(&audience);
    return code;
}

/* Both figures are of one audience: the server notices only when it writes that a stream was
 * left, so a second thousand would be too many. */
static int measure_once(const struct measured **out, struct err *err) {
    static struct measured measured;
    static bool is_known;
    const int code = is_known ? 0 : measure(&measured, err);
    is_known = code == 0;
    *out = &measured;
    return code;
}

int bench_events_p99(double *value, char *note, size_t size, struct err *err) {
    const struct measured *measured;
    const int code = measure_once(&measured, err);
    *value = measured->p99_ms;
    snprintf(note, size, "%d streams, %zu events, every one to each", STREAMS,
             measured->events);
    return code;
}

int bench_events_bytes(double *value, char *note, size_t size, struct err *err) {
    const struct measured *measured;
    const int code = measure_once(&measured, err);
    *value = measured->bytes_per_stream;
    snprintf(note, size, "growth of the resident memory by %d streams", STREAMS);
    return code;
}
