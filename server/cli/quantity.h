/* SPDX-License-Identifier: MIT */
/* quantity - sizes and times as people type them on a command line: "10G", "30d". */
#ifndef SERVER_CLI_QUANTITY_H
#define SERVER_CLI_QUANTITY_H

#include "db/retention.h"
#include "server/cli/cli.h"

#include <stdbool.h>
#include <stdint.h>

/* A whole number above 0 and K, M, G, T (of 1024) or nothing for bytes. */
bool quantity_parse_size(const char *text, int64_t *out);

/* A whole number above 0 and s, m, h, d or w. */
bool quantity_parse_time(const char *text, int64_t *out_ms);

enum { QUANTITY_SIZE = 24 };

/* "1.4 MB" (of 1024) */
void quantity_format_size(int64_t bytes, char out[QUANTITY_SIZE]);

/* The options that `serve` and `prune` have in common: how long experiments are kept. */
struct retention_options {
    const char *for_time, *count, *bytes;
};

#define RETENTION_OPTIONS(options)                                                       \
    {"--keep-for", "TIME", "remove experiments older than this: 12h, 30d, 8w",           \
     &(options).for_time, NULL},                                                         \
        {"--keep-count", "N", "remove all but the newest N experiments",                 \
         &(options).count, NULL},                                                        \
    {                                                                                    \
        "--keep-size", "SIZE",                                                           \
            "remove the oldest, never the newest, until no more is stored: 500M, 10G",   \
            &(options).bytes, NULL                                                       \
    }

/* Complains and returns false when a value is wrong. */
bool retention_options_read(const struct retention_options *options,
                            struct retention *out);

#endif
