/* SPDX-License-Identifier: MIT */
#include "db/recorded_run_priv.h"

#include "db/damage.h"
#include "engine/record/sink.h"

enum { LANES_MAX = 1 << 24 }; /* so that a damaged file cannot ask for all the memory */

int recorded_run_damaged(const struct recorded_run *run, const char *what,
                         struct err *err) {
    return err_set(err, ERR_CORRUPT, "%s is damaged: run %lld: %s: restore a copy",
                   connection_path(run->connection), (long long)run->id, what);
}

static const char READ_RUN[] = "SELECT timeline, (SELECT max(lane) FROM main.lane l"
                               " WHERE l.run = r.id) FROM main.run r WHERE r.id = ?";
/* A borrowed connection does not know who lives: it sees complete recordings alone. */
static const char HAS_OWNER[] = "SELECT owner_lives(owner) FROM main.run WHERE id = ?";

static int has_owner(const struct recorded_run *run, bool *out, struct err *err) {
    struct query q;
    if (connection_is_borrowed(run->connection)) {
        *out = false;
        return 0;
    }
    query_begin(&q, run->connection, HAS_OWNER);
    query_int(&q, run->id);
    const int rc = query_next(&q, err);
    *out = rc == 1 && query_get_int(&q, 0) != 0;
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static int check_run(struct recorded_run *run, const struct query *q, struct err *err) {
    const int64_t timeline = query_get_int(q, 0);
    const int64_t last = query_is_null(q, 1) ? -1 : query_get_int(q, 1);
    const int rc = timeline == 1 ? has_owner(run, &run->is_live, err) : 0;
    if (rc == 0 && timeline != 2 && !run->is_live) {
        return err_set(err, ERR_NOT_FOUND, "run r%lld has no timeline",
                       (long long)run->id);
    }
    if (rc == 0 && (last < -1 || last >= LANES_MAX)) {
        return recorded_run_damaged(run, "an impossible lane", err);
    }
    run->lane_count = (size_t)(last + 1);
    return rc;
}

int recorded_run_find(struct recorded_run *out, struct connection *connection,
                      int64_t run, struct err *err) {
    struct recorded_run found = {.connection = connection, .id = run};
    struct query q;
    query_begin(&q, connection, READ_RUN);
    query_int(&q, run);
    int rc = query_next(&q, err);
    if (rc == 0) {
        rc = err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)run);
    } else if (rc == 1) {
        rc = check_run(&found, &q, err);
    }
    query_end(&q);
    if (rc == 0) {
        *out = found;
    }
    return rc;
}

/* --- its groups ---------------------------------------------------------------- */

static const char NEXT_GROUP[] =
    "SELECT min(lane_group) FROM main.span_chunk WHERE run = ? AND lane_group >= ?";

int recorded_run_next_group(const struct recorded_run *run, int64_t *group,
                            struct err *err) {
    struct query q;
    query_begin(&q, run->connection, NEXT_GROUP);
    query_int(&q, run->id);
    query_int(&q, *group);
    int rc = query_next(&q, err);
    if (rc == 1) {
        rc = query_is_null(&q, 0) ? 0 : 1;
        *group = query_get_int(&q, 0);
    }
    query_end(&q);
    if (rc == 1 && (*group < 0 || *group > INT32_MAX / LANE_GROUP_LANES ||
                    (size_t)*group * LANE_GROUP_LANES >= run->lane_count)) {
        return recorded_run_damaged(run, "a chunk of unknown lanes", err);
    }
    return rc;
}

/* --- how far it is known ------------------------------------------------------- */

static const char LAST_OF_SPANS[] = "SELECT max(t1_ns) FROM main.span_chunk INDEXED BY "
                                    "span_chunk_by_time WHERE run = ? AND"
                                    " lane_group = ?";
static const char LAST_OF_INSTANTS[] = "SELECT max(t1_ns) FROM main.instant_chunk "
                                       "INDEXED BY instant_chunk_by_time WHERE run = ?"
                                       " AND -1 = ?";
static const char LAST_OF_COUNTERS[] = "SELECT max(t1_ns) FROM main.counter_chunk "
                                       "INDEXED BY counter_chunk_by_time WHERE run = ?"
                                       " AND -2 = ?";
static const char SAID_OF_GROUP[] =
    "SELECT until_ns FROM main.known_time WHERE run = ? AND lane_group = ?";
static const char SAID_OF_RUN[] =
    "SELECT max(until_ns) FROM main.known_time WHERE run = ? AND lane_group >= ?";
/* One number of a run and a group; as it was, when there is none. */
static int read_number(const struct recorded_run *run, const char *sql, int64_t group,
                       int64_t *out, struct err *err) {
    struct query q;
    query_begin(&q, run->connection, sql);
    query_int(&q, run->id);
    query_int(&q, group);
    const int rc = query_next(&q, err);
    if (rc == 1 && !query_is_null(&q, 0)) {
        *out = query_get_int(&q, 0);
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static const char *last_of(int64_t group) {
    switch (group) {
    case DAMAGE_INSTANTS:
        return LAST_OF_INSTANTS;
    case DAMAGE_COUNTERS:
        return LAST_OF_COUNTERS;
    default:
        return LAST_OF_SPANS;
    }
}

int recorded_run_known(const struct recorded_run *run, int64_t group, sim_ns *until_ns,
                       struct err *err) {
    int64_t last = 0, said = 0;
    if (!run->is_live) {
        *until_ns = SIM_NEVER;
        return 0;
    }
    int rc = read_number(run, last_of(group), group, &last, err);
    if (rc == 0 && (last > 0 || group < 0)) { /* else nobody knows what its lanes do */
        rc = read_number(run, SAID_OF_GROUP, group, &said, err);
    }
    if (rc == 0) {
        *until_ns = last > said ? last : said;
    }
    return rc;
}

int recorded_run_furthest(const struct recorded_run *run, sim_ns *until_ns,
                          struct err *err) {
    if (!run->is_live) {
        *until_ns = SIM_NEVER;
        return 0;
    }
    sim_ns furthest = 0;
    int64_t group = 0;
    int rc = read_number(run, SAID_OF_RUN, 0, &furthest, err);
    while (rc == 0 && group >= 0) {
        int64_t next = -1;
        sim_ns last = 0;
        rc = read_number(run, NEXT_GROUP, group, &next, err);
        if (rc == 0 && next >= 0) {
            rc = read_number(run, LAST_OF_SPANS, next, &last, err);
        }
        furthest = last > furthest ? last : furthest;
        group = next < 0 ? -1 : next + 1;
    }
    if (rc == 0) {
        *until_ns = furthest;
    }
    return rc;
}

/* --- how far its pyramid goes ---------------------------------------------------- */

static const char LAST_OF_SHEETS[] =
    "SELECT max(t1_ns) FROM main.sheet INDEXED BY sheet_by_level WHERE run = ? AND"
    " lane_group = ? AND level = ?";

int recorded_run_move_cut(const struct recorded_run *run, int64_t group, unsigned level,
                          sim_ns *cut_ns, struct err *err) {
    struct query q;
    query_begin(&q, run->connection, LAST_OF_SHEETS);
    query_int(&q, run->id);
    query_int(&q, group);
    query_int(&q, level);
    const int rc = query_next(&q, err);
    const sim_ns last = rc == 1 ? query_get_int(&q, 0) : 0; /* NULL is read as 0 */
    query_end(&q);
    *cut_ns = last > *cut_ns ? last : *cut_ns;
    return rc < 0 ? rc : 0;
}
