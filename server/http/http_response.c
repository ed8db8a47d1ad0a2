/* SPDX-License-Identifier: MIT */
#include "server/http/http_response.h"

#include <stdio.h>
#include <stdlib.h>

#include <microhttpd.h>

#include "engine/base/memory.h"

/*
 * Sent with every answer. The policy allows nothing but this server's own files: no
 * inline script, no inline style, no frame around the page.
 */
static const struct {
    const char *name;
    const char *value;
} security_headers[] = {
    {"Content-Security-Policy",
     "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
     "form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

int http_response_take_json(struct http_response *response, unsigned status,
                            struct json_writer *writer, struct err *err) {
    const int code =
        json_writer_steal(writer, &response->body, &response->body_size, err);
    if (code == 0) {
        response->status = status;
        response->content_type = "application/json";
    }
    return code;
}

void http_response_not_modified(struct http_response *response) {
    response->status = MHD_HTTP_NOT_MODIFIED;
    response->content_type = NULL;
    response->encoding = NULL;
}

void http_response_deinit(struct http_response *response) {
    if (response->stream.read != NULL) {
        response->stream.close(response->stream.context);
    }
    if (!response->body_is_static) {
        free(response->body);
    }
    if (response->body_is_file) {
        http_file_close(&response->file);
    }
    memory_free(response->others);
    *response = (struct http_response){0};
}

/* --- sending --------------------------------------------------------------------- */

static bool add(struct MHD_Response *message, const char *name, const char *value) {
    return value == NULL || value[0] == '\0' ||
           MHD_add_response_header(message, name, value) == MHD_YES;
}

static bool add_headers(const struct http_response *response,
                        struct MHD_Response *message) {
    char retry_after[16] = "";
    if (response->retry_after_s > 0) {
        snprintf(retry_after, sizeof retry_after, "%u", response->retry_after_s);
    }
    bool ok =
        add(message, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type) &&
        add(message, MHD_HTTP_HEADER_CONTENT_ENCODING, response->encoding) &&
        add(message, MHD_HTTP_HEADER_ETAG, response->etag) &&
        add(message, MHD_HTTP_HEADER_VARY, response->vary) &&
        add(message, MHD_HTTP_HEADER_CACHE_CONTROL,
            response->cache_control != NULL ? response->cache_control : "no-store") &&
        add(message, MHD_HTTP_HEADER_RETRY_AFTER, retry_after) &&
        add(message, MHD_HTTP_HEADER_ALLOW, response->allow) &&
        add(message, MHD_HTTP_HEADER_LOCATION, response->location) &&
        add(message, MHD_HTTP_HEADER_CONTENT_DISPOSITION, response->disposition) &&
        add(message, MHD_HTTP_HEADER_SET_COOKIE, response->cookie) &&
        add(message, "Idempotent-Replayed", response->replayed ? "true" : NULL) &&
        add(message, MHD_HTTP_HEADER_WWW_AUTHENTICATE, response->authenticate) &&
        add(message, MHD_HTTP_HEADER_CONNECTION, response->close ? "close" : NULL) &&
        add(message, "X-Request-Id", response->request_id);
    for (size_t i = 0; i < sizeof security_headers / sizeof security_headers[0]; i++) {
        ok = ok && add(message, security_headers[i].name, security_headers[i].value);
    }
    return ok;
}

static ssize_t read_nothing(void *context, uint64_t position, char *buffer, size_t max) {
    (void)context;
    (void)position;
    (void)buffer;
    (void)max;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* The head of a stream. After one that says "chunked" libmicrohttpd 0.9.75 sends the last chunk
 * to HEAD, too, so this one says nothing of its length, and the connection is closed. */
static struct MHD_Response *create_endless(void) {
    struct MHD_Response *message =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_nothing, NULL, NULL);
    if (message != NULL &&
        MHD_set_response_options(message, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                                 MHD_RO_END) != MHD_YES) {
        MHD_destroy_response(message);
        message = NULL;
    }
    return message;
}

/* The body, file or stream belongs to the result, or is gone. */
static struct MHD_Response *create_message(struct http_response *response,
                                           struct MHD_Connection *connection) {
    struct MHD_Response *message = NULL;
    if (response->stream.read != NULL) {
        const struct http_stream_source source = response->stream;
        response->stream = (struct http_stream_source){0};
        if (http_stream_response(&message, &source, connection, NULL) != 0) {
            return NULL;
        }
        return message;
    }
    if (response->endless) {
        return create_endless();
    }
    if (response->body_is_file) {
        response->body_is_file = false;
        if (http_file_response(&message, &response->file, response->body_size, NULL) !=
            0) {
            return NULL;
        }
        return message;
    }
    static char nothing[1];
    char *body = response->body != NULL ? response->body : nothing;
    if (response->body == NULL || response->body_is_static) {
        return MHD_create_response_from_buffer(response->body_size, body,
                                               MHD_RESPMEM_PERSISTENT);
    }
    message = MHD_create_response_from_buffer_with_free_callback(response->body_size,
                                                                 body, free);
    if (message != NULL) {
        response->body = NULL;
    }
    return message;
}

int http_response_send(struct http_response *response, struct MHD_Connection *connection,
                       struct err *err) {
    int code = 0;
    struct MHD_Response *message = create_message(response, connection);
    const unsigned status = response->status != 0 ? response->status : MHD_HTTP_OK;
    if (message == NULL || !add_headers(response, message) ||
        MHD_queue_response(connection, status, message) == MHD_NO) {
        code = err_set_nomem(err);
    }
    if (message != NULL) {
        MHD_destroy_response(message);
    }
    http_response_deinit(response);
    return code;
}
