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
#define FIRST_PAGE_VARY "Accept-Encoding, Accept-Language, Authorization, Cookie"

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
    return asset_count == 0
               ? NULL
               : bsearch(path, assets, asset_count, sizeof assets[0], compare_path);
}

/* --- the first page ---------------------------------------------------------------- */

static bool is_first_page(const char *path) { return strcmp(path, "/") == 0; }

#define LANGUAGES "en, pl"
static const struct {
    const char *language;
    const char *path;
} first_pages[] = {{"en", "/index.en.html"}, {"pl", "/index.pl.html"}};

enum { FIRST_PAGES = sizeof first_pages / sizeof first_pages[0] };

/* The page leaves it with whoever chose another language in it than the browser's
 * (web/src/state/kept.ts). */
#define LANGUAGE_COOKIE "gilscope_language"

static int choose_language(const struct http_request *request) {
    const char *cookies = http_request_header(request, "Cookie");
    size_t length = 0;
    const char *chosen = guard_next_cookie(&cookies, LANGUAGE_COOKIE, &length);
    for (int i = 0; chosen != NULL && i < FIRST_PAGES; i++) {
        const char *language = first_pages[i].language;
        if (strlen(language) == length && memcmp(language, chosen, length) == 0) {
            return i;
        }
    }
    return guard_choose_language(http_request_header(request, "Accept-Language"),
                                 LANGUAGES);
}

/* The one with a page in it, in the reader's language; whoever has to show the token first, or
 * a build without such pages, gets the one that is empty. NULL: no dashboard. */
static const struct asset *find_first_page(const struct http_request *request,
                                           bool granted) {
    const struct asset *page =
        granted ? find(first_pages[choose_language(request)].path) : NULL;
    return page != NULL ? page : find("/index.html");
}

bool static_file_exists(const char *path) {
    return is_first_page(path) || find(path) != NULL;
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

void static_file_respond(const struct http_request *request, bool granted,
                         struct http_response *response) {
    const bool is_first = is_first_page(request->path);
    const struct asset *asset =
        is_first ? find_first_page(request, granted) : find(request->path);
    if (asset != NULL) {
        static_file_respond_asset(asset, request, response);
        response->vary = is_first ? FIRST_PAGE_VARY : response->vary;
        return;
    }
    ASSERT(is_first);
    *response = (struct http_response){.body_is_static = true,
                                       .content_type = "text/html; charset=utf-8",
                                       .body = no_dashboard,
                                       .body_size = sizeof no_dashboard - 1};
}
