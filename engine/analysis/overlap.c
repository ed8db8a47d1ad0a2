/* SPDX-License-Identifier: MIT */
#include "engine/analysis/overlap.h"

#include <stdlib.h>

#include "engine/base/memory.h"

void overlap_deinit(struct overlap *overlap) {
    memory_free(overlap->edges);
    *overlap = (struct overlap){0};
}

static int add_edge(struct overlap *overlap, sim_ns at_ns, int64_t change) {
    const int rc = vec_reserve((void **)&overlap->edges, &overlap->capacity,
                               overlap->count, sizeof *overlap->edges);
    if (rc == 0) {
        overlap->edges[overlap->count++] = (struct overlap_edge){at_ns, change};
    }
    return rc;
}

int overlap_add(struct overlap *overlap, sim_ns from_ns, sim_ns to_ns, int64_t weight,
                struct err *err) {
    if (from_ns >= to_ns) {
        return 0;
    }
    const size_t before = overlap->count;
    if (add_edge(overlap, from_ns, weight) != 0 ||
        add_edge(overlap, to_ns, -weight) != 0) {
        overlap->count = before;
        return err_set_nomem(err);
    }
    return 0;
}

static int compare_edges(const void *left, const void *right) {
    const struct overlap_edge *a = left, *b = right;
    return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

static void sort(struct overlap *overlap) {
    if (overlap->count > 0) {
        qsort(overlap->edges, overlap->count, sizeof *overlap->edges, compare_edges);
    }
}

/* Goes over all edges of the next instant; the level from then on. */
static int64_t next_level(const struct overlap *overlap, size_t *at, int64_t level) {
    const sim_ns now = overlap->edges[*at].at_ns;
    while (*at < overlap->count && overlap->edges[*at].at_ns == now) {
        level += overlap->edges[(*at)++].change;
    }
    return level;
}

struct overlap_level overlap_at_least(struct overlap *overlap, int64_t least) {
    struct overlap_level found = {0};
    sim_ns since = -1;
    int64_t level = 0;
    sort(overlap);
    for (size_t i = 0; i < overlap->count;) {
        const sim_ns now = overlap->edges[i].at_ns;
        level = next_level(overlap, &i, level);
        if (level >= least && since < 0) {
            since = now;
        } else if (level < least && since >= 0) {
            found.total_ns += now - since;
            if (now - since > found.to_ns - found.from_ns) {
                found.from_ns = since;
                found.to_ns = now;
            }
            since = -1;
        }
    }
    return found;
}

int64_t overlap_peak(struct overlap *overlap) {
    int64_t level = 0, peak = 0;
    sort(overlap);
    for (size_t i = 0; i < overlap->count;) {
        level = next_level(overlap, &i, level);
        peak = level > peak ? level : peak;
    }
    return peak;
}
