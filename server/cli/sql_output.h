/* SPDX-License-Identifier: MIT */
/*
 * sql_output - the rows of a query as text, in one of three formats:
 *
 *     table  aligned columns for a terminal; NULL is empty, long texts are cut. Kept in
 *            memory until the last row is known
 *     csv    RFC 4180 with a head and line feeds; NULL is empty, a text that could be
 *            taken for something else is in quotes
 *     json   one object a line, in the order of the columns; blobs are hexadecimal texts
 */
#ifndef SERVER_CLI_SQL_OUTPUT_H
#define SERVER_CLI_SQL_OUTPUT_H

#include "db/sql_session.h"

#include <stdio.h>

enum sql_format { SQL_FORMAT_TABLE, SQL_FORMAT_CSV, SQL_FORMAT_JSON, SQL_FORMAT_COUNT };

/* SQL_FORMAT_COUNT: no such format. */
enum sql_format sql_format_find(const char *name);

/* Prints all rows of a query that was begun. Errors of the query, ERR_NOMEM. */
int sql_output_print(struct sql_session *session, enum sql_format format, FILE *out,
                     struct err *err) WARN_UNUSED;

#endif
