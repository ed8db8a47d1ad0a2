/* SPDX-License-Identifier: MIT */
#include "db/edge_totals_priv.h"

#include <string.h>

static const char READ_TOTALS[] = "SELECT totals FROM main.span_chunk WHERE id = ?";

/* 1 when the chunk has totals that can be read. */
static int read_totals(struct chunk_reader *reader, const struct chunk_place *place,
                       struct chunk_totals *out, struct err *err) {
    struct query q;
    query_begin(&q, reader->run.connection, READ_TOTALS);
    query_int(&q, place->id);
    int rc = query_next(&q, err);
    if (rc == 1) {
        size_t size;
        const void *data = query_get_blob(&q, 0, &size);
        rc = size > 0 && chunk_totals_decode(out, place->t0_ns, data, size, NULL) == 0
                 ? 1
                 : 0;
    }
    query_end(&q);
    return rc;
}

/* Goes back from the chunk to one with totals, or to the first. Damaged ones are passed
 * over: they say nothing that the chunks before do not say, too. */
static int begin_totals(struct chunk_reader *reader, struct chunk_place *place,
                        struct chunk_totals *out, struct err *err) {
    *out = (struct chunk_totals){0};
    int rc;
    do {
        if (place->seq % TOTALS_CHUNKS == 0 && place->seq > 0) {
            rc = read_totals(reader, place, out, err);
            if (rc != 0) {
                return rc < 0 ? rc : 0;
            }
            *out = (struct chunk_totals){0};
        }
        rc = chunk_reader_previous(reader, place, err);
    } while (rc == 1);
    return rc;
}

static const char READ_HOLDERS[] = "SELECT seq, data FROM main.holder_total WHERE run = "
                                   "? AND lane_group = ? AND seq <= ?"
                                   " ORDER BY seq DESC";

/* The chunk from which on holders are to be added; 0 when none are stored before it. */
static int begin_holders(struct chunk_reader *reader, const struct chunk_place *place,
                         struct holder_totals *out, int64_t *seq, struct err *err) {
    const struct holder_scope scope = {place->group, place->t0_ns};
    struct query q;
    query_begin(&q, reader->run.connection, READ_HOLDERS);
    query_int(&q, reader->run.id);
    query_int(&q, place->group);
    query_int(&q, place->seq);
    *seq = 0;
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        size_t size;
        const void *data = query_get_blob(&q, 1, &size);
        rc = holder_totals_decode(out, &scope, data, size, NULL);
        if (rc == 0) {
            *seq = query_get_int(&q, 0);
            break;
        }
        holder_totals_deinit(out);
        if (rc != ERR_CORRUPT) {
            rc = err_set_nomem(err);
            break;
        }
    }
    query_end(&q);
    return rc;
}

static void note_open(struct edge_totals *out, const struct decoded_spans *spans,
                      sim_ns at) {
    const struct span_chunk *c = &spans->chunk;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->start_ns[i] < at && c->end_ns[i] > at) {
            out->open[c->lane[i] % LANE_GROUP_LANES] = (int8_t)c->state[i];
        }
    }
    for (uint32_t i = 0; i < c->after_count; i++) {
        const uint32_t place = (uint32_t)c->after[i].lane % LANE_GROUP_LANES;
        if (spans->since_ns[place] < at) {
            out->open[place] = (int8_t)c->after[i].state;
        }
    }
}

/* What the adding of chunks shares. */
struct edge {
    struct chunk_reader *reader;
    sim_ns at;
    sim_ns known_ns;                 /* nothing is known beyond it */
    struct chunk_place first, last;  /* chunks to be added */
    int64_t totals_seq, holders_seq; /* those from these on are not in what was stored */
    struct edge_totals *out;
    struct holder_totals *holders;
};

/* Behind the last chunk of a run that is being recorded its lanes go on for a while. */
static sim_ns end_of(const struct edge *edge, const struct span_chunk *chunk) {
    if (edge->known_ns == SIM_NEVER || chunk->t1_ns != edge->last.t1_ns) {
        return chunk->t1_ns;
    }
    return edge->at < edge->known_ns ? edge->at : edge->known_ns;
}

/* Adds the chunk in the reader. */
static int add_chunk(struct edge *edge, struct err *err) {
    const struct span_chunk *chunk = &edge->reader->block->chunk;
    const sim_ns until = edge->at < chunk->t1_ns ? edge->at : end_of(edge, chunk);
    if (chunk->seq >= edge->totals_seq) {
        chunk_totals_add(&edge->out->totals, chunk, until);
    }
    return edge->holders != NULL && chunk->seq >= edge->holders_seq
               ? holder_totals_add_chunk(edge->holders, chunk, until, err)
               : 0;
}

static int add_chunks(struct edge *edge, struct err *err) {
    struct chunk_place place = edge->first;
    int rc;
    do {
        rc = chunk_reader_read(edge->reader, &place, err);
        if (rc == 1) {
            rc = add_chunk(edge, err);
        }
        if (rc == 0 && place.id == edge->last.id) {
            if (edge->reader->is_sound) {
                note_open(edge->out, edge->reader->block, edge->at);
            }
            return 0;
        }
        if (rc == 0) {
            rc = chunk_reader_next(edge->reader, &place, err);
        }
    } while (rc == 1);
    return rc;
}

static int begin_edge(struct edge *edge, struct err *err) {
    edge->first = edge->last;
    int rc = begin_totals(edge->reader, &edge->first, &edge->out->totals, err);
    edge->totals_seq = edge->first.seq;
    if (rc != 0 || edge->holders == NULL) {
        return rc;
    }
    rc = begin_holders(edge->reader, &edge->last, edge->holders, &edge->holders_seq, err);
    int more = rc == 0;
    while (more == 1 && edge->first.seq > edge->holders_seq) {
        more = chunk_reader_previous(edge->reader, &edge->first, err);
    }
    return more < 0 ? more : rc;
}

int edge_totals_read(struct chunk_reader *reader, uint32_t group, sim_ns at,
                     struct edge_totals *out, struct holder_totals *holders,
                     struct err *err) {
    struct edge edge = {.reader = reader, .at = at, .out = out, .holders = holders};
    *out = (struct edge_totals){0};
    memset(out->open, -1, sizeof out->open);
    int rc = recorded_run_known(&reader->run, group, &edge.known_ns, err);
    if (rc == 0) {
        rc = chunk_reader_find(reader, group, at, &edge.last, err);
    }
    if (rc == 1) {
        rc = begin_edge(&edge, err);
        rc = rc == 0 ? add_chunks(&edge, err) : rc;
    }
    return rc;
}
