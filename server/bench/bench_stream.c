/* SPDX-License-Identifier: MIT */
#include "server/bench/bench_stream.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "db/experiment_store.h"
#include "db/run_writer.h"
#include "engine/base/memory.h"
#include "server/bench/bench.h"

double bench_wall_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: it exists */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* --- the recording ------------------------------------------------------------- */

struct recording {
    struct arena arena; /* of all columns */
    struct span_chunk *chunks;
    size_t chunk_count, chunk_capacity;
    struct instant_chunk *instants;
    size_t instant_count, instant_capacity;
    struct run_result result;
    uint64_t spans;
};

static const void *keep(struct recording *recording, const void *column, size_t count,
                        size_t size) {
    void *copy = arena_alloc(&recording->arena, count + 1, size);
    return copy != NULL && count > 0 ? memcpy(copy, column, count * size) : copy;
}

#define KEEP(column, count)                                                              \
    (copy.column = keep(recording, chunk->column, count, sizeof *chunk->column))

static int keep_lane(void *context, const struct lane *lane, struct err *err) {
    (void)context, (void)lane, (void)err; /* The result has them all. */
    return 0;
}

static int keep_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct recording *recording = context;
    struct span_chunk copy = *chunk;
    if (chunk->group != 0) {
        return err_set(err, ERR_UNSUPPORTED, "more than %d lanes", LANE_GROUP_LANES);
    }
    if (!KEEP(before, chunk->before_count) || !KEEP(after, chunk->after_count) ||
        !KEEP(lane, chunk->count) || !KEEP(start_ns, chunk->count) ||
        !KEEP(end_ns, chunk->count) || !KEEP(state, chunk->count) ||
        !KEEP(resource, chunk->count) || !KEEP(by, chunk->count) ||
        !KEEP(site, chunk->count) ||
        vec_reserve((void **)&recording->chunks, &recording->chunk_capacity,
                    recording->chunk_count, sizeof *recording->chunks) != 0) {
        return err_set_nomem(err);
    }
    recording->chunks[recording->chunk_count++] = copy;
    recording->spans += chunk->count;
    return 0;
}

static int keep_instants(void *context, const struct instant_chunk *chunk,
                         struct err *err) {
    struct recording *recording = context;
    struct instant_chunk copy = *chunk;
    if (!KEEP(lane, chunk->count) || !KEEP(at_ns, chunk->count) ||
        !KEEP(kind, chunk->count) || !KEEP(by, chunk->count) ||
        vec_reserve((void **)&recording->instants, &recording->instant_capacity,
                    recording->instant_count, sizeof *recording->instants) != 0) {
        return err_set_nomem(err);
    }
    recording->instants[recording->instant_count++] = copy;
    return 0;
}

static int record_cell(void *context, const struct plan *plan, struct err *err) {
    struct recording *recording = context;
    const struct sink sink = {.context = recording,
                              .lane = keep_lane,
                              .spans = keep_spans,
                              .instants = keep_instants};
    return run_execute(&recording->result, plan, &(struct run_options){.sink = &sink},
                       err);
}

static void recording_deinit(struct recording *recording) {
    run_result_deinit(&recording->result);
    memory_free(recording->chunks);
    memory_free(recording->instants);
    arena_deinit(&recording->arena);
}

enum { THREADS = 40 };

/* Threads that spin for so long each. */
static int record_spinning(struct recording *recording, double us, struct err *err) {
    char text[BENCH_TEXT_SIZE];
    snprintf(text, sizeof text,
             "{\"schema\":1,\"name\":\"%d spinning threads\",\"machine\":{\"cores\":16,"
             "\"profile\":\"linux-desktop\"},\"runtimes\":[\"cpython-3.12\"],"
             "\"workload\":{\"actors\":[{\"name\":\"spinner\",\"thread\":%d,"
             "\"steps\":[{\"python_us\":%.0f}]}]}}",
             THREADS, THREADS, us);
    recording_deinit(recording);
    *recording = (struct recording){0};
    return bench_each_cell(text, &(struct bench_visitor){record_cell, recording}, err);
}

/* Records about as many spans as are sent again and again, or as a shorter run has: its
 * threads come and go most of the time, so that the time for a number of spans, to a part in
 * 16, has to be looked for. */
static int record(struct recording *recording, uint64_t spans, struct err *err) {
    enum { SPANS_PER_S = 24000, SPANS_MAX = 300000, TRIES = 16 };
    const double wanted = spans < SPANS_MAX ? (double)spans : SPANS_MAX;
    double us = wanted / SPANS_PER_S * 1e6 / THREADS, low = 0.0, high = 8 * us;
    int rc = record_spinning(recording, us, err);
    for (int i = 0; rc == 0 && spans < SPANS_MAX && i < TRIES; i++) {
        const double got = (double)recording->spans;
        if (got >= wanted && got <= wanted + wanted / 16) {
            break;
        }
        low = got < wanted ? us : low;
        high = got < wanted ? high : us;
        us = (low + high) / 2;
        rc = record_spinning(recording, us, err);
    }
    return rc;
}

/* --- its middle ---------------------------------------------------------------- */

/* What a lane does at the edges of the middle. */
struct seam {
    bool changes;            /* a span of it ends in the middle */
    size_t last_chunk;       /* where the last one does */
    sim_ns since_ns;         /* of what is open at the end */
    struct lane_after first; /* what is open at the beginning */
};

struct stream {
    struct recording *recording;
    const struct sink *sink;
    size_t first, last; /* chunks of the middle: first .. last - 1 */
    sim_ns from_ns, to_ns;
    uint64_t spans; /* of the middle */
    struct seam seams[LANE_GROUP_LANES];
    /* of what is being sent */
    sim_ns shift_ns;
    bool in_middle, is_last_middle;
    uint32_t seq, instant_seq;
    double seconds;
    uint64_t sent;
    /* room for a chunk */
    struct lane_before before[LANE_GROUP_LANES];
    struct lane_after after[LANE_GROUP_LANES];
    sim_ns start_ns[CHUNK_SPANS], end_ns[CHUNK_SPANS];
};

/* Between the last birth and the first end of a lane. */
static void find_middle(struct stream *stream) {
    const struct recording *recording = stream->recording;
    const struct lane_table *lanes = &recording->result.lanes;
    sim_ns born = 0, died = SIM_NEVER;
    for (lane_id id = 0; (size_t)id < lanes->count; id++) {
        const sim_ns birth = lane_table_born(lanes, id), end = lane_table_died(lanes, id);
        born = birth > born ? birth : born;
        died = end >= 0 && end < died ? end : died;
    }
    while (stream->first < recording->chunk_count &&
           recording->chunks[stream->first].t0_ns <= born) {
        stream->first++;
    }
    stream->last = stream->first;
    while (stream->last < recording->chunk_count &&
           recording->chunks[stream->last].t1_ns < died) {
        stream->spans += recording->chunks[stream->last++].count;
    }
    if (stream->last > stream->first) {
        stream->from_ns = recording->chunks[stream->first].t0_ns;
        stream->to_ns = recording->chunks[stream->last - 1].t1_ns;
    }
}

static void find_seams(struct stream *stream) {
    for (size_t c = stream->first; c < stream->last; c++) {
        const struct span_chunk *chunk = &stream->recording->chunks[c];
        for (uint32_t i = 0; i < chunk->count; i++) {
            struct seam *seam = &stream->seams[chunk->lane[i]];
            if (!seam->changes) {
                seam->changes = true;
                seam->first = (struct lane_after){.lane = chunk->lane[i],
                                                  .resource = chunk->resource[i],
                                                  .site = chunk->site[i],
                                                  .state = chunk->state[i]};
            }
            seam->last_chunk = c;
            seam->since_ns = chunk->end_ns[i];
        }
    }
}

/* --- sending ------------------------------------------------------------------- */

static sim_ns shifted_start(const struct stream *stream, lane_id lane, sim_ns start) {
    if (stream->shift_ns == 0 || start > stream->from_ns) {
        return start + stream->shift_ns;
    }
    const struct seam *seam = &stream->seams[lane];
    const sim_ns length = stream->to_ns - stream->from_ns;
    return stream->in_middle && seam->changes ? seam->since_ns + stream->shift_ns - length
                                              : start; /* it does the same throughout */
}

static void shift_edges(struct stream *stream, size_t index, struct span_chunk *chunk) {
    for (uint32_t i = 0; i < chunk->before_count; i++) {
        stream->before[i] = chunk->before[i];
        stream->before[i].since_ns =
            shifted_start(stream, chunk->before[i].lane, chunk->before[i].since_ns);
    }
    for (uint32_t i = 0; i < chunk->after_count; i++) {
        const struct seam *seam = &stream->seams[chunk->after[i].lane];
        const bool crosses = stream->in_middle && !stream->is_last_middle &&
                             seam->changes && index >= seam->last_chunk;
        stream->after[i] = crosses ? seam->first : chunk->after[i];
    }
    chunk->before = stream->before;
    chunk->after = stream->after;
}

static void shift_spans(struct stream *stream, struct span_chunk *chunk) {
    struct lane_table *lanes = &stream->recording->result.lanes;
    for (uint32_t i = 0; i < chunk->count; i++) {
        const sim_ns start = shifted_start(stream, chunk->lane[i], chunk->start_ns[i]);
        const sim_ns end = chunk->end_ns[i] + stream->shift_ns;
        stream->start_ns[i] = start;
        stream->end_ns[i] = end;
        lane_table_add_time(lanes, chunk->lane[i], chunk->state[i], end - start);
    }
    chunk->start_ns = stream->start_ns;
    chunk->end_ns = stream->end_ns;
}

static int send_chunks(struct stream *stream, size_t first, size_t last,
                       struct err *err) {
    int rc = 0;
    for (size_t i = first; rc == 0 && i < last; i++) {
        struct span_chunk chunk = stream->recording->chunks[i];
        shift_edges(stream, i, &chunk);
        shift_spans(stream, &chunk);
        chunk.seq = stream->seq++;
        chunk.t0_ns += i > 0 ? stream->shift_ns : 0;
        chunk.t1_ns += stream->shift_ns;
        stream->sent += chunk.count;
        const double begin = bench_wall_s();
        rc = stream->sink->spans(stream->sink->context, &chunk, err);
        stream->seconds += bench_wall_s() - begin;
    }
    return rc;
}

/* Those after `from` and not after `to`. */
static int send_instants(struct stream *stream, sim_ns from, sim_ns to, struct err *err) {
    int rc = 0;
    for (size_t c = 0; rc == 0 && c < stream->recording->instant_count; c++) {
        struct instant_chunk chunk = stream->recording->instants[c];
        uint32_t first = 0, last = chunk.count;
        while (first < last && chunk.at_ns[first] <= from) {
            first++;
        }
        while (last > first && chunk.at_ns[last - 1] > to) {
            last--;
        }
        if (first == last) {
            continue;
        }
        for (uint32_t i = first; i < last; i++) {
            stream->start_ns[i - first] = chunk.at_ns[i] + stream->shift_ns;
        }
        chunk.lane += first;
        chunk.kind += first;
        chunk.by += first;
        chunk.at_ns = stream->start_ns;
        chunk.count = last - first;
        chunk.seq = stream->instant_seq++;
        chunk.t0_ns = stream->start_ns[0];
        chunk.t1_ns = stream->start_ns[chunk.count - 1];
        const double begin = bench_wall_s();
        rc = stream->sink->instants(stream->sink->context, &chunk, err);
        stream->seconds += bench_wall_s() - begin;
    }
    return rc;
}

static uint64_t middles_for(const struct stream *stream, uint64_t spans) {
    const uint64_t once = stream->recording->spans;
    return stream->spans == 0 || spans <= once
               ? 1
               : 1 + (spans - once + stream->spans - 1) / stream->spans;
}

static int send_all(struct stream *stream, uint64_t spans, struct err *err) {
    const uint64_t middles = middles_for(stream, spans);
    int rc = send_chunks(stream, 0, stream->first, err);
    if (rc == 0) {
        rc = send_instants(stream, -1, stream->from_ns, err);
    }
    stream->in_middle = true;
    for (uint64_t i = 0; rc == 0 && i < middles; i++) {
        stream->shift_ns = (sim_ns)i * (stream->to_ns - stream->from_ns);
        stream->is_last_middle = i == middles - 1;
        rc = send_chunks(stream, stream->first, stream->last, err);
        if (rc == 0) {
            rc = send_instants(stream, stream->from_ns, stream->to_ns, err);
        }
    }
    stream->in_middle = false;
    if (rc == 0) {
        rc = send_chunks(stream, stream->last, stream->recording->chunk_count, err);
    }
    return rc == 0 ? send_instants(stream, stream->to_ns, SIM_NEVER, err) : rc;
}

/* The outcome of what was sent, not of what was recorded. */
static void adapt_result(const struct stream *stream) {
    struct run_result *result = &stream->recording->result;
    for (lane_id id = 0; (size_t)id < result->lanes.count; id++) {
        if (!lane_table_is_alive(&result->lanes, id)) {
            result->lanes.present[id].since_ns += stream->shift_ns;
        }
    }
    result->duration_ns += stream->shift_ns;
}

/* --- storing ------------------------------------------------------------------- */

int bench_stream_cell(struct db *db, int64_t *cell, struct err *err) {
    static const struct cell_new of = {.key = "bench",
                                       .runtime = "cpython-3.12",
                                       .strategy = "actors",
                                       .point = "{}",
                                       .status = CELL_PENDING};
    static int number;
    char hash[32];
    snprintf(hash, sizeof hash, "bench-%d", number++);
    const struct experiment_new experiment = {.name = "bench",
                                              .document = "{}",
                                              .content_hash = hash,
                                              .engine_version = ENGINE_VERSION,
                                              .cells = &of,
                                              .cell_count = 1};
    int64_t id;
    bool existed;
    struct db_reader *reader = NULL;
    struct cell_list cells;
    int rc = experiment_store_insert(db, &experiment, &id, &existed, err);
    if (rc == 0) {
        rc = db_reader_open(&reader, db, err);
    }
    if (rc == 0) {
        rc = cell_store_list(reader, id, &cells, err);
    }
    if (rc == 0) {
        *cell = cells.items[0].id;
        cell_list_deinit(&cells);
    }
    db_reader_close(reader);
    return rc;
}

static int store(struct stream *stream, struct db *db, uint64_t spans,
                 struct bench_stored *out, struct err *err) {
    struct run_result *result = &stream->recording->result;
    struct run_writer *writer = NULL;
    int64_t cell;
    int rc = bench_stream_cell(db, &cell, err);
    if (rc == 0) {
        rc = run_writer_open(&writer, db, &(struct run_new){.cell = cell, .record = true},
                             err);
    }
    if (rc != 0) {
        return rc;
    }
    stream->sink = run_writer_sink(writer);
    memset(result->lanes.cells, 0, result->lanes.cell_count * sizeof(sim_ns));
    rc = send_all(stream, spans, err);
    if (rc == 0) {
        adapt_result(stream);
        const double begin = bench_wall_s();
        rc = run_writer_finish(writer, result, 0, err);
        stream->seconds += bench_wall_s() - begin;
    }
    if (rc == 0) {
        *out = (struct bench_stored){.run = run_writer_id(writer),
                                     .spans = stream->sent,
                                     .duration_ns = result->duration_ns,
                                     .lane_count = result->lanes.count,
                                     .seconds = stream->seconds};
    }
    run_writer_close(writer);
    return rc;
}

int bench_stream_store(struct db *db, uint64_t spans, struct bench_stored *out,
                       struct err *err) {
    struct recording recording = {0};
    struct stream *stream = memory_zeroed(1, sizeof *stream);
    int rc = stream != NULL ? record(&recording, spans, err) : err_set_nomem(err);
    if (rc == 0) {
        stream->recording = &recording;
        find_middle(stream);
        find_seams(stream);
        rc = store(stream, db, spans, out, err);
    }
    recording_deinit(&recording);
    memory_free(stream);
    return rc;
}
