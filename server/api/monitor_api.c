/* SPDX-License-Identifier: MIT */
#include "server/api/monitor_api.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "db/experiment_queue.h"
#include "server/api/api.h"
#include "server/api/process_metrics.h"
#include "server/api/readiness.h"
#include "server/http/http_metrics.h"
#include "server/http/problem.h"
#include "server/http/prometheus_text.h"

/* --- ready ----------------------------------------------------------------------- */

/* 0, or why no request should be sent here. */
static int check(const struct api *api, const struct http_request *request,
                 struct err *err) {
    struct experiment_queue queue;
    if (atomic_load(&api->closing)) {
        return err_set(err, ERR_CANCELLED, "the server is stopping");
    }
    const int code = experiment_queue_read(api_reader(api, request), &queue, err);
    return code == 0 ? readiness_check(api->readiness, err) : code;
}

int monitor_api_ready(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    struct err cause = {0};
    if (check(context, request, &cause) != 0) {
        problem_set(response, 503, request->path, NULL, "%s", cause.text);
        return 0;
    }
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "status");
    json_writer_string(&writer, "ready");
    json_writer_end_object(&writer);
    return http_response_take_json(response, 200, &writer, err);
}

/* --- metrics --------------------------------------------------------------------- */

static void write_jobs(struct job_queue *queue, FILE *out) {
    struct job_totals totals;
    job_queue_read_totals(queue, &totals);
    prometheus_text_value(out, "gilscope_experiments_active", "gauge",
                          "Experiments at work.", totals.jobs);
    prometheus_text_value(out, "gilscope_experiments_unsettled", "gauge",
                          "Experiments whose outcome cannot be stored so far.",
                          totals.unsettled);
    prometheus_text_value(out, "gilscope_workers", "gauge",
                          "Threads that run cells, those in reserve included.",
                          totals.workers);
    prometheus_text_family(out, "gilscope_runs_total", "counter", "Runs that ended.");
    for (int i = 0; i < RUN_STATUS_COUNT; i++) {
        prometheus_text_labelled(out, "gilscope_runs_total", (double)totals.runs[i],
                                 "status=\"%s\"", run_status_name((enum run_status)i));
    }
    prometheus_text_family(out, "gilscope_cells_total", "counter", "Cells that ended.");
    for (int i = CELL_DONE; i < CELL_STATUS_COUNT; i++) {
        if (i != CELL_NOT_APPLICABLE) {
            prometheus_text_labelled(out, "gilscope_cells_total", (double)totals.cells[i],
                                     "status=\"%s\"",
                                     cell_status_name((enum cell_status)i));
        }
    }
    prometheus_text_value(out, "gilscope_simulated_events_total", "counter",
                          "Transitions of all runs that ended.", (double)totals.events);
}

static void write_store(const char *path, FILE *out) {
    static const char *const suffixes[] = {"", "-wal"};
    static const char *const names[] = {"store", "log"};
    prometheus_text_family(out, "gilscope_store_bytes", "gauge", "Files of the store.");
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[4096];
        struct stat status;
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        const bool is_there = stat(name, &status) == 0;
        prometheus_text_labelled(out, "gilscope_store_bytes",
                                 is_there ? (double)status.st_size : 0, "file=\"%s\"",
                                 names[i]);
    }
}

static int write_all(const struct api *api, const struct http_request *request, FILE *out,
                     struct err *err) {
    struct experiment_queue queue;
    const int code = experiment_queue_read(api_reader(api, request), &queue, err);
    if (code != 0) {
        return code;
    }
    prometheus_text_family(out, "gilscope_build_info", "gauge", "Versions.");
    prometheus_text_labelled(out, "gilscope_build_info", 1,
                             "version=\"%s\",engine=\"%s\"", GILSCOPE_VERSION,
                             ENGINE_VERSION);
    prometheus_text_value(out, "gilscope_experiments_queued", "gauge",
                          "Experiments that wait for a worker.", (double)queue.waiting);
    prometheus_text_value(out, "gilscope_event_streams", "gauge",
                          "Event streams that are open.", hub_stream_count(api->hub));
    write_jobs(api->queue, out);
    write_store(db_path(api->db), out);
    http_metrics_write(api->http_metrics, out);
    process_metrics_write(out);
    return 0;
}

int monitor_api_metrics(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return err_set_nomem(err);
    }
    int code = write_all(context, request, out, err);
    const bool failed = ferror(out) != 0;
    if ((fclose(out) != 0 || failed) && code == 0) {
        code = err_set_nomem(err);
    }
    if (code != 0) {
        free(text);
        return code;
    }
    response->content_type = PROMETHEUS_TEXT_TYPE;
    response->body = text;
    response->body_size = size;
    return 0;
}
