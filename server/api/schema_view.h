/* SPDX-License-Identifier: MIT */
/*
 * schema_view - the tables of server/document/schema.h as a JSON Schema (2020-12): what
 * GET /api/v1/schema and `gilscope schema` give, for editors and validators.
 *
 * Every document that the server accepts is valid against it. What no schema can say is left
 * to the server: which step may stand where, what refers to what, the product of the sweep.
 */
#ifndef SERVER_API_SCHEMA_VIEW_H
#define SERVER_API_SCHEMA_VIEW_H

#include "server/http/json_writer.h"

/* One object. */
void schema_view_write(struct json_writer *writer);

#endif
