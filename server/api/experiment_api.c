/* SPDX-License-Identifier: MIT */
#include "server/api/experiment_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/cell_compare.h"
#include "db/experiment_list.h"
#include "db/removal.h"
#include "server/api/api.h"
#include "server/api/document_refusal.h"
#include "server/api/event_feed.h"
#include "server/api/experiment_query.h"
#include "server/api/experiment_view.h"
#include "server/api/item_list.h"
#include "server/api/metric_query.h"
#include "server/api/resource_id.h"
#include "server/document/document.h"
#include "server/document/gate.h"
#include "server/grid/grid.h"
#include "server/http/answer_cache.h"
#include "server/http/problem.h"
#include "server/http/representation.h"

enum { IDENTITY_SIZE = 129 };

/* --- reading --------------------------------------------------------------------- */

/* Adds the metrics without which gates and the comparison cannot be told; false: not known,
 * as of a document that another version of the engine took. */
static bool add_judged(const char *text, bool wanted[METRIC_COUNT]) {
    struct document *document = NULL;
    if (document_parse(&document, text, strlen(text), NULL) != 0) {
        return false;
    }
    if (document->goal != METRIC_COUNT) {
        wanted[document->goal] = true;
    }
    for (size_t i = 0; i < document->gate_count; i++) {
        wanted[document->gates[i].metric] = true;
    }
    document_destroy(document);
    return true;
}

/* The cells, with at least the metrics that are to be shown, if only some are. */
static int read_cells(struct db_reader *reader, const struct experiment_row *row,
                      const bool *shown, struct cell_list *out, struct err *err) {
    bool wanted[METRIC_COUNT];
    if (shown != NULL) {
        memcpy(wanted, shown, sizeof wanted);
        shown = add_judged(row->document, wanted) ? wanted : NULL;
    }
    return cell_store_list_some(reader, row->id, shown, out, err);
}

/* Writes an experiment as one state of the store; `shown` NULL: without its results. */
static int write_experiment(struct db_reader *reader, int64_t id,
                            const struct metric_query *shown, struct json_writer *writer,
                            struct err *err) {
    static const struct metric_query none = {.is_given = true};
    const struct metric_query *read = shown != NULL ? shown : &none;
    const bool *wanted = read->is_given ? read->wanted : NULL;
    struct experiment experiment;
    struct cell_list cells = {0};
    struct run_list runs = {0};
    int code = db_reader_begin(reader, err);
    if (code != 0) {
        return code;
    }
    code = experiment_store_read(reader, id, &experiment, err);
    if (code != 0) {
        db_reader_end(reader);
        return resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    }
    code = read_cells(reader, &experiment.row, wanted, &cells, err);
    if (code == 0 && shown != NULL) {
        code = cell_compare_stored(reader, id, &cells, err);
        code = code == 0 ? run_store_list(reader, id, &runs, err) : code;
    }
    db_reader_end(reader);
    if (code == 0) {
        const struct experiment_view view = {.row = &experiment.row,
                                             .cells = &cells,
                                             .runs = shown != NULL ? &runs : NULL,
                                             .metrics = wanted};
        code = experiment_view_write_part(writer, &view, err);
    }
    run_list_deinit(&runs);
    cell_list_deinit(&cells);
    experiment_deinit(&experiment);
    return code;
}

int experiment_api_read(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    const struct api *api = context;
    struct json_writer writer = {0};
    struct metric_query shown;
    int64_t id;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0], &id, err);
    if (code == 0) {
        code = metric_query_parse(request, &shown, err);
    }
    if (code == 0) {
        code = write_experiment(api_reader(api, request), id, &shown, &writer, err);
    }
    return code != 0 ? code : http_response_take_json(response, 200, &writer, err);
}

void experiment_api_refuse_change(const struct http_request *request,
                                  struct http_response *response) {
    problem_set(response, 412, request->path, NULL,
                "the experiment is not as If-Match says: read it again");
}

int experiment_api_may_change(const struct api *api, const struct http_request *request,
                              int64_t id, struct http_response *response, bool *out,
                              struct err *err) {
    static const struct metric_query all = {0};
    const char *if_match = http_request_header(request, "If-Match");
    struct json_writer writer = {0};
    char *text = NULL;
    size_t size = 0;
    *out = true;
    if (if_match == NULL) {
        return 0;
    }
    int code = write_experiment(api_reader(api, request), id, &all, &writer, err);
    if (code != 0) {
        json_writer_deinit(&writer);
        return code;
    }
    code = json_writer_steal(&writer, &text, &size, err);
    *out = code == 0 && representation_is(if_match, text, size);
    free(text);
    if (code == 0 && !*out) {
        experiment_api_refuse_change(request, response);
    }
    return code;
}

int experiment_api_list(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    const struct api *api = context;
    struct experiment_query query;
    struct experiment_list list = {0};
    struct item_list items = {0};
    int code = experiment_query_parse(request, &query, err);
    if (code != 0) {
        return code;
    }
    code = experiment_list_read(api_reader(api, request), &query.wish, &list, err);
    if (code == 0) {
        item_list_open(&items, request);
        for (size_t i = 0; i < list.count; i++) {
            experiment_view_write_item(&items.writer, &list.items[i]);
            item_list_end_item(&items);
        }
        item_list_close_items(&items);
        experiment_query_write_next(&items.writer, &list, query.wish.order);
        code = item_list_respond(&items, response, err);
        experiment_list_deinit(&list);
    }
    experiment_query_deinit(&query);
    return code;
}

/* --- submitting ------------------------------------------------------------------ */

/* What makes the submission the same as another one: the client's key, or nothing. */
static int make_identity(const struct http_request *request, char out[IDENTITY_SIZE],
                         bool *keyed, struct err *err) {
    const char *key;
    const int code = api_idempotency_key(request, &key, err);
    *keyed = code == 0 && key != NULL;
    if (*keyed) {
        snprintf(out, IDENTITY_SIZE, "key:%s", key);
    }
    return code != 0 || key != NULL ? code : stored_job_once(out, IDENTITY_SIZE, err);
}

/* A key that was used before must have been used for the same document; white space and the
 * order of members make none other. */
static int check_same_document(struct db_reader *reader, int64_t id,
                               const struct document *document, struct err *err) {
    struct experiment experiment;
    int code = experiment_store_read(reader, id, &experiment, err);
    if (code == 0) {
        if (strcmp(experiment.row.document_hash, document->hash) != 0 &&
            strcmp(experiment.row.document, document->source) != 0) {
            code = err_set(err, ERR_CONFLICT,
                           "this Idempotency-Key was used for another document");
        }
        experiment_deinit(&experiment);
    }
    return code;
}

static int read_submission(const struct http_request *request,
                           struct stored_submission *out, char identity[IDENTITY_SIZE],
                           struct err *err) {
    int code = api_query_client(request, &out->client, err);
    if (code == 0) {
        code = api_query_bool(request, "again", &out->again, err);
    }
    if (code == 0) {
        code = make_identity(request, identity, &out->keyed, err);
        out->identity = identity;
    }
    return code;
}

/* What the submission would only repeat, before anything is expanded for it; *id = 0 when it
 * seems to be new, or its key has to be kept. */
static int find_old(struct db_reader *reader, const struct stored_submission *submission,
                    int64_t *id, struct err *err) {
    struct err cause = {0};
    int code = experiment_store_find(reader, submission->identity, id, &cause);
    if (code == ERR_NOT_FOUND && !submission->again && !submission->keyed) {
        err_clear(&cause);
        code = experiment_store_find_same(reader, submission->document->hash,
                                          ENGINE_VERSION, id, &cause);
    }
    if (code == ERR_NOT_FOUND) {
        *id = 0;
        return 0;
    }
    return code == 0 ? 0 : err_set_from(err, code, &cause);
}

/* Another one may come first: the store looks once more. */
static int submit_new(const struct api *api, struct stored_submission *submission,
                      int64_t *id, bool *existed, struct err *err) {
    struct grid *grid = NULL;
    int code = grid_create(&grid, submission->document, err);
    if (code == 0) {
        submission->grid = grid;
        code = stored_source_submit(api->source, submission, id, existed, err);
    }
    grid_destroy(grid);
    if (code == 0 && !*existed) {
        job_queue_notify(api->queue);
        event_feed_queue_changed(api->feed);
    }
    return code;
}

static int submit(const struct api *api, const struct http_request *request,
                  const struct document *document, int64_t *id, bool *existed,
                  struct err *err) {
    struct db_reader *reader = api_reader(api, request);
    struct stored_submission submission = {.document = document};
    char identity[IDENTITY_SIZE];
    int code = read_submission(request, &submission, identity, err);
    if (code == 0) {
        code = find_old(reader, &submission, id, err);
        *existed = *id != 0;
    }
    if (code == 0 && !*existed) {
        code = submit_new(api, &submission, id, existed, err);
    }
    return code == 0 && *existed ? check_same_document(reader, *id, document, err) : code;
}

int experiment_api_submit_text(const struct api *api, const struct http_request *request,
                               const char *text, size_t size,
                               struct http_response *response, struct err *err) {
    struct document *document = NULL;
    struct json_writer writer = {0};
    int64_t id = 0;
    bool existed = false;
    int code = document_parse(&document, text, size, err);
    if (code != 0) {
        document_refusal_complete(response, err, text, size);
    } else {
        code = submit(api, request, document, &id, &existed, err);
        document_destroy(document);
    }
    if (code == 0) {
        code = write_experiment(api_reader(api, request), id, NULL, &writer, err);
    }
    if (code == 0) {
        code = http_response_take_json(response, existed ? 200 : 201, &writer, err);
    }
    if (code == 0) {
        char name[RESOURCE_ID_SIZE];
        response->replayed = existed;
        resource_id_format(RESOURCE_EXPERIMENT, id, name);
        snprintf(response->location, sizeof response->location, "/api/v1/experiments/%s",
                 name);
    }
    return code;
}

int experiment_api_submit(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    return experiment_api_submit_text(context, request,
                                      request->body != NULL ? request->body : "",
                                      request->body_size, response, err);
}

/* --- stopping and going on -------------------------------------------------------- */

static int respond(const struct api *api, const struct http_request *request, int64_t id,
                   struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    const int code = write_experiment(api_reader(api, request), id, NULL, &writer, err);
    return code != 0 ? code : http_response_take_json(response, 202, &writer, err);
}

/* What a dead process left running is interrupted as soon as somebody asks: the janitor would
 * find it seconds later. Whether that is so of this experiment now. */
static bool is_recovered(const struct api *api, struct db_reader *reader, int64_t id) {
    struct db_recovered found = {0};
    struct experiment experiment;
    if (db_recover(api->db, &found, NULL) != 0 || found.experiments == 0 ||
        experiment_store_read(reader, id, &experiment, NULL) != 0) {
        return false;
    }
    const bool is_so = experiment.row.status == EXPERIMENT_INTERRUPTED;
    experiment_deinit(&experiment);
    return is_so;
}

/*
 * What waits is interrupted at once, what is at work as soon as the engine notices. A worker
 * may take it between the first look at the queue and that at the store: then the second look
 * finds it, or it has ended.
 */
static int cancel(const struct api *api, struct db_reader *reader, int64_t id,
                  struct err *err) {
    struct err why = {0};
    int code = ERR_CONFLICT;
    for (int look = 0; look < 2 && code == ERR_CONFLICT; look++) {
        if (job_queue_stop(api->queue, id)) {
            return 0;
        }
        err_clear(&why);
        code = experiment_store_cancel_queued(api->db, id, "cancelled", &why);
    }
    if (code != 0 && !(code == ERR_CONFLICT && is_recovered(api, reader, id))) {
        return resource_id_missing(err_set_from(err, code, &why), RESOURCE_EXPERIMENT, id,
                                   err);
    }
    event_feed_cancelled(api->feed, id);
    return 0;
}

int experiment_api_cancel(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    const struct api *api = context;
    int64_t id;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0], &id, err);
    if (code == 0) {
        code = cancel(api, api_reader(api, request), id, err);
    }
    return code == 0 ? respond(api, request, id, response, err) : code;
}

static int resume(const struct api *api, struct db_reader *reader, int64_t id,
                  struct err *err) {
    struct err why = {0};
    int code = experiment_store_requeue(api->db, id, &why);
    if (code == ERR_CONFLICT && is_recovered(api, reader, id)) {
        err_clear(&why);
        code = experiment_store_requeue(api->db, id, &why);
    }
    return code == 0 ? 0 : err_set_from(err, code, &why);
}

int experiment_api_resume(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    const struct api *api = context;
    int64_t id;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0], &id, err);
    if (code == 0) {
        code = resume(api, api_reader(api, request), id, err);
        code = resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    }
    if (code != 0) {
        return code;
    }
    job_queue_notify(api->queue);
    event_feed_queue_changed(api->feed);
    return respond(api, request, id, response, err);
}

/* --- removing -------------------------------------------------------------------- */

int experiment_api_remove(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    const struct api *api = context;
    int64_t id;
    bool may = false;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0], &id, err);
    if (code == 0) {
        code = experiment_api_may_change(api, request, id, response, &may, err);
    }
    /* Until it is marked it may get another name, which makes no difference to who removes it;
     * one that is begun again is not removed. */
    if (code == 0 && may) {
        code = removal_mark(api->db, id, err);
        code = resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    }
    if (code == 0 && may) {
        response->status = 204;
        answer_cache_forget(api->answers);
        janitor_wake(api->janitor);
    }
    return code;
}
