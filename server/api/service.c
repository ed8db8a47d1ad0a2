/* SPDX-License-Identifier: MIT */
#include "server/api/service.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/api/advice_cache.h"
#include "server/api/api.h"
#include "server/api/event_feed.h"
#include "server/api/export_api.h"
#include "server/api/export_files.h"
#include "server/api/readiness.h"
#include "server/api/routes.h"
#include "server/api/sql_api.h"
#include "server/clock/clock.h"
#include "server/examples/example.h"
#include "server/http/answer_cache.h"
#include "server/http/http_metrics.h"
#include "server/http/http_server.h"
#include "server/jobs/analysis_job.h"
#include "server/jobs/timeline_job.h"
#include "server/log/log.h"

static_assert(SQL_API_AT_ONCE + PREVIEW_AT_ONCE + EXPORT_API_AT_ONCE <=
                  HTTP_EXECUTOR_LONG,
              "none of them waits for long for another one's thread");

struct service {
    struct api api;
    struct access access;
    int64_t drain_ms;
    struct http_server *http;
};

/* --- examples -------------------------------------------------------------------- */

static int submit_example(struct service *service, const struct example *example,
                          struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    int64_t id;
    bool existed;
    int code = document_parse(&document, example->text, example->size, err);
    if (code != 0) {
        return code;
    }
    code = grid_create(&grid, document, err);
    if (code == 0) {
        /* A changed document or engine makes it a new experiment. */
        char identity[129];
        snprintf(identity, sizeof identity, "example:%s:%s", document->hash,
                 ENGINE_VERSION);
        const struct stored_submission submission = {
            .document = document, .grid = grid, .identity = identity};
        code = stored_source_submit(service->api.source, &submission, &id, &existed, err);
    }
    grid_destroy(grid);
    document_destroy(document);
    return code;
}

/* An example that cannot be loaded is no reason not to serve. */
static void load_examples(struct service *service) {
    for (size_t i = 0; i < example_count; i++) {
        struct err err = {0};
        if (submit_example(service, &examples[i], &err) != 0) {
            log_write(LOG_ERROR, "service", "example %s: %s: %s", examples[i].id,
                      err.pointer, err.text);
        }
    }
}

/* --- start ----------------------------------------------------------------------- */

static int open_store(struct service *service, const struct service_options *options,
                      struct err *err) {
    struct api *api = &service->api;
    struct db_recovered recovered;
    int code;
    if ((code = db_open(&api->db, options->database, DB_OWN, err)) != 0 ||
        (code = db_recover(api->db, &recovered, err)) != 0) {
        return code;
    }
    if (recovered.runs > 0 || recovered.experiments > 0) {
        log_write(LOG_WARN, "service",
                  "the last process died: %lld experiments and %lld runs are interrupted",
                  (long long)recovered.experiments, (long long)recovered.runs);
    }
    for (int i = 0; i < HTTP_EXECUTOR_SHORT; i++) {
        if ((code = db_reader_open(&api->readers[i], api->db, err)) != 0) {
            return code;
        }
    }
    return stored_source_open(&api->source, api->db, err);
}

static int open_analyses(struct api *api, struct err *err) {
    static const run_maker_fn make[ANALYSIS_KIND_COUNT] = {
        [ANALYSIS_FINDINGS] = analysis_job_findings,
        [ANALYSIS_SPEEDUP] = analysis_job_speedup};
    int code = 0;
    for (int i = 0; code == 0 && i < ANALYSIS_KIND_COUNT; i++) {
        code = run_maker_open(&api->analyses[i], api->db, make[i], err);
    }
    return code;
}

static struct http_server_options http_options(struct service *service,
                                               const struct service_options *options) {
    service->api.access = &service->access;
    return (struct http_server_options){.address = options->address,
                                        .port = options->port,
                                        .access = &service->access,
                                        .metrics = service->api.http_metrics,
                                        .answers = service->api.answers,
                                        .limits = options->limits,
                                        .hosts = options->hosts,
                                        .host_count = options->host_count,
                                        .routes = routes,
                                        .route_count = route_count,
                                        .context = &service->api};
}

int service_check(const struct service_options *options, struct err *err) {
    struct access access = {.token = options->token};
    const struct http_server_options http = {.address = options->address,
                                             .access = &access};
    return http_server_check(&http, err);
}

static int start_parts(struct service *service, const struct service_options *options,
                       struct err *err) {
    struct api *api = &service->api;
    int code;
    access_init(&service->access, options->token);
    if ((code = service_check(options, err)) != 0 ||
        (code = http_metrics_create(&api->http_metrics, routes, route_count, err)) != 0 ||
        (code = answer_cache_create(&api->answers, err)) != 0 ||
        (code = advice_cache_create(&api->advice, err)) != 0 ||
        (code = export_files_create(&api->exports, err)) != 0 ||
        (code = open_store(service, options, err)) != 0 ||
        (code = run_maker_open(&api->timelines, api->db, timeline_job_run, err)) != 0 ||
        (code = open_analyses(api, err)) != 0 ||
        (code = previews_create(&api->previews, err)) != 0 ||
        (code = hub_create(&api->hub, err)) != 0 ||
        (code = event_feed_start(&api->feed, api->db, api->hub, err)) != 0) {
        return code;
    }
    if (options->load_examples) {
        load_examples(service);
    }
    const struct job_queue_options queue = {
        .workers = options->workers,
        .source = stored_source_jobs(api->source),
        .listener = event_feed_listener(api->feed),
        .live = event_feed_runs(api->feed),
    };
    if ((code = job_queue_create(&api->queue, &queue, err)) != 0 ||
        (code = readiness_create(&api->readiness, api->db, api->queue, err)) != 0) {
        return code;
    }
    const struct janitor_options janitor = {
        .db = api->db, .queue = api->queue, .retention = options->retention};
    if ((code = janitor_start(&api->janitor, &janitor, err)) != 0) {
        return code;
    }
    const struct http_server_options http = http_options(service, options);
    code = http_server_start(&service->http, &http, err);
    if (code == 0) {
        /* Nothing runs before it is sure that this process serves. */
        job_queue_notify(api->queue);
        janitor_wake(api->janitor);
    }
    return code;
}

int service_start(struct service **out, const struct service_options *options,
                  struct err *err) {
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        return err_set_nomem(err);
    }
    service->drain_ms = options->drain_ms;
    const int code = start_parts(service, options, err);
    if (code != 0) {
        service_stop(service);
        return code;
    }
    *out = service;
    return 0;
}

const struct listener *service_listener(const struct service *service) {
    return http_server_listener(service->http);
}

uint16_t service_port(const struct service *service) {
    return service_listener(service)->port;
}

/* --- stop ------------------------------------------------------------------------ */

static void drain(struct service *service, int64_t due_ms) {
    const int64_t left_ms = due_ms - clock_ms();
    const unsigned cut = http_server_drain(service->http, left_ms > 0 ? left_ms : 0);
    if (cut > 0) {
        log_write(LOG_WARN, "service",
                  "answers that were not taken in time and are cut: %u", cut);
    }
}

void service_stop(struct service *service) {
    if (service == NULL) {
        return;
    }
    struct api *api = &service->api;
    const int64_t due_ms = clock_ms() + service->drain_ms;
    atomic_store(&api->closing, true);
    if (service->http != NULL) {
        http_server_quiesce(service->http);
    }
    if (api->previews != NULL) {
        previews_close(api->previews);
    }
    /* Handlers may still notify the queue: it goes after HTTP, but its runs end now. */
    if (api->queue != NULL) {
        job_queue_close(api->queue);
    }
    event_feed_close(api->feed);
    if (api->hub != NULL) {
        hub_close(api->hub);
    }
    if (service->http != NULL) {
        drain(service, due_ms);
    }
    http_server_stop(service->http);
    for (int i = 0; i < ANALYSIS_KIND_COUNT; i++) {
        run_maker_close(api->analyses[i]);
    }
    run_maker_close(api->timelines);
    previews_destroy(api->previews);
    janitor_stop(api->janitor);
    readiness_destroy(api->readiness);
    job_queue_destroy(api->queue);
    event_feed_destroy(api->feed);
    hub_destroy(api->hub);
    stored_source_close(api->source);
    for (int i = 0; i < HTTP_EXECUTOR_THREADS; i++) {
        if (api->readers[i] != NULL) {
            db_reader_close(api->readers[i]);
        }
        sql_session_close(api->sql[i]);
    }
    db_close(api->db);
    export_files_destroy(api->exports);
    advice_cache_destroy(api->advice);
    answer_cache_destroy(api->answers);
    http_metrics_destroy(api->http_metrics);
    access_deinit(&service->access);
    free(service);
}
