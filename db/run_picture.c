/* SPDX-License-Identifier: MIT */
#include "db/run_picture.h"

#include <stdlib.h>

#include "db/span_painter_priv.h"

/* --- which lanes ----------------------------------------------------------------- */

/* Who takes turns, in this order. */
static const enum lane_kind turns[] = {LANE_GIL, LANE_LOOP, LANE_THREAD, LANE_TASK};
enum { TURN_COUNT = sizeof turns / sizeof turns[0] };

/* Something happened on it. */
static bool is_used(const struct lane_total *total) {
    for (int state = 0; state < STATE_COUNT; state++) {
        const bool is_quiet =
            state == STATE_IDLE || state == STATE_FREE || state == STATE_ALIVE;
        if (!is_quiet && total->state_ns[state] > 0) {
            return true;
        }
    }
    return false;
}

/* The first used lane of a kind from `*next` on, which moves behind it; LANE_NONE. */
static lane_id next_lane(const struct lane_table *lanes, enum lane_kind kind,
                         size_t *next) {
    while (*next < lanes->count) {
        const lane_id id = (lane_id)(*next)++;
        if (lane_table_kind(lanes, id) != kind) {
            continue;
        }
        const struct lane_total total = lane_table_total(lanes, id);
        if (is_used(&total)) {
            return id;
        }
    }
    return LANE_NONE;
}

static int by_id(const void *left, const void *right) {
    const struct lane_total *a = left, *b = right;
    return a->lane.id < b->lane.id ? -1 : a->lane.id > b->lane.id;
}

/* Fills `out`, which has room for `room`, and returns how many. */
static size_t choose_lanes(const struct lane_table *lanes, size_t room,
                           struct lane_total *out) {
    size_t next[TURN_COUNT] = {0};
    size_t count = 0, before;
    do {
        before = count;
        for (size_t i = 0; i < TURN_COUNT && count < room; i++) {
            const lane_id id = next_lane(lanes, turns[i], &next[i]);
            if (id != LANE_NONE) {
                out[count++] = lane_table_total(lanes, id);
            }
        }
    } while (count > before);
    qsort(out, count, sizeof *out, by_id);
    return count;
}

/* --- painting them --------------------------------------------------------------- */

static int paint_lane(struct timeline_lane *out, struct view *view,
                      const struct recorded_lane *recorded,
                      const struct lane_total *total, struct err *err) {
    struct span_painter painter = {.lane.lane = total->lane.id,
                                   .lane.known_until_ns = SIM_NEVER,
                                   .pixel.free_from = total->lane.born_ns};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < recorded->count; i++) {
        const struct span *span = &recorded->spans[i];
        const struct long_span painted = {
            .start_ns = span->start_ns,
            .end_ns = span->end_ns,
            .resource = span->resource,
            .by = span->by,
            .site = span->site,
            .state = span->state,
        };
        rc = span_painter_add(&painter, view, &painted, err);
    }
    if (rc == 0) {
        rc = span_painter_close(&painter, view, total->died_ns, err);
    }
    *out = painter.lane;
    return rc;
}

static int paint_lanes(struct run_picture *picture, const struct recording *recording,
                       size_t count, struct err *err) {
    struct timeline_view *out = &picture->view;
    struct view view;
    int rc = view_init(&view, &picture->window, err);
    if (rc != 0) {
        return rc;
    }
    for (; rc == 0 && out->lane_count < count; out->lane_count++) {
        const struct lane_total *total = &picture->lanes[out->lane_count];
        rc = paint_lane(&out->lanes[out->lane_count], &view,
                        &recording->lanes[total->lane.id], total, err);
    }
    view_deinit(&view);
    return rc;
}

int run_picture_paint(struct run_picture *out, const struct run_picture_source *source,
                      const struct run_picture_size *size, struct err *err) {
    struct run_picture picture = {
        .window = {.to_ns = source->duration_ns > 0 ? source->duration_ns : 1,
                   .pixels = size->pixels},
        .view.instants.known_until_ns = SIM_NEVER,
        .view.counters.known_until_ns = SIM_NEVER,
    };
    int rc = 0;
    picture.lanes = memory_zeroed(size->lane_count, sizeof *picture.lanes);
    picture.view.lanes = memory_zeroed(size->lane_count, sizeof *picture.view.lanes);
    if (picture.lanes == NULL || picture.view.lanes == NULL) {
        rc = err_set_nomem(err);
    } else {
        const size_t count = choose_lanes(source->lanes, size->lane_count, picture.lanes);
        rc = paint_lanes(&picture, source->recording, count, err);
    }
    if (rc != 0) {
        run_picture_deinit(&picture);
        return rc;
    }
    *out = picture;
    return 0;
}

void run_picture_deinit(struct run_picture *picture) {
    memory_free(picture->lanes);
    timeline_view_deinit(&picture->view);
    *picture = (struct run_picture){0};
}
