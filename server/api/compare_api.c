/* SPDX-License-Identifier: MIT */
#include "server/api/compare_api.h"

#include <stdlib.h>
#include <string.h>

#include "server/api/api.h"
#include "server/api/compare_view.h"
#include "server/api/resource_id.h"
#include "server/jobs/compare_source.h"

/* The ids of a query, separated by commas. */
struct names {
    char text[COMPARE_MAX][RESOURCE_ID_SIZE];
    size_t count;
};

static int read_names(struct names *out, const char *query, struct err *err) {
    const char *at = query != NULL ? query : "";
    *out = (struct names){0};
    while (*at != '\0') {
        const size_t length = strcspn(at, ",");
        if (out->count == COMPARE_MAX || length >= RESOURCE_ID_SIZE) {
            return err_set(err, ERR_INVALID,
                           "query parameter 'cells' takes from 2 to %d ids of cells: "
                           "c1,c2",
                           COMPARE_MAX);
        }
        memcpy(out->text[out->count++], at, length);
        at += length + (at[length] == ',');
    }
    return out->count >= 2 ? 0
                           : err_set(err, ERR_INVALID,
                                     "query parameter 'cells' needs at least 2 ids of "
                                     "cells: c1,c2");
}

static int read_sides(struct db_reader *reader, const struct names *names,
                      struct compare_side *sides, struct err *err) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < names->count; i++) {
        int64_t cell;
        code = resource_id_parse(RESOURCE_CELL, names->text[i], &cell, err);
        if (code == 0) {
            code = compare_source_read(&sides[i], reader, cell, names->text[i], err);
        }
    }
    return code;
}

static int write_comparison(struct compare_side *sides, size_t count, bool other_work,
                            struct json_writer *writer, struct err *err) {
    struct comparison *comparison = malloc(sizeof *comparison);
    if (comparison == NULL) {
        return err_set_nomem(err);
    }
    compare_source_align(sides, count);
    int code = compare_make(comparison, sides, count, other_work, err);
    if (code == 0) {
        code = compare_view_write(writer, comparison, sides, err);
        comparison_deinit(comparison);
    }
    free(comparison);
    return code;
}

int compare_api_read(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    const struct api *api = context;
    bool other_work = false;
    struct compare_side sides[COMPARE_MAX] = {0};
    struct json_writer writer = {0};
    struct names names;
    int code = read_names(&names, http_request_query(request, "cells"), err);
    if (code == 0) {
        code = api_query_bool(request, "other_work", &other_work, err);
    }
    if (code == 0) {
        code = read_sides(api_reader(api, request), &names, sides, err);
    }
    if (code == 0) {
        code = write_comparison(sides, names.count, other_work, &writer, err);
    }
    for (size_t i = 0; i < names.count; i++) {
        compare_side_deinit(&sides[i]);
    }
    return code != 0 ? code : http_response_take_json(response, 200, &writer, err);
}
