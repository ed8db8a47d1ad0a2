/* SPDX-License-Identifier: MIT */
#include "db/span_painter_priv.h"

#include <string.h>

#include "db/column_codec_priv.h"
#include "engine/base/memory.h"

enum {
    ENTRIES_FIRST = 16,
    ENTRY_BYTES = 2 * sizeof(sim_ns) + 2 * sizeof(lane_id) + sizeof(site_id) +
                  sizeof(uint32_t) + sizeof(uint8_t),
    HIGHEST_LEVEL = 58
};

/* 36 years: no run gets there, and whole cells beyond it still have numbers. */
static const sim_ns LAST_NS = INT64_C(1) << 60;

/* --- the view ------------------------------------------------------------------ */

/* The highest level of which `width` has a cell for each pixel; 0 when it has too few. */
static unsigned level_for(uint64_t width, uint64_t pixels) {
    unsigned level = 0;
    while (level < HIGHEST_LEVEL && width / pixels >> (level + 1) != 0) {
        level++;
    }
    return level;
}

/* Pixel p begins with cell p * cells / pixels. */
static void place_pixels(struct view *view) {
    for (uint64_t pixel = 0; pixel <= view->pixels; pixel++) {
        const uint64_t cell = pixel * view->cells / view->pixels;
        view->starts[pixel] = view->from + (sim_ns)(cell << view->level);
    }
    view->starts[view->pixels + 1] = view->to; /* for next_pixel(), behind the last one */
}

int view_init(struct view *view, const struct timeline_query *query, struct err *err) {
    const sim_ns to = query->to_ns < LAST_NS ? query->to_ns : LAST_NS;
    const sim_ns from = query->from_ns < to ? query->from_ns : to - 1;
    const uint64_t width = (uint64_t)(to - from);
    const unsigned level = level_for(width, query->pixels);
    const uint64_t first = (uint64_t)from >> level;
    const uint64_t last = (uint64_t)(to - 1) >> level;
    const uint64_t cells = last - first + 1;
    const uint64_t pixels = query->pixels < cells ? query->pixels : cells;
    const uint64_t widest = cells / pixels + (cells % pixels != 0 ? 1 : 0);
    *view = (struct view){
        .level = level,
        .from = (sim_ns)(first << level),
        .to = (sim_ns)((last + 1) << level),
        .cells = cells,
        .pixels = pixels,
        .long_ns = (sim_ns)(widest << level),
        .starts = memory_resize(NULL, pixels + 2, sizeof *view->starts),
    };
    if (view->starts == NULL) {
        return err_set_nomem(err);
    }
    place_pixels(view);
    return 0;
}

void view_deinit(struct view *view) {
    memory_free(view->starts);
    view->starts = NULL;
}

/* A view has at most five cells for each pixel, mostly less than three (level_for): the
 * product of both fits into 32 bits, of which a division is the faster one. */
uint32_t view_pixel(const struct view *w, sim_ns time) {
    const uint64_t cell = (uint64_t)(time - w->from) >> w->level;
    return (uint32_t)((cell + 1) * w->pixels - 1) / (uint32_t)w->cells;
}

/* --- columns ------------------------------------------------------------------- */

/* All columns are in one piece of memory, that of the first one. */
#define MOVE(lane, column, to)                                                           \
    do {                                                                                 \
        if ((lane)->count > 0) {                                                         \
            memcpy((to), (lane)->column, (lane)->count * sizeof *(lane)->column);        \
        }                                                                                \
        (lane)->column = (void *)(to);                                                   \
        (to) += (lane)->capacity * sizeof *(lane)->column;                               \
    } while (0)

static bool grow(struct timeline_lane *lane) {
    const size_t capacity = lane->capacity == 0 ? ENTRIES_FIRST : lane->capacity * 4;
    char *to = memory_resize(NULL, capacity, ENTRY_BYTES);
    if (to == NULL) {
        return false;
    }
    void *before = lane->start_ns;
    lane->capacity = capacity;
    MOVE(lane, start_ns, to);
    MOVE(lane, end_ns, to);
    MOVE(lane, resource, to);
    MOVE(lane, by, to);
    MOVE(lane, site, to);
    MOVE(lane, merged, to);
    MOVE(lane, state, to);
    memory_free(before);
    return true;
}

void span_painter_lane_deinit(struct timeline_lane *lane) {
    memory_free(lane->start_ns); /* and all columns */
}

/* A lack of memory is kept, so that nobody has to look for it at each step. */
static inline void put_entry(struct span_painter *painter, const struct long_span *entry,
                             uint32_t merged) {
    struct timeline_lane *lane = &painter->lane;
    if (lane->count == lane->capacity && !grow(lane)) {
        painter->lacks_memory = true;
        return;
    }
    const size_t i = lane->count++;
    lane->start_ns[i] = entry->start_ns;
    lane->end_ns[i] = entry->end_ns;
    lane->resource[i] = entry->resource;
    lane->by[i] = entry->by;
    lane->site[i] = entry->site;
    lane->merged[i] = merged;
    lane->state[i] = entry->state;
}

/* --- what has most time ---------------------------------------------------------- */

/* Those of nodes, which are not there yet. Returns of which states. */
static uint32_t add_times(struct span_painter *painter, struct node_range nodes) {
    const struct sheet_block *sheet = painter->sheet;
    uint32_t mask = 0;
    for (uint32_t i = nodes.first; i < nodes.next; i++) {
        sheet_block_add_times(sheet, &painter->times, i, painter->state_ns);
        mask |= sheet->kinds[sheet->nodes[i].kind].mask & ~NODE_LONG;
    }
    return mask;
}

static void forget_times(struct span_painter *painter, uint32_t mask) {
    for (; mask != 0; mask &= mask - 1) {
        painter->state_ns[__builtin_ctz(mask)] = 0;
    }
}

/* The state with most of the times that are there, the smallest of equal ones. False: so much
 * more is missing that it may be another one. */
static bool find_longest(const struct span_painter *painter, uint32_t mask,
                         sim_ns missing, unsigned *state) {
    sim_ns most = 0, others = missing;
    for (; mask != 0; mask &= mask - 1) {
        const unsigned next = (unsigned)__builtin_ctz(mask);
        const sim_ns time = painter->state_ns[next];
        const bool is_most = time > most;
        others = column_add(others, is_most ? most : time);
        most = is_most ? time : most;
        *state = is_most ? next : *state;
    }
    return missing == 0 || most > others;
}

/* The state with most of the times that are there and those of nodes, the smallest of equal
 * ones. Forgets them. */
static unsigned longest_state(struct span_painter *painter, uint32_t mask,
                              struct node_range nodes) {
    unsigned state = 0;
    sim_ns missing = 0;
    for (uint32_t i = nodes.first; i < nodes.next; i++) {
        missing = column_add(missing, painter->sheet->short_ns[i]);
    }
    if (!find_longest(painter, mask, missing, &state)) {
        mask |= add_times(painter, nodes);
        (void)find_longest(painter, mask, 0, &state);
    }
    forget_times(painter, mask);
    return state;
}

/* --- what is short in a pixel ---------------------------------------------------- */

/* Most of the time of a view goes by here: in place, so that the pixel can be a variable of
 * the caller, which stays in registers. */
#define IN_PLACE __attribute__((always_inline)) static inline

IN_PLACE void add_time(struct span_painter *painter, struct short_pixel *pixel,
                       unsigned state, sim_ns time) {
    painter->state_ns[state] += time;
    pixel->mask |= UINT32_C(1) << state;
}

IN_PLACE void disagree(struct span_painter *painter, struct short_pixel *pixel) {
    if (pixel->agrees) {
        add_time(painter, pixel, pixel->state, pixel->agreed_ns);
        pixel->agrees = false;
    }
}

/* It becomes an entry, which ends with the pixel or before. */
IN_PLACE void close_pixel(struct span_painter *painter, struct short_pixel *pixel,
                          sim_ns end) {
    if (pixel->open_to == 0) {
        return;
    }
    unsigned state = pixel->state;
    if (!pixel->agrees) {
        state = longest_state(painter, pixel->mask, pixel->nodes);
    } else if (pixel->mask != 0) {
        forget_times(painter, pixel->mask);
    }
    const struct long_span entry = {
        .start_ns = pixel->start,
        .end_ns = end < pixel->open_to ? end : pixel->open_to,
        .state = (uint8_t)state,
        .resource = LANE_NONE,
        .by = LANE_NONE,
        .site = SITE_NONE,
    };
    put_entry(painter, &entry, pixel->ended > 0 ? pixel->ended : 1);
    pixel->open_to = 0;
    pixel->mask = 0;
    pixel->ended = 0;
}

/* Moves on to the pixel of a time: mostly the next one. Returns where it begins. */
IN_PLACE sim_ns next_pixel(struct short_pixel *pixel, const struct view *view,
                           sim_ns time) {
    sim_ns start = pixel->end; /* 0: it was in none yet */
    pixel->end = view_pixel_start(view, ++pixel->number + 1);
    if (start == 0 || time < start || time >= pixel->end) {
        pixel->number = view_pixel(view, time);
        start = view_pixel_start(view, pixel->number);
        pixel->end = view_pixel_start(view, pixel->number + 1);
    }
    return start;
}

/* Short time begins, or goes on, at `time`, which is inside the window; `state` has most of
 * it. */
IN_PLACE void open_pixel(struct span_painter *painter, struct short_pixel *pixel,
                         const struct view *view, sim_ns time, unsigned state) {
    if (time < pixel->open_to) {
        if (state != pixel->state) {
            disagree(painter, pixel);
        }
        return;
    }
    close_pixel(painter, pixel, pixel->open_to);
    const sim_ns start = next_pixel(pixel, view, time);
    pixel->start = start > pixel->free_from ? start : pixel->free_from;
    pixel->open_to = pixel->end;
    pixel->agreed_ns = 0;
    pixel->nodes.first = pixel->nodes.next;
    pixel->state = (uint8_t)state;
    pixel->agrees = true;
}

IN_PLACE void add_short(struct span_painter *painter, struct short_pixel *pixel,
                        const struct view *view, const struct long_span *span) {
    sim_ns at = span->start_ns > view->from ? span->start_ns : view->from;
    const sim_ns end = span->end_ns < view->to ? span->end_ns : view->to;
    while (at < end) {
        open_pixel(painter, pixel, view, at, span->state);
        const sim_ns cut = end < pixel->open_to ? end : pixel->open_to;
        if (pixel->agrees) {
            pixel->agreed_ns += cut - at;
        } else {
            add_time(painter, pixel, span->state, cut - at);
        }
        at = cut;
    }
    pixel->ended += span->end_ns <= view->to;
}

IN_PLACE void add(struct span_painter *painter, struct short_pixel *pixel,
                  const struct view *view, const struct long_span *span) {
    if (span->end_ns <= view->from || span->start_ns >= view->to) {
        return;
    }
    if (span->end_ns - span->start_ns < view->long_ns) {
        add_short(painter, pixel, view, span);
        return;
    }
    close_pixel(painter, pixel, span->start_ns);
    put_entry(painter, span, 1);
    pixel->free_from = span->end_ns;
}

/* --- the painter --------------------------------------------------------------- */

/* Takes the entries of a lane that it has beyond `before`. */
static int count_entries(const struct span_painter *painter, struct view *view,
                         size_t before, struct err *err) {
    return painter->lacks_memory
               ? err_set_nomem(err)
               : view_count_entries(view, painter->lane.count - before, err);
}

int span_painter_add(struct span_painter *painter, struct view *view,
                     const struct long_span *span, struct err *err) {
    const size_t before = painter->lane.count;
    painter->known_to = span->end_ns;
    add(painter, &painter->pixel, view, span);
    return count_entries(painter, view, before, err);
}

/* The spans of a lane in a chunk, from one on. */
struct lane_spans {
    const struct decoded_lanes *lanes;
    uint32_t place, next, end;
    sim_ns start_ns; /* of the next one */
};

/* Adds those that go on with what is short in the pixel: nearly all when there are many. */
static inline void extend(struct span_painter *painter, const struct view *view,
                          struct lane_spans *spans) {
    struct short_pixel *pixel = &painter->pixel;
    const struct decoded_lanes *lanes = spans->lanes;
    const sim_ns *end_ns = lanes->end_ns, pixel_end = pixel->open_to;
    const uint32_t first = spans->next, end = spans->end;
    sim_ns start = spans->start_ns;
    uint32_t i = first, states = 0;
    for (; i < end && end_ns[i] <= pixel_end && end_ns[i] - start < view->long_ns; i++) {
        const unsigned state = lanes->kinds[lanes->kind[i]].state;
        painter->state_ns[state] += end_ns[i] - start;
        states |= UINT32_C(1) << state;
        start = end_ns[i];
    }
    pixel->mask |= states;
    pixel->ended += i - first;
    if ((states & ~(UINT32_C(1) << pixel->state)) != 0) {
        disagree(painter, pixel);
    }
    spans->next = i;
    spans->start_ns = start;
}

int span_painter_add_spans(struct span_painter *painter, struct view *view,
                           const struct decoded_lanes *lanes, uint32_t place,
                           struct err *err) {
    const size_t before = painter->lane.count;
    struct lane_spans spans = {.lanes = lanes, .place = place};
    spans.next = decoded_lanes_after(lanes, place, view->from);
    spans.end = lanes->first[place + 1];
    spans.start_ns = decoded_lanes_start(lanes, place, spans.next);
    while (spans.next < spans.end && spans.start_ns < view->to) {
        if (painter->pixel.open_to != 0) {
            extend(painter, view, &spans);
        }
        if (spans.next < spans.end && spans.start_ns < view->to) {
            const struct long_span span = decoded_lanes_span(lanes, place, spans.next);
            add(painter, &painter->pixel, view, &span);
            spans.start_ns = span.end_ns;
            spans.next++;
        }
        painter->known_to = spans.start_ns;
    }
    return count_entries(painter, view, before, err);
}

/* A node may have a long span, which comes first, and what is short in its cell. The first one
 * behind the window may have a span that begins inside, the next ones cannot. */
static void add_nodes(struct span_painter *painter, const struct view *view,
                      const struct sheet_lane *lane) {
    const struct sheet_block *sheet = painter->sheet;
    const struct sheet_node *nodes = sheet->nodes;
    const struct sheet_kind *kinds = sheet->kinds;
    const struct long_span *span = &sheet->longs[lane->first_long];
    const unsigned level = sheet->level;
    struct short_pixel pixel = painter->pixel;
    for (uint32_t i = lane->first; i < lane->end; i++) {
        const struct sheet_kind *kind = &kinds[nodes[i].kind];
        const sim_ns start = nodes[i].cell << level;
        pixel.nodes.next = i;
        if ((kind->mask & NODE_LONG) != 0) {
            painter->known_to = span->end_ns;
            add(painter, &pixel, view, span++);
        }
        if (start >= view->to) {
            break;
        }
        if ((kind->mask & ~NODE_LONG) != 0 && start >= view->from) {
            open_pixel(painter, &pixel, view, start, kind->state);
            pixel.nodes.next = i + 1;
            pixel.ended += nodes[i].ended;
        }
    }
    painter->pixel = pixel;
}

int span_painter_add_nodes(struct span_painter *painter, struct view *view,
                           const struct sheet_block *sheet, const struct sheet_lane *lane,
                           struct err *err) {
    const size_t before = painter->lane.count;
    painter->sheet = sheet;
    painter->times = (struct sheet_times){lane->first, lane->times_at};
    painter->pixel.nodes = (struct node_range){lane->first, lane->first};
    add_nodes(painter, view, lane);
    if (painter->pixel.open_to != 0) { /* the sheet goes */
        painter->pixel.mask |= add_times(painter, painter->pixel.nodes);
    }
    painter->pixel.nodes = (struct node_range){0};
    return count_entries(painter, view, before, err);
}

int span_painter_close(struct span_painter *painter, struct view *view, sim_ns died_ns,
                       struct err *err) {
    const size_t before = painter->lane.count;
    close_pixel(painter, &painter->pixel, died_ns);
    return count_entries(painter, view, before, err);
}
