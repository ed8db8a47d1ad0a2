/* SPDX-License-Identifier: MIT */
/*
 * api - what the handlers of the REST interface share: the store, the queue, the event
 * hub.
 *
 * A handler that reads the store runs on an executor thread and uses that thread's own
 * reader. Routes that only show compiled-in tables are inline and use none of this.
 */
#ifndef SERVER_API_API_H
#define SERVER_API_API_H

#include "db/analysis_store.h"
#include "db/sql_session.h"
#include "engine/record/lane.h"
#include "server/http/access.h"
#include "server/http/http_executor.h"
#include "server/http/http_request.h"
#include "server/http/http_response.h"
#include "server/jobs/janitor.h"
#include "server/jobs/job_queue.h"
#include "server/jobs/preview.h"
#include "server/jobs/run_maker.h"
#include "server/jobs/stored_job.h"
#include "server/stream/hub.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

struct advice_cache;
struct answer_cache;
struct export_files;
struct http_metrics;
struct readiness;

struct api {
    struct access *access;
    struct http_metrics *http_metrics;
    struct answer_cache *answers;
    struct advice_cache *advice;
    struct db *db;
    struct db_reader *readers[HTTP_EXECUTOR_THREADS]; /* long ones: NULL until needed */
    struct stored_source *source;
    struct job_queue *queue;
    struct hub *hub;
    struct event_feed *feed;
    struct run_maker *timelines, *analyses[ANALYSIS_KIND_COUNT];
    struct previews *previews;
    struct janitor *janitor;
    struct readiness *readiness;
    struct sql_session *sql[HTTP_EXECUTOR_THREADS]; /* NULL until the thread needs it */
    atomic_int sql_running;
    atomic_int exports_running;
    struct export_files *exports;
    atomic_bool closing; /* what may take long must end */
};

/* The reader of the thread that handles the request, of a route that is not HTTP_ROUTE_LONG. */
struct db_reader *api_reader(const struct api *api, const struct http_request *request);

/* The same of one that is: its thread opens a reader for its first question. */
int api_long_reader(struct api *api, const struct http_request *request,
                    struct db_reader **out, struct err *err) WARN_UNUSED;

/* Handles a request about a run, /runs/{id}/..., so that all that it reads is one state of the
 * store. What can no longer change may be kept by the client. */
typedef int (*api_read_fn)(struct db_reader *reader, const struct http_request *request,
                           struct http_response *response, struct err *err);
int api_read_once(const struct api *api, const struct http_request *request,
                  api_read_fn read, struct http_response *response,
                  struct err *err) WARN_UNUSED;

/*
 * Reads a whole number from a query parameter: `fallback` when it is absent, ERR_INVALID
 * when it is no number or out of range.
 */
struct api_number {
    const char *name;
    int64_t fallback, min, max;
};
int api_query_number(const struct http_request *request, const struct api_number *number,
                     int64_t *out, struct err *err) WARN_UNUSED;

/* Reads a query parameter that is "true" or "false"; false when it is absent. ERR_INVALID */
int api_query_bool(const struct http_request *request, const char *name, bool *out,
                   struct err *err) WARN_UNUSED;

/* Reads words of a list, separated by commas, as the bits of their places in it; 0 when the
 * parameter is absent. False: one is not in the list. */
struct api_words {
    const char *name; /* of the parameter */
    const char *const *words;
    size_t count; /* at most 32 */
};
bool api_query_words(const struct http_request *request, const struct api_words *list,
                     uint32_t *out);

/* The pointer of the first member of a body that is none of the words of `known`, which are
 * separated by spaces; false: there is none. */
enum { API_POINTER_SIZE = 192 };
bool api_find_unknown(const json_t *body, const char *known, char out[API_POINTER_SIZE]);

/* Who asks, as it calls itself in the query parameter 'client': 1 to FAIR_CLIENT_MAX
 * characters of UTF-8, else ERR_INVALID. NULL: it does not say. */
int api_query_client(const struct http_request *request, const char **out,
                     struct err *err) WARN_UNUSED;

/* What makes a POST the same as one before, of the header Idempotency-Key: 1 to API_KEY_MAX
 * printable characters, else ERR_INVALID. NULL: it is another one. */
enum { API_KEY_MAX = 100 };
int api_idempotency_key(const struct http_request *request, const char **out,
                        struct err *err) WARN_UNUSED;

/*
 * Reads ids of lanes, separated by commas, from a query parameter: ascending, each once;
 * NULL when it is absent. Free with free(). ERR_INVALID, ERR_NOMEM.
 */
int api_query_lanes(const struct http_request *request, const char *name, lane_id **out,
                    size_t *count, struct err *err) WARN_UNUSED;

#endif
