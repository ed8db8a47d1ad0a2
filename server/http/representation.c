/* SPDX-License-Identifier: MIT */
#include "server/http/representation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "server/http/guard.h"

enum {
    GZIP_WINDOW = 15 + 16, /* the largest window, and a gzip header */
    GZIP_MEMORY = 8,
    GZIP_LEVEL = 4 /* JSON: half the time of level 6, 5 % larger */
};

/* FNV-1a in 64-bit steps of eight bytes: fast, and no defence against anybody. */
static uint64_t hash_bytes(const char *data, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u ^ size;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, data + i, size - i < 8 ? size - i : 8);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    return hash;
}

/* NULL when there is no memory, or nothing is gained. */
static char *compress_body(const char *data, size_t size, size_t *out_size) {
    z_stream stream = {0};
    if (size > UINT32_MAX || deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
                                          GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        return NULL;
    }
    char *out = malloc(size);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)size;
    /* Larger than before: it does not end. */
    if (out == NULL || deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        free(out);
        out = NULL;
    }
    *out_size = stream.total_out;
    deflateEnd(&stream);
    return out;
}

static const char GZIP_SUFFIX[] = "-gzip";

static void write_etag(const char *body, size_t size, const char *suffix,
                       char out[HTTP_ETAG_SIZE]) {
    snprintf(out, HTTP_ETAG_SIZE, "\"%016" PRIx64 "%s\"", hash_bytes(body, size), suffix);
}

static void make_etag(struct http_response *response, const char *suffix) {
    write_etag(response->body, response->body_size, suffix, response->etag);
}

bool representation_is(const char *if_match, const char *body, size_t size) {
    char plain[HTTP_ETAG_SIZE], packed[HTTP_ETAG_SIZE];
    write_etag(body, size, "", plain);
    write_etag(body, size, GZIP_SUFFIX, packed);
    return guard_etag_is(if_match, plain) || guard_etag_is(if_match, packed);
}

/* Whether it is worth the time is known from the size alone: it is all JSON. */
static bool wants_gzip(const struct http_response *response,
                       const struct representation *wanted) {
    return response->body_size >= REPRESENTATION_GZIP_MIN &&
           guard_accepts_gzip(wanted->accept_encoding);
}

/* The body compressed, if that is wanted and gains. For a 304, too: it tells the length. */
static void pack(struct http_response *response) {
    size_t size = 0;
    char *body = compress_body(response->body, response->body_size, &size);
    if (body != NULL) {
        free(response->body);
        response->body = body;
        response->body_size = size;
        response->encoding = "gzip";
    }
}

static bool is_whole(const struct http_response *response) {
    return response->body != NULL && !response->body_is_static &&
           response->stream.read == NULL;
}

void representation_choose(struct http_response *response,
                           const struct representation *wanted) {
    if ((response->status != 0 && response->status != 200) || !is_whole(response)) {
        return;
    }
    const bool gzip = wants_gzip(response, wanted);
    if (gzip || response->etag[0] == '\0') {
        make_etag(response, gzip ? GZIP_SUFFIX : "");
    }
    response->vary =
        response->vary != NULL ? "Accept, Accept-Encoding" : "Accept-Encoding";
    if (response->cache_control == NULL) {
        response->cache_control = "no-cache"; /* may be kept, must be asked for */
    }
    if (gzip) {
        pack(response);
    }
    if (guard_etag_matches(wanted->if_none_match, response->etag)) {
        http_response_not_modified(response);
    }
}

void representation_compress(struct http_response *response,
                             const struct representation *wanted) {
    if (response->status / 100 == 2 && is_whole(response) &&
        wants_gzip(response, wanted)) {
        pack(response);
    }
}
