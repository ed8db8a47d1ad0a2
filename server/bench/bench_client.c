/* SPDX-License-Identifier: MIT */
#include "server/bench/bench_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/bench/bench_stream.h"

struct bench_client {
    int fd;
    size_t used; /* of `data`: the answer so far */
    char data[BENCH_ANSWER_MAX];
};

static int broken(struct err *err) {
    return err_set(err, ERR_IO, "the connection to the server broke: %s",
                   strerror(errno));
}

/* --- one connection ---------------------------------------------------------------- */

int bench_client_open(struct bench_client **out, uint16_t port, struct err *err) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int one = 1;
    struct bench_client *client = malloc(sizeof *client);
    if (client == NULL) {
        return err_set_nomem(err);
    }
    client->used = 0;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 ||
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
        connect(client->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        const int code = broken(err);
        bench_client_close(client);
        return code;
    }
    *out = client;
    return 0;
}

void bench_client_close(struct bench_client *client) {
    if (client != NULL) {
        if (client->fd >= 0) {
            close(client->fd);
        }
        free(client);
    }
}

static int send_all(int fd, const char *data, size_t size, struct err *err) {
    while (size > 0) {
        const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0) {
            return broken(err);
        }
        data += sent;
        size -= (size_t)sent;
    }
    return 0;
}

static int send_request(struct bench_client *client, const char *method, const char *path,
                        const char *body, struct err *err) {
    char head[512];
    const size_t size = body != NULL ? strlen(body) : 0;
    const int length =
        body != NULL
            ? snprintf(head, sizeof head,
                       "%s %s HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                       method, path, size)
            : snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                       method, path);
    client->used = 0;
    const int code = send_all(client->fd, head, (size_t)length, err);
    return code != 0 || body == NULL ? code : send_all(client->fd, body, size, err);
}

/* Where the answer ends, 0 when more of it is to come. */
static size_t answer_size(struct bench_client *client, size_t *head) {
    client->data[client->used] = '\0';
    const char *end = strstr(client->data, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    const char *length = strstr(client->data, "\r\nContent-Length:");
    *head = (size_t)(end - client->data) + 4;
    const size_t size =
        *head + (length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0);
    return client->used >= size ? size : 0;
}

/* Reads once. 1: the answer is complete; 0: not yet. */
static int read_some(struct bench_client *client, struct bench_answer *out,
                     struct err *err) {
    size_t head = 0;
    const size_t room = sizeof client->data - 1 - client->used;
    const ssize_t got =
        room > 0 ? recv(client->fd, client->data + client->used, room, 0) : 0;
    if (room == 0) {
        return err_set(err, ERR_LIMIT, "an answer has more than %d bytes",
                       BENCH_ANSWER_MAX);
    }
    if (got <= 0) {
        errno = got == 0 ? ECONNRESET : errno;
        return broken(err);
    }
    client->used += (size_t)got;
    const size_t size = answer_size(client, &head);
    if (size == 0) {
        return 0;
    }
    client->data[size] = '\0';
    *out = (struct bench_answer){.status = atoi(client->data + strlen("HTTP/1.1 ")),
                                 .body = client->data + head,
                                 .size = size - head};
    return 1;
}

int bench_client_ask(struct bench_client *client, const char *method, const char *path,
                     const char *body, struct bench_answer *out, struct err *err) {
    int code = send_request(client, method, path, body, err);
    while (code == 0) {
        code = read_some(client, out, err);
    }
    return code < 0 ? code : 0;
}

/* --- many -------------------------------------------------------------------------- */

struct crowd {
    const struct bench_load *load;
    struct bench_client **clients;
    int epoll;
    uint64_t answers;
};

static int open_crowd(struct crowd *crowd, struct err *err) {
    int code = 0;
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    crowd->clients = calloc((size_t)crowd->load->connections, sizeof *crowd->clients);
    if (crowd->epoll < 0 || crowd->clients == NULL) {
        return err_set_nomem(err);
    }
    for (int i = 0; code == 0 && i < crowd->load->connections; i++) {
        code = bench_client_open(&crowd->clients[i], crowd->load->port, err);
        if (code == 0) {
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = crowd->clients[i]};
            code =
                epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, crowd->clients[i]->fd, &event) == 0
                    ? send_request(crowd->clients[i], "GET", crowd->load->path, NULL, err)
                    : broken(err);
        }
    }
    return code;
}

static int serve_client(struct crowd *crowd, struct bench_client *client,
                        struct err *err) {
    struct bench_answer answer = {0};
    const int code = read_some(client, &answer, err);
    if (code != 1) {
        return code;
    }
    if (answer.status != 200) {
        return err_set(err, ERR_IO, "%s: %d", crowd->load->path, answer.status);
    }
    crowd->answers++;
    return send_request(client, "GET", crowd->load->path, NULL, err);
}

static int drive(struct crowd *crowd, double *per_s, struct err *err) {
    enum { AT_ONCE = 64, PATIENCE_MS = 1000 };
    struct epoll_event events[AT_ONCE];
    const double begin = bench_wall_s();
    double now = begin;
    int code = 0;
    while (code == 0 && now - begin < crowd->load->seconds) {
        const int count = epoll_wait(crowd->epoll, events, AT_ONCE, PATIENCE_MS);
        for (int i = 0; code == 0 && i < count; i++) {
            code = serve_client(crowd, events[i].data.ptr, err);
        }
        now = bench_wall_s();
    }
    *per_s = (double)crowd->answers / (now - begin);
    return code;
}

int bench_client_load(const struct bench_load *load, double *per_s, struct err *err) {
    struct crowd crowd = {.load = load};
    int code = open_crowd(&crowd, err);
    if (code == 0) {
        code = drive(&crowd, per_s, err);
    }
    for (int i = 0; crowd.clients != NULL && i < load->connections; i++) {
        bench_client_close(crowd.clients[i]);
    }
    free(crowd.clients);
    if (crowd.epoll >= 0) {
        close(crowd.epoll);
    }
    return code;
}
