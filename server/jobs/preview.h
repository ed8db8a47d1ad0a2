/* SPDX-License-Identifier: MIT */
/*
 * preview - runs a document at once, in the thread that asks, and keeps nothing: what a slider
 * shows while it is dragged.
 *
 * It may give a small picture of the timelines of the first PREVIEW_PICTURES_MAX cells.
 *
 * It is capped: at most PREVIEW_RUNS_MAX runs, each cut off after PREVIEW_EVENTS_MAX
 * transitions, and none begins after PREVIEW_MS; the cells that are left are interrupted. So
 * it takes PREVIEW_MS and one run at most.
 *
 * A preview ends the one before it of the same client, and need not wait for its end. All
 * functions may be called from any
 * thread.
 */
#ifndef SERVER_JOBS_PREVIEW_H
#define SERVER_JOBS_PREVIEW_H

#include "engine/base/err.h"
#include "server/document/document.h"
#include "server/jobs/memory_job.h"

#include <stddef.h>

enum {
    PREVIEW_RUNS_MAX = 256,
    PREVIEW_EVENTS_MAX = 500000,
    PREVIEW_MS = 200,
    PREVIEW_PICTURES_MAX = 16, /* cells with a picture of their first repetition */
    PREVIEW_PIXELS_MAX = 1024,
    PREVIEW_AT_ONCE = 3 /* of all clients; the HTTP executor has a thread for each */
};

struct previews;

int previews_create(struct previews **out, struct err *err) WARN_UNUSED;

/* When none runs any more. NULL is accepted. */
void previews_destroy(struct previews *previews);

/* Ends those that run, and refuses others. */
void previews_close(struct previews *previews);

struct preview_request {
    const char *text; /* the document; UTF-8 */
    size_t size;
    const char *client; /* below FAIR_CLIENT_SIZE bytes, or NULL: nobody's next */
    struct run_picture_size picture; /* of the first cells; no pixels: none */
};

/* Owns both. */
struct preview {
    struct document *document;
    struct memory_job *memory; /* its outcome: memory_job_rows() */
};

/*
 * Free `out` with preview_deinit(). ERR_INVALID with a pointer: the document is refused, or has
 * too many runs. ERR_CONFLICT: the client's next one took its place. ERR_LIMIT:
 * PREVIEW_AT_ONCE of other clients run. ERR_CANCELLED: closed.
 */
int preview_run(struct preview *out, struct previews *previews,
                const struct preview_request *request, struct err *err) WARN_UNUSED;
void preview_deinit(struct preview *preview);

#endif
