/* SPDX-License-Identifier: MIT */
#include "db/longest_waits.h"

#include "db/chunk_reader_priv.h"
#include "db/db_priv.h"
#include "db/range_totals.h"
#include "db/recording_store.h"
#include "engine/base/memory.h"

/* Waits that somebody may be to blame for. READY is one of tasks; of threads it is the wait
 * for a core, and of cores' doing. */
static const uint32_t wait_states = CHUNK_DIGEST_WAITS;

void longest_waits_deinit(struct longest_waits *waits) {
    for (size_t i = 0; i < waits->count; i++) {
        blame_deinit(&waits->items[i].blame);
    }
    memory_free(waits->items);
    damage_list_deinit(&waits->damages);
    *waits = (struct longest_waits){0};
}

static sim_ns later(sim_ns a, sim_ns b) { return a > b ? a : b; }
static sim_ns earlier(sim_ns a, sim_ns b) { return a < b ? a : b; }

/* --- the budget ---------------------------------------------------------------- */

/* What is left for all waits of an answer. */
struct budget {
    size_t spans;
    int64_t chunks;
    size_t by_holder; /* waits */
};

/* Takes off the budget what chunks of a group touch the time from `from` to `to`. */
static int take_chunks(struct chunk_reader *reader, uint32_t group, sim_ns from,
                       sim_ns to, int64_t *chunks, struct err *err) {
    struct chunk_place first, last;
    int rc = chunk_reader_find(reader, group, from, &first, err);
    if (rc == 1) {
        rc = chunk_reader_find(reader, group, to - 1, &last, err);
    }
    if (rc == 1) {
        *chunks -= last.seq - first.seq + 1;
    }
    return rc < 0 ? rc : 0;
}

/* 1, and the budget is less; 0 when it does not suffice. */
static int take_time(struct db_reader *reader, int64_t run, sim_ns from, sim_ns to,
                     struct budget *budget, struct err *err) {
    struct damage_list damages = {0}; /* nothing is decoded */
    struct chunk_reader chunks;
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    int64_t left = budget->chunks;
    int rc = chunk_reader_open(&chunks, db_reader_connection(reader), run, &damages, err);
    int more = rc;
    while (rc == 0 && left >= 0 &&
           (more = recorded_run_next_group(&chunks.run, &group, err)) == 1) {
        rc = take_chunks(&chunks, (uint32_t)group++, from, to, &left, err);
    }
    if (rc != 0 || more < 0) {
        return rc != 0 ? rc : more;
    }
    budget->chunks = left >= 0 ? left : budget->chunks;
    return left >= 0 ? 1 : 0;
}

/* --- by step ------------------------------------------------------------------- */

/* A budget that does not suffice, or a chunk that is damaged, leaves the wait without
 * shares. */
static int blame_steps(struct db_reader *reader, int64_t run, sim_ns from, sim_ns to,
                       struct longest_wait *wait, struct budget *budget,
                       struct err *err) {
    const int more = take_time(reader, run, from, to, budget, err);
    if (more != 1) {
        return more;
    }
    struct recording recording;
    struct damage_list damages = {0};
    struct err inner = {0};
    recording_init(&recording);
    recording.kinds = 1u << LANE_THREAD | 1u << LANE_GIL | 1u << LANE_LOCK |
                      1u << LANE_PROCESS | 1u << LANE_TASK | 1u << LANE_LOOP;
    recording.span_limit = budget->spans;
    recording.from_ns = from;
    recording.to_ns = to;
    int rc = recording_store_read(reader, run, &recording, &damages, &inner);
    if (rc == 0 && damages.count == 0) {
        rc = blame_of_wait(&recording, wait->wait.lane, &wait->wait.span, &wait->blame,
                           &inner);
        wait->is_blamed = rc == 0;
    }
    budget->spans -= recording.span_count; /* the recording has no more than it may */
    recording_deinit(&recording);
    damage_list_deinit(&damages);
    return rc == 0 || rc == ERR_LIMIT || rc == ERR_CORRUPT
               ? 0
               : err_set_from(err, rc, &inner);
}

/* --- by holder ----------------------------------------------------------------- */

static int add_share(struct longest_wait *wait, lane_id holder, sim_ns ns,
                     struct err *err) {
    struct blame *blame = &wait->blame;
    if (ns <= 0) {
        return 0;
    }
    if (vec_reserve((void **)&blame->shares, &blame->capacity, blame->count,
                    sizeof *blame->shares) != 0) {
        return err_set_nomem(err);
    }
    blame->shares[blame->count++] = (struct blame_share){
        .ns = ns,
        .waiter = wait->wait.lane,
        .wait = wait->wait.span.state,
        .resource = wait->wait.span.resource,
        .holder = holder,
        .site = SITE_NONE,
        .state = -1,
    };
    return 0;
}

/* Nobody's, who comes first as in a blame by step, is what the holders leave. */
static int share_out(struct longest_wait *wait, const struct range_totals *totals,
                     sim_ns length, struct err *err) {
    sim_ns left = length;
    for (size_t i = 0; i < totals->holding_count; i++) {
        left -= totals->holdings[i].ns;
    }
    int rc = add_share(wait, LANE_NONE, left, err);
    for (size_t i = 0; rc == 0 && i < totals->holding_count; i++) {
        rc = add_share(wait, totals->holdings[i].resource, totals->holdings[i].ns, err);
    }
    wait->is_blamed = wait->is_by_holder = rc == 0;
    return rc;
}

/* Leaves a wait for what nobody held without shares, and one whose totals are damaged. */
static int blame_holders(struct db_reader *reader, int64_t run, sim_ns from, sim_ns to,
                         struct longest_wait *wait, struct err *err) {
    const struct range_query query = {.run = run,
                                      .from_ns = from,
                                      .to_ns = to,
                                      .lanes = &wait->wait.span.resource,
                                      .lane_count = 1};
    struct range_totals totals;
    struct err inner = {0};
    int rc = range_totals_read(reader, &query, &totals, &inner);
    if (rc != 0) {
        return rc == ERR_CORRUPT ? 0 : err_set(err, rc, "%s", inner.text);
    }
    if (totals.holding_count > 0 && totals.damages.count == 0 &&
        totals.holdings[0].state == STATE_HELD) {
        rc = share_out(wait, &totals, to - from, err);
    }
    range_totals_deinit(&totals);
    return rc;
}

/* --- all waits ----------------------------------------------------------------- */

static int blame_one(struct db_reader *reader, const struct wait_query *query,
                     struct longest_wait *wait, struct budget *budget, struct err *err) {
    const struct span *span = &wait->wait.span;
    const sim_ns from = later(span->start_ns, query->from_ns);
    const sim_ns to = earlier(span->end_ns, query->to_ns);
    const int rc = budget->spans > 0
                       ? blame_steps(reader, query->run, from, to, wait, budget, err)
                       : 0;
    if (rc != 0 || wait->is_blamed || span->resource == LANE_NONE ||
        budget->by_holder == 0) {
        return rc;
    }
    budget->by_holder--;
    return blame_holders(reader, query->run, from, to, wait, err);
}

static int blame_all(struct db_reader *reader, const struct wait_query *query,
                     struct span_page *page, struct longest_waits *out, struct err *err) {
    struct budget budget = {.spans = LONGEST_WAITS_SPANS,
                            .chunks = LONGEST_WAITS_CHUNKS,
                            .by_holder = LONGEST_WAITS_BY_HOLDER};
    out->items = memory_zeroed(page->count, sizeof *out->items);
    if (out->items == NULL) {
        return err_set_nomem(err);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < page->count; i++) {
        struct longest_wait *wait = &out->items[out->count++];
        wait->wait = page->items[i];
        rc = blame_one(reader, query, wait, &budget, err);
    }
    return rc;
}

int longest_waits_read(struct db_reader *reader, const struct wait_query *query,
                       struct longest_waits *out, struct err *err) {
    const struct span_query search = {
        .run = query->run,
        .from_ns = query->from_ns,
        .to_ns = query->to_ns,
        .lanes = query->lanes,
        .lane_count = query->lane_count,
        .states = wait_states,
        .resource = LANE_NONE,
        .by = LANE_NONE,
        .site = SITE_NONE,
        .order = SPAN_ORDER_LONGEST,
        .limit = query->limit,
    };
    struct span_page page;
    struct longest_waits waits = {0};
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = span_search(reader, &search, &page, err);
    if (rc != 0) {
        db_reader_end(reader);
        return rc;
    }
    rc = blame_all(reader, query, &page, &waits, err);
    db_reader_end(reader);
    waits.damages = page.damages;
    page.damages = (struct damage_list){0};
    span_page_deinit(&page);
    if (rc != 0) {
        longest_waits_deinit(&waits);
        return rc;
    }
    *out = waits;
    return 0;
}
