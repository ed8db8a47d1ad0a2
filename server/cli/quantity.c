/* SPDX-License-Identifier: MIT */
#include "server/cli/quantity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    char letter;
    int64_t worth;
};

static const struct unit sizes[] = {
    {'\0', 1}, {'K', 1 << 10}, {'M', 1 << 20}, {'G', 1 << 30}, {'T', INT64_C(1) << 40},
};
static const struct unit times[] = {
    {'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000},
};

static bool parse(const char *text, const struct unit *units, size_t count,
                  int64_t *out) {
    const size_t digits = strspn(text, "0123456789");
    errno = 0;
    const long long number = strtoll(text, NULL, 10);
    if (digits == 0 || number <= 0 || errno != 0 ||
        (text[digits] != '\0' && text[digits + 1] != '\0')) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (text[digits] == units[i].letter) {
            *out = number * units[i].worth;
            return number <= INT64_MAX / units[i].worth;
        }
    }
    return false;
}

bool quantity_parse_size(const char *text, int64_t *out) {
    return parse(text, sizes, sizeof sizes / sizeof sizes[0], out);
}

bool quantity_parse_time(const char *text, int64_t *out_ms) {
    return parse(text, times, sizeof times / sizeof times[0], out_ms);
}

void quantity_format_size(int64_t bytes, char out[QUANTITY_SIZE]) {
    static const char *const names[] = {"B", "KB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof names / sizeof names[0]) {
        value /= 1024;
        unit++;
    }
    snprintf(out, QUANTITY_SIZE, unit == 0 ? "%.0f %s" : "%.1f %s", value, names[unit]);
}

bool retention_options_read(const struct retention_options *options,
                            struct retention *out) {
    struct retention retention = {0};
    long count = 0;
    if (options->for_time != NULL &&
        !quantity_parse_time(options->for_time, &retention.for_ms)) {
        cli_complain("--keep-for must be a time such as 12h or 30d, not '%s'",
                     options->for_time);
        return false;
    }
    if (options->count != NULL &&
        !cli_parse_number(options->count, 1, INT32_MAX, &count)) {
        cli_complain("--keep-count must be a number from 1 on, not '%s'", options->count);
        return false;
    }
    if (options->bytes != NULL &&
        !quantity_parse_size(options->bytes, &retention.bytes)) {
        cli_complain("--keep-size must be a size such as 500M or 10G, not '%s'",
                     options->bytes);
        return false;
    }
    retention.count = count;
    *out = retention;
    return true;
}
