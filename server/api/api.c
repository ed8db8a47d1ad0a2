/* SPDX-License-Identifier: MIT */
#include "server/api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"

struct db_reader *api_reader(const struct api *api, const struct http_request *request) {
    ASSERT(request->worker >= 0 && request->worker < HTTP_EXECUTOR_THREADS);
    return api->readers[request->worker];
}

int api_query_number(const struct http_request *request, const struct api_number *number,
                     int64_t *out, struct err *err) {
    const char *text = http_request_query(request, number->name);
    if (text == NULL) {
        *out = number->fallback;
        return 0;
    }
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    const bool is_number =
        text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && errno == 0;
    if (!is_number || value < number->min || value > number->max) {
        return err_set(err, ERR_INVALID,
                       "query parameter '%s' must be a whole number from %lld to %lld",
                       number->name, (long long)number->min, (long long)number->max);
    }
    *out = value;
    return 0;
}
