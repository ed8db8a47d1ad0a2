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
    size_t *found; /* the culprits with such a time */
    size_t culprits, found_count;
};

/* A wait, cut at the window. */
struct wait {
    sim_ns start_ns, end_ns;
    lane_id waiter;
    int32_t state;
    lane_id resource;
    lane_id under; /* the lane that it is laid over; LANE_NONE: nobody's */
};

struct wait_list {
    struct wait *items; /* by what they are laid over, and then as compare_waits() says */
    size_t count, capacity;
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
    memory_free(overlay->found);
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

static const struct culprit nobody = {LANE_NONE, SITE_NONE, -1};

static bool has_program(const struct recording *recording, lane_id lane) {
    return recording_has_lane(recording, lane, LANE_THREAD) ||
           recording_has_lane(recording, lane, LANE_TASK);
}

/* Cuts a hold into what its holder did meanwhile. */
static int cut_hold(struct overlay *overlay, const struct recording *recording,
                    lane_id holder, sim_ns start, sim_ns end) {
    int rc = 0;
    if (has_program(recording, holder)) {
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

/* Cuts [start, end), in which a lane has that span, into who had what the lane stands for. */
static int cut_span(struct overlay *overlay, const struct recording *recording,
                    lane_id lane, const struct span *span, sim_ns start, sim_ns end) {
    const enum lane_kind kind = recording->lanes[lane].kind;
    if (has_program(recording, lane)) {
        return add_piece(overlay, start, end,
                         (struct culprit){lane, span->site, span->state});
    }
    if (lane_is_held(kind, (enum lane_state)span->state) ||
        (kind == LANE_LOOP && has_program(recording, span->resource))) {
        return cut_hold(overlay, recording, span->resource, start, end);
    }
    return add_piece(overlay, start, end,
                     kind == LANE_LOOP ? (struct culprit){lane, SITE_NONE, span->state}
                                       : nobody);
}

static int cut_lane(struct overlay *overlay, const struct recording *recording,
                    lane_id id, sim_ns from, sim_ns to) {
    const struct recorded_lane *lane = &recording->lanes[id];
    int rc = 0;
    for (size_t i = recorded_lane_find(lane, from);
         rc == 0 && i < lane->count && lane->spans[i].start_ns < to; i++) {
        const struct span *span = &lane->spans[i];
        const sim_ns start = later(span->start_ns, from);
        const sim_ns end = earlier(span->end_ns, to);
        rc = add_piece(overlay, from, start, nobody); /* before the lane was born */
        if (rc == 0) {
            rc = cut_span(overlay, recording, id, span, start, end);
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
                        lane_id lane, sim_ns from, sim_ns to) {
    struct overlay overlay = {0};
    int rc = lane == LANE_NONE ? add_piece(&overlay, from, to, nobody)
                               : cut_lane(&overlay, recording, lane, from, to);
    if (rc == 0) {
        overlay.by_culprit = memory_zeroed(overlay.count, sizeof(struct piece));
        overlay.first = memory_zeroed(overlay.count + 1, sizeof *overlay.first);
        overlay.sum = memory_zeroed(overlay.count, sizeof *overlay.sum);
        overlay.found = memory_zeroed(overlay.count, sizeof *overlay.found);
        rc = overlay.by_culprit != NULL && overlay.first != NULL && overlay.sum != NULL &&
                     overlay.found != NULL
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

static void add_sum(struct overlay *overlay, size_t culprit, sim_ns ns) {
    if (overlay->sum[culprit] == 0 && ns > 0) {
        overlay->found[overlay->found_count++] = culprit;
    }
    overlay->sum[culprit] += ns;
}

/* Adds the shares of a wait to the sums of its culprits. */
static void add_wait(struct overlay *overlay, const struct wait *wait) {
    const size_t first = piece_at(overlay, wait->start_ns);
    const size_t last = piece_at(overlay, wait->end_ns - 1);
    if (last - first < overlay->culprits) {
        for (size_t i = first; i <= last; i++) {
            const struct piece *piece = &overlay->by_time[i];
            add_sum(overlay, piece->index,
                    earlier(piece->end_ns, wait->end_ns) -
                        later(piece->start_ns, wait->start_ns));
        }
        return;
    }
    for (size_t i = 0; i < overlay->culprits; i++) {
        add_sum(overlay, i,
                time_until(overlay, i, wait->end_ns) -
                    time_until(overlay, i, wait->start_ns));
    }
}

/* The sums of one waiter become shares. */
static int deliver(struct overlay *overlay, const struct wait *wait, struct blame *blame,
                   struct err *err) {
    for (size_t k = 0; k < overlay->found_count; k++) {
        const size_t i = overlay->found[k];
        if (blame->count == BLAME_MAX_SHARES) {
            return err_set(err, ERR_LIMIT,
                           "the blame of the run has more than %d rows: ask for a "
                           "shorter time or for fewer waiters",
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
            .wait = wait->state,
            .resource = wait->resource,
            .holder = culprit->holder,
            .site = culprit->site,
            .state = culprit->state,
        };
        overlay->sum[i] = 0;
    }
    overlay->found_count = 0;
    return 0;
}

static int compare(int64_t a, int64_t b) { return (a > b) - (a < b); }

/* Those whose shares are added up are neighbours. */
static int compare_waits(const void *left, const void *right) {
    const struct wait *a = left, *b = right;
    int order = compare(a->under, b->under);
    order = order != 0 ? order : compare(a->resource, b->resource);
    order = order != 0 ? order : compare(a->waiter, b->waiter);
    order = order != 0 ? order : compare(a->state, b->state);
    return order != 0 ? order : compare(a->start_ns, b->start_ns);
}

static bool add_up(const struct wait *a, const struct wait *b) {
    return a->resource == b->resource && a->waiter == b->waiter && a->state == b->state;
}

/* `waits` are all laid over the same lane, sorted. */
static int blame_waits(const struct recording *recording, const struct wait *waits,
                       size_t count, struct blame *blame, struct err *err) {
    sim_ns from = waits[0].start_ns, to = waits[0].end_ns;
    for (size_t i = 1; i < count; i++) {
        from = earlier(from, waits[i].start_ns);
        to = later(to, waits[i].end_ns);
    }
    struct overlay overlay;
    int rc = overlay_init(&overlay, recording, waits[0].under, from, to);
    if (rc != 0) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        add_wait(&overlay, &waits[i]);
        if (i + 1 == count || !add_up(&waits[i], &waits[i + 1])) {
            rc = deliver(&overlay, &waits[i], blame, err);
        }
    }
    overlay_deinit(&overlay);
    return rc;
}

static int compare_keys(const struct blame_share *a, const struct blame_share *b) {
    int order = compare(a->resource, b->resource);
    order = order != 0 ? order : compare(a->waiter, b->waiter);
    order = order != 0 ? order : compare(a->wait, b->wait);
    order = order != 0 ? order : compare(a->holder, b->holder);
    order = order != 0 ? order : compare(a->site, b->site);
    return order != 0 ? order : compare(a->state, b->state);
}

static int compare_shares(const void *left, const void *right) {
    return compare_keys(left, right);
}

/* Waits for one resource may be laid over several lanes, and nobody is in all of them. */
static void sort_shares(struct blame *blame) {
    size_t kept = 0;
    if (blame->count > 0) {
        qsort(blame->shares, blame->count, sizeof *blame->shares, compare_shares);
    }
    for (size_t i = 0; i < blame->count; i++) {
        if (kept > 0 && compare_keys(&blame->shares[kept - 1], &blame->shares[i]) == 0) {
            blame->shares[kept - 1].ns += blame->shares[i].ns;
        } else {
            blame->shares[kept++] = blame->shares[i];
        }
    }
    blame->count = kept;
}

/* --- what a wait is for -------------------------------------------------------- */

/* Fills in `resource` and `under`; false when such a wait of a thread is not blamed. */
static bool subject_of_thread(const struct recording *recording, const struct span *span,
                              struct wait *wait) {
    static const struct {
        enum lane_state state;
        enum lane_kind resource;
    } waits[] = {
        {STATE_WAIT_GIL, LANE_GIL},   {STATE_FORCED_WAIT, LANE_GIL},
        {STATE_WAIT_LOCK, LANE_LOCK}, {STATE_SPIN, LANE_LOCK},
        {STATE_PAUSED, LANE_PROCESS},
    };
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        if (span->state == waits[i].state &&
            recording_has_lane(recording, span->resource, waits[i].resource)) {
            wait->resource = wait->under = span->resource;
            return recording->lanes[span->resource].was_held;
        }
    }
    return false;
}

/* Who ended it is whose doing it was: of I/O, a peer; never the end of a timer. */
static lane_id ended_by(const struct recording *recording, const struct span *span) {
    const bool counts = span->state == STATE_AWAIT_IO
                            ? recording_has_lane(recording, span->by, LANE_THREAD)
                            : span->state != STATE_AWAIT_TIMER;
    return counts && has_program(recording, span->by) ? span->by : LANE_NONE;
}

static bool subject_of_task(const struct recording *recording, const struct span *span,
                            struct wait *wait) {
    const bool lock = recording_has_lane(recording, span->resource, LANE_LOCK);
    switch (span->state) {
    case STATE_READY:
        wait->resource = wait->under = span->resource;
        return recording_has_lane(recording, span->resource, LANE_LOOP);
    case STATE_AWAIT_LOCK:
    case STATE_AWAIT_FUTURE:
    case STATE_AWAIT_IO:
    case STATE_AWAIT_TIMER:
        wait->under = ended_by(recording, span);
        wait->resource = lock ? span->resource : wait->under;
        if (lock && span->state == STATE_AWAIT_LOCK &&
            recording->lanes[span->resource].was_held) {
            wait->under = span->resource;
        }
        return true;
    default:
        return false;
    }
}

static bool subject_of(const struct recording *recording, lane_id lane,
                       const struct span *span, struct wait *wait) {
    *wait = (struct wait){.start_ns = later(span->start_ns, recording->from_ns),
                          .end_ns = earlier(span->end_ns, recording->to_ns),
                          .waiter = lane,
                          .state = span->state};
    return recording_has_lane(recording, lane, LANE_TASK)
               ? subject_of_task(recording, span, wait)
               : recording_has_lane(recording, lane, LANE_THREAD) &&
                     subject_of_thread(recording, span, wait);
}

bool blame_is_wait(const struct recording *recording, lane_id lane,
                   const struct span *span) {
    struct wait wait;
    return subject_of(recording, lane, span, &wait);
}

/* --- all waits ----------------------------------------------------------------- */

static int list_lane(const struct recording *recording, lane_id id,
                     struct wait_list *list) {
    const struct recorded_lane *lane = &recording->lanes[id];
    for (size_t i = 0; i < lane->count; i++) {
        struct wait wait;
        if (!subject_of(recording, id, &lane->spans[i], &wait)) {
            continue;
        }
        if (vec_reserve((void **)&list->items, &list->capacity, list->count,
                        sizeof *list->items) != 0) {
            return ERR_NOMEM;
        }
        list->items[list->count++] = wait;
    }
    return 0;
}

static int list_waits(const struct recording *recording,
                      const struct blame_waiters *waiters, struct wait_list *list) {
    const size_t count = waiters != NULL ? waiters->count : recording->lane_count;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const lane_id lane = waiters != NULL ? waiters->lanes[i] : (lane_id)i;
        if (lane >= 0 && (size_t)lane < recording->lane_count) {
            rc = list_lane(recording, lane, list);
        }
    }
    if (list->count > 0) {
        qsort(list->items, list->count, sizeof *list->items, compare_waits);
    }
    return rc;
}

static int blame_list(const struct recording *recording, const struct wait_list *list,
                      struct blame *out, struct err *err) {
    struct blame blame = {0};
    int rc = 0;
    for (size_t first = 0, end; rc == 0 && first < list->count; first = end) {
        for (end = first + 1; end < list->count; end++) {
            if (list->items[end].under != list->items[first].under) {
                break;
            }
        }
        rc = blame_waits(recording, &list->items[first], end - first, &blame, err);
    }
    if (rc != 0) {
        blame_deinit(&blame);
        return rc;
    }
    sort_shares(&blame);
    *out = blame;
    return 0;
}

int blame_of_wait(const struct recording *recording, lane_id lane,
                  const struct span *wait, struct blame *out, struct err *err) {
    struct wait only;
    if (!subject_of(recording, lane, wait, &only)) {
        *out = (struct blame){0};
        return 0;
    }
    return blame_list(recording, &(struct wait_list){.items = &only, .count = 1}, out,
                      err);
}

int blame_of_run(const struct recording *recording, const struct blame_waiters *waiters,
                 struct blame *out, struct err *err) {
    struct wait_list list = {0};
    int rc = list_waits(recording, waiters, &list);
    rc = rc != 0 ? err_set_nomem(err) : blame_list(recording, &list, out, err);
    memory_free(list.items);
    return rc;
}
