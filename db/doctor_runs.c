/* SPDX-License-Identifier: MIT */
/* doctor_runs - the part of an examination that reads what was recorded of runs. */
#include "db/doctor_priv.h"

#include <stdio.h>

#include "db/chunk_codec.h"
#include "db/counter_sheet_priv.h"
#include "db/damage.h"
#include "db/histogram_store.h"
#include "db/instant_sheet_priv.h"
#include "db/run_store.h"
#include "db/sheet_codec_priv.h"

/* Room for either kind of chunk, decoded. */
struct blocks {
    struct span_block spans;
    struct instant_block instants;
    struct counter_block counters;
    struct sheet_block sheet;
    struct point_sheet instant_sheet, counter_sheet;
};

/* A chunk as its row describes it. */
struct chunk_row {
    int64_t id, run, group, seq, t0_ns, t1_ns, count;
};

/* One kind of chunk. The rows are read from the table without their bytes, which come one
 * chunk at a time: a page that cannot be read costs the chunk that it belongs to. */
struct chunk_kind {
    const char *what;
    bool is_numbered; /* seq is 0, 1, 2 ... within a group */
    const char
        *rows; /* id, run, lane_group, seq, t0_ns, t1_ns, count by run, group, seq */
    const char *data; /* of one id */
    int (*decode)(const void *data, size_t size, struct blocks *blocks,
                  struct chunk_row *out, struct err *err);
};

static int decode_spans(const void *data, size_t size, struct blocks *blocks,
                        struct chunk_row *out, struct err *err) {
    const int rc = chunk_codec_decode_spans(data, size, &blocks->spans, err);
    const struct span_chunk *chunk = &blocks->spans.chunk;
    *out = (struct chunk_row){.group = chunk->group,
                              .seq = chunk->seq,
                              .t0_ns = chunk->t0_ns,
                              .t1_ns = chunk->t1_ns,
                              .count = chunk->count};
    return rc;
}

static int decode_instants(const void *data, size_t size, struct blocks *blocks,
                           struct chunk_row *out, struct err *err) {
    const int rc = chunk_codec_decode_instants(data, size, &blocks->instants, err);
    const struct instant_chunk *chunk = &blocks->instants.chunk;
    *out = (struct chunk_row){.group = DAMAGE_INSTANTS,
                              .seq = chunk->seq,
                              .t0_ns = chunk->t0_ns,
                              .t1_ns = chunk->t1_ns,
                              .count = chunk->count};
    return rc;
}

static int decode_counters(const void *data, size_t size, struct blocks *blocks,
                           struct chunk_row *out, struct err *err) {
    const int rc = chunk_codec_decode_counters(data, size, &blocks->counters, err);
    const struct counter_chunk *chunk = &blocks->counters.chunk;
    *out = (struct chunk_row){.group = DAMAGE_COUNTERS,
                              .seq = chunk->seq,
                              .t0_ns = chunk->t0_ns,
                              .t1_ns = chunk->t1_ns,
                              .count = chunk->count};
    return rc;
}

static int decode_points(const struct point_format *format, int64_t group,
                         const void *data, size_t size, struct point_sheet *sheet,
                         struct chunk_row *out, struct err *err) {
    const int rc = point_sheet_decode(format, data, size, sheet, err);
    *out = (struct chunk_row){.group = group,
                              .seq = sheet->first_seq,
                              .t0_ns = sheet->t0_ns,
                              .t1_ns = sheet->t1_ns,
                              .count = sheet->count};
    return rc;
}

static int decode_carry(const void *data, size_t size, struct blocks *blocks,
                        struct chunk_row *out, struct err *err) {
    const int rc = decode_points(&counter_sheet_format, DAMAGE_COUNTERS, data, size,
                                 &blocks->counter_sheet, out, err);
    out->count = 0;
    return rc;
}

static int decode_sheet(const void *data, size_t size, struct blocks *blocks,
                        struct chunk_row *out, struct err *err) {
    const int rc = sheet_codec_decode(data, size, &blocks->sheet, err);
    const struct sheet_block *sheet = &blocks->sheet;
    *out = (struct chunk_row){.group = sheet->group,
                              .seq = sheet->first_seq,
                              .t0_ns = sheet->t0_ns,
                              .t1_ns = sheet->t1_ns,
                              .count = sheet->count};
    return rc;
}

static int decode_instant_sheet(const void *data, size_t size, struct blocks *blocks,
                                struct chunk_row *out, struct err *err) {
    return decode_points(&instant_sheet_format, DAMAGE_INSTANTS, data, size,
                         &blocks->instant_sheet, out, err);
}

static int decode_counter_sheet(const void *data, size_t size, struct blocks *blocks,
                                struct chunk_row *out, struct err *err) {
    return decode_points(&counter_sheet_format, DAMAGE_COUNTERS, data, size,
                         &blocks->counter_sheet, out, err);
}

static const struct chunk_kind kinds[] = {
    {"spans", true,
     "SELECT c.id, c.run, c.lane_group, c.seq, c.t0_ns, c.t1_ns, c.count FROM run r"
     " JOIN span_chunk c ON c.run = r.id WHERE r.timeline = 2"
     " ORDER BY c.run, c.lane_group, c.seq",
     "SELECT data FROM span_chunk WHERE id = ?", decode_spans},
    {"instants", true,
     "SELECT c.id, c.run, -1, c.seq, c.t0_ns, c.t1_ns, c.count FROM run r"
     " JOIN instant_chunk c ON c.run = r.id WHERE r.timeline = 2 ORDER BY c.run, c.seq",
     "SELECT data FROM instant_chunk WHERE id = ?", decode_instants},
    {"counters", true,
     "SELECT c.id, c.run, -2, c.seq, c.t0_ns, c.t1_ns, c.count FROM run r"
     " JOIN counter_chunk c ON c.run = r.id WHERE r.timeline = 2 ORDER BY c.run, c.seq",
     "SELECT data FROM counter_chunk WHERE id = ?", decode_counters},
    {"carried counters", false, /* costs none: another carry serves as well */
     "SELECT c.id, c.run, -2, c.seq, 0, c.t0_ns, 0 FROM run r"
     " JOIN counter_chunk c ON c.run = r.id WHERE r.timeline = 2"
     " AND c.carry IS NOT NULL ORDER BY c.run, c.seq",
     "SELECT carry FROM counter_chunk WHERE id = ?", decode_carry},
    {"the pyramid", false,
     "SELECT c.id, c.run, c.lane_group, c.seq, c.t0_ns, c.t1_ns, c.count FROM run r"
     " JOIN sheet c ON c.run = r.id WHERE r.timeline = 2 AND c.lane_group >= 0"
     " ORDER BY c.run, c.lane_group, c.level, c.seq",
     "SELECT data FROM sheet WHERE id = ?", decode_sheet},
    {"the pyramid of instants", false,
     "SELECT c.id, c.run, -1, c.seq, c.t0_ns, c.t1_ns, c.count FROM run r"
     " JOIN sheet c ON c.run = r.id WHERE r.timeline = 2 AND c.lane_group = -1"
     " ORDER BY c.run, c.level, c.seq",
     "SELECT data FROM sheet WHERE id = ?", decode_instant_sheet},
    {"the pyramid of counters", false,
     "SELECT c.id, c.run, -2, c.seq, c.t0_ns, c.t1_ns, c.count FROM run r"
     " JOIN sheet c ON c.run = r.id WHERE r.timeline = 2 AND c.lane_group = -2"
     " ORDER BY c.run, c.level, c.seq",
     "SELECT data FROM sheet WHERE id = ?", decode_counter_sheet},
};

/* --- chunks ---------------------------------------------------------------------- */

static bool is_same(const struct chunk_row *row, const struct chunk_row *chunk) {
    return row->group == chunk->group && row->seq == chunk->seq &&
           row->t0_ns == chunk->t0_ns && row->t1_ns == chunk->t1_ns &&
           row->count == chunk->count;
}

static struct doctor_finding place_of(enum doctor_kind kind,
                                      const struct chunk_row *row) {
    return (struct doctor_finding){
        .kind = kind, .run = row->run, .group = row->group, .seq = row->seq};
}

static void found_damage(const struct examination *at, const struct chunk_kind *kind,
                         const struct chunk_row *row, const char *why) {
    const struct doctor_finding place = place_of(DOCTOR_CHUNK, row);
    char group[40] = "";
    if (row->group >= 0) {
        snprintf(group, sizeof group, "lane group %lld, ", (long long)row->group);
    }
    doctor_found(
        at, &place,
        "run %lld, %schunk %lld of %s is damaged: %s; it costs %lld %s from %lld "
        "to %lld ns",
        (long long)row->run, group, (long long)row->seq, kind->what, why,
        (long long)row->count, kind->what, (long long)row->t0_ns, (long long)row->t1_ns);
}

static int examine_chunk(const struct examination *at, const struct chunk_kind *kind,
                         const struct chunk_row *row, struct blocks *blocks,
                         struct err *err) {
    struct err why = {0};
    struct chunk_row decoded;
    struct query q;
    size_t size;
    query_begin(&q, at->connection, kind->data);
    query_int(&q, row->id);
    int rc = query_next(&q, &why);
    if (rc == 1) {
        const void *data = query_get_blob(&q, 0, &size);
        rc = kind->decode(data, size, blocks, &decoded, &why);
        if (rc == 0 && !is_same(row, &decoded)) {
            rc = err_set(&why, ERR_CORRUPT, "it does not agree with its row");
        }
    }
    query_end(&q);
    at->report->chunks++;
    if (rc == ERR_CORRUPT) {
        found_damage(at, kind, row, why.text);
        return 0;
    }
    return rc == 0 ? 0 : err_set_from(err, rc, &why);
}

/* Within a lane group chunks are numbered from 0 on. */
static void look_for_gap(const struct examination *at, const struct chunk_kind *kind,
                         const struct chunk_row *before, const struct chunk_row *row) {
    const bool first = before->run != row->run || before->group != row->group;
    const int64_t expected = first ? 0 : before->seq + 1;
    if (row->seq != expected) {
        struct doctor_finding place = place_of(DOCTOR_GAP, row);
        place.seq = expected;
        doctor_found(at, &place,
                     "run %lld lacks chunk %lld of %s (lane group %lld): what it held is "
                     "missing in the timeline",
                     (long long)row->run, (long long)expected, kind->what,
                     (long long)row->group);
    }
}

static int examine_kind(const struct examination *at, const struct chunk_kind *kind,
                        struct blocks *blocks, struct err *err) {
    struct chunk_row before = {0};
    struct query q;
    int rc;
    query_begin(&q, at->connection, kind->rows);
    while ((rc = query_next(&q, err)) == 1) {
        const struct chunk_row row = {
            query_get_int(&q, 0), query_get_int(&q, 1), query_get_int(&q, 2),
            query_get_int(&q, 3), query_get_int(&q, 4), query_get_int(&q, 5),
            query_get_int(&q, 6),
        };
        if (kind->is_numbered) {
            look_for_gap(at, kind, &before, &row);
        }
        before = row;
        rc = doctor_go_on(at, err);
        if (rc == 0) {
            rc = examine_chunk(at, kind, &row, blocks, err);
        }
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc;
}

/* --- last chunks ----------------------------------------------------------------- */

/*
 * The spans of a lane follow one another up to its death, so that the chunks of a group reach
 * the last death in it. A lane that died when it was born has no span; a group of such lanes
 * has no chunk.
 */
static const char SHORT_GROUPS[] =
    "SELECT g.run, g.lane_group, g.died_ns, coalesce(max(c.t1_ns), 0),"
    "  coalesce(max(c.seq), -1) FROM"
    " (SELECT l.run, l.lane / ? AS lane_group, max(l.died_ns) AS died_ns FROM run r"
    "  JOIN lane l ON l.run = r.id WHERE r.timeline = 2 AND l.born_ns < l.died_ns"
    "  GROUP BY 1, 2) g"
    " LEFT JOIN span_chunk c ON c.run = g.run AND c.lane_group = g.lane_group"
    " GROUP BY g.run, g.lane_group HAVING coalesce(max(c.t1_ns), 0) < g.died_ns";

static void found_short_group(const struct examination *at, const struct query *q) {
    const struct doctor_finding place = {.kind = DOCTOR_GAP,
                                         .run = query_get_int(q, 0),
                                         .group = query_get_int(q, 1),
                                         .seq = query_get_int(q, 4) + 1};
    doctor_found(
        at, &place,
        "run %lld lacks spans from chunk %lld on (lane group %lld): its lanes lived "
        "until %lld ns, what ended after %lld ns is missing in the timeline",
        (long long)place.run, (long long)place.seq, (long long)place.group,
        (long long)query_get_int(q, 2), (long long)query_get_int(q, 3));
}

/* Of instants and counters it is known how many chunks there were. */
static const char SHORT_POINTS[] =
    "WITH number (run, lane_group, said, found) AS ("
    " SELECT r.id, ?, r.instant_chunks,"
    "  (SELECT coalesce(max(seq), -1) + 1 FROM instant_chunk c WHERE c.run = r.id)"
    " FROM run r WHERE r.timeline = 2 UNION ALL"
    " SELECT r.id, ?, r.counter_chunks,"
    "  (SELECT coalesce(max(seq), -1) + 1 FROM counter_chunk c WHERE c.run = r.id)"
    " FROM run r WHERE r.timeline = 2)"
    " SELECT run, lane_group, said, found FROM number WHERE found < said"
    " ORDER BY run, lane_group DESC";

static void found_short_points(const struct examination *at, const struct query *q) {
    const struct doctor_finding place = {.kind = DOCTOR_GAP,
                                         .run = query_get_int(q, 0),
                                         .group = query_get_int(q, 1),
                                         .seq = query_get_int(q, 3)};
    doctor_found(at, &place,
                 "run %lld lacks %s from chunk %lld on: there were %lld chunks, what the "
                 "last ones held is missing in the timeline",
                 (long long)place.run,
                 place.group == DAMAGE_INSTANTS ? "instants" : "counters",
                 (long long)place.seq, (long long)query_get_int(q, 2));
}

/* A query of two numbers, each row of which is a finding. */
struct ends {
    const char *sql;
    int64_t numbers[2];
    size_t count;
    void (*found)(const struct examination *at, const struct query *q);
};

static const struct ends ends[] = {
    {SHORT_GROUPS, {LANE_GROUP_LANES}, 1, found_short_group},
    {SHORT_POINTS, {DAMAGE_INSTANTS, DAMAGE_COUNTERS}, 2, found_short_points},
};

static int examine_ends(const struct examination *at, const struct ends *of,
                        struct err *err) {
    struct query q;
    int rc;
    query_begin(&q, at->connection, of->sql);
    for (size_t i = 0; i < of->count; i++) {
        query_int(&q, of->numbers[i]);
    }
    while ((rc = query_next(&q, err)) == 1) {
        of->found(at, &q);
        rc = doctor_go_on(at, err);
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc;
}

/* --- lanes and histograms -------------------------------------------------------- */

static void found_rows(const struct examination *at, int64_t run, const char *what,
                       const struct err *why) {
    const struct doctor_finding place = {
        .kind = DOCTOR_ROWS, .run = run, .group = -1, .seq = -1};
    doctor_found(at, &place, "run %lld: its %s cannot be read: %s", (long long)run, what,
                 why->text);
}

static int examine_run(const struct examination *at, int64_t run, struct err *err) {
    struct lane_list lanes = {0};
    struct histogram_list histograms = {0};
    struct err why = {0};
    int rc = run_store_lanes(at->reader, run, &lanes, &why);
    if (rc == ERR_CORRUPT) {
        found_rows(at, run, "lanes", &why);
        err_clear(&why);
        rc = 0;
    }
    if (rc == 0) {
        lane_list_deinit(&lanes);
        rc = histogram_store_read(at->reader, run, &histograms, &why);
    }
    if (rc == ERR_CORRUPT) {
        found_rows(at, run, "histograms", &why);
        return 0;
    }
    if (rc != 0) {
        return err_set_from(err, rc, &why);
    }
    histogram_list_deinit(&histograms);
    return 0;
}

static int examine_all_runs(const struct examination *at, struct err *err) {
    static const char ALL[] = "SELECT id FROM run ORDER BY id";
    struct query q;
    int rc;
    query_begin(&q, at->connection, ALL);
    while ((rc = query_next(&q, err)) == 1) {
        rc = doctor_go_on(at, err);
        if (rc == 0) {
            rc = examine_run(at, query_get_int(&q, 0), err);
        }
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc;
}

int doctor_examine_runs(const struct examination *at, struct err *err) {
    struct blocks *blocks = memory_zeroed(1, sizeof *blocks);
    if (blocks == NULL) {
        return err_set_nomem(err);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof kinds / sizeof kinds[0]; i++) {
        rc = examine_kind(at, &kinds[i], blocks, err);
    }
    sheet_block_deinit(&blocks->sheet);
    point_sheet_deinit(&blocks->instant_sheet);
    point_sheet_deinit(&blocks->counter_sheet);
    memory_free(blocks);
    for (size_t i = 0; rc == 0 && i < sizeof ends / sizeof ends[0]; i++) {
        rc = examine_ends(at, &ends[i], err);
    }
    return rc == 0 ? examine_all_runs(at, err) : rc;
}
