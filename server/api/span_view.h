/* SPDX-License-Identifier: MIT */
/* span_view - spans and what is missing of a recording, as JSON. */
#ifndef SERVER_API_SPAN_VIEW_H
#define SERVER_API_SPAN_VIEW_H

#include "db/damage.h"
#include "db/span_lookup.h"
#include "server/http/json_writer.h"

/* A key and a number. */
void span_view_int(struct json_writer *writer, const char *key, int64_t value);

/* The key "known_until", unless it is SIM_NEVER: up to the end. */
void span_view_known(struct json_writer *writer, sim_ns until_ns);

/* An object; NULL for none. */
void span_view_write(struct json_writer *writer, const struct span_found *span);

/* The key "damages" and an array. */
void span_view_damages(struct json_writer *writer, const struct damage_list *damages);

#endif
