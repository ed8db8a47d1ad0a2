/* SPDX-License-Identifier: MIT */
#include "db/longest_waits.h"

#include "db/chunk_digest_priv.h"
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

/* A budget that is used up, or a chunk that is damaged, leaves the wait without shares. */
static int blame_one(struct db_reader *reader, const struct wait_query *query,
                     struct longest_wait *wait, size_t *budget, struct err *err) {
    const struct span *span = &wait->wait.span;
    struct recording recording;
    struct err inner = {0};
    recording_init(&recording);
    recording.kinds = 1u << LANE_THREAD | 1u << LANE_GIL | 1u << LANE_LOCK |
                      1u << LANE_PROCESS | 1u << LANE_TASK | 1u << LANE_LOOP;
    recording.span_limit = *budget;
    recording.from_ns = later(span->start_ns, query->from_ns);
    recording.to_ns = earlier(span->end_ns, query->to_ns);
    int rc = recording_store_read(reader, query->run, &recording, &inner);
    if (rc == 0) {
        rc = blame_of_wait(&recording, wait->wait.lane, span, &wait->blame, &inner);
        wait->is_blamed = rc == 0;
    }
    *budget -= recording.span_count; /* the recording has no more than it may */
    recording_deinit(&recording);
    return rc == 0 || rc == ERR_LIMIT || rc == ERR_CORRUPT
               ? 0
               : err_set(err, rc, "%s", inner.text);
}

static int blame_all(struct db_reader *reader, const struct wait_query *query,
                     struct span_page *page, struct longest_waits *out, struct err *err) {
    size_t budget = LONGEST_WAITS_SPANS;
    out->items = memory_zeroed(page->count, sizeof *out->items);
    if (out->items == NULL) {
        return err_set_nomem(err);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < page->count; i++) {
        struct longest_wait *wait = &out->items[out->count++];
        wait->wait = page->items[i];
        rc = budget > 0 ? blame_one(reader, query, wait, &budget, err) : 0;
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
