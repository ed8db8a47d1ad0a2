/* SPDX-License-Identifier: MIT */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/test.h"

/* --- time ------------------------------------------------------------------------ */

int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void poll_pause(int64_t started_ms) {
    if (monotonic_ms() - started_ms > CLIENT_DEADLINE_MS) {
        fail_msg("nothing happened for %d ms", CLIENT_DEADLINE_MS);
    }
    (void)poll(NULL, 0, 2);
}

/* --- bytes ----------------------------------------------------------------------- */

/* -1: nobody listens. */
static int try_connect(uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int http_client_connect(uint16_t port) {
    const int fd = try_connect(port);
    assert_true(fd >= 0);
    return fd;
}

void http_client_send(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return; /* closed early: the answer tells why */
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

void http_client_send_text(int fd, const char *text) {
    http_client_send(fd, text, strlen(text));
}

/* Reads what there is, at least one byte; 0 at the end. Fails after the deadline. */
static size_t read_some(int fd, char *buffer, size_t capacity) {
    struct pollfd item = {.fd = fd, .events = POLLIN};
    const int ready = poll(&item, 1, CLIENT_DEADLINE_MS);
    if (ready == 0) {
        fail_msg("the server sent nothing for %d ms", CLIENT_DEADLINE_MS);
    }
    const ssize_t got = recv(fd, buffer, capacity, 0);
    return got > 0 ? (size_t)got : 0;
}

static bool read_byte(int fd, char *out) { return read_some(fd, out, 1) == 1; }

/* Reads up to and with the end of a line; the text is without it. */
static bool read_line(int fd, char *line, size_t capacity) {
    size_t size = 0;
    char c;
    while (read_byte(fd, &c)) {
        if (c == '\n') {
            line[size] = '\0';
            return true;
        }
        if (c != '\r' && size + 1 < capacity) {
            line[size++] = c;
        }
    }
    return false;
}

static void append(struct http_answer *answer, const char *bytes, size_t size) {
    answer->body = realloc(answer->body, answer->body_size + size + 1);
    assert_non_null(answer->body);
    memcpy(answer->body + answer->body_size, bytes, size);
    answer->body_size += size;
    answer->body[answer->body_size] = '\0';
}

static void read_exactly(int fd, struct http_answer *answer, size_t size) {
    char block[16384];
    while (size > 0) {
        const size_t got =
            read_some(fd, block, size < sizeof block ? size : sizeof block);
        if (got == 0) {
            return;
        }
        append(answer, block, got);
        size -= got;
    }
}

/* --- answers --------------------------------------------------------------------- */

const char *http_answer_header(const struct http_answer *answer, const char *name) {
    static _Thread_local char value[512];
    const size_t length = strlen(name);
    for (const char *line = answer->head; line != NULL; line = strchr(line, '\n')) {
        line += line[0] == '\n' ? 1 : 0;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *text = line + length + 1 + strspn(line + length + 1, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(text, "\n"), text);
            return value;
        }
    }
    return NULL;
}

static void read_head(int fd, struct http_answer *out) {
    char line[4096];
    size_t size = 0;
    out->head = calloc(1, 32768);
    assert_non_null(out->head);
    while (read_line(fd, line, sizeof line) && line[0] != '\0') {
        size += (size_t)snprintf(out->head + size, 32768 - size, "%s\n", line);
    }
    if (strncmp(out->head, "HTTP/1.", 7) == 0) {
        out->status = (int)strtol(out->head + 9, NULL, 10);
    }
}

static void read_chunks(int fd, struct http_answer *out) {
    char line[64];
    while (read_line(fd, line, sizeof line)) {
        const size_t size = strtoul(line, NULL, 16);
        read_exactly(fd, out, size);
        read_line(fd, line, sizeof line);
        if (size == 0) {
            return;
        }
    }
}

void http_client_read(int fd, bool to_head, struct http_answer *out) {
    do {
        free(out->head);
        *out = (struct http_answer){0};
        read_head(fd, out);
    } while (out->status == 100);
    append(out, "", 0);
    const char *length = http_answer_header(out, "Content-Length");
    if (out->status == 0 || to_head || out->status == 304 || out->status == 204) {
        return;
    }
    if (length != NULL) {
        read_exactly(fd, out, strtoul(length, NULL, 10));
    } else {
        read_chunks(fd, out);
    }
}

void http_answer_deinit(struct http_answer *answer) {
    free(answer->head);
    free(answer->body);
    *answer = (struct http_answer){0};
}

/* Sends a request and reads its answer; closes the connection. */
static void ask(int fd, uint16_t port, const char *method, const char *path,
                const char *body, struct http_answer *out) {
    char head[1024];
    int size = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n",
                        method, path, port);
    if (body != NULL) {
        size += snprintf(head + size, sizeof head - (size_t)size,
                         "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                         strlen(body));
    }
    size += snprintf(head + size, sizeof head - (size_t)size, "\r\n");
    http_client_send(fd, head, (size_t)size);
    if (body != NULL) {
        http_client_send_text(fd, body);
    }
    http_client_read(fd, strcmp(method, "HEAD") == 0, out);
    close(fd);
}

void http_client_request(uint16_t port, const char *method, const char *path,
                         const char *body, struct http_answer *out) {
    *out = (struct http_answer){0};
    ask(http_client_connect(port), port, method, path, body, out);
}

bool http_client_try(uint16_t port, const char *method, const char *path,
                     const char *body, struct http_answer *out) {
    const int fd = try_connect(port);
    *out = (struct http_answer){0};
    if (fd < 0) {
        return false;
    }
    ask(fd, port, method, path, body, out);
    const char *length = http_answer_header(out, "Content-Length");
    const bool whole =
        out->status != 0 && length != NULL && strtoul(length, NULL, 10) == out->body_size;
    if (!whole) {
        http_answer_deinit(out);
    }
    return whole;
}

void http_client_exchange(uint16_t port, const char *text, struct http_answer *out) {
    *out = (struct http_answer){0};
    const int fd = http_client_connect(port);
    http_client_send_text(fd, text);
    http_client_read(fd, strncmp(text, "HEAD", 4) == 0, out);
    close(fd);
}

void http_client_read_until(int fd, const char *text, char *buffer, size_t capacity) {
    const int64_t started = monotonic_ms();
    const size_t length = strlen(text);
    size_t size = strlen(buffer);
    size_t searched = 0; /* the text does not begin before this */
    while (strstr(buffer + searched, text) == NULL) {
        searched = size >= length ? size - length + 1 : 0;
        assert_true(size + 1 < capacity);
        if (monotonic_ms() - started > CLIENT_DEADLINE_MS) {
            fail_msg("\"%s\" did not come, only: %.500s", text, buffer);
        }
        const size_t got = read_some(fd, buffer + size, capacity - size - 1);
        if (got == 0) {
            fail_msg("the stream ended before \"%s\" came", text);
        }
        size += got;
        buffer[size] = '\0';
    }
}

bool http_client_is_closed(int fd) {
    char block[4096];
    while (read_some(fd, block, sizeof block) > 0) {
    }
    return true;
}

void json_find_text(const char *json, const char *name, char *out, size_t capacity) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = strstr(json, key);
    const char *value = at != NULL ? at + strlen(key) : "";
    snprintf(out, capacity, "%.*s", (int)strcspn(value, "\""), value);
}
