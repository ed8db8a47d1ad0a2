/* SPDX-License-Identifier: MIT */
#include "server/api/catalogue_api.h"

#include <stdio.h>
#include <string.h>

#include "engine/analysis/metrics.h"
#include "engine/os/machine.h"
#include "engine/python/runtime_table.h"
#include "server/api/contract.h"
#include "server/api/schema_view.h"
#include "server/document/document.h"
#include "server/examples/example.h"
#include "server/http/guard.h"
#include "server/http/static_file.h"

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void begin_list(struct json_writer *writer, const char *key) {
    json_writer_key(writer, key);
    json_writer_begin_array(writer);
}

/* --- the contract ---------------------------------------------------------------- */

int catalogue_api_contract(void *context, const struct http_request *request,
                           struct http_response *response, struct err *err) {
    (void)context;
    (void)err;
    static_file_respond_asset(&contract, request, response);
    return 0;
}

/* --- presets --------------------------------------------------------------------- */

static int write_preset(struct json_writer *writer, const struct example *example,
                        struct err *err) {
    struct document *document = NULL;
    struct err cause = {0};
    if (document_parse(&document, example->text, example->size, &cause) != 0) {
        return err_set(err, ERR_CORRUPT, "preset %s: %s: %s", example->id, cause.pointer,
                       cause.text);
    }
    json_writer_begin_object(writer);
    write_text(writer, "id", example->id);
    write_text(writer, "name", document->name);
    write_text(writer, "description", document->description);
    json_writer_key(writer, "document");
    json_writer_raw(writer, document->source, document->source_size);
    json_writer_end_object(writer);
    document_destroy(document);
    return 0;
}

int catalogue_api_presets(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    (void)context;
    (void)request;
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    begin_list(&writer, "items");
    for (size_t i = 0; i < example_count; i++) {
        const int code = write_preset(&writer, &examples[i], err);
        if (code != 0) {
            json_writer_deinit(&writer);
            return code;
        }
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    return http_response_take_json(response, 200, &writer, err);
}

/* --- models ---------------------------------------------------------------------- */

/* Query parameter 'parameters': names with commas in between; NULL: all are wanted. */
static int check_names(const char *names, struct err *err) {
    char name[64];
    for (const char *at = names; at != NULL && *at != '\0'; at += *at == ',') {
        const size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (field_find(runtime_fields, runtime_field_count, name) == NULL &&
            field_find(machine_fields, machine_field_count, name) == NULL) {
            return err_set(err, ERR_INVALID,
                           "query parameter 'parameters' must be names of parameters, "
                           "separated by commas; there is no '%s'",
                           name);
        }
        at += length;
    }
    return 0;
}

static bool is_wanted(const char *names, const struct field *field) {
    for (const char *at = names; at != NULL && *at != '\0'; at += *at == ',') {
        const size_t length = strcspn(at, ",");
        if (length == strlen(field->name) && memcmp(at, field->name, length) == 0) {
            return true;
        }
        at += length;
    }
    return names == NULL;
}

static void write_parameters(struct json_writer *writer, const char *names,
                             const struct field *fields, size_t count, const void *base) {
    begin_list(writer, "parameters");
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(names, &fields[i])) {
            continue;
        }
        const double value = field_get(&fields[i], base);
        json_writer_begin_object(writer);
        write_text(writer, "name", fields[i].name);
        json_writer_key(writer, "value");
        if (fields[i].unit == FIELD_FLAG) {
            json_writer_bool(writer, value > 0);
        } else {
            json_writer_real(writer, value);
        }
        write_text(writer, "unit", field_unit_name(fields[i].unit));
        write_text(writer, "meaning", fields[i].meaning);
        write_text(writer, "source", fields[i].source);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

int catalogue_api_models(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err) {
    (void)context;
    const char *names = http_request_query(request, "parameters");
    const int code = check_names(names, err);
    if (code != 0) {
        return code;
    }
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    begin_list(&writer, "items");
    for (size_t i = 0; i < runtime_row_count; i++) {
        const struct runtime_row *row = &runtime_rows[i];
        json_writer_begin_object(&writer);
        write_text(&writer, "name", row->runtime.name);
        write_text(&writer, "title", row->title);
        write_text(&writer, "gil", row->gil);
        json_writer_key(&writer, "hypothetical");
        json_writer_bool(&writer, row->hypothetical);
        write_parameters(&writer, names, runtime_fields, runtime_field_count,
                         &row->runtime);
        json_writer_end_object(&writer);
    }
    json_writer_end_array(&writer);
    begin_list(&writer, "profiles");
    for (size_t i = 0; i < machine_profile_count; i++) {
        const struct machine_profile *profile = &machine_profiles[i];
        json_writer_begin_object(&writer);
        write_text(&writer, "name", profile->name);
        write_text(&writer, "title", profile->title);
        write_parameters(&writer, names, machine_fields, machine_field_count,
                         &profile->machine);
        json_writer_end_object(&writer);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    return http_response_take_json(response, 200, &writer, err);
}

int catalogue_api_metrics(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    (void)context;
    (void)request;
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    begin_list(&writer, "items");
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        json_writer_begin_object(&writer);
        write_text(&writer, "name", metrics[i].name);
        write_text(&writer, "unit", metrics[i].unit);
        write_text(&writer, "meaning", metrics[i].meaning);
        write_text(&writer, "better", metric_better_name(metrics[i].better));
        json_writer_end_object(&writer);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    return http_response_take_json(response, 200, &writer, err);
}

int catalogue_api_schema(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err) {
    (void)context;
    struct json_writer writer = {0};
    schema_view_write(&writer);
    const int code = http_response_take_json(response, 200, &writer, err);
    if (code == 0) {
        const char *accept = http_request_header(request, "Accept");
        response->content_type = guard_choose(accept, CATALOGUE_SCHEMA_TYPES) == 0
                                     ? CATALOGUE_SCHEMA_TYPE
                                     : response->content_type;
        response->vary = "Accept";
    }
    return code;
}

int catalogue_api_health(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err) {
    (void)context;
    (void)request;
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    write_text(&writer, "status", "ok");
    json_writer_end_object(&writer);
    return http_response_take_json(response, 200, &writer, err);
}
