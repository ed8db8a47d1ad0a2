/* SPDX-License-Identifier: MIT */
#include "server/http/guard.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- who asks -------------------------------------------------------------------- */

static bool all_digits(const char *text) {
    return text[strspn(text, "0123456789")] == '\0';
}

bool guard_host_is(const char *host, const char *name) {
    const size_t length = strlen(name);
    if (host == NULL || strncasecmp(host, name, length) != 0) {
        return false;
    }
    const char *rest = host + length;
    return rest[0] == '\0' || (rest[0] == ':' && rest[1] != '\0' && all_digits(rest + 1));
}

bool guard_host_is_local(const char *host) {
    return guard_host_is(host, "127.0.0.1") || guard_host_is(host, "localhost") ||
           guard_host_is(host, "[::1]");
}

bool guard_name_is_valid(const char *name) {
    const size_t length = strlen(name);
    const bool is_v6 = length > 2 && name[0] == '[' && name[length - 1] == ']';
    const size_t good =
        is_v6 ? strspn(name + 1, "0123456789abcdefABCDEF:.") + 2
              : strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789-._");
    return length > 0 && length <= 253 && good == length;
}

bool guard_is_same_origin(const char *host, const char *origin, const char *fetch_site) {
    if (fetch_site != NULL && strcasecmp(fetch_site, "same-origin") != 0 &&
        strcasecmp(fetch_site, "none") != 0) {
        return false;
    }
    if (origin == NULL) {
        return true;
    }
    if (host == NULL || strncasecmp(origin, "http", 4) != 0) {
        return false;
    }
    const char *rest = origin + 4;
    if (!guard_host_is_local(host) && (rest[0] == 's' || rest[0] == 'S')) {
        rest++;
    }
    return strncmp(rest, "://", 3) == 0 && strcasecmp(rest + 3, host) == 0;
}

/* --- lists of header values ------------------------------------------------------- */

/* One element of a comma-separated header: its value, and its parameters after ';'. */
struct element {
    const char *value;
    size_t length;
    const char *parameters; /* up to `end`; may be empty */
    const char *end;
};

static bool is_space(char c) { return c == ' ' || c == '\t'; }

/* Reads the element at `*list` and moves on; false at the end of the list. */
static bool next_element(const char **list, struct element *out) {
    const char *at = *list;
    while (is_space(*at) || *at == ',') {
        at++;
    }
    if (*at == '\0') {
        return false;
    }
    const char *end = at + strcspn(at, ",");
    const size_t value = strcspn(at, ";,");
    size_t length = value;
    while (length > 0 && is_space(at[length - 1])) {
        length--;
    }
    *out = (struct element){
        .value = at, .length = length, .parameters = at + value, .end = end};
    *list = end;
    return true;
}

static bool equals(const char *text, size_t length, const char *word) {
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

/* The value of a parameter such as q or charset, or NULL. */
static const char *find_parameter(const struct element *element, const char *name) {
    const size_t length = strlen(name);
    for (const char *at = element->parameters; at < element->end;) {
        at++; /* the ';' */
        while (at < element->end && is_space(*at)) {
            at++;
        }
        if ((size_t)(element->end - at) > length && at[length] == '=' &&
            strncasecmp(at, name, length) == 0) {
            return at + length + 1;
        }
        at += strcspn(at, ";,");
    }
    return NULL;
}

/* From 0, refused, to 1. */
static double quality_of(const struct element *element) {
    const char *quality = find_parameter(element, "q");
    return quality != NULL ? strtod(quality, NULL) : 1;
}

static bool is_refused(const struct element *element) { return quality_of(element) <= 0; }

bool guard_type_is_json(const char *content_type) {
    struct element element;
    if (content_type == NULL || !next_element(&content_type, &element) ||
        !equals(element.value, element.length, "application/json")) {
        return false;
    }
    const char *charset = find_parameter(&element, "charset");
    return charset == NULL || strncasecmp(charset, "utf-8", 5) == 0 ||
           strncasecmp(charset, "\"utf-8\"", 7) == 0;
}

/* How closely a range names a type: 3 itself, 2 "text/" and a star, 1 two stars, 0 not. */
static int closeness(const struct element *range, const struct element *type) {
    const char *slash = memchr(type->value, '/', type->length);
    const size_t major = slash != NULL ? (size_t)(slash - type->value) + 1 : 0;
    if (range->length == type->length &&
        strncasecmp(range->value, type->value, type->length) == 0) {
        return 3;
    }
    if (range->length == major + 1 && range->value[major] == '*' &&
        strncasecmp(range->value, type->value, major) == 0) {
        return 2;
    }
    return equals(range->value, range->length, "*/*") ? 1 : 0;
}

/* RFC 9110, 12.5.1: of all ranges that a type is in, the closest one counts. */
static double quality_for(const char *accept, const struct element *type) {
    struct element range;
    int closest = 0;
    double quality = 0;
    while (next_element(&accept, &range)) {
        const int close = closeness(&range, type);
        if (close > closest) {
            closest = close;
            quality = quality_of(&range);
        }
    }
    return quality;
}

int guard_choose(const char *accept, const char *types) {
    struct element type;
    int chosen = -1;
    double most = 0;
    if (accept == NULL || accept[0] == '\0') {
        return 0;
    }
    for (int i = 0; next_element(&types, &type); i++) {
        const double quality = quality_for(accept, &type);
        if (quality > most) {
            chosen = i;
            most = quality;
        }
    }
    return chosen;
}

/* The index of the language of a range such as "pl-PL" in a list, -1: it is not there. */
static int find_language(const struct element *range, const char *languages) {
    struct element language;
    const char *dash = memchr(range->value, '-', range->length);
    const size_t length = dash != NULL ? (size_t)(dash - range->value) : range->length;
    for (int i = 0; next_element(&languages, &language); i++) {
        if (language.length == length &&
            strncasecmp(language.value, range->value, length) == 0) {
            return i;
        }
    }
    return -1;
}

int guard_choose_language(const char *accept_language, const char *languages) {
    struct element range;
    int chosen = 0;
    double most = 0;
    while (accept_language != NULL && next_element(&accept_language, &range)) {
        const int found = find_language(&range, languages);
        const double quality = quality_of(&range);
        if (found >= 0 && quality > most) {
            chosen = found;
            most = quality;
        }
    }
    return chosen;
}

const char *guard_next_cookie(const char **cookies, const char *name, size_t *length) {
    const size_t named = strlen(name);
    const char *at = *cookies;
    while (at != NULL && *at != '\0') {
        at += strspn(at, "; ");
        const char *cookie = at;
        const size_t size = strcspn(cookie, ";");
        at += size;
        if (size > named && cookie[named] == '=' && memcmp(cookie, name, named) == 0) {
            *cookies = at;
            *length = size - named - 1;
            return cookie + named + 1;
        }
    }
    *cookies = at;
    return NULL;
}

bool guard_accepts(const char *accept, const char *types) {
    return guard_choose(accept, types) >= 0;
}

bool guard_accepts_gzip(const char *accept_encoding) {
    struct element element;
    while (accept_encoding != NULL && next_element(&accept_encoding, &element)) {
        if (equals(element.value, element.length, "gzip")) {
            return !is_refused(&element);
        }
    }
    return false;
}

bool guard_etag_matches(const char *if_none_match, const char *etag) {
    struct element element;
    while (if_none_match != NULL && next_element(&if_none_match, &element)) {
        const char *value = element.value;
        size_t length = element.length;
        if (length > 2 && strncmp(value, "W/", 2) == 0) {
            value += 2;
            length -= 2;
        }
        if (equals(value, length, "*") || equals(value, length, etag)) {
            return true;
        }
    }
    return false;
}

bool guard_etag_is(const char *if_match, const char *etag) {
    struct element element;
    while (next_element(&if_match, &element)) {
        if (equals(element.value, element.length, "*") ||
            equals(element.value, element.length, etag)) {
            return true;
        }
    }
    return false;
}
