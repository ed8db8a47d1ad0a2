/* SPDX-License-Identifier: MIT */
/*
 * bench_store_size - how many bytes of the file a span takes, over the examples.
 *
 * For one kind of lanes the spans of all others are left out on the way to the store, and
 * those of one lane group collected until they fill a chunk, as the recorder would do it.
 */
#include "server/bench/bench_store_priv.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/run_writer.h"
#include "engine/base/memory.h"
#include "server/bench/bench.h"
#include "server/bench/bench_folder.h"
#include "server/bench/bench_stream.h"
#include "server/examples/example.h"

enum { ALL_KINDS = -1, NO_KIND = -2 };

/* --- spans of one kind of lanes ------------------------------------------------ */

/* What a lane group has collected for its next chunk. */
struct gathering {
    struct span_chunk chunk; /* its columns are those below */
    struct lane_before before[LANE_GROUP_LANES];
    struct lane_after after[LANE_GROUP_LANES];
    lane_id lane[CHUNK_SPANS], resource[CHUNK_SPANS], by[CHUNK_SPANS];
    sim_ns start_ns[CHUNK_SPANS], end_ns[CHUNK_SPANS];
    uint8_t state[CHUNK_SPANS];
    site_id site[CHUNK_SPANS];
};

struct filter {
    const struct sink *next;
    int kind; /* enum lane_kind, ALL_KINDS, NO_KIND */
    uint64_t spans;
    uint8_t *kinds; /* by lane */
    size_t lane_count, lane_capacity;
    struct gathering **groups;
    size_t group_count, group_capacity;
};

static int filter_lane(void *context, const struct lane *lane, struct err *err) {
    struct filter *filter = context;
    if (vec_reserve((void **)&filter->kinds, &filter->lane_capacity, filter->lane_count,
                    sizeof *filter->kinds) != 0) {
        return err_set_nomem(err);
    }
    filter->kinds[filter->lane_count++] = (uint8_t)lane->kind;
    return filter->next->lane(filter->next->context, lane, err);
}

static int find_group(struct filter *filter, uint32_t number, struct gathering **out,
                      struct err *err) {
    while (filter->group_count <= number) {
        struct gathering *group = NULL;
        if (vec_reserve((void **)&filter->groups, &filter->group_capacity,
                        filter->group_count, sizeof *filter->groups) != 0 ||
            (group = memory_zeroed(1, sizeof *group)) == NULL) {
            return err_set_nomem(err);
        }
        group->chunk = (struct span_chunk){.group = (uint32_t)filter->group_count,
                                           .before = group->before,
                                           .after = group->after,
                                           .lane = group->lane,
                                           .start_ns = group->start_ns,
                                           .end_ns = group->end_ns,
                                           .state = group->state,
                                           .resource = group->resource,
                                           .by = group->by,
                                           .site = group->site};
        filter->groups[filter->group_count++] = group;
    }
    *out = filter->groups[number];
    return 0;
}

static int flush(struct filter *filter, struct gathering *group, struct err *err) {
    struct span_chunk *chunk = &group->chunk;
    if (chunk->count == 0) {
        return 0;
    }
    filter->spans += chunk->count;
    const int rc = filter->next->spans(filter->next->context, chunk, err);
    chunk->seq++;
    chunk->count = chunk->before_count = chunk->after_count = 0;
    chunk->t0_ns = chunk->t1_ns;
    return rc;
}

static void gather_before(const struct filter *filter, struct gathering *group,
                          const struct span_chunk *chunk) {
    uint64_t known = 0;
    for (uint32_t i = 0; i < group->chunk.before_count; i++) {
        known |= UINT64_C(1) << (group->before[i].lane % LANE_GROUP_LANES);
    }
    /* Lanes that are new have larger numbers: the order by lane stays. */
    for (uint32_t i = 0; i < chunk->before_count; i++) {
        const lane_id lane = chunk->before[i].lane;
        if (filter->kinds[lane] == filter->kind &&
            (known >> (lane % LANE_GROUP_LANES) & 1) == 0) {
            group->before[group->chunk.before_count++] = chunk->before[i];
        }
    }
}

static void gather(const struct filter *filter, struct gathering *group,
                   const struct span_chunk *chunk) {
    gather_before(filter, group, chunk);
    group->chunk.after_count = 0;
    for (uint32_t i = 0; i < chunk->after_count; i++) {
        if (filter->kinds[chunk->after[i].lane] == filter->kind) {
            group->after[group->chunk.after_count++] = chunk->after[i];
        }
    }
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (filter->kinds[chunk->lane[i]] == filter->kind) {
            const uint32_t at = group->chunk.count++;
            group->lane[at] = chunk->lane[i];
            group->start_ns[at] = chunk->start_ns[i];
            group->end_ns[at] = chunk->end_ns[i];
            group->state[at] = chunk->state[i];
            group->resource[at] = chunk->resource[i];
            group->by[at] = chunk->by[i];
            group->site[at] = chunk->site[i];
        }
    }
    group->chunk.t1_ns = chunk->t1_ns;
}

static int filter_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct filter *filter = context;
    struct gathering *group = NULL;
    if (filter->kind == ALL_KINDS) {
        filter->spans += chunk->count;
        return filter->next->spans(filter->next->context, chunk, err);
    }
    int rc = find_group(filter, chunk->group, &group, err);
    if (rc != 0 || filter->kind == NO_KIND) {
        return rc;
    }
    uint32_t more = 0;
    for (uint32_t i = 0; i < chunk->count; i++) {
        more += filter->kinds[chunk->lane[i]] == filter->kind;
    }
    if (group->chunk.count + more > CHUNK_SPANS) {
        rc = flush(filter, group, err);
    }
    if (rc == 0) {
        gather(filter, group, chunk);
    }
    return rc;
}

static int filter_instants(void *context, const struct instant_chunk *chunk,
                           struct err *err) {
    const struct filter *filter = context;
    return filter->kind == ALL_KINDS
               ? filter->next->instants(filter->next->context, chunk, err)
               : 0;
}

static int filter_counters(void *context, const struct counter_chunk *chunk,
                           struct err *err) {
    const struct filter *filter = context;
    return filter->kind == ALL_KINDS
               ? filter->next->counters(filter->next->context, chunk, err)
               : 0;
}

static int filter_finish(struct filter *filter, struct err *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < filter->group_count; i++) {
        rc = flush(filter, filter->groups[i], err);
    }
    return rc;
}

static void filter_deinit(struct filter *filter) {
    for (size_t i = 0; i < filter->group_count; i++) {
        memory_free(filter->groups[i]);
    }
    memory_free(filter->groups);
    memory_free(filter->kinds);
}

/* --- storing an example -------------------------------------------------------- */

struct storing {
    struct db *db;
    int kind;
    uint64_t spans;
};

static int execute(struct storing *storing, struct run_writer *writer,
                   const struct plan *plan, struct err *err) {
    struct filter filter = {.next = run_writer_sink(writer), .kind = storing->kind};
    const struct sink sink = {.context = &filter,
                              .lane = filter_lane,
                              .spans = filter_spans,
                              .instants = filter_instants,
                              .counters = filter_counters};
    struct run_result result = {0};
    int rc = run_execute(&result, plan, &(struct run_options){.sink = &sink}, err);
    if (rc == 0) {
        rc = filter_finish(&filter, err);
    }
    if (rc == 0) {
        rc = run_writer_finish(writer, &result, 0, err);
    }
    storing->spans += filter.spans;
    filter_deinit(&filter);
    run_result_deinit(&result);
    return rc;
}

static int store_cell(void *context, const struct plan *plan, struct err *err) {
    struct storing *storing = context;
    struct run_writer *writer = NULL;
    int64_t cell;
    int rc = bench_stream_cell(storing->db, &cell, err);
    if (rc == 0) {
        rc = run_writer_open(&writer, storing->db,
                             &(struct run_new){.cell = cell, .record = true}, err);
    }
    if (rc == 0) {
        rc = execute(storing, writer, plan, err);
    }
    run_writer_close(writer);
    return rc;
}

/* The size of a file with an example's runs; an empty text: without any. */
static int size_of(const char *text, int kind, double *bytes, uint64_t *spans,
                   struct err *err) {
    struct storing storing = {.kind = kind};
    struct stat status = {0};
    const char *path;
    int rc = bench_folder_file(BENCH_SCRATCH, &path, err);
    if (rc == 0) {
        rc = db_open(&storing.db, path, DB_OWN, err);
    }
    if (rc == 0 && text[0] != '\0') {
        rc = bench_each_cell(text, &(struct bench_visitor){store_cell, &storing}, err);
    }
    db_close(storing.db); /* and with it the log goes into the file */
    if (rc == 0 && stat(path, &status) != 0) {
        rc = err_set(err, ERR_IO, "cannot see the size of %s", path);
    }
    if (rc == 0) {
        bench_folder_remove_file(BENCH_SCRATCH);
        *bytes = (double)status.st_size;
        *spans = storing.spans;
    }
    return rc;
}

/* --- the figure ---------------------------------------------------------------- */

static int measure(int kind, double *value, char *note, size_t size, struct err *err) {
    const uint64_t least = kind == ALL_KINDS ? 10000 : 1000;
    double *figures = memory_zeroed(example_count, sizeof *figures);
    size_t count = 0;
    int rc = figures != NULL ? 0 : err_set_nomem(err);
    for (size_t i = 0; rc == 0 && i < example_count; i++) {
        double without = 0.0, with = 0.0;
        uint64_t spans = 0, none;
        rc = size_of(examples[i].text, kind, &with, &spans, err);
        if (rc == 0 && spans >= least) {
            rc = kind == ALL_KINDS
                     ? size_of("", kind, &without, &none, err)
                     : size_of(examples[i].text, NO_KIND, &without, &none, err);
            figures[count++] = (with - without) / (double)spans;
        }
    }
    if (rc == 0 && count == 0) {
        rc = err_set(err, ERR_NOT_FOUND, "no example has so many spans");
    }
    if (rc == 0) {
        *value = bench_percentile(figures, count, 0.5);
        snprintf(note, size,
                 "%zu of %zu examples, those with %d spans or more; %.2f to "
                 "%.2f",
                 count, example_count, (int)least, figures[0], figures[count - 1]);
    }
    memory_free(figures);
    return rc;
}

int bench_size_all(double *value, char *note, size_t size, struct err *err) {
    return measure(ALL_KINDS, value, note, size, err);
}

int bench_size_core(double *value, char *note, size_t size, struct err *err) {
    return measure(LANE_CORE, value, note, size, err);
}

int bench_size_thread(double *value, char *note, size_t size, struct err *err) {
    return measure(LANE_THREAD, value, note, size, err);
}

int bench_size_gil(double *value, char *note, size_t size, struct err *err) {
    return measure(LANE_GIL, value, note, size, err);
}

int bench_size_loop(double *value, char *note, size_t size, struct err *err) {
    return measure(LANE_LOOP, value, note, size, err);
}

int bench_size_task(double *value, char *note, size_t size, struct err *err) {
    return measure(LANE_TASK, value, note, size, err);
}

int bench_size_lock(double *value, char *note, size_t size, struct err *err) {
    return measure(LANE_LOCK, value, note, size, err);
}
