/* SPDX-License-Identifier: MIT */
#include "server/api/export_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "db/experiment_store.h"
#include "db/run_store.h"
#include "server/api/api.h"
#include "server/api/export_files.h"
#include "server/api/resource_id.h"
#include "server/clock/clock.h"
#include "server/export/export.h"

/* --- writing it ------------------------------------------------------------------ */

/* Why a file is not written to its end. */
enum reason { GO_ON, STOPPING, GIVEN_UP, TOO_LONG, DISK_FULL };

struct patience {
    const struct api *api;
    const struct http_request *request;
    int64_t until_ms;
    enum reason over; /* the first reason that was seen */
};

static bool disk_is_full(const char *path) {
    struct statvfs disk;
    return statvfs(path, &disk) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize < EXPORT_API_FREE_BYTES;
}

static bool is_over(void *context) {
    struct patience *patience = context;
    if (patience->over != GO_ON) {
        return true;
    }
    patience->over = atomic_load(&patience->api->closing)          ? STOPPING
                     : http_request_is_given_up(patience->request) ? GIVEN_UP
                     : clock_ms() > patience->until_ms             ? TOO_LONG
                     : disk_is_full(db_path(patience->api->db))    ? DISK_FULL
                                                                   : GO_ON;
    return patience->over != GO_ON;
}

static int explain(const struct patience *patience, int code, const struct err *why,
                   struct err *err) {
    switch (code == ERR_CANCELLED ? patience->over : GO_ON) {
    case STOPPING:
        return err_set(err, ERR_CANCELLED, "the server is stopping");
    case GIVEN_UP:
        return err_set(err, ERR_CANCELLED, "the client has closed the connection");
    case TOO_LONG:
        return err_set(
            err, ERR_UNSUPPORTED,
            "writing the file takes more than %d s; 'gilscope export' on the "
            "command line has no limit, the export of one run has less to write",
            EXPORT_API_TIME_MS / 1000);
    case DISK_FULL:
        return err_set(err, ERR_IO,
                       "the file would leave less than %d MB free on the disk of the "
                       "store: free some space",
                       EXPORT_API_FREE_BYTES / 1000000);
    default:
        *err = *why;
        return code;
    }
}

/* What is asked for, and the file that comes of it. */
struct download {
    struct api *api;
    const struct http_request *request;
    const struct export_format *format;
    struct export_request what;
    struct http_file file; /* its descriptor is the caller's when it is written */
    size_t size;
};

static int write_file(struct download *download, struct err *err) {
    struct api *api = download->api;
    struct patience patience = {.api = api,
                                .request = download->request,
                                .until_ms = clock_ms() + EXPORT_API_TIME_MS};
    struct err why = {0};
    struct stat status;
    char path[4096 + 64];
    snprintf(path, sizeof path, "%s-export-%ld-%" PRId64, db_path(api->db),
             (long)getpid(), clock_ns());
    download->what.db = api->db;
    download->what.path = path;
    download->what.cancelled = is_over;
    download->what.context = &patience;
    download->what.file = &download->file.descriptor;
    const int code = download->format->write(&download->what, &why);
    if (code != 0) {
        return explain(&patience, code, &why, err);
    }
    if (fstat(download->file.descriptor, &status) != 0) {
        http_file_close(&download->file);
        return err_set(err, ERR_IO, "cannot read the file that was written");
    }
    download->size = (size_t)status.st_size;
    return 0;
}

static void on_taken(void *context, uint64_t position) {
    export_file_taken(context, position, clock_ms());
}

static void on_closed(void *context) { export_file_close(context); }

/* It has its place until it is closed. */
static int write_in_place(struct download *download, struct err *err) {
    struct export_file *file;
    int code = export_files_enter(download->api->exports, clock_ms(), &file, err);
    if (code != 0) {
        return code;
    }
    code = write_file(download, err);
    if (code != 0) {
        export_file_close(file);
        return code;
    }
    download->file.taken = on_taken;
    download->file.closed = on_closed;
    download->file.context = file;
    export_file_send(file, download->file.descriptor, clock_ms());
    return 0;
}

static int write_in_turn(struct download *download, struct err *err) {
    atomic_int *running = &download->api->exports_running;
    const bool has_turn = atomic_fetch_add(running, 1) < EXPORT_API_AT_ONCE;
    const int code = has_turn
                         ? write_in_place(download, err)
                         : err_set(err, ERR_LIMIT, "a file is being written already");
    atomic_fetch_sub(running, 1);
    return code;
}

/* --- the answer ------------------------------------------------------------------ */

static int read_format(const struct http_request *request,
                       const struct export_format **out, struct err *err) {
    const char *name = http_request_query(request, "format");
    if (name == NULL) {
        return err_set(err, ERR_INVALID,
                       "query parameter 'format' is missing: it must be sqlite");
    }
    *out = export_format_find(name);
    return *out != NULL
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'format' must be sqlite, not '%.64s'", name);
}

/* The head of a file that nobody writes says nothing of its length. */
static int respond(struct api *api, const struct http_request *request,
                   const struct export_request *what, struct http_response *response,
                   struct err *err) {
    struct download download = {.api = api, .request = request, .what = *what};
    int code = read_format(request, &download.format, err);
    if (code == 0 && !request->head_only) {
        code = write_in_turn(&download, err);
    }
    if (code != 0) {
        return code;
    }
    if (!request->head_only) {
        response->body_is_file = true;
        response->file = download.file;
        response->body_size = download.size;
    }
    response->endless = request->head_only;
    response->content_type = download.format->media_type;
    snprintf(response->disposition, sizeof response->disposition,
             "attachment; filename=\"gilscope-%.24s.%.8s\"", request->capture[0],
             download.format->extension);
    return 0;
}

int export_api_experiment(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    struct api *api = context;
    struct export_request what = {0};
    struct experiment experiment;
    struct db_reader *reader;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0],
                                 &what.experiment, err);
    if (code == 0) {
        code = api_long_reader(api, request, &reader, err);
    }
    if (code == 0) {
        code = experiment_store_read(reader, what.experiment, &experiment, err);
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
    struct db_reader *reader;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &what.run, err);
    if (code == 0) {
        code = api_long_reader(api, request, &reader, err);
    }
    if (code == 0) {
        code = run_store_read(reader, what.run, &run, err);
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
