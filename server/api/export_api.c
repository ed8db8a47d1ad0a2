/* SPDX-License-Identifier: MIT */
#include "server/api/export_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/experiment_store.h"
#include "db/run_store.h"
#include "server/api/api.h"
#include "server/api/resource_id.h"
#include "server/clock/clock.h"
#include "server/export/export.h"

/* --- writing it ------------------------------------------------------------------ */

struct patience {
    const struct api *api;
    int64_t until_ms;
};

static bool is_over(void *context) {
    const struct patience *patience = context;
    return atomic_load(&patience->api->closing) || clock_ms() > patience->until_ms;
}

/* What was cancelled took too long, unless the server stops. */
static int explain(const struct patience *patience, int code, const struct err *why,
                   struct err *err) {
    if (code == ERR_CANCELLED && !atomic_load(&patience->api->closing)) {
        return err_set(
            err, ERR_LIMIT,
            "writing the file takes more than %d s; 'gilscope export' on the "
            "command line has no limit, the export of one run has less to write",
            EXPORT_API_TIME_MS / 1000);
    }
    *err = *why;
    return code;
}

static int write_file(struct api *api, const struct export_format *format,
                      struct export_request request, struct err *err) {
    struct patience patience = {.api = api, .until_ms = clock_ms() + EXPORT_API_TIME_MS};
    struct err why = {0};
    char path[4096 + 64];
    snprintf(path, sizeof path, "%s-export-%ld-%" PRId64, db_path(api->db),
             (long)getpid(), clock_ns());
    request.db = api->db;
    request.path = path;
    request.cancelled = is_over;
    request.context = &patience;
    const int code = format->write(&request, &why);
    return code == 0 ? 0 : explain(&patience, code, &why, err);
}

static int write_in_turn(struct api *api, const struct export_format *format,
                         const struct export_request *request, struct err *err) {
    int code;
    if (atomic_fetch_add(&api->exports_running, 1) < EXPORT_API_AT_ONCE) {
        code = write_file(api, format, *request, err);
    } else {
        code = err_set(err, ERR_LIMIT, "a file is being written already");
    }
    atomic_fetch_sub(&api->exports_running, 1);
    return code;
}

/* --- the answer ------------------------------------------------------------------ */

static int read_format(const struct http_request *request,
                       const struct export_format **out, struct err *err) {
    const char *name = http_request_query(request, "format");
    *out = name != NULL ? export_format_find(name) : NULL;
    return *out != NULL ? 0
                        : err_set(err, ERR_INVALID,
                                  "query parameter 'format' must be sqlite, not '%.64s'",
                                  name != NULL ? name : "");
}

/* The head of a file that nobody writes says nothing of its length. */
static int respond(struct api *api, const struct http_request *request,
                   const struct export_request *what, struct http_response *response,
                   struct err *err) {
    const struct export_format *format;
    struct export_request with_file = *what;
    struct stat status;
    int file = -1;
    int code = read_format(request, &format, err);
    if (code != 0) {
        return code;
    }
    if (!request->head_only) {
        with_file.file = &file;
        if ((code = write_in_turn(api, format, &with_file, err)) != 0) {
            return code;
        }
        if (fstat(file, &status) != 0) {
            close(file);
            return err_set(err, ERR_IO, "cannot read the file that was written");
        }
        response->body_is_file = true;
        response->file = file;
        response->body_size = (size_t)status.st_size;
    }
    response->endless = request->head_only;
    response->content_type = format->media_type;
    snprintf(response->disposition, sizeof response->disposition,
             "attachment; filename=\"gilscope-%.24s.%.8s\"", request->capture[0],
             format->extension);
    return 0;
}

int export_api_experiment(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    struct api *api = context;
    struct export_request what = {0};
    struct experiment experiment;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0],
                                 &what.experiment, err);
    if (code == 0) {
        code = experiment_store_read(api_reader(api, request), what.experiment,
                                     &experiment, err);
        code = resource_id_missing(code, RESOURCE_EXPERIMENT, what.experiment, err);
    }
    if (code == 0) {
        experiment_deinit(&experiment);
        code = respond(api, request, &what, response, err);
    }
    return code;
}

int export_api_run(void *context, const struct http_request *request,
                   struct http_response *response, struct err *err) {
    struct api *api = context;
    struct export_request what = {0};
    struct run_list run;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &what.run, err);
    if (code == 0) {
        code = run_store_read(api_reader(api, request), what.run, &run, err);
        code = resource_id_missing(code, RESOURCE_RUN, what.run, err);
    }
    if (code == 0) {
        what.experiment = run.items[0].experiment;
        code = run.items[0].has_timeline
                   ? respond(api, request, &what, response, err)
                   : err_set(err, ERR_NOT_FOUND, "run %s has no timeline",
                             request->capture[0]);
        run_list_deinit(&run);
    }
    return code;
}
