/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* POLLRDHUP */
#include "server/http/http_stream.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#include <microhttpd.h>

#include "engine/base/check.h"

enum { STREAM_BLOCK_BYTES = 16 * 1024 };

static_assert(HTTP_STREAM_END == MHD_CONTENT_READER_END_OF_STREAM,
              "read() results are handed through");

struct http_stream {
    struct MHD_Connection *connection;
    int fd;
    struct http_stream_source source;
};

static ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t max) {
    (void)position;
    struct http_stream *stream = context;
    const ssize_t size = stream->source.read(stream->source.context, stream, buffer, max);
    if (size > 0 && stream->source.sent != NULL) {
        *stream->source.sent += (uint64_t)size;
    }
    return size;
}

static void stream_free(void *context) {
    struct http_stream *stream = context;
    stream->source.close(stream->source.context);
    free(stream);
}

void http_stream_suspend(struct http_stream *stream) {
    MHD_suspend_connection(stream->connection);
}

void http_stream_resume(struct http_stream *stream) {
    MHD_resume_connection(stream->connection);
}

void http_streams_find_closed(struct http_stream *const *streams, size_t count,
                              bool *closed) {
    struct pollfd ends[HTTP_STREAMS_AT_ONCE];
    ASSERT(count <= HTTP_STREAMS_AT_ONCE);
    for (size_t i = 0; i < count; i++) {
        ends[i] = (struct pollfd){.fd = streams[i]->fd, .events = POLLRDHUP};
    }
    const bool is_known = poll(ends, (nfds_t)count, 0) > 0;
    for (size_t i = 0; i < count; i++) {
        closed[i] = is_known && ends[i].revents != 0;
    }
}

int http_stream_response(struct MHD_Response **out,
                         const struct http_stream_source *source,
                         struct MHD_Connection *connection, struct err *err) {
    struct http_stream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        source->close(source->context);
        return err_set_nomem(err);
    }
    *stream = (struct http_stream){
        .connection = connection,
        .fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                  ->connect_fd,
        .source = *source,
    };
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, stream_read, stream, stream_free);
    if (response == NULL) {
        stream_free(stream);
        return err_set_nomem(err);
    }
    *out = response;
    return 0;
}
