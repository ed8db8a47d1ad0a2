/* SPDX-License-Identifier: MIT */
/*
 * sql_api - POST /sql: one query over the store, with limits.
 *
 * A query runs on an executor thread and on that thread's own session, which can only read
 * (db/sql_session.h). At most SQL_API_AT_ONCE run at a time: as many of the executor's
 * threads for what takes long are theirs.
 */
#ifndef SERVER_API_SQL_API_H
#define SERVER_API_SQL_API_H

#include "engine/base/err.h"
#include "server/http/http_request.h"
#include "server/http/http_response.h"

enum {
    SQL_API_AT_ONCE = 2,
    SQL_API_TIME_MS = 10 * 1000,
    SQL_API_ROWS = 1000, /* unless the request says otherwise */
    SQL_API_ROWS_MAX = 100 * 1000,
    SQL_API_BYTES_MAX = 16 * 1024 * 1024, /* of the values in an answer */
    SQL_API_PARAMS_MAX = 100
};

int sql_api_query(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err);

#endif
