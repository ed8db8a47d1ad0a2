/* SPDX-License-Identifier: MIT */
#include "db/doctor.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/doctor_priv.h"

static const char *const kind_names[] = {
    "file", "index", "reference", "chunk", "gap", "rows", "leftover", "dead",
};
static_assert(sizeof kind_names / sizeof kind_names[0] == DOCTOR_KIND_COUNT,
              "a name each");

const char *doctor_kind_name(enum doctor_kind kind) { return kind_names[kind]; }

static bool is_repairable(enum doctor_kind kind) {
    return kind == DOCTOR_INDEX || kind == DOCTOR_REFERENCE || kind == DOCTOR_LEFTOVER ||
           kind == DOCTOR_DEAD;
}

void doctor_found(const struct examination *at, const struct doctor_finding *place,
                  const char *fmt, ...) {
    struct doctor_finding finding = *place;
    va_list args;
    va_start(args, fmt);
    vsnprintf(finding.text, sizeof finding.text, fmt, args);
    va_end(args);
    finding.repairable = is_repairable(finding.kind);
    at->report->findings++;
    at->report->repairable += finding.repairable ? 1 : 0;
    if (at->options->listener.found != NULL) {
        at->options->listener.found(at->options->listener.context, &finding);
    }
}

int doctor_go_on(const struct examination *at, struct err *err) {
    const atomic_bool *cancel = at->options->cancel;
    return cancel != NULL && atomic_load(cancel)
               ? err_set(err, ERR_CANCELLED, "the examination was interrupted")
               : 0;
}

static struct doctor_finding of_store(enum doctor_kind kind) {
    return (struct doctor_finding){.kind = kind, .group = -1, .seq = -1};
}

/* --- the file -------------------------------------------------------------------- */

static const char CHECK_FILE[] = "PRAGMA integrity_check(100)";

static bool is_about_index(const char *text) {
    return strstr(text, "missing from index") != NULL ||
           strstr(text, "entries in index") != NULL ||
           strstr(text, "non-unique entry in index") != NULL;
}

static int examine_file(const struct examination *at, struct err *err) {
    struct query q;
    int rc;
    query_begin(&q, at->connection, CHECK_FILE);
    while ((rc = query_next(&q, err)) == 1) {
        const char *text = query_get_text(&q, 0);
        const struct doctor_finding place =
            of_store(is_about_index(text) ? DOCTOR_INDEX : DOCTOR_FILE);
        if (strcmp(text, "ok") != 0) {
            doctor_found(at, &place, "%.300s", text);
        }
    }
    query_end(&q);
    return rc;
}

/* --- what belongs to what -------------------------------------------------------- */

static const char CHECK_REFERENCES[] =
    "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2";

static int examine_references(const struct examination *at, struct err *err) {
    const struct doctor_finding place = of_store(DOCTOR_REFERENCE);
    struct query q;
    int rc;
    query_begin(&q, at->connection, CHECK_REFERENCES);
    while ((rc = query_next(&q, err)) == 1) {
        doctor_found(at, &place, "%lld rows of '%s' belong to no '%s': nobody sees them",
                     (long long)query_get_int(&q, 2), query_get_text(&q, 0),
                     query_get_text(&q, 1));
    }
    query_end(&q);
    return rc;
}

/* Chunks of runs without a timeline; those of an experiment on its way out are not left
 * over. */
#define HAS_LEFTOVERS                                                                    \
    "(EXISTS (SELECT 1 FROM span_chunk s WHERE s.run = r.id)"                            \
    " OR EXISTS (SELECT 1 FROM sheet p WHERE p.run = r.id)"                              \
    " OR EXISTS (SELECT 1 FROM holder_total h WHERE h.run = r.id)"                       \
    " OR EXISTS (SELECT 1 FROM carried_span p WHERE p.run = r.id)"                       \
    " OR EXISTS (SELECT 1 FROM known_time k WHERE k.run = r.id)"                         \
    " OR EXISTS (SELECT 1 FROM lane l WHERE l.run = r.id)"                               \
    " OR EXISTS (SELECT 1 FROM instant_chunk i WHERE i.run = r.id)"                      \
    " OR EXISTS (SELECT 1 FROM counter_chunk c WHERE c.run = r.id)) AND r.timeline = 0"  \
    " AND NOT EXISTS (SELECT 1 FROM cell c JOIN experiment e ON e.id = c.experiment"     \
    " WHERE c.id = r.cell AND e.removing = 1)"

static const char FIND_LEFTOVERS[] =
    "SELECT r.id FROM run r WHERE " HAS_LEFTOVERS " ORDER BY r.id";

static int examine_leftovers(const struct examination *at, struct err *err) {
    struct query q;
    int rc;
    query_begin(&q, at->connection, FIND_LEFTOVERS);
    while ((rc = query_next(&q, err)) == 1) {
        struct doctor_finding place = of_store(DOCTOR_LEFTOVER);
        place.run = query_get_int(&q, 0);
        doctor_found(at, &place,
                     "run %lld has no timeline, but chunks of one: nobody sees them",
                     (long long)place.run);
    }
    query_end(&q);
    return rc;
}

static const char FIND_DEAD[] =
    "SELECT 'run', id, 'running' FROM run"
    " WHERE status = 'running' AND NOT owner_lives(owner)"
    " UNION ALL SELECT 'run', id, 'recording' FROM run"
    " WHERE timeline = 1 AND status <> 'running' AND NOT owner_lives(owner)"
    " UNION ALL SELECT 'cell', id, 'running' FROM cell WHERE status = 'running'"
    " AND NOT (SELECT owner_lives(e.owner) FROM experiment e WHERE e.id = experiment)"
    " UNION ALL SELECT 'experiment', id, 'running' FROM experiment"
    " WHERE status = 'running' AND NOT owner_lives(owner)";

static int examine_dead(const struct examination *at, struct err *err) {
    struct query q;
    int rc;
    query_begin(&q, at->connection, FIND_DEAD);
    while ((rc = query_next(&q, err)) == 1) {
        struct doctor_finding place = of_store(DOCTOR_DEAD);
        const char *what = query_get_text(&q, 0);
        const int64_t id = query_get_int(&q, 1);
        place.run = strcmp(what, "run") == 0 ? id : 0;
        doctor_found(at, &place, "%s %lld is marked as %s, but its process is dead", what,
                     (long long)id, query_get_text(&q, 2));
    }
    query_end(&q);
    return rc;
}

/* --- space ----------------------------------------------------------------------- */

static const char COUNT_REMOVING[] = "SELECT count(*) FROM experiment WHERE removing = 1";

/* The length of a blob is known without reading it. */
static const char SPACE[] =
    "WITH recorded (run, bytes) AS ("
    "  SELECT run, sum(length(data) + coalesce(length(totals), 0)) FROM span_chunk"
    "  GROUP BY run"
    "  UNION ALL SELECT run, sum(length(data)) FROM sheet GROUP BY run"
    "  UNION ALL SELECT run, sum(length(data)) FROM holder_total GROUP BY run"
    "  UNION ALL SELECT run, 16 * count(*) FROM carried_span GROUP BY run"
    "  UNION ALL SELECT run, sum(length(data)) FROM instant_chunk GROUP BY run"
    "  UNION ALL SELECT run, sum(length(data) + coalesce(length(carry), 0))"
    "  FROM counter_chunk GROUP BY run"
    "  UNION ALL SELECT run, sum(length(data)) FROM histogram GROUP BY run"
    "  UNION ALL SELECT run, length(data) FROM analysis"
    "  UNION ALL SELECT run, sum(length(totals) + length(name)) FROM lane GROUP BY run),"
    " of_run (run, bytes) AS (SELECT run, sum(bytes) FROM recorded GROUP BY run)"
    " SELECT e.id, e.name, count(r.id), length(e.document) + coalesce(sum(o.bytes), 0)"
    " FROM experiment e LEFT JOIN cell c ON c.experiment = e.id"
    " LEFT JOIN run r ON r.cell = c.id LEFT JOIN of_run o ON o.run = r.id"
    " WHERE e.removing = 0 GROUP BY e.id ORDER BY e.id";

static int64_t size_of(const char *path, const char *suffix) {
    char name[4096];
    struct stat status;
    const int size = snprintf(name, sizeof name, "%s%s", path, suffix);
    return size < (int)sizeof name && stat(name, &status) == 0 ? (int64_t)status.st_size
                                                               : 0;
}

static int measure_experiments(const struct examination *at, struct err *err) {
    struct doctor_report *report = at->report;
    size_t capacity = 0;
    struct query q;
    int rc;
    query_begin(&q, at->connection, SPACE);
    while ((rc = query_next(&q, err)) == 1) {
        if (vec_reserve((void **)&report->experiments, &capacity,
                        report->experiment_count, sizeof *report->experiments) != 0) {
            rc = err_set_nomem(err);
            break;
        }
        report->experiments[report->experiment_count++] = (struct doctor_experiment){
            .id = query_get_int(&q, 0),
            .name = query_copy_text(&q, 1, &report->arena),
            .runs = query_get_int(&q, 2),
            .bytes = query_get_int(&q, 3),
        };
    }
    query_end(&q);
    return rc;
}

static int measure(const struct examination *at, struct err *err) {
    struct doctor_report *report = at->report;
    const char *path = connection_path(at->connection);
    report->file_bytes = size_of(path, "");
    report->log_bytes = size_of(path, "-wal");
    int rc = vacuum_space(at->reader, &report->space, err);
    if (rc == 0) {
        rc = connection_read_number(at->connection, COUNT_REMOVING, &report->removing,
                                    err);
    }
    return rc == 0 ? measure_experiments(at, err) : rc;
}

/* --- the whole ------------------------------------------------------------------- */

static int (*const parts[])(const struct examination *at, struct err *err) = {
    examine_file,      examine_references, doctor_examine_runs,
    examine_leftovers, examine_dead,       measure,
};

/* A part that meets a page which cannot be read is a finding, and the next part begins. */
static int examine_all(const struct examination *at, struct err *err) {
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct err why = {0};
        int rc = doctor_go_on(at, err);
        if (rc == 0) {
            rc = parts[i](at, &why);
        }
        if (rc == ERR_CORRUPT) {
            const struct doctor_finding place = of_store(DOCTOR_FILE);
            doctor_found(at, &place, "%s", why.text);
        } else if (rc != 0) {
            return err_set_from(err, rc, &why);
        }
    }
    return 0;
}

int doctor_examine(struct db_reader *reader, const struct doctor_options *options,
                   struct doctor_report *out, struct err *err) {
    struct doctor_report report = {0};
    const struct examination at = {
        .reader = reader,
        .connection = db_reader_connection(reader),
        .options = options,
        .report = &report,
    };
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = examine_all(&at, err);
    db_reader_end(reader);
    if (rc != 0) {
        doctor_report_deinit(&report);
        return rc;
    }
    *out = report;
    return 0;
}

void doctor_report_deinit(struct doctor_report *report) {
    memory_free(report->experiments);
    arena_deinit(&report->arena);
    *report = (struct doctor_report){0};
}
