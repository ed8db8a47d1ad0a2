/* SPDX-License-Identifier: MIT */
/*
 * export_api - handlers: result files in a format of server/export/export.h, for download.
 * Context: struct api.
 *
 * A file is written on an executor thread, beside the store, before its first byte is sent, so
 * that what fails is a problem and never half a file. It has no name by then: a server that
 * dies leaves nothing. One is written at a time, within EXPORT_API_TIME_MS, while its client is
 * there and the disk has EXPORT_API_FREE_BYTES more; some are kept until they were read
 * (export_files.h). `gilscope export` has no such limits.
 */
#ifndef SERVER_API_EXPORT_API_H
#define SERVER_API_EXPORT_API_H

#include "server/http/router.h"

#define EXPORT_API_TYPES "application/vnd.sqlite3"

enum {
    EXPORT_API_AT_ONCE = 1,
    EXPORT_API_TIME_MS = 60 * 1000,
    EXPORT_API_FREE_BYTES = 64 * 1000 * 1000
};

/* Of /experiments/{id}: all that belongs to it. */
int export_api_experiment(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);

/* Of /runs/{id}: its experiment, with the timeline of this run only. */
int export_api_run(void *context, const struct http_request *request,
                   struct http_response *response, struct err *err);

#endif
