/* SPDX-License-Identifier: MIT */
/*
 * guard - decides from headers alone whether a request may be answered. Pure functions.
 *
 * The server listens on loopback, but every page that the user's browser shows can send
 * requests there. Two attacks are refused:
 *
 *   - DNS rebinding: a foreign name that resolves to 127.0.0.1. The Host header must be an
 *     address of loopback or "localhost", the address that the server listens on or a name
 *     that it was told, with any port (a tunnel may use another one).
 *   - Cross-site requests: a foreign page that posts a form. Whatever changes something must
 *     carry no Origin (not a browser) or the Origin of the very host it is sent to, must not be
 *     marked cross-site by Sec-Fetch-Site, and must be JSON, which no form can send.
 */
#ifndef SERVER_HTTP_GUARD_H
#define SERVER_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* `host`: value of the Host header, or NULL; `name` has no port: "example.org", "[::1]". */
bool guard_host_is(const char *host, const char *name);

/* Whether it is a name of this machine alone. */
bool guard_host_is_local(const char *host);

/* Whether the text can be a `name` for guard_host_is(). */
bool guard_name_is_valid(const char *name);

/* `origin`, `fetch_site`: values of Origin and Sec-Fetch-Site, or NULL. A host that is not
 * local may be reached by https, through a proxy. */
bool guard_is_same_origin(const char *host, const char *origin, const char *fetch_site);

/* Whether the media type of Content-Type (or NULL) is application/json, in UTF-8 if it
 * says. */
bool guard_type_is_json(const char *content_type);

/*
 * Which of the media types that an answer can have Accept (or NULL) prefers: its index, of
 * equals the first one's; -1 when it admits none. `types` are separated by commas:
 * "application/json, application/x-ndjson".
 */
int guard_choose(const char *accept, const char *types);

/*
 * Which of the `languages` ("en, pl") Accept-Language (or NULL) prefers: its index, of equals
 * the one that is named first, 0 when it names none. "pl-PL" is "pl".
 */
int guard_choose_language(const char *accept_language, const char *languages);

/*
 * The next cookie of that name in `*cookies` ("a=1; b=2", or NULL), which is moved behind it: its
 * value, `*length` long and not terminated, or NULL.
 */
const char *guard_next_cookie(const char **cookies, const char *name, size_t *length);

/* Whether Accept (or NULL) admits one of the `types`. */
bool guard_accepts(const char *accept, const char *types);

/* Whether Accept-Encoding (or NULL) admits gzip. */
bool guard_accepts_gzip(const char *accept_encoding);

/* Whether If-None-Match (or NULL) names `etag` (with quotes), weakly or not, or is "*".
 */
bool guard_etag_matches(const char *if_none_match, const char *etag);

/* Whether If-Match names `etag`, strongly, or is "*" (RFC 9110, 13.1.1). */
bool guard_etag_is(const char *if_match, const char *etag);

#endif
