/* SPDX-License-Identifier: MIT */
#include "server/api/event_api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db/experiment_queue.h"
#include "db/run_store.h"
#include "server/api/api.h"
#include "server/api/event_feed.h"
#include "server/api/experiment_standing.h"
#include "server/api/resource_id.h"

/* What is sent first. */
struct greeting {
    char *text; /* owned */
    size_t size;
};

/* Appends an event; takes what was written. */
static int append_event(struct greeting *greeting, const char *name,
                        struct json_writer *writer, struct err *err) {
    struct hub_event event = {.name = name};
    char *json = NULL;
    size_t size = 0;
    int code = json_writer_steal(writer, &json, &event.size, err);
    if (code != 0) {
        return code;
    }
    event.data = json;
    char *rendered = hub_render(0, &event, &size);
    char *grown =
        rendered != NULL ? realloc(greeting->text, greeting->size + size) : NULL;
    if (grown != NULL) {
        memcpy(grown + greeting->size, rendered, size);
        greeting->text = grown;
        greeting->size += size;
    } else {
        code = err_set_nomem(err);
    }
    free(rendered);
    free(json);
    return code;
}

static int greet_experiment(struct greeting *greeting, struct db_reader *reader,
                            int64_t id, struct err *err) {
    struct json_writer writer = {0};
    struct job_event event;
    int code = experiment_standing_read(reader, id, &event, err);
    code = resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    if (code == 0) {
        event_feed_write_progress(&writer, &event);
        code = append_event(greeting, "progress", &writer, err);
    }
    if (code == 0 && experiment_standing_has_ended(&event)) {
        event_feed_write_finished(&writer, &event);
        code = append_event(greeting, "finished", &writer, err);
    }
    return code;
}

static int greet_queue(struct greeting *greeting, struct db_reader *reader,
                       struct err *err) {
    struct json_writer writer = {0};
    struct experiment_queue queue;
    int code = experiment_queue_read(reader, &queue, err);
    if (code == 0) {
        event_feed_write_queue(&writer, &queue);
        code = append_event(greeting, "queue", &writer, err);
    }
    return code;
}

static int greet_run(struct greeting *greeting, struct db_reader *reader, int64_t id,
                     struct err *err) {
    struct json_writer writer = {0};
    sim_ns known_ns = -1;
    const int code = run_store_known(reader, id, LANE_NONE, &known_ns, err);
    if (code < 0) {
        return resource_id_missing(code, RESOURCE_RUN, id, err);
    }
    event_feed_write_known(&writer, id, code == 1 ? known_ns : -1);
    return append_event(greeting, "timeline", &writer, err);
}

/* ERR_NOT_FOUND: there is no such thing. ERR_INVALID: it is no topic. */
static int greet(struct greeting *greeting, struct db_reader *reader, const char *topic,
                 struct err *err) {
    int64_t id;
    if (strcmp(topic, EVENT_TOPIC_EXPERIMENTS) == 0) {
        return 0;
    }
    if (strcmp(topic, EVENT_TOPIC_QUEUE) == 0) {
        return greet_queue(greeting, reader, err);
    }
    if (resource_id_parse(RESOURCE_EXPERIMENT, topic, &id, NULL) == 0) {
        return greet_experiment(greeting, reader, id, err);
    }
    if (resource_id_parse(RESOURCE_RUN, topic, &id, NULL) == 0) {
        return greet_run(greeting, reader, id, err);
    }
    return err_set(err, ERR_INVALID,
                   "'%.31s' is no topic; there are experiments, queue, and the ids of "
                   "experiments and runs: e12, r7",
                   topic);
}

/* --- topics ---------------------------------------------------------------------- */

static bool is_there(const struct hub_topics *topics, const char *name, size_t length) {
    for (size_t i = 0; i < topics->count; i++) {
        if (strlen(topics->name[i]) == length &&
            memcmp(topics->name[i], name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* "e12,r7,queue"; all experiments when nothing is said. */
static int read_topics(const char *list, struct hub_topics *out, struct err *err) {
    const char *at = list != NULL ? list : EVENT_TOPIC_EXPERIMENTS;
    *out = (struct hub_topics){0};
    while (*at != '\0') {
        const size_t length = strcspn(at, ",");
        if (length >= HUB_TOPIC_SIZE || out->count == HUB_TOPICS_OF_STREAM) {
            return err_set(err, ERR_INVALID,
                           "query parameter 'topics' takes at most %d topics, separated "
                           "by commas: e12,r7,queue",
                           HUB_TOPICS_OF_STREAM);
        }
        if (length > 0 && !is_there(out, at, length)) {
            memcpy(out->name[out->count++], at, length);
        }
        at += length + (at[length] == ',');
    }
    return out->count > 0
               ? 0
               : err_set(err, ERR_INVALID, "query parameter 'topics' names no topic");
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
    struct greeting greeting = {0};
    struct hub_topics topics;
    /* Taken before the store is read: what happens in between is sent after the greeting.
     */
    const uint64_t now = hub_sequence(api->hub);
    int code = read_topics(http_request_query(request, "topics"), &topics, err);
    for (size_t i = 0; code == 0 && i < topics.count; i++) {
        code = greet(&greeting, api_reader(api, request), topics.name[i], err);
    }
    if (code == 0 && !request->head_only) {
        const char *cookies = http_request_header(request, "Cookie");
        const uint64_t session = access_session(api->access, cookies);
        const struct hub_subscription subscription = {
            .session = session,
            .topics = &topics,
            .after = resume_point(request, now),
            .greeting = greeting.text,
            .greeting_size = greeting.size,
        };
        code = hub_subscribe(api->hub, &subscription, &response->stream, err);
        if (access_session(api->access, cookies) != session) { /* it ended meanwhile */
            hub_end_session(api->hub, session);
        }
    }
    free(greeting.text);
    if (code == 0) {
        response->endless = request->head_only;
        response->content_type = "text/event-stream";
    }
    return code;
}
