/* SPDX-License-Identifier: MIT */
#include "server/api/preview_api.h"

#include "server/api/api.h"
#include "server/api/document_refusal.h"
#include "server/api/experiment_view.h"

static int write_preview(const struct preview *preview, struct json_writer *writer,
                         struct err *err) {
    struct memory_rows rows;
    int code = memory_job_rows(preview->memory, &rows, err);
    if (code == 0) {
        code =
            experiment_view_write(writer, &rows.experiment, &rows.cells, &rows.runs, err);
        memory_rows_deinit(&rows);
    }
    return code;
}

/* "pixels" and "lanes" of the pictures; without pixels there are none. */
static int parse_picture(const struct http_request *request,
                         struct run_picture_size *picture, struct err *err) {
    const struct api_number width = {"pixels", 0, 1, PREVIEW_PIXELS_MAX};
    const struct api_number height = {"lanes", 8, 1, RUN_PICTURE_MAX_LANES};
    int64_t pixels, lanes;
    int code = api_query_number(request, &width, &pixels, err);
    if (code == 0) {
        code = api_query_number(request, &height, &lanes, err);
    }
    if (code == 0) {
        *picture = (struct run_picture_size){(uint32_t)pixels, (size_t)lanes};
    }
    return code;
}

int preview_api_run(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err) {
    const struct api *api = context;
    struct preview_request wanted = {
        .text = request->body != NULL ? request->body : "",
        .size = request->body_size,
    };
    struct json_writer writer = {0};
    struct preview preview;
    int code = api_query_client(request, &wanted.client, err);
    if (code == 0) {
        code = parse_picture(request, &wanted.picture, err);
    }
    if (code == 0) {
        code = preview_run(&preview, api->previews, &wanted, err);
        if (code != 0) {
            document_refusal_complete(response, err, wanted.text, wanted.size);
        }
    }
    if (code != 0) {
        return code;
    }
    code = write_preview(&preview, &writer, err);
    preview_deinit(&preview);
    return code != 0 ? code : http_response_take_json(response, 200, &writer, err);
}
