/* SPDX-License-Identifier: MIT */
#include "server/jobs/preview.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "server/clock/clock.h"
#include "server/document/canonical.h"
#include "server/document/text.h"
#include "server/jobs/cell_job.h"

/* --- who runs -------------------------------------------------------------------- */

/* Each that goes on may have one before it that is ending. */
enum { PREVIEW_PLACES = 2 * PREVIEW_AT_ONCE };

struct running {
    bool taken;
    char client[FAIR_CLIENT_SIZE]; /* "": nobody's */
    bool replaced;                 /* by the client's next one */
    atomic_bool cancel;
};

struct previews {
    pthread_mutex_t mutex;
    bool is_closed;
    struct running running[PREVIEW_PLACES];
};

int previews_create(struct previews **out, struct err *err) {
    struct previews *previews = calloc(1, sizeof *previews);
    if (previews == NULL) {
        return err_set_nomem(err);
    }
    pthread_mutex_init(&previews->mutex, NULL);
    *out = previews;
    return 0;
}

void previews_destroy(struct previews *previews) {
    if (previews != NULL) {
        pthread_mutex_destroy(&previews->mutex);
        free(previews);
    }
}

void previews_close(struct previews *previews) {
    pthread_mutex_lock(&previews->mutex);
    previews->is_closed = true;
    for (int i = 0; i < PREVIEW_PLACES; i++) {
        atomic_store(&previews->running[i].cancel, true);
    }
    pthread_mutex_unlock(&previews->mutex);
}

/* With the mutex held: ends those of the client, and gives a free place, or NULL when
 * PREVIEW_AT_ONCE go on. What is told to end has made its place free for the client's next. */
static struct running *find_place(struct previews *previews, const char *client) {
    struct running *free_place = NULL;
    int going_on = 0;
    for (int i = 0; i < PREVIEW_PLACES; i++) {
        struct running *running = &previews->running[i];
        if (!running->taken) {
            free_place = running;
            continue;
        }
        if (client[0] != '\0' && strcmp(running->client, client) == 0) {
            running->replaced = true;
            atomic_store(&running->cancel, true);
        }
        going_on += running->replaced ? 0 : 1;
    }
    return going_on < PREVIEW_AT_ONCE ? free_place : NULL;
}

static int enter(struct previews *previews, const char *client, struct running **out,
                 struct err *err) {
    int code = 0;
    pthread_mutex_lock(&previews->mutex);
    struct running *place = find_place(previews, client);
    if (previews->is_closed) {
        code = err_set(err, ERR_CANCELLED, "the server is stopping");
    } else if (place == NULL) {
        code =
            err_set(err, ERR_LIMIT, "%d previews are running already", PREVIEW_AT_ONCE);
    } else {
        place->taken = true;
        place->replaced = false;
        atomic_store(&place->cancel, false);
        strcpy(place->client, client);
        *out = place;
    }
    pthread_mutex_unlock(&previews->mutex);
    return code;
}

/* Whether the client's next one took its place. */
static bool leave(struct previews *previews, struct running *place) {
    pthread_mutex_lock(&previews->mutex);
    const bool replaced = place->replaced;
    place->taken = false;
    pthread_mutex_unlock(&previews->mutex);
    return replaced;
}

/* --- the document ---------------------------------------------------------------- */

/* A document with other limits is another one, but nothing of it is kept. */
static int lower_limit(json_t *document, struct err *err) {
    json_t *limits = json_object_get(document, "limits");
    if (limits == NULL) {
        limits = json_object();
        if (json_object_set_new(document, "limits", limits) != 0) {
            return err_set_nomem(err);
        }
    }
    const json_t *events = json_object_get(limits, "events");
    const bool is_lower =
        events != NULL &&
        (!json_is_integer(events) || json_integer_value(events) < PREVIEW_EVENTS_MAX);
    if (!json_is_object(limits) || is_lower) {
        return 0; /* what is wrong there is said by the reader */
    }
    return json_object_set_new(limits, "events", json_integer(PREVIEW_EVENTS_MAX)) == 0
               ? 0
               : err_set_nomem(err);
}

static int read_document(struct document **out, const struct preview_request *request,
                         struct err *err) {
    json_t *tree = NULL;
    char *text = NULL;
    size_t size;
    int code = text_parse(&tree, request->text, request->size, err);
    if (code != 0) {
        return code;
    }
    code = lower_limit(tree, err);
    if (code == 0) {
        code = canonical_text(tree, &text, &size, err);
    }
    json_decref(tree);
    if (code == 0) {
        code = document_parse(out, text, size, err);
        memory_free(text);
    }
    return code;
}

static int open_grid(struct grid **out, const struct document *document,
                     struct err *err) {
    struct grid *grid = NULL;
    int code = grid_create(&grid, document, err);
    if (code != 0) {
        return code;
    }
    const size_t runs = grid_cell_count(grid) * document->repetitions;
    if (runs > PREVIEW_RUNS_MAX) {
        grid_destroy(grid);
        return err_set_pointer(err, "/repetitions",
                               "a preview has at most %d runs, this document %zu: "
                               "submit it, or ask for less",
                               PREVIEW_RUNS_MAX, runs);
    }
    *out = grid;
    return 0;
}

/* --- running it ------------------------------------------------------------------ */

/* Where a preview is stopped: by its client's next one, or by its time. */
struct clock {
    int64_t end_ms;
    atomic_bool *cancel;
};

static void look_at_clock(void *context, const struct job_outcome *outcome) {
    const struct clock *clock = context;
    (void)outcome;
    if (clock_ms() >= clock->end_ms) {
        atomic_store(clock->cancel, true);
    }
}

/* Cell by cell, until the time is over. */
static int run_cells(struct job *job, atomic_bool *cancel, struct err *err) {
    const struct job_keeper *keeper = &job->keeper;
    struct clock clock = {clock_ms() + PREVIEW_MS, cancel};
    int code = keeper->begin(keeper->context, err);
    for (size_t i = 0; code == 0 && i < grid_cell_count(job->grid); i++) {
        const struct cell_job cell_job = {.job = job,
                                          .cell = i,
                                          .cancel = cancel,
                                          .on_run = look_at_clock,
                                          .context = &clock};
        struct cell_outcome outcome;
        if (job->skip[i]) {
            continue;
        }
        if (atomic_load(cancel)) {
            return keeper->finish(keeper->context, EXPERIMENT_INTERRUPTED,
                                  "the time of the preview is over", err);
        }
        cell_job_execute(&cell_job, &outcome);
        code = keeper->cell_finish(keeper->context, &outcome, err);
    }
    return code != 0 ? code : keeper->finish(keeper->context, EXPERIMENT_DONE, "", err);
}

static int run_memory(struct memory_job *memory, atomic_bool *cancel, struct err *err) {
    const struct job_source source = memory_job_source(memory);
    struct job *job = NULL;
    int code = source.next(source.context, false, &job, err);
    if (code == 0) {
        code = run_cells(job, cancel, err);
        job_destroy(job);
    }
    return code;
}

static int run_document(struct preview *preview, atomic_bool *cancel,
                        const struct preview_request *request, struct err *err) {
    struct grid *grid = NULL;
    int code = open_grid(&grid, preview->document, err);
    if (code == 0) {
        code = memory_job_create(&preview->memory, preview->document, grid, err);
    }
    if (code == 0 && request->picture.pixels > 0) {
        const struct memory_pictures pictures = {PREVIEW_PICTURES_MAX, request->picture};
        memory_job_keep_pictures(preview->memory, &pictures);
    }
    return code == 0 ? run_memory(preview->memory, cancel, err) : code;
}

static int run_in_place(struct preview *preview, struct previews *previews,
                        const struct preview_request *request, struct err *err) {
    struct running *place = NULL;
    int code =
        enter(previews, request->client != NULL ? request->client : "", &place, err);
    if (code != 0) {
        return code;
    }
    code = run_document(preview, &place->cancel, request, err);
    const bool replaced = leave(previews, place);
    return code == 0 && replaced
               ? err_set(err, ERR_CONFLICT,
                         "the next preview of this client took its place")
               : code;
}

int preview_run(struct preview *out, struct previews *previews,
                const struct preview_request *request, struct err *err) {
    struct preview preview = {0};
    int code = read_document(&preview.document, request, err);
    if (code == 0) {
        code = run_in_place(&preview, previews, request, err);
    }
    if (code != 0) {
        preview_deinit(&preview);
        return code;
    }
    *out = preview;
    return 0;
}

void preview_deinit(struct preview *preview) {
    memory_job_destroy(preview->memory);
    document_destroy(preview->document);
    *preview = (struct preview){0};
}
