/* SPDX-License-Identifier: MIT */
#include "server/api/event_api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"
#include "server/log/log.h"

/* --- events as JSON -------------------------------------------------------------- */

static const char *const event_names[] = {
    [JOB_EVENT_PROGRESS] = "progress",
    [JOB_EVENT_CELL] = "cell",
    [JOB_EVENT_FINISHED] = "finished",
};

static void write_uint(struct json_writer *writer, const char *key, uint64_t value) {
    json_writer_key(writer, key);
    json_writer_uint(writer, value);
}

static void write_status(struct json_writer *writer, const char *status) {
    json_writer_key(writer, "status");
    json_writer_string(writer, status);
}

static void write_event(struct json_writer *writer, const struct job_event *event) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "experiment", RESOURCE_EXPERIMENT, event->experiment);
    if (event->kind == JOB_EVENT_CELL) {
        experiment_view_id(writer, "cell", RESOURCE_CELL, event->cell);
        write_uint(writer, "index", event->cell_index);
        write_status(writer, cell_status_name(event->cell_status));
    } else {
        write_status(writer, experiment_status_name(event->status));
    }
    if (event->kind == JOB_EVENT_PROGRESS) {
        write_uint(writer, "cells", event->cells);
        write_uint(writer, "cells_done", event->cells_done);
        write_uint(writer, "runs_done", event->runs_done);
        write_uint(writer, "events", event->events);
    }
    json_writer_end_object(writer);
}

static void publish(void *context, const struct job_event *event) {
    struct json_writer writer = {0};
    char *text = NULL;
    size_t size = 0;
    write_event(&writer, event);
    if (json_writer_steal(&writer, &text, &size, NULL) != 0) {
        log_write(LOG_ERROR, "events", "out of memory, an event is lost");
        return;
    }
    hub_publish(context, event->experiment, event_names[event->kind], text, size);
    free(text);
}

struct job_listener event_api_listener(struct hub *hub) {
    return (struct job_listener){.context = hub, .notify = publish};
}

/* --- the stream ------------------------------------------------------------------ */

/* Where an experiment stands, from the store. */
static int describe(struct db_reader *reader, int64_t id, struct job_event *out,
                    struct err *err) {
    struct experiment experiment;
    struct run_list runs;
    int code = experiment_store_read(reader, id, &experiment, err);
    if (code != 0) {
        return resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    }
    *out = (struct job_event){
        .kind = JOB_EVENT_PROGRESS,
        .experiment = id,
        .status = experiment.row.status,
        .cells = (uint64_t)experiment.row.cells,
        .cells_done = (uint64_t)experiment.row.cells_done,
    };
    experiment_deinit(&experiment);
    code = run_store_list(reader, id, &runs, err);
    if (code != 0) {
        return code;
    }
    for (size_t i = 0; i < runs.count; i++) {
        const enum run_state state = runs.items[i].state;
        if (state != RUN_STATE_RUNNING && state != RUN_STATE_INTERRUPTED) {
            out->runs_done++;
            out->events += (uint64_t)runs.items[i].transitions;
        }
    }
    run_list_deinit(&runs);
    return 0;
}

/* Appends a rendered event to `*text`. */
static int append_event(const struct job_event *event, char **text, size_t *size,
                        struct err *err) {
    struct json_writer writer = {0};
    char *json = NULL;
    size_t json_size = 0;
    write_event(&writer, event);
    int code = json_writer_steal(&writer, &json, &json_size, err);
    if (code != 0) {
        return code;
    }
    size_t rendered_size = 0;
    char *rendered =
        hub_render(0, event_names[event->kind], json, json_size, &rendered_size);
    char *grown = rendered != NULL ? realloc(*text, *size + rendered_size) : NULL;
    if (grown != NULL) {
        memcpy(grown + *size, rendered, rendered_size);
        *text = grown;
        *size += rendered_size;
    } else {
        code = err_set_nomem(err);
    }
    free(rendered);
    free(json);
    return code;
}

/* The caller frees `*text` in every case. */
static int make_greeting(struct db_reader *reader, int64_t experiment, char **text,
                         size_t *size, struct err *err) {
    struct job_event event;
    int code = describe(reader, experiment, &event, err);
    if (code == 0) {
        code = append_event(&event, text, size, err);
    }
    if (code == 0 && event.status != EXPERIMENT_QUEUED &&
        event.status != EXPERIMENT_RUNNING) {
        event.kind = JOB_EVENT_FINISHED;
        code = append_event(&event, text, size, err);
    }
    return code;
}

/* The event after which the client wants to go on; what is no number was never ours. */
static uint64_t resume_point(const struct http_request *request, uint64_t now) {
    const char *text = http_request_header(request, "Last-Event-ID");
    if (text == NULL) {
        text = http_request_query(request, "after");
    }
    if (text == NULL) {
        return now;
    }
    errno = 0;
    const uint64_t sequence = strtoull(text, NULL, 10);
    const bool is_number = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
    return is_number && errno == 0 && sequence > 0 ? sequence : UINT64_MAX;
}

int event_api_stream(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    const struct api *api = context;
    const char *name = http_request_query(request, "experiment");
    int64_t topic = HUB_ALL;
    char *greeting = NULL;
    size_t size = 0;
    int code = 0;
    /* Taken before the store is read: what happens in between is sent after the greeting.
     */
    const uint64_t now = hub_sequence(api->hub);
    if (name != NULL) {
        code = resource_id_parse(RESOURCE_EXPERIMENT, name, &topic, err);
        if (code == 0) {
            code = make_greeting(api_reader(api, request), topic, &greeting, &size, err);
        }
    }
    if (code == 0 && !request->head_only) {
        code = hub_subscribe(api->hub, topic, resume_point(request, now), greeting, size,
                             &response->stream, err);
    }
    free(greeting);
    if (code == 0) {
        response->content_type = "text/event-stream";
    }
    return code;
}
