/* SPDX-License-Identifier: MIT */
#include "engine/analysis/blame.h"

#include <stdlib.h>

#include "engine/base/memory.h"

/* Who is to blame, and for what. */
struct culprit {
    lane_id holder;
    site_id site;
    int32_t state;
};

/* A stretch of the resource's time with one culprit. */
struct piece {
    sim_ns start_ns, end_ns;
    sim_ns before_ns; /* time of the same culprit in all pieces before this one */
    struct culprit culprit;
    uint32_t index; /* of the culprit */
};

/* The time of one resource, cut into pieces. */
struct overlay {
    struct piece *by_time;    /* without gaps */
    struct piece *by_culprit; /* the same ones, by culprit and then by time */
    size_t count, capacity;
    size_t *first; /* of each culprit in by_culprit, and the end */
    sim_ns *sum;   /* of each culprit: time in the waits of the present waiter */
    size_t culprits;
};

/* A wait, cut at the window. */
struct wait {
    sim_ns start_ns, end_ns;
    lane_id waiter, resource;
};

struct wait_list {
    struct wait *items; /* by resource, then by waiter, then by time */
    size_t count;
};

static sim_ns later(sim_ns a, sim_ns b) { return a > b ? a : b; }
static sim_ns earlier(sim_ns a, sim_ns b) { return a < b ? a : b; }

void blame_deinit(struct blame *blame) {
    memory_free(blame->shares);
    *blame = (struct blame){0};
}

/* --- pieces -------------------------------------------------------------------- */

static void overlay_deinit(struct overlay *overlay) {
    memory_free(overlay->by_time);
    memory_free(overlay->by_culprit);
    memory_free(overlay->first);
    memory_free(overlay->sum);
    *overlay = (struct overlay){0};
}

static int add_piece(struct overlay *overlay, sim_ns start, sim_ns end,
                     struct culprit culprit) {
    if (end <= start) {
        return 0;
    }
    const int rc = vec_reserve((void **)&overlay->by_time, &overlay->capacity,
                               overlay->count, sizeof *overlay->by_time);
    if (rc == 0) {
        overlay->by_time[overlay->count++] =
            (struct piece){.start_ns = start, .end_ns = end, .culprit = culprit};
    }
    return rc;
}

/* Cuts a hold into what its holder did meanwhile. */
static int cut_hold(struct overlay *overlay, const struct recording *recording,
                    lane_id holder, sim_ns start, sim_ns end) {
    int rc = 0;
    if (recording_has_lane(recording, holder, LANE_THREAD) ||
        recording_has_lane(recording, holder, LANE_TASK)) {
        const struct recorded_lane *lane = &recording->lanes[holder];
        for (size_t i = recorded_lane_find(lane, start);
             rc == 0 && i < lane->count && lane->spans[i].start_ns < end; i++) {
            const struct span *span = &lane->spans[i];
            const sim_ns to = earlier(span->end_ns, end);
            rc = add_piece(overlay, later(span->start_ns, start), to,
                           (struct culprit){holder, span->site, span->state});
            start = to;
        }
    }
    /* What the holder did is not known any more: only in a recording with a hole. */
    return rc != 0
               ? rc
               : add_piece(overlay, start, end, (struct culprit){holder, SITE_NONE, -1});
}

static int cut_resource(struct overlay *overlay, const struct recording *recording,
                        lane_id resource, sim_ns from, sim_ns to) {
    const struct recorded_lane *lane = &recording->lanes[resource];
    const struct culprit nobody = {LANE_NONE, SITE_NONE, -1};
    int rc = 0;
    for (size_t i = recorded_lane_find(lane, from);
         rc == 0 && i < lane->count && lane->spans[i].start_ns < to; i++) {
        const struct span *span = &lane->spans[i];
        const sim_ns start = later(span->start_ns, from);
        const sim_ns end = earlier(span->end_ns, to);
        rc = add_piece(overlay, from, start, nobody); /* before the lane was born */
        if (rc == 0) {
            rc = lane_is_held(lane->kind, (enum lane_state)span->state)
                     ? cut_hold(overlay, recording, span->resource, start, end)
                     : add_piece(overlay, start, end, nobody);
        }
        from = end;
    }
    return rc != 0 ? rc : add_piece(overlay, from, to, nobody); /* or after its end */
}

/* --- culprits ------------------------------------------------------------------ */

static int compare_culprits(const struct culprit *a, const struct culprit *b) {
    if (a->holder != b->holder) {
        return a->holder < b->holder ? -1 : 1;
    }
    if (a->site != b->site) {
        return a->site < b->site ? -1 : 1;
    }
    return (a->state > b->state) - (a->state < b->state);
}

static int compare_pieces(const void *left, const void *right) {
    const struct piece *a = left, *b = right;
    const int order = compare_culprits(&a->culprit, &b->culprit);
    return order != 0 ? order : (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

/* Position of the piece that holds the instant, which lies inside. */
static size_t piece_at(const struct overlay *overlay, sim_ns at) {
    size_t low = 0, high = overlay->count;
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        if (overlay->by_time[middle].start_ns <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Numbers the culprits, and adds up the time of each. */
static void number_culprits(struct overlay *overlay) {
    sim_ns before = 0;
    for (size_t i = 0; i < overlay->count; i++) {
        struct piece *piece = &overlay->by_culprit[i];
        if (i == 0 || compare_culprits(&piece[-1].culprit, &piece->culprit) != 0) {
            overlay->first[overlay->culprits++] = i;
            before = 0;
        }
        piece->index = (uint32_t)overlay->culprits - 1;
        piece->before_ns = before;
        before += piece->end_ns - piece->start_ns;
        overlay->by_time[piece_at(overlay, piece->start_ns)].index = piece->index;
    }
    overlay->first[overlay->culprits] = overlay->count;
}

static int overlay_init(struct overlay *out, const struct recording *recording,
                        lane_id resource, sim_ns from, sim_ns to) {
    struct overlay overlay = {0};
    int rc = cut_resource(&overlay, recording, resource, from, to);
    if (rc == 0) {
        overlay.by_culprit = memory_zeroed(overlay.count, sizeof(struct piece));
        overlay.first = memory_zeroed(overlay.count + 1, sizeof *overlay.first);
        overlay.sum = memory_zeroed(overlay.count, sizeof *overlay.sum);
        rc = overlay.by_culprit != NULL && overlay.first != NULL && overlay.sum != NULL
                 ? 0
                 : ERR_NOMEM;
    }
    if (rc != 0) {
        overlay_deinit(&overlay);
        return rc;
    }
    for (size_t i = 0; i < overlay.count; i++) {
        overlay.by_culprit[i] = overlay.by_time[i];
    }
    if (overlay.count > 0) {
        qsort(overlay.by_culprit, overlay.count, sizeof(struct piece), compare_pieces);
    }
    number_culprits(&overlay);
    *out = overlay;
    return 0;
}

/* --- waits --------------------------------------------------------------------- */

/* Time of one culprit before the instant. */
static sim_ns time_until(const struct overlay *overlay, size_t culprit, sim_ns at) {
    size_t low = overlay->first[culprit], high = overlay->first[culprit + 1];
    if (overlay->by_culprit[low].start_ns >= at) {
        return 0;
    }
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        if (overlay->by_culprit[middle].start_ns < at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const struct piece *piece = &overlay->by_culprit[low];
    return piece->before_ns + earlier(piece->end_ns, at) - piece->start_ns;
}

/* Adds the shares of a wait to the sums of its culprits. */
static void add_wait(struct overlay *overlay, const struct wait *wait) {
    const size_t first = piece_at(overlay, wait->start_ns);
    const size_t last = piece_at(overlay, wait->end_ns - 1);
    if (last - first < overlay->culprits) {
        for (size_t i = first; i <= last; i++) {
            const struct piece *piece = &overlay->by_time[i];
            overlay->sum[piece->index] += earlier(piece->end_ns, wait->end_ns) -
                                          later(piece->start_ns, wait->start_ns);
        }
        return;
    }
    for (size_t i = 0; i < overlay->culprits; i++) {
        overlay->sum[i] +=
            time_until(overlay, i, wait->end_ns) - time_until(overlay, i, wait->start_ns);
    }
}

/* The sums of one waiter become shares. */
static int deliver(struct overlay *overlay, const struct wait *wait, struct blame *blame,
                   struct err *err) {
    for (size_t i = 0; i < overlay->culprits; i++) {
        if (overlay->sum[i] == 0) {
            continue;
        }
        if (blame->count == BLAME_MAX_SHARES) {
            return err_set(err, ERR_LIMIT,
                           "the blame of the run has more than %d rows: ask for a "
                           "shorter time",
                           BLAME_MAX_SHARES);
        }
        if (vec_reserve((void **)&blame->shares, &blame->capacity, blame->count,
                        sizeof *blame->shares) != 0) {
            return err_set_nomem(err);
        }
        const struct culprit *culprit = &overlay->by_culprit[overlay->first[i]].culprit;
        blame->shares[blame->count++] = (struct blame_share){
            .ns = overlay->sum[i],
            .waiter = wait->waiter,
            .resource = wait->resource,
            .holder = culprit->holder,
            .site = culprit->site,
            .state = culprit->state,
        };
        overlay->sum[i] = 0;
    }
    return 0;
}

/* `waits` are all for the same resource, by waiter. */
static int blame_waits(const struct recording *recording, const struct wait *waits,
                       size_t count, struct blame *blame, struct err *err) {
    sim_ns from = waits[0].start_ns, to = waits[0].end_ns;
    for (size_t i = 1; i < count; i++) {
        from = earlier(from, waits[i].start_ns);
        to = later(to, waits[i].end_ns);
    }
    struct overlay overlay;
    int rc = overlay_init(&overlay, recording, waits[0].resource, from, to);
    if (rc != 0) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        add_wait(&overlay, &waits[i]);
        if (i + 1 == count || waits[i + 1].waiter != waits[i].waiter) {
            rc = deliver(&overlay, &waits[i], blame, err);
        }
    }
    overlay_deinit(&overlay);
    return rc;
}

/* --- all waits ----------------------------------------------------------------- */

bool blame_is_wait(const struct recording *recording, lane_id lane,
                   const struct span *span) {
    static const struct {
        enum lane_state state;
        enum lane_kind resource;
    } waits[] = {
        {STATE_WAIT_GIL, LANE_GIL},   {STATE_FORCED_WAIT, LANE_GIL},
        {STATE_WAIT_LOCK, LANE_LOCK}, {STATE_SPIN, LANE_LOCK},
        {STATE_PAUSED, LANE_PROCESS}, {STATE_AWAIT_LOCK, LANE_LOCK},
    };
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        if (span->state == waits[i].state &&
            recording_has_lane(recording, span->resource, waits[i].resource)) {
            return (recording_has_lane(recording, lane, LANE_THREAD) ||
                    recording_has_lane(recording, lane, LANE_TASK)) &&
                   recording->lanes[span->resource].was_held;
        }
    }
    return false;
}

/* next[r + 1] becomes the number of waits for the resources up to r. */
static size_t count_waits(const struct recording *recording, size_t *next) {
    size_t total = 0;
    for (size_t lane = 0; lane < recording->lane_count; lane++) {
        const struct recorded_lane *it = &recording->lanes[lane];
        for (size_t i = 0; i < it->count; i++) {
            if (blame_is_wait(recording, (lane_id)lane, &it->spans[i])) {
                next[it->spans[i].resource + 1]++;
                total++;
            }
        }
    }
    for (size_t lane = 1; lane <= recording->lane_count; lane++) {
        next[lane] += next[lane - 1];
    }
    return total;
}

/* Lanes ascend and so do the times of each: sorting by resource is all that is to do. */
static void sort_waits(const struct recording *recording, size_t *next,
                       struct wait_list *list) {
    for (size_t lane = 0; lane < recording->lane_count; lane++) {
        const struct recorded_lane *it = &recording->lanes[lane];
        for (size_t i = 0; i < it->count; i++) {
            const struct span *span = &it->spans[i];
            if (blame_is_wait(recording, (lane_id)lane, span)) {
                list->items[next[span->resource]++] = (struct wait){
                    .start_ns = later(span->start_ns, recording->from_ns),
                    .end_ns = earlier(span->end_ns, recording->to_ns),
                    .waiter = (lane_id)lane,
                    .resource = span->resource,
                };
            }
        }
    }
}

static int list_waits(const struct recording *recording, struct wait_list *out,
                      struct err *err) {
    size_t *next = memory_zeroed(recording->lane_count + 1, sizeof *next);
    if (next == NULL) {
        return err_set_nomem(err);
    }
    out->count = count_waits(recording, next);
    out->items = memory_zeroed(out->count, sizeof *out->items);
    if (out->items != NULL) {
        sort_waits(recording, next, out);
    }
    memory_free(next);
    return out->items != NULL ? 0 : err_set_nomem(err);
}

int blame_of_wait(const struct recording *recording, lane_id lane,
                  const struct span *wait, struct blame *out, struct err *err) {
    const struct wait only = {wait->start_ns, wait->end_ns, lane, wait->resource};
    struct blame blame = {0};
    const int rc = blame_waits(recording, &only, 1, &blame, err);
    if (rc != 0) {
        blame_deinit(&blame);
        return rc;
    }
    *out = blame;
    return 0;
}

int blame_of_run(const struct recording *recording, struct blame *out, struct err *err) {
    struct wait_list list = {0};
    struct blame blame = {0};
    int rc = list_waits(recording, &list, err);
    for (size_t first = 0, end; rc == 0 && first < list.count; first = end) {
        for (end = first + 1; end < list.count; end++) {
            if (list.items[end].resource != list.items[first].resource) {
                break;
            }
        }
        rc = blame_waits(recording, &list.items[first], end - first, &blame, err);
    }
    memory_free(list.items);
    if (rc != 0) {
        blame_deinit(&blame);
        return rc;
    }
    *out = blame;
    return 0;
}
