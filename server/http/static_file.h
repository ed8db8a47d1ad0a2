/* SPDX-License-Identifier: MIT */
/*
 * static_file - answers with a compiled-in file of the dashboard (asset.h).
 *
 * "/" is the first page in the reader's language, /index.en.html or /index.pl.html, or else
 * /index.html, which has none in it; in a build without the dashboard it is a plain page that
 * says so. The language is that which was chosen in the page, as its cookie says, or else what
 * the browser asks for.
 * Files are looked up by exact name in a table: there is no file system to walk out of.
 * Answers are revalidated by ETag, except those under /assets, whose names change with
 * their content, and sent as gzip to whom accepts it.
 */
#ifndef SERVER_HTTP_STATIC_FILE_H
#define SERVER_HTTP_STATIC_FILE_H

#include "server/http/asset.h"
#include "server/http/http_request.h"
#include "server/http/http_response.h"

#include <stdbool.h>

/* Whether there is a file of that path. */
bool static_file_exists(const char *path);

/* One file: as it is, gzip'ed, or 304. */
void static_file_respond_asset(const struct asset *asset,
                               const struct http_request *request,
                               struct http_response *response);

/* For a path that exists. `granted`: the client need not show a token (any more). */
void static_file_respond(const struct http_request *request, bool granted,
                         struct http_response *response);

#endif
