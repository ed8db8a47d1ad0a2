/* SPDX-License-Identifier: MIT */
#include "server/api/routes.h"

#include "server/api/advice_api.h"
#include "server/api/analysis_api.h"
#include "server/api/catalogue_api.h"
#include "server/api/cell_api.h"
#include "server/api/compare_api.h"
#include "server/api/event_api.h"
#include "server/api/experiment_api.h"
#include "server/api/export_api.h"
#include "server/api/item_list.h"
#include "server/api/library_api.h"
#include "server/api/measure_api.h"
#include "server/api/monitor_api.h"
#include "server/api/note_api.h"
#include "server/api/preview_api.h"
#include "server/api/range_api.h"
#include "server/api/run_api.h"
#include "server/api/session_api.h"
#include "server/api/span_api.h"
#include "server/api/sql_api.h"
#include "server/api/timeline_api.h"
#include "server/api/whatif_api.h"

#define JSON "application/json"

const struct http_route routes[] = {
    {"GET", "/healthz", catalogue_api_health, HTTP_ROUTE_INLINE | HTTP_ROUTE_OPEN, NULL,
     JSON},
    {"GET", "/readyz", monitor_api_ready, HTTP_ROUTE_OPEN, NULL, JSON},
    {"GET", "/metrics", monitor_api_metrics, 0, NULL, "text/plain"},
    {"POST", "/api/v1/session", session_api_open,
     HTTP_ROUTE_INLINE | HTTP_ROUTE_JSON_BODY | HTTP_ROUTE_OPEN, NULL, JSON},
    {"DELETE", "/api/v1/session", session_api_close, HTTP_ROUTE_INLINE | HTTP_ROUTE_OPEN,
     NULL, JSON},
    {"GET", "/openapi.json", catalogue_api_contract, HTTP_ROUTE_INLINE, NULL, JSON},
    {"GET", "/api/v1/presets", catalogue_api_presets, 0, NULL, JSON},
    {"GET", "/api/v1/models", catalogue_api_models, HTTP_ROUTE_INLINE, "parameters",
     JSON},
    {"GET", "/api/v1/metrics", catalogue_api_metrics, HTTP_ROUTE_INLINE, NULL, JSON},
    {"GET", "/api/v1/schema", catalogue_api_schema, 0, NULL, CATALOGUE_SCHEMA_TYPES},
    {"POST", "/api/v1/preview", preview_api_run, HTTP_ROUTE_JSON_BODY | HTTP_ROUTE_LONG,
     "client pixels lanes", JSON},
    {"POST", "/api/v1/experiments", experiment_api_submit, HTTP_ROUTE_JSON_BODY,
     "client again", JSON},
    {"POST", "/api/v1/experiments/{id}/cancel", experiment_api_cancel, 0, NULL, JSON},
    {"POST", "/api/v1/experiments/{id}/resume", experiment_api_resume, 0, NULL, JSON},
    {"GET", "/api/v1/experiments", experiment_api_list, 0,
     "status name client preset created_from_ms created_until_ms order limit after",
     ITEM_LIST_TYPES},
    {"GET", "/api/v1/experiments/{id}", experiment_api_read, 0, "metrics", JSON},
    {"GET", "/api/v1/experiments/{id}/cells", cell_api_list, 0,
     "runtime strategy status point metrics order limit after", ITEM_LIST_TYPES},
    {"GET", "/api/v1/experiments/{id}/export", export_api_experiment,
     HTTP_ROUTE_WORK | HTTP_ROUTE_LONG, "format", EXPORT_API_TYPES},
    {"GET", "/api/v1/compare", compare_api_read, 0, "cells other_work", JSON},
    {"GET", "/api/v1/experiments/{id}/advice", advice_api_read, 0, NULL, JSON},
    {"PATCH", "/api/v1/experiments/{id}", library_api_rename, HTTP_ROUTE_JSON_BODY, NULL,
     JSON},
    {"DELETE", "/api/v1/experiments/{id}", experiment_api_remove, 0, NULL, JSON},
    {"GET", "/api/v1/storage", library_api_storage, 0, "experiments", JSON},
    {"GET", "/api/v1/cells/{id}", cell_api_read, 0, NULL, JSON},
    {"GET", "/api/v1/cells/{id}/document", cell_api_document, 0, NULL, JSON},
    {"GET", "/api/v1/runs/{id}", run_api_read, 0, NULL, JSON},
    {"GET", "/api/v1/runs/{id}/export", export_api_run, HTTP_ROUTE_WORK | HTTP_ROUTE_LONG,
     "format", EXPORT_API_TYPES},
    {"GET", "/api/v1/runs/{id}/metrics", run_api_metrics, 0, NULL, JSON},
    {"GET", "/api/v1/runs/{id}/histograms", measure_api_histograms, 0, NULL, JSON},
    {"GET", "/api/v1/runs/{id}/blame", measure_api_blame, 0, "from to waiters", JSON},
    {"GET", "/api/v1/runs/{id}/findings", analysis_api_findings, HTTP_ROUTE_WORK,
     "client", JSON},
    {"DELETE", "/api/v1/runs/{id}/findings", analysis_api_cancel_findings, 0, NULL, JSON},
    {"GET", "/api/v1/runs/{id}/speedup", analysis_api_speedup, HTTP_ROUTE_WORK, "client",
     JSON},
    {"DELETE", "/api/v1/runs/{id}/speedup", analysis_api_cancel_speedup, 0, NULL, JSON},
    {"POST", "/api/v1/runs/{id}/what-if", whatif_api_submit, HTTP_ROUTE_JSON_BODY,
     "client again", JSON},
    {"GET", "/api/v1/runs/{id}/flows", measure_api_flows, 0, "from to limit after",
     ITEM_LIST_TYPES},
    {"GET", "/api/v1/runs/{id}/lanes", run_api_lanes, 0, "limit after", ITEM_LIST_TYPES},
    {"GET", "/api/v1/runs/{id}/timeline", run_api_timeline, 0,
     "compact from to pixels lanes", JSON},
    {"GET", "/api/v1/runs/{id}/timeline/job", timeline_api_state, 0, NULL, JSON},
    {"POST", "/api/v1/runs/{id}/timeline/job", timeline_api_ask, HTTP_ROUTE_JSON_BODY,
     "client", JSON},
    {"GET", "/api/v1/runs/{id}/range", range_api_read, 0, "from to lanes kind name waits",
     JSON},
    {"GET", "/api/v1/runs/{id}/spans", span_api_search, 0,
     "from to lanes kind name states resource by site least order limit after",
     ITEM_LIST_TYPES},
    {"GET", "/api/v1/runs/{id}/spans/at", span_api_at, 0, "lane at", JSON},
    {"GET", "/api/v1/runs/{id}/spans/next", span_api_next, 0,
     "lane at direction states least", JSON},
    {"GET", "/api/v1/runs/{id}/notes", note_api_list, 0, "limit after", ITEM_LIST_TYPES},
    {"POST", "/api/v1/runs/{id}/notes", note_api_add, HTTP_ROUTE_JSON_BODY, NULL, JSON},
    {"GET", "/api/v1/notes", note_api_list_all, 0, "text limit after", ITEM_LIST_TYPES},
    {"GET", "/api/v1/notes/{id}", note_api_read, 0, NULL, JSON},
    {"PUT", "/api/v1/notes/{id}", note_api_change, HTTP_ROUTE_JSON_BODY, NULL, JSON},
    {"DELETE", "/api/v1/notes/{id}", note_api_remove, 0, NULL, JSON},
    {"POST", "/api/v1/sql", sql_api_query, HTTP_ROUTE_JSON_BODY | HTTP_ROUTE_LONG, NULL,
     ITEM_LIST_TYPES},
    {"GET", "/api/v1/events", event_api_stream, 0, "topics after", "text/event-stream"},
};

const size_t route_count = sizeof routes / sizeof routes[0];
