/* SPDX-License-Identifier: MIT */
/*
 * forged_http - libmicrohttpd without a network: requests are texts in memory.
 *
 *     text --> target, headers, body --> the callbacks that the server gave to
 *                                        MHD_start_daemon() --> forged_answer
 *
 * A program that links forged_http.c gets these functions of the library instead of the
 * real ones, so the whole server runs as it is, with its own threads, except for the
 * reading and writing of sockets. The text is read as leniently as the real library ever
 * does and more: what it refuses by itself, the server must survive, too. Every string is
 * a piece of heap of its own, so that a sanitizer sees the first byte past it.
 *
 * Who asks has an address that is not of loopback, so that answers may be compressed.
 * Requests come one after the other, from one thread.
 */
#ifndef TESTS_FUZZ_FORGED_HTTP_H
#define TESTS_FUZZ_FORGED_HTTP_H

#include <stddef.h>
#include <stdint.h>

enum { FORGED_HEADERS_MAX = 24 };

struct forged_answer {
    unsigned status; /* 0: the connection was closed without an answer */
    char *body;      /* NUL-terminated; of a stream, what it had to say at first */
    size_t body_size;
    struct {
        char *name, *value;
    } headers[FORGED_HEADERS_MAX];
    size_t header_count;
};

/* One connection with one request: "GET /path?query HTTP/1.1", headers, empty line, body.
 * Lines end with LF, with or without CR. The server must have been started. */
void forged_http_ask(const uint8_t *text, size_t size, struct forged_answer *out);
void forged_answer_deinit(struct forged_answer *answer);

/* The value of a header, or NULL. */
const char *forged_answer_header(const struct forged_answer *answer, const char *name);

#endif
