/* SPDX-License-Identifier: MIT */
#include "db/recording_store.h"

#include "db/chunk_reader_priv.h"
#include "db/db_priv.h"
#include "db/run_store.h"

static bool was_held(const struct lane_total *lane) {
    for (int state = 0; state < STATE_COUNT; state++) {
        if (lane->state_ns[state] > 0 &&
            lane_is_held(lane->lane.kind, (enum lane_state)state)) {
            return true;
        }
    }
    return false;
}

static int read_lanes(struct db_reader *reader, const struct recorded_run *run,
                      struct recording *out, struct err *err) {
    struct lane_list list;
    int rc = run_store_lanes(reader, run->id, &list, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        struct err inner = {0};
        rc = recording_add_lane(out, &list.items[i].lane, &inner);
        if (rc == 0) {
            out->lanes[i].was_held = was_held(&list.items[i]);
        } else {
            rc = rc == ERR_CORRUPT ? recorded_run_damaged(run, inner.text, err)
                                   : err_set_from(err, rc, &inner);
        }
    }
    lane_list_deinit(&list);
    return rc;
}

static bool wants_group(const struct recording *recording, uint32_t group) {
    const size_t first = (size_t)group * LANE_GROUP_LANES;
    for (size_t i = first; i < recording->lane_count && i < first + LANE_GROUP_LANES;
         i++) {
        if ((recording->kinds >> recording->lanes[i].kind & 1) != 0) {
            return true;
        }
    }
    return false;
}

/* Spans that cannot be right are damage; everything else is the recording's error. */
static int add_span(const struct chunk_reader *reader, lane_id lane,
                    const struct long_span *span, struct recording *out,
                    struct err *err) {
    const struct span_chunk chunk = {
        .count = 1,
        .lane = &lane,
        .start_ns = &span->start_ns,
        .end_ns = &span->end_ns,
        .state = &span->state,
        .resource = &span->resource,
        .by = &span->by,
        .site = &span->site,
    };
    struct err inner = {0};
    const int rc = recording_add_spans(out, &chunk, &inner);
    if (rc == ERR_CORRUPT) {
        return recorded_run_damaged(&reader->run, inner.text, err);
    }
    return rc == 0 ? 0 : err_set_from(err, rc, &inner);
}

/* Those of a lane in the reader's chunk. */
static int add_lane(const struct chunk_reader *reader, lane_id lane,
                    struct recording *out, struct err *err) {
    const struct decoded_lanes *lanes = reader->lanes;
    const uint32_t place = (uint32_t)lane % LANE_GROUP_LANES;
    int rc = 0;
    for (uint32_t i = decoded_lanes_after(lanes, place, out->from_ns);
         rc == 0 && i < lanes->first[place + 1] &&
         decoded_lanes_start(lanes, place, i) < out->to_ns;
         i++) {
        const struct long_span span = decoded_lanes_span(lanes, place, i);
        rc = add_span(reader, lane, &span, out, err);
    }
    return rc;
}

/* Of the lanes that the recording wants, which are few of those of a chunk. */
static int add_lanes(const struct chunk_reader *reader, struct recording *out,
                     struct err *err) {
    const size_t first = (size_t)reader->block->chunk.group * LANE_GROUP_LANES;
    int rc = 0;
    for (size_t i = first; rc == 0 && i < out->lane_count && i < first + LANE_GROUP_LANES;
         i++) {
        rc = (out->kinds >> out->lanes[i].kind & 1) != 0
                 ? add_lane(reader, (lane_id)i, out, err)
                 : 0;
    }
    return rc;
}

/* The spans in which the window ends, and which ended in a later chunk than the one in the
 * reader: the last of a group that touches the window. */
static int add_carried(struct chunk_reader *reader, struct recording *out,
                       struct err *err) {
    struct carried_span carried[LANE_GROUP_LANES];
    uint32_t count = 0;
    int rc = chunk_reader_all_carried(
        reader, carried_spans_before(reader->block, out->to_ns), carried, &count, err);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        rc = add_span(reader, carried[i].lane, &carried[i].span, out, err);
    }
    return rc;
}

/*
 * The chunks that touch the window, in the order in which they were recorded. What was open
 * at the end of the last one is told by that; when it is damaged, by the next that is not.
 */
static int read_group(struct chunk_reader *reader, uint32_t group, struct recording *out,
                      struct err *err) {
    struct chunk_place place;
    bool has_read = false, is_sound = false;
    int rc = chunk_reader_find(reader, group, out->from_ns, &place, err);
    if (rc == 1 && place.t1_ns <= out->from_ns) {
        return 0;
    }
    while (rc == 1 && (place.t0_ns < out->to_ns || (has_read && !is_sound))) {
        rc = chunk_reader_read_lanes(reader, &place, err);
        has_read = true;
        is_sound = rc == 1;
        if (rc == 1) {
            rc = add_lanes(reader, out, err);
        }
        if (rc == 0) {
            rc = chunk_reader_next(reader, &place, err);
        }
    }
    return rc >= 0 && is_sound ? add_carried(reader, out, err) : rc < 0 ? rc : 0;
}

static int read_spans(struct chunk_reader *reader, struct recording *out,
                      struct err *err) {
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    int rc;
    while ((rc = recorded_run_next_group(&reader->run, &group, err)) == 1) {
        const uint32_t this = (uint32_t)group++;
        rc = wants_group(out, this) ? read_group(reader, this, out, err) : 0;
        if (rc != 0) {
            break;
        }
    }
    return rc;
}

int recording_store_read(struct db_reader *reader, int64_t run, struct recording *out,
                         struct damage_list *damages, struct err *err) {
    struct chunk_reader chunks;
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = chunk_reader_open(&chunks, db_reader_connection(reader), run, damages, err);
    if (rc == 0) {
        rc = read_lanes(reader, &chunks.run, out, err);
    }
    if (rc == 0) {
        rc = read_spans(&chunks, out, err);
    }
    db_reader_end(reader);
    return rc;
}
