/* SPDX-License-Identifier: MIT */
#include "db/sql/span_scan.h"

#include <assert.h>
#include <string.h>

#include "db/sql/chunk_list.h"
#include "db/sql/fault.h"
#include "db/sql/span_shelf.h"
#include "db/sql/sqlite_api.h"

enum { SLOTS_MAX = 32, INDEX_BITS = 12 };

static_assert(CHUNK_SPANS <= 1 << INDEX_BITS, "a row id has room for the index");
static_assert(STATE_COUNT <= 32, "a mask of states has 32 bits");
static_assert(LANE_GROUP_LANES == 64, "a mask of a group's lanes has 64 bits");

/* A decoded chunk. */
struct slot {
    int64_t chunk; /* row of the table, 0: none */
    uint64_t used; /* when it was last asked for */
    struct span_block *block;
};

struct span_scan {
    struct chunk_list chunks;
    struct run_names names;
    struct span_pool *pool;
    struct slot slots[SLOTS_MAX];
    size_t slot_count;
    uint64_t clock;

    struct span_shelf shelf;
    struct span_block *thin; /* what comes from the shelf */

    struct span_filter filter;
    bool keeps;                  /* all wanted chunks of the run have room */
    uint8_t passes[STATE_COUNT]; /* states in the order of passes */
    int pass, pass_count;
    size_t next_chunk; /* in `chunks`, of this pass */
    uint32_t lanes_of; /* the group that `lanes` is about */
    uint64_t lanes;    /* wanted lanes of that group */
    sim_ns last_end;   /* SPAN_ORDER_TIME: of the span before */

    const struct chunk_ref *at; /* the chunk that is given out, NULL: none */
    const struct span_block *block;
    uint32_t position, selected_count;
    uint16_t selected[CHUNK_SPANS]; /* rows of the block that are wanted */
};

int span_scan_create(struct span_scan **out, struct sqlite3 *sqlite,
                     struct span_pool *pool, struct err *err) {
    static const struct chunk_source source = {
        .list = "SELECT id, lane_group, t0_ns, t1_ns, start_ns FROM main.span_chunk"
                " WHERE run = ? ORDER BY lane_group, t1_ns, seq",
        .read = "SELECT data FROM main.span_chunk WHERE id = ?",
    };
    struct span_scan *scan = memory_zeroed(1, sizeof *scan);
    if (scan == NULL) {
        return err_set_nomem(err);
    }
    scan->chunks.sqlite = sqlite;
    scan->chunks.source = &source;
    scan->chunks.damages = pool->damages;
    scan->names.sqlite = sqlite;
    scan->pool = pool;
    scan->shelf.held = &pool->shelved;
    *out = scan;
    return 0;
}

void span_scan_destroy(struct span_scan *scan) {
    if (scan == NULL) {
        return;
    }
    for (size_t i = 0; i < scan->slot_count; i++) {
        memory_free(scan->slots[i].block);
    }
    scan->pool->kept -= scan->slot_count > 1 ? (unsigned)scan->slot_count - 1 : 0;
    span_shelf_deinit(&scan->shelf);
    memory_free(scan->thin);
    chunk_list_deinit(&scan->chunks);
    run_names_deinit(&scan->names);
    memory_free(scan);
}

/* --- filters ------------------------------------------------------------------- */

static bool is_among(const struct lane_filter *filter, lane_id lane) {
    size_t low = 0, high = filter->among_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (filter->among[middle] < lane) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < filter->among_count && filter->among[low] == lane;
}

bool lane_filter_has(const struct lane_filter *filter, const struct run_names *names,
                     lane_id lane) {
    if (!int_range_has(&filter->range, lane) ||
        (filter->among != NULL && !is_among(filter, lane))) {
        return false;
    }
    if (filter->kinds == UINT32_MAX) {
        return true;
    }
    const struct lane_name *name = run_names_lane(names, lane);
    return name != NULL && (filter->kinds >> name->kind & 1) != 0;
}

static uint64_t wanted_lanes(struct span_scan *scan, uint32_t group) {
    if (scan->lanes_of != group) {
        scan->lanes_of = group;
        scan->lanes = 0;
        for (uint32_t i = 0; i < LANE_GROUP_LANES; i++) {
            const lane_id lane = (lane_id)(group * LANE_GROUP_LANES + i);
            if (lane_filter_has(&scan->filter.lane, &scan->names, lane)) {
                scan->lanes |= UINT64_C(1) << i;
            }
        }
    }
    return scan->lanes;
}

/* Starts are in [start, t1), ends in (t0, t1]. */
static bool is_wanted(struct span_scan *scan, const struct chunk_ref *ref,
                      uint32_t states) {
    const struct span_filter *f = &scan->filter;
    return f->start.hi >= ref->start_ns && f->start.lo < ref->t1_ns &&
           f->end.hi > ref->t0_ns && f->end.lo <= ref->t1_ns &&
           f->duration.lo <= ref->t1_ns - ref->start_ns && (ref->states & states) != 0 &&
           (ref->lanes & wanted_lanes(scan, ref->group)) != 0;
}

static uint32_t states_of_pass(const struct span_scan *scan) {
    return scan->filter.order < SPAN_ORDER_STATE
               ? scan->filter.states
               : UINT32_C(1) << scan->passes[scan->pass];
}

/* --- chunks -------------------------------------------------------------------- */

/* A place for a chunk: one more while there is room, else the one that was not asked for
 * longest; always the first one when nothing is kept. */
static int take_slot(struct span_scan *scan, struct slot **out, struct err *err) {
    if (scan->slot_count == 0 || (scan->keeps && scan->slot_count < SLOTS_MAX &&
                                  scan->pool->kept < SPAN_POOL_MAX)) {
        struct span_block *block = memory_resize(NULL, 1, sizeof *block);
        if (block == NULL) {
            return err_set_nomem(err);
        }
        scan->pool->kept += scan->slot_count > 0 ? 1 : 0;
        *out = &scan->slots[scan->slot_count++];
        **out = (struct slot){.block = block};
        return 0;
    }
    struct slot *oldest = &scan->slots[0];
    for (size_t i = 1; scan->keeps && i < scan->slot_count; i++) {
        oldest = scan->slots[i].used < oldest->used ? &scan->slots[i] : oldest;
    }
    *out = oldest;
    return 0;
}

/* What a decoded chunk has, so that later passes need not look. */
static void note_content(struct chunk_ref *ref, const struct span_block *block) {
    uint64_t lanes = 0;
    uint32_t states = 0;
    for (uint32_t i = 0; i < block->chunk.count; i++) {
        lanes |= UINT64_C(1) << (block->lane[i] % LANE_GROUP_LANES);
        states |= UINT32_C(1) << block->state[i];
    }
    ref->lanes = lanes;
    ref->states = states;
}

static int read_block(struct span_scan *scan, const struct chunk_ref *ref,
                      struct span_block *block, struct err *err) {
    const void *data;
    size_t size;
    int rc = chunk_list_read(&scan->chunks, ref, &data, &size, err);
    if (rc == 0) {
        rc = chunk_codec_decode_spans(data, size, block, err);
    }
    const struct span_chunk *chunk = &block->chunk;
    if (rc == 0 && (chunk->group != ref->group || chunk->t0_ns != ref->t0_ns ||
                    chunk->t1_ns != ref->t1_ns)) {
        rc = err_set(err, ERR_CORRUPT, "the chunk is not what its row says");
    }
    return rc;
}

/* No moment is in two chunks of a group. When the one before seems to go on in the time of
 * this one, its row may be wrong: ERR_CORRUPT when that is sound. */
static int check_beside(struct span_scan *scan, const struct chunk_ref *ref,
                        struct err *err) {
    const struct chunk_ref *before = ref - 1;
    if (ref == scan->chunks.items || before->group != ref->group ||
        before->t1_ns <= ref->t0_ns) {
        return 0;
    }
    struct span_block *block = memory_resize(NULL, 1, sizeof *block);
    struct err why = {0};
    const int rc = block != NULL ? read_block(scan, before, block, &why) : ERR_NOMEM;
    memory_free(block);
    if (rc == 0) {
        return err_set(err, ERR_CORRUPT,
                       "the chunk begins before the one before it ends");
    }
    return rc == ERR_CORRUPT ? 0 : err_set_from(err, rc, &why);
}

/* 1, or 0 for a chunk that is damaged: no pass looks at it any more. */
static int decode(struct span_scan *scan, struct chunk_ref *ref, struct slot *slot,
                  struct err *err) {
    struct err why = {0};
    slot->chunk = 0;
    int rc = check_beside(scan, ref, &why);
    if (rc == 0) {
        rc = read_block(scan, ref, slot->block, &why);
    }
    if (rc == ERR_CORRUPT) {
        ref->states = 0;
        return chunk_list_note(&scan->chunks, ref, why.text, err);
    }
    if (rc != 0) {
        return err_set_from(err, rc, &why);
    }
    slot->chunk = ref->id;
    note_content(ref, slot->block);
    return 1;
}

/* 1, or 0 for a chunk that is damaged. */
static int open_chunk(struct span_scan *scan, struct chunk_ref *ref, struct err *err) {
    struct slot *slot = NULL;
    for (size_t i = 0; slot == NULL && i < scan->slot_count; i++) {
        if (scan->slots[i].chunk == ref->id) {
            slot = &scan->slots[i];
        }
    }
    if (slot == NULL) {
        int rc = take_slot(scan, &slot, err);
        if (rc == 0) {
            rc = decode(scan, ref, slot, err);
        }
        if (rc != 1) {
            return rc;
        }
    }
    slot->used = ++scan->clock;
    scan->at = ref;
    scan->block = slot->block;
    scan->position = 0;
    return 1;
}

/* The rows of the open chunk that have one of the states. */
static void select_rows(struct span_scan *scan, uint32_t states) {
    const struct span_filter *f = &scan->filter;
    const struct span_block *b = scan->block;
    const uint64_t lanes = wanted_lanes(scan, scan->at->group);
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->chunk.count; i++) {
        const sim_ns start = b->start_ns[i], end = b->end_ns[i];
        if ((states >> b->state[i] & 1) != 0 &&
            (lanes >> (b->lane[i] % LANE_GROUP_LANES) & 1) != 0 &&
            int_range_has(&f->start, start) && int_range_has(&f->end, end) &&
            int_range_has(&f->duration, end - start)) {
            scan->selected[count++] = (uint16_t)i;
        }
    }
    scan->selected_count = count;
}

static bool uses_shelf(const struct span_scan *scan) {
    return scan->filter.durations_only && scan->filter.order >= SPAN_ORDER_STATE &&
           !scan->keeps;
}

static size_t number_of(const struct span_scan *scan, const struct chunk_ref *ref) {
    return (size_t)(ref - scan->chunks.items);
}

/* Opens a chunk and selects the rows of this pass, from the shelf if it is there; none of a
 * chunk that is damaged. */
static int open_rows(struct span_scan *scan, struct chunk_ref *ref, uint32_t states,
                     struct err *err) {
    const size_t number = number_of(scan, ref);
    if (uses_shelf(scan) && span_shelf_has(&scan->shelf, number)) {
        scan->at = ref;
        scan->block = scan->thin;
        scan->position = 0;
        scan->selected_count = span_shelf_get(
            &scan->shelf, number, scan->passes[scan->pass], scan->thin, scan->selected);
        return 0;
    }
    const int rc = open_chunk(scan, ref, err);
    if (rc != 1) {
        scan->selected_count = 0;
        return rc;
    }
    if (uses_shelf(scan)) {
        select_rows(scan, scan->filter.states);
        span_shelf_put(&scan->shelf, number, scan->block, scan->selected,
                       scan->selected_count);
    }
    select_rows(scan, states);
    return 0;
}

/* A shelf for the chunks of the run, and the block for what comes from it. */
static int make_shelf(struct span_scan *scan, struct err *err) {
    if (!uses_shelf(scan)) {
        return 0;
    }
    if (scan->thin == NULL) {
        scan->thin = memory_zeroed(1, sizeof *scan->thin);
        if (scan->thin == NULL) {
            return err_set_nomem(err);
        }
    }
    return span_shelf_reset(&scan->shelf, scan->chunks.count, err);
}

/* Within a chunk the spans of a lane follow one another. One that begins before the span in
 * the chunk before it has ended contradicts that: its rows are left out. */
static int check_order(struct span_scan *scan, struct err *err) {
    if (scan->filter.order != SPAN_ORDER_TIME || scan->selected_count == 0) {
        return 0;
    }
    const uint32_t last = scan->selected[scan->selected_count - 1];
    if (scan->block->start_ns[scan->selected[0]] < scan->last_end) {
        scan->selected_count = 0;
        return chunk_list_note(&scan->chunks, scan->at, "spans of a lane overlap", err);
    }
    scan->last_end = scan->block->end_ns[last];
    return 0;
}

/* --- the scan ------------------------------------------------------------------ */

static void order_passes(struct span_scan *scan) {
    const int sign = scan->filter.order == SPAN_ORDER_STATE_DESCENDING ? -1 : 1;
    scan->pass_count = 0;
    if (scan->filter.order < SPAN_ORDER_STATE) {
        scan->pass_count = 1;
        return;
    }
    for (int state = 0; state < STATE_COUNT; state++) {
        if ((scan->filter.states >> state & 1) == 0) {
            continue;
        }
        int i = scan->pass_count++;
        for (; i > 0 && sign * strcmp(run_names_state_word(state),
                                      run_names_state_word(scan->passes[i - 1])) <
                            0;
             i--) {
            scan->passes[i] = scan->passes[i - 1];
        }
        scan->passes[i] = (uint8_t)state;
    }
}

int span_scan_start(struct span_scan *scan, const struct span_filter *filter,
                    struct err *err) {
    scan->filter = *filter;
    scan->at = NULL;
    scan->selected_count = scan->position = 0;
    scan->pass = scan->pass_count = 0;
    scan->next_chunk = scan->chunks.count;
    return chunk_list_begin(&scan->chunks, filter->run.lo, filter->run.hi, err);
}

/* 1: the scan stands before the first chunk of the next run; 0: there is none. */
static int begin_run(struct span_scan *scan, struct err *err) {
    const int64_t before = scan->chunks.run;
    int rc = chunk_list_next_run(&scan->chunks, err);
    if (rc == 1 && scan->filter.lane.kinds != UINT32_MAX) {
        const int failed = run_names_read_lanes(&scan->names, scan->chunks.run, err);
        rc = failed != 0 ? failed : 1;
    }
    if (rc != 1) {
        return rc;
    }
    /* Chunks of another run may have got the rows of this one's between two scans. */
    for (size_t i = 0; scan->chunks.run != before && i < scan->slot_count; i++) {
        scan->slots[i].chunk = 0;
    }
    order_passes(scan);
    scan->pass = 0;
    scan->next_chunk = 0;
    scan->lanes_of = UINT32_MAX;
    scan->last_end = 0;
    size_t wanted = 0;
    for (size_t i = 0; i < scan->chunks.count && wanted <= SLOTS_MAX; i++) {
        wanted += is_wanted(scan, &scan->chunks.items[i], scan->filter.states) ? 1 : 0;
    }
    scan->keeps = wanted <= SLOTS_MAX;
    rc = make_shelf(scan, err);
    return rc == 0 ? 1 : rc;
}

/* 1: the next chunk of the run with wanted rows is open; 0: the run has no more. */
static int next_chunk(struct span_scan *scan, struct err *err) {
    while (scan->pass < scan->pass_count) {
        const uint32_t states = states_of_pass(scan);
        while (scan->next_chunk < scan->chunks.count) {
            struct chunk_ref *ref = &scan->chunks.items[scan->next_chunk++];
            if (!is_wanted(scan, ref, states)) {
                continue;
            }
            int rc = open_rows(scan, ref, states, err);
            if (rc == 0) {
                rc = check_order(scan, err);
            }
            if (rc != 0) {
                return rc;
            }
            if (scan->selected_count > 0) {
                return 1;
            }
        }
        scan->next_chunk = 0;
        scan->pass++;
    }
    return 0;
}

bool span_scan_next_row(struct span_scan *scan) {
    if (scan->position + 1 >= scan->selected_count) {
        return false;
    }
    scan->position++;
    return true;
}

int span_scan_next(struct span_scan *scan, struct err *err) {
    if (span_scan_next_row(scan)) {
        return 1;
    }
    scan->selected_count = scan->position = 0;
    int rc = next_chunk(scan, err);
    while (rc == 0 && (rc = begin_run(scan, err)) == 1) {
        rc = next_chunk(scan, err);
    }
    return rc;
}

void span_scan_place(const struct span_scan *scan, struct span_place *out) {
    const uint32_t index = scan->selected[scan->position];
    *out = (struct span_place){
        .block = scan->block,
        .run = scan->chunks.run,
        .rowid = scan->at->id << INDEX_BITS | index,
        .index = index,
    };
}

int span_scan_names(struct span_scan *scan, bool with_sites, const struct run_names **out,
                    struct err *err) {
    const int rc = with_sites ? run_names_read_sites(&scan->names, scan->chunks.run, err)
                              : run_names_read_lanes(&scan->names, scan->chunks.run, err);
    if (rc == 0) {
        *out = &scan->names;
    }
    return rc;
}
