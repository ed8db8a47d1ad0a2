/* SPDX-License-Identifier: MIT */
/*
 * http_stream - a response without an end: bytes are pulled from a source, which may say
 * "nothing now" and is asked again after http_stream_resume().
 *
 * Suspending is what makes an idle stream free: a callback that returns "nothing" without
 * suspending is called again at once, millions of times a second. The rule that makes it
 * correct: the source calls http_stream_suspend() inside its read() *while it holds its
 * own lock*, and http_stream_resume() under the same lock and only for a suspended
 * stream. Then a resume can neither come before its suspend nor twice.
 *
 * Lock order: HTTP library's response lock -> source's lock -> HTTP library's connection
 * lock. A source holds no other lock while it suspends or resumes.
 */
#ifndef SERVER_HTTP_HTTP_STREAM_H
#define SERVER_HTTP_HTTP_STREAM_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct http_stream; /* one open stream, the handle for suspend and resume */
struct MHD_Connection;
struct MHD_Response;

enum { HTTP_STREAM_END = -1 }; /* result of read(): close the stream */

struct http_stream_source {
    void *context;

    /*
     * Copies at most `max` bytes and returns how many; 0 after http_stream_suspend(); or
     * HTTP_STREAM_END. Runs on an HTTP thread and must not block.
     */
    ssize_t (*read)(void *context, struct http_stream *stream, char *buffer, size_t max);

    /* The stream is gone, for whatever reason: frees `context`. Called exactly once. */
    void (*close)(void *context);

    uint64_t *sent; /* counts the bytes that were read, while it is open; or NULL */
};

/* Inside read(), under the source's lock. */
void http_stream_suspend(struct http_stream *stream);

/* From any thread, under the source's lock, for a suspended stream. */
void http_stream_resume(struct http_stream *stream);

/*
 * Of suspended streams, at most HTTP_STREAMS_AT_ONCE, under the source's lock: which clients have
 * closed their end, as far as one call of the system tells. They may still read: only what is
 * sent to them shows that they do not. Nobody else looks at a suspended connection.
 */
enum { HTTP_STREAMS_AT_ONCE = 64 };
void http_streams_find_closed(struct http_stream *const *streams, size_t count,
                              bool *closed);

/* For http_response: a response that pulls from `source`, which it takes in every case.
 */
int http_stream_response(struct MHD_Response **out,
                         const struct http_stream_source *source,
                         struct MHD_Connection *connection, struct err *err) WARN_UNUSED;

#endif
