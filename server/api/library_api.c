/* SPDX-License-Identifier: MIT */
#include "server/api/library_api.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "db/experiment_list.h"
#include "db/experiment_store.h"
#include "db/library.h"
#include "db/vacuum.h"
#include "server/api/api.h"
#include "server/api/experiment_api.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"
#include "server/document/text.h"

static void write_int(struct json_writer *writer, const char *key, int64_t value) {
    json_writer_key(writer, key);
    json_writer_int(writer, value);
}

/* --- names ----------------------------------------------------------------------- */

static int respond(struct db_reader *reader, int64_t id, struct http_response *response,
                   struct err *err) {
    struct json_writer writer = {0};
    struct experiment experiment;
    const int code =
        resource_id_missing(experiment_store_read(reader, id, &experiment, err),
                            RESOURCE_EXPERIMENT, id, err);
    if (code != 0) {
        return code;
    }
    experiment_view_write_item(&writer, &experiment.row);
    experiment_deinit(&experiment);
    return http_response_take_json(response, 200, &writer, err);
}

/* {"name": "..."} */
static int read_name(const json_t *body, const char **out, struct err *err) {
    const json_t *name = json_object_get(body, "name");
    char pointer[API_POINTER_SIZE];
    if (api_find_unknown(body, "name", pointer)) {
        return err_set_pointer(err, pointer,
                               "only the name of an experiment can be changed");
    }
    if (name == NULL) {
        return err_set_pointer(err, "", "the field 'name' is missing");
    }
    *out = json_string_value(name);
    return *out != NULL ? 0 : err_set_pointer(err, "/name", "'name' must be a string");
}

/* The name under which the client has seen it, for free(): NULL when any will do. Read before
 * the rest of the condition is looked at, so that no later one counts as seen. */
static int read_seen(const struct api *api, const struct http_request *request,
                     int64_t id, char **out, struct err *err) {
    const char *if_match = http_request_header(request, "If-Match");
    struct experiment experiment;
    if (if_match == NULL || strcmp(if_match, "*") == 0) {
        return 0;
    }
    const int code =
        experiment_store_read(api_reader(api, request), id, &experiment, err);
    if (code != 0) {
        return resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    }
    *out = strdup(experiment.row.name);
    experiment_deinit(&experiment);
    return *out != NULL ? 0 : err_set_nomem(err);
}

/* *done false: it is not as If-Match says, and the response says so. */
static int rename_if(const struct api *api, const struct http_request *request,
                     int64_t id, const char *name, struct http_response *response,
                     bool *done, struct err *err) {
    char *seen = NULL;
    int code = read_seen(api, request, id, &seen, err);
    if (code == 0) {
        code = experiment_api_may_change(api, request, id, response, done, err);
    }
    if (code == 0 && *done) {
        code = seen != NULL ? library_rename_seen(api->db, id, seen, name, err)
                            : library_rename(api->db, id, name, err);
        code = resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    }
    if (code == ERR_CONFLICT) {
        err_clear(err);
        code = 0;
        *done = false;
        experiment_api_refuse_change(request, response);
    }
    free(seen);
    return code;
}

int library_api_rename(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    const struct api *api = context;
    json_t *body = NULL;
    const char *name = NULL;
    bool done = false;
    int64_t id;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0], &id, err);
    if (code != 0) {
        return code;
    }
    code = text_parse(&body, request->body != NULL ? request->body : "",
                      request->body_size, err);
    if (code != 0) {
        return code;
    }
    code = read_name(body, &name, err);
    if (code == 0) {
        code = rename_if(api, request, id, name, response, &done, err);
    }
    json_decref(body);
    return code == 0 && done ? respond(api_reader(api, request), id, response, err)
                             : code;
}

/* --- storage --------------------------------------------------------------------- */

/* Writes the size of the experiment whose id is the first one of a list; nothing of one that
 * is not there, which may just have been removed. */
static int write_size(struct db_reader *reader, const char *list, size_t length,
                      struct json_writer *writer, struct err *err) {
    char name[RESOURCE_ID_SIZE];
    int64_t id, bytes = 0;
    if (length >= sizeof name) {
        return 0;
    }
    memcpy(name, list, length);
    name[length] = '\0';
    if (resource_id_parse(RESOURCE_EXPERIMENT, name, &id, NULL) != 0) {
        return 0;
    }
    const int code = library_bytes(reader, id, &bytes, err);
    if (code == 0 && bytes > 0) {
        json_writer_begin_object(writer);
        experiment_view_id(writer, "id", RESOURCE_EXPERIMENT, id);
        write_int(writer, "bytes", bytes);
        json_writer_end_object(writer);
    }
    return code;
}

static int write_sizes(struct db_reader *reader, const char *list,
                       struct json_writer *writer, struct err *err) {
    size_t count = 0;
    int code = 0;
    json_writer_key(writer, "experiments");
    json_writer_begin_array(writer);
    while (code == 0 && list != NULL && *list != '\0') {
        const size_t length = strcspn(list, ",");
        if (++count > EXPERIMENT_PAGE_MAX) {
            return err_set(
                err, ERR_INVALID,
                "query parameter 'experiments' takes at most %d ids, separated "
                "by commas",
                EXPERIMENT_PAGE_MAX);
        }
        code = write_size(reader, list, length, writer, err);
        list += length + (list[length] == ',');
    }
    json_writer_end_array(writer);
    return code;
}

int library_api_storage(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    struct db_reader *reader = api_reader(context, request);
    struct json_writer writer = {0};
    struct vacuum_space space;
    int code = vacuum_space(reader, &space, err);
    if (code != 0) {
        return code;
    }
    json_writer_begin_object(&writer);
    write_int(&writer, "bytes", (space.pages - space.free_pages) * space.page_bytes);
    write_int(&writer, "free_bytes", space.free_pages * space.page_bytes);
    code = write_sizes(reader, http_request_query(request, "experiments"), &writer, err);
    json_writer_end_object(&writer);
    if (code != 0) {
        json_writer_deinit(&writer);
        return code;
    }
    return http_response_take_json(response, 200, &writer, err);
}
