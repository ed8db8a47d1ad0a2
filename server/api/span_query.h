/* SPDX-License-Identifier: MIT */
/* span_query - what requests about spans say in their query parameters. */
#ifndef SERVER_API_SPAN_QUERY_H
#define SERVER_API_SPAN_QUERY_H

#include "db/db.h"
#include "db/run_store.h"
#include "db/span_search.h"
#include "server/http/http_request.h"

/* How long a run is, at least 1: as far as it is known while it is being recorded. */
int span_query_duration(struct db_reader *reader, const struct run_row *run,
                        sim_ns *duration, struct err *err) WARN_UNUSED;

/* The number of the run in the path. ERR_NOT_FOUND when there is no such run. */
int span_query_run(struct db_reader *reader, const struct http_request *request,
                   int64_t *run, sim_ns *duration, struct err *err) WARN_UNUSED;

/* "from" and "to": by default the whole run. */
int span_query_range(const struct http_request *request, sim_ns duration, sim_ns *from,
                     sim_ns *to, struct err *err) WARN_UNUSED;

/* The parameter "lane", which must be there. */
int span_query_lane(const struct http_request *request, lane_id *out,
                    struct err *err) WARN_UNUSED;

/* Words of states, separated by commas, as bits; 0 when it is absent. */
int span_query_states(const struct http_request *request, uint32_t *out,
                      struct err *err) WARN_UNUSED;

/* The lanes of "lanes" that are of the "kind" and have the "name" in theirs; NULL when none
 * of these is there. The caller frees `*out`. */
int span_query_lanes(struct db_reader *reader, const struct http_request *request,
                     int64_t run, lane_id **out, size_t *count,
                     struct err *err) WARN_UNUSED;

/* A cursor, "start-end-lane"; and the text of one. */
enum { SPAN_CURSOR_SIZE = 64 };
int span_query_after(const struct http_request *request, struct span_found *out,
                     bool *is_there, struct err *err) WARN_UNUSED;
void span_query_cursor(const struct span_found *span, char out[SPAN_CURSOR_SIZE]);

#endif
