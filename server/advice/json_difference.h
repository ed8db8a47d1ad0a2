/* SPDX-License-Identifier: MIT */
/* json_difference - where two JSON values differ, as a list of pointers. */
#ifndef SERVER_ADVICE_JSON_DIFFERENCE_H
#define SERVER_ADVICE_JSON_DIFFERENCE_H

#include "engine/base/err.h"
#include "engine/base/memory.h"

#include <jansson.h>

struct json_difference {
    const char *pointer; /* RFC 6901 */
    const json_t *a, *b; /* borrowed; NULL where there is nothing */
};

struct json_differences {
    struct json_difference *items;
    size_t count, capacity;
    struct arena arena; /* of the pointers */
};

/*
 * Objects are compared member by member, lists of equal length element by element, all else
 * as a whole; 2 and 2.0 are equal. At most JSON_DIFFERENCES_MAX are listed. ERR_NOMEM. Both
 * values must outlive the list; free with json_differences_deinit().
 */
enum { JSON_DIFFERENCES_MAX = 100 };
int json_differences_find(struct json_differences *out, const json_t *a, const json_t *b,
                          struct err *err) WARN_UNUSED;
void json_differences_deinit(struct json_differences *list);

#endif
