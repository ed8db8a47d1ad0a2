/* SPDX-License-Identifier: MIT */
/* sql_view - a value of a query as JSON: for the API and for `gilscope sql`. */
#ifndef SERVER_API_SQL_VIEW_H
#define SERVER_API_SQL_VIEW_H

#include "db/sql_session.h"
#include "server/http/json_writer.h"

/* A blob is a text of hexadecimal digits. */
void sql_view_write(struct json_writer *writer, const struct sql_value *value);

#endif
