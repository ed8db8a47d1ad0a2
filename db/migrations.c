/* SPDX-License-Identifier: MIT */
#include "db/migrations_priv.h"

#include <assert.h>
#include <stdio.h>

/*
 * The tables.
 *
 *     experiment 1--n experiment_key;
 *     experiment 1--n cell 1--n run 1--n metric, histogram, lane, span_chunk, sheet,
 *                                        holder_total, carried_span, instant_chunk,
 *                                        counter_chunk, known_time, analysis, note;
 *                       1--n cell_metric
 *
 * Times of the wall clock are milliseconds since 1970, UTC; virtual times nanoseconds
 * since the start of the run. Words (status, kind) are those of the API. `lane.totals` is
 * specified in run_store.c, `data` of the chunks in chunk_codec.c. run.timeline: 0 none,
 * 1 being written, 2 complete. Chunks are rowid tables because their rows are large;
 * their indexes answer which chunks touch a window without reading one.
 */
static const char MIGRATION_1[] =
    "CREATE TABLE experiment ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL,"
    "  document TEXT NOT NULL,"
    "  content_hash TEXT NOT NULL UNIQUE CHECK (length(content_hash) BETWEEN 1 AND 128),"
    "  status TEXT NOT NULL CHECK"
    "    (status IN ('queued', 'running', 'done', 'failed', 'interrupted')),"
    "  reason TEXT NOT NULL DEFAULT '',"
    "  created_ms INTEGER NOT NULL,"
    "  engine_version TEXT NOT NULL,"
    "  seed INTEGER NOT NULL," /* the bits of an unsigned 64-bit number */
    "  cell_count INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX experiment_unfinished ON experiment (status, id)"
    "  WHERE status IN ('queued', 'running');"

    "CREATE TABLE cell ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,"
    "  idx INTEGER NOT NULL,"
    "  key TEXT NOT NULL,"
    "  runtime TEXT NOT NULL,"
    "  strategy TEXT NOT NULL,"
    "  point TEXT NOT NULL,"
    "  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'done', 'failed',"
    "    'limited', 'not_applicable', 'interrupted')),"
    "  reason TEXT NOT NULL DEFAULT '',"
    "  UNIQUE (experiment, idx)"
    ") STRICT;"
    "CREATE INDEX cell_by_status ON cell (experiment, status);"
    "CREATE INDEX cell_running ON cell (id) WHERE status = 'running';"
    "CREATE INDEX cell_by_key ON cell (key);"

    "CREATE TABLE cell_metric ("
    "  cell INTEGER NOT NULL REFERENCES cell (id) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  median REAL NOT NULL,"
    "  min REAL NOT NULL,"
    "  max REAL NOT NULL,"
    "  PRIMARY KEY (cell, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE run ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  cell INTEGER NOT NULL REFERENCES cell (id) ON DELETE CASCADE,"
    "  repetition INTEGER NOT NULL,"
    "  status TEXT NOT NULL CHECK (status IN ('running', 'done', 'limited', 'stopped',"
    "    'failed', 'interrupted')),"
    "  reason TEXT NOT NULL DEFAULT '',"
    "  fingerprint TEXT NOT NULL DEFAULT '' CHECK (length(fingerprint) IN (0, 16)),"
    "  started_ms INTEGER NOT NULL,"
    "  finished_ms INTEGER NOT NULL DEFAULT 0,"
    "  duration_ns INTEGER NOT NULL DEFAULT 0,"
    "  transitions INTEGER NOT NULL DEFAULT 0,"
    "  timeline INTEGER NOT NULL DEFAULT 0 CHECK (timeline IN (0, 1, 2)),"
    "  sites TEXT NOT NULL DEFAULT '[]'"
    ") STRICT;"
    "CREATE INDEX run_by_cell ON run (cell, repetition);"
    "CREATE INDEX run_running ON run (id) WHERE status = 'running';"
    "CREATE INDEX run_recording ON run (id) WHERE timeline = 1;"

    "CREATE TABLE metric ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  value REAL NOT NULL,"
    "  PRIMARY KEY (run, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE lane ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  lane INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  parent INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  born_ns INTEGER NOT NULL,"
    "  died_ns INTEGER NOT NULL,"
    "  totals BLOB NOT NULL,"
    "  PRIMARY KEY (run, lane)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE span_chunk ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  lane_group INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  t0_ns INTEGER NOT NULL,"
    "  t1_ns INTEGER NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  data BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX span_chunk_by_time"
    "  ON span_chunk (run, lane_group, t1_ns, seq, t0_ns);"

    "CREATE TABLE instant_chunk ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  seq INTEGER NOT NULL,"
    "  t0_ns INTEGER NOT NULL,"
    "  t1_ns INTEGER NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  data BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX instant_chunk_by_time ON instant_chunk (run, t1_ns, seq, t0_ns);"

    "PRAGMA application_id = 0x47536370;"
    "PRAGMA user_version = 1;";

/* Histograms of a run; `data` is specified in histogram_store.h. */
static const char MIGRATION_2[] =
    "CREATE TABLE histogram ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  min_ns INTEGER NOT NULL,"
    "  max_ns INTEGER NOT NULL,"
    "  sum_ns REAL NOT NULL,"
    "  buckets INTEGER NOT NULL,"
    "  data BLOB NOT NULL,"
    "  PRIMARY KEY (run, name)"
    ") STRICT, WITHOUT ROWID;"

    "PRAGMA user_version = 2;";

/*
 * Repetitions get their mean and the intervals of engine/analysis/bootstrap.h. What was
 * stored before has number and mean from its runs, and no intervals: NULL. REAL columns
 * hold NULL for NaN.
 */
static const char MIGRATION_3[] =
    "ALTER TABLE cell_metric ADD COLUMN n INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE cell_metric ADD COLUMN mean REAL;"
    "ALTER TABLE cell_metric ADD COLUMN mean_low REAL;"
    "ALTER TABLE cell_metric ADD COLUMN mean_high REAL;"
    "ALTER TABLE cell_metric ADD COLUMN median_low REAL;"
    "ALTER TABLE cell_metric ADD COLUMN median_high REAL;"
    "UPDATE cell_metric SET (n, mean) = ("
    "  SELECT count(*), iif(abs(avg(m.value)) < 9e999, avg(m.value), NULL)"
    "  FROM metric m WHERE m.name = cell_metric.name AND m.run IN ("
    "    SELECT max(id) FROM run"
    "    WHERE cell = cell_metric.cell AND status IN ('done', 'limited')"
    "    GROUP BY repetition));"

    "PRAGMA user_version = 3;";

/*
 * Whose work a row is (db/claim_priv.h): 0 in an older store, whose owners are all dead.
 * experiment.removing: 1 once it was decided to remove it; it is no longer seen.
 */
static const char MIGRATION_4[] =
    "ALTER TABLE experiment ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE experiment ADD COLUMN removing INTEGER NOT NULL DEFAULT 0"
    "  CHECK (removing IN (0, 1));"
    "ALTER TABLE run ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX experiment_removing ON experiment (id) WHERE removing = 1;"

    "PRAGMA user_version = 4;";

/*
 * Chunks of format 1 (chunk_codec.c) and the pyramids (pyramid_priv.h,
 * instant_pyramid_priv.h). Format 0 made no promise: timelines of before are forgotten; who
 * opens one has it made again.
 *
 * span_chunk.start_ns is the earliest start of a span in it; base the level from which on
 * the chunk is in the pyramid; totals the time of its lanes in each state from the
 * beginning to t0_ns (chunk_totals_priv.h), in every eighth chunk; lanes and what follows
 * its digest (chunk_digest_priv.h). carried_span has the end of each span that was open at
 * the end of a chunk: what a reader of that chunk cannot know.
 */
static const char MIGRATION_5[] =
    "DROP TABLE span_chunk;"
    "DROP TABLE instant_chunk;"
    "DELETE FROM lane;"
    "UPDATE run SET timeline = 0;"

    "CREATE TABLE span_chunk ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  lane_group INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  t0_ns INTEGER NOT NULL,"
    "  t1_ns INTEGER NOT NULL,"
    "  start_ns INTEGER NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  base INTEGER NOT NULL,"
    "  lanes INTEGER NOT NULL DEFAULT -1,"
    "  states INTEGER NOT NULL DEFAULT -1,"
    "  causes INTEGER NOT NULL DEFAULT -1,"
    "  longest_ns INTEGER NOT NULL DEFAULT 9223372036854775807,"
    "  longest_wait_ns INTEGER NOT NULL DEFAULT 9223372036854775807,"
    "  data BLOB NOT NULL,"
    "  totals BLOB"
    ") STRICT;"
    "CREATE UNIQUE INDEX span_chunk_by_time"
    "  ON span_chunk (run, lane_group, t1_ns, seq, t0_ns, start_ns, lanes, states, "
    "causes,"
    "    longest_ns, longest_wait_ns);"
    "CREATE INDEX span_chunk_by_base"
    "  ON span_chunk (run, lane_group, base, t1_ns, seq, t0_ns);"

    "CREATE TABLE sheet ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  lane_group INTEGER NOT NULL," /* -1: instants of all lanes */
    "  level INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL," /* of the chunk with which it begins */
    "  t0_ns INTEGER NOT NULL,"
    "  t1_ns INTEGER NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  longest_ns INTEGER NOT NULL DEFAULT 9223372036854775807,"
    "  longest_wait_ns INTEGER NOT NULL DEFAULT 9223372036854775807,"
    "  data BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX sheet_by_level"
    "  ON sheet (run, lane_group, level, t1_ns, seq, t0_ns);"

    "CREATE TABLE holder_total (" /* holder_totals_priv.h */
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  lane_group INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL," /* of the chunk up to whose beginning it goes */
    "  data BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX holder_total_by_chunk ON holder_total (run, lane_group, seq);"

    "CREATE TABLE carried_span ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  lane INTEGER NOT NULL,"
    "  end_ns INTEGER NOT NULL,"
    "  by INTEGER NOT NULL,"
    "  PRIMARY KEY (run, lane, end_ns)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE instant_chunk ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  seq INTEGER NOT NULL,"
    "  t0_ns INTEGER NOT NULL,"
    "  t1_ns INTEGER NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  base INTEGER NOT NULL,"
    "  data BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX instant_chunk_by_time ON instant_chunk (run, t1_ns, seq, t0_ns);"
    "CREATE INDEX instant_chunk_by_base"
    "  ON instant_chunk (run, base, t1_ns, seq, t0_ns);"

    "PRAGMA user_version = 5;";

/* What was found out about a run, JSON as the API gives it. */
static const char MIGRATION_6[] =
    "CREATE TABLE findings ("
    "  run INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,"
    "  data TEXT NOT NULL"
    ") STRICT;"

    "PRAGMA user_version = 6;";

/*
 * Cells of the pyramids are of 2^L ns and no longer of 4^L. Those of before go; 63
 * (PYRAMID_NONE) says that a chunk is in none. So every timeline stays, and who looks at an
 * old one from far away waits until its chunks are read.
 */
static const char MIGRATION_7[] = "DELETE FROM sheet;"
                                  "UPDATE span_chunk SET base = 63;"
                                  "UPDATE instant_chunk SET base = 63;"

                                  "PRAGMA user_version = 7;";

/*
 * Samples of counters (chunk_codec.c), and their sheets with lane_group -2. carry has the
 * last sample of each counter before the chunk, in as many of them as counter_pyramid_priv.h
 * says. Timelines of before have no counters.
 */
static const char MIGRATION_8[] =
    "CREATE TABLE counter_chunk ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  seq INTEGER NOT NULL,"
    "  t0_ns INTEGER NOT NULL,"
    "  t1_ns INTEGER NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  base INTEGER NOT NULL,"
    "  data BLOB NOT NULL,"
    "  carry BLOB"
    ") STRICT;"
    "CREATE UNIQUE INDEX counter_chunk_by_time ON counter_chunk (run, t1_ns, seq, t0_ns);"
    "CREATE INDEX counter_chunk_by_base"
    "  ON counter_chunk (run, base, t1_ns, seq, t0_ns);"
    "CREATE INDEX counter_chunk_with_carry"
    "  ON counter_chunk (run, t0_ns, seq) WHERE carry IS NOT NULL;"

    "PRAGMA user_version = 8;";

/*
 * How far is known what the lanes of a group do, or -1: the instants, where that is further
 * than their last chunk. Only of a run that is being recorded; lane.died_ns is -1 there of
 * lanes that live.
 */
static const char MIGRATION_9[] =
    "CREATE TABLE known_time ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  lane_group INTEGER NOT NULL,"
    "  until_ns INTEGER NOT NULL,"
    "  PRIMARY KEY (run, lane_group)"
    ") STRICT, WITHOUT ROWID;"

    "PRAGMA user_version = 9;";

/* Findings are one of several kinds (analysis_store.h). */
static const char MIGRATION_10[] =
    "CREATE TABLE analysis ("
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  kind TEXT NOT NULL CHECK (kind IN ('findings', 'speedup')),"
    "  data TEXT NOT NULL,"
    "  PRIMARY KEY (run, kind)"
    ") STRICT;"
    "INSERT INTO analysis SELECT run, 'findings', data FROM findings;"
    "DROP TABLE findings;"

    "PRAGMA user_version = 10;";

/* note_store.h. Without a lane a note is about all of them. */
static const char MIGRATION_11[] =
    "CREATE TABLE note ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  text TEXT NOT NULL,"
    "  from_ns INTEGER NOT NULL CHECK (from_ns >= 0),"
    "  to_ns INTEGER NOT NULL CHECK (to_ns >= from_ns),"
    "  lane INTEGER,"
    "  created_ms INTEGER NOT NULL,"
    "  changed_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX note_by_run ON note (run);"

    "PRAGMA user_version = 11;";

/* How many chunks of instants and of counters a complete timeline has, so that missing ones
 * are noticed; NULL in one of before. */
static const char MIGRATION_12[] = "ALTER TABLE run ADD COLUMN instant_chunks INTEGER;"
                                   "ALTER TABLE run ADD COLUMN counter_chunks INTEGER;"

                                   "PRAGMA user_version = 12;";

/* Who submitted an experiment, as it called itself, so that the workers can be shared. */
static const char MIGRATION_13[] =
    "ALTER TABLE experiment ADD COLUMN client TEXT NOT NULL DEFAULT '';"

    "PRAGMA user_version = 13;";

/*
 * The hash of an experiment's document, so that the same one is not run twice. What was stored
 * before has none, and is not found by it.
 */
static const char MIGRATION_14[] =
    "ALTER TABLE experiment ADD COLUMN document_hash TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX experiment_by_document ON experiment (document_hash);"

    "PRAGMA user_version = 14;";

/* What makes adding a note idempotent (note_store.h). */
static const char MIGRATION_15[] = "ALTER TABLE note ADD COLUMN key TEXT;"
                                   "ALTER TABLE note ADD COLUMN key_hash TEXT;"
                                   "CREATE UNIQUE INDEX note_by_key ON note (key)"
                                   "  WHERE key IS NOT NULL;"

                                   "PRAGMA user_version = 15;";

/*
 * Keys of submissions that only repeated an experiment: further names of it beside
 * experiment.content_hash, which no experiment has as that.
 */
static const char MIGRATION_16[] =
    "CREATE TABLE experiment_key ("
    "  content_hash TEXT PRIMARY KEY CHECK (length(content_hash) BETWEEN 1 AND 128),"
    "  experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX experiment_key_by_experiment ON experiment_key (experiment);"

    "PRAGMA user_version = 16;";

/* Each sets user_version to its number; position + 1 is the number. */
static const char *const migrations[] = {
    MIGRATION_1,  MIGRATION_2,  MIGRATION_3,  MIGRATION_4,  MIGRATION_5,  MIGRATION_6,
    MIGRATION_7,  MIGRATION_8,  MIGRATION_9,  MIGRATION_10, MIGRATION_11, MIGRATION_12,
    MIGRATION_13, MIGRATION_14, MIGRATION_15, MIGRATION_16,
};

int migrations_count(void) { return (int)(sizeof migrations / sizeof migrations[0]); }

static const char READ_APPLICATION_ID[] = "PRAGMA application_id";
static const char READ_VERSION[] = "PRAGMA user_version";
static const char COUNT_TABLES[] = "SELECT count(*) FROM sqlite_schema";

int migrations_version(struct connection *connection, int *version, struct err *err) {
    int64_t application = 0, number = 0, tables = 0;
    int rc = connection_read_number(connection, READ_APPLICATION_ID, &application, err);
    if (rc == 0) {
        rc = connection_read_number(connection, READ_VERSION, &number, err);
    }
    if (rc == 0) {
        rc = connection_read_number(connection, COUNT_TABLES, &tables, err);
    }
    if (rc != 0) {
        return rc;
    }
    const char *path = connection_path(connection);
    const bool empty = application == 0 && number == 0 && tables == 0;
    if (!empty && application != MIGRATIONS_APPLICATION_ID) {
        return err_set(err, ERR_INVALID,
                       "%s is a database of another program: name another file", path);
    }
    if (number > migrations_count()) {
        return err_set(
            err, ERR_UNSUPPORTED,
            "%s was written by a newer gilscope (schema %lld, this one knows %d): "
            "update gilscope or use another file",
            path, (long long)number, migrations_count());
    }
    if (number < 0 || (!empty && number == 0)) {
        return err_set(err, ERR_CORRUPT, "%s is damaged: schema number %lld", path,
                       (long long)number);
    }
    *version = (int)number;
    return 0;
}

int migrations_run(struct connection *connection, int version, struct err *err) {
    for (int i = version; i < migrations_count(); i++) {
        int rc = connection_begin(connection, err);
        if (rc != 0) {
            return rc;
        }
        rc = connection_exec(connection, migrations[i], err);
        rc = connection_end(connection, rc, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
