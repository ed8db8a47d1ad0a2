/* SPDX-License-Identifier: MIT */
#include "server/http/static_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "server/http/asset.h"
#include "server/http/guard.h"

#define IMMUTABLE "public, max-age=31536000, immutable"

static char no_dashboard[] =
    "<!doctype html>\n"
    "<html lang=\"en\"><meta charset=\"utf-8\"><title>gilscope</title>\n"
    "<h1>gilscope</h1>\n"
    "<p>There is no dashboard in this build. The REST interface is at "
    "<a href=\"/openapi.json\">/api/v1</a>.</p>\n"
    "</html>\n";

static int compare_path(const void *path, const void *asset) {
    return strcmp(path, ((const struct asset *)asset)->path);
}

static const struct asset *find(const char *path) {
    if (strcmp(path, "/") == 0) {
        path = "/index.html";
    }
    return asset_count == 0
               ? NULL
               : bsearch(path, assets, asset_count, sizeof assets[0], compare_path);
}

bool static_file_exists(const char *path) {
    return strcmp(path, "/") == 0 || find(path) != NULL;
}

/* The table is constant; the response never writes to or frees a static body. */
static char *borrow(const unsigned char *data) { return (char *)(uintptr_t)data; }

/* Under /assets the name carries a hash of the content: another content, another name. */
static bool has_hashed_name(const struct asset *asset) {
    return strncmp(asset->path, "/assets/", strlen("/assets/")) == 0;
}

void static_file_respond_asset(const struct asset *asset,
                               const struct http_request *request,
                               struct http_response *response) {
    *response = (struct http_response){.body_is_static = true};
    const bool gzip = asset->gzip != NULL &&
                      guard_accepts_gzip(http_request_header(request, "Accept-Encoding"));
    /* Weak for gzip: the same file, but not the same bytes. */
    snprintf(response->etag, sizeof response->etag, "%s%s", gzip ? "W/" : "",
             asset->etag);
    response->cache_control = has_hashed_name(asset) ? IMMUTABLE : "no-cache";
    response->vary = "Accept-Encoding";
    response->content_type = asset->content_type;
    response->body = borrow(asset->data);
    response->body_size = asset->size;
    if (gzip) {
        response->encoding = "gzip";
        response->body = borrow(asset->gzip);
        response->body_size = asset->gzip_size;
    }
    if (guard_etag_matches(http_request_header(request, "If-None-Match"), asset->etag)) {
        http_response_not_modified(response);
    }
}

void static_file_respond(const struct http_request *request,
                         struct http_response *response) {
    const struct asset *asset = find(request->path);
    if (asset != NULL) {
        static_file_respond_asset(asset, request, response);
        return;
    }
    ASSERT(strcmp(request->path, "/") == 0);
    *response = (struct http_response){.body_is_static = true,
                                       .content_type = "text/html; charset=utf-8",
                                       .body = no_dashboard,
                                       .body_size = sizeof no_dashboard - 1};
}
