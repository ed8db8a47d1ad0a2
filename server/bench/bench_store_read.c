/* SPDX-License-Identifier: MIT */
/* bench_store_read - how long a view, a range and a query take on a long run. */
#include "server/bench/bench_store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/longest_waits.h"
#include "db/range_totals.h"
#include "db/sql_session.h"
#include "db/timeline.h"
#include "server/bench/bench_folder.h"
#include "server/bench/bench_stream.h"

enum { SAMPLES = 1000, COLD_SAMPLES = 100, LANES = 50, PIXELS = 1600, WAITS = 5 };

/* --- the long run -------------------------------------------------------------- */

struct long_run {
    const char *path;
    struct db *db;
    struct db_reader *reader;
    struct bench_stored stored;
    uint64_t random;  /* state of the generator, the same for each case */
    double widest_ns; /* window */
};

static struct long_run shared;

static void close_store(struct long_run *run) {
    db_reader_close(run->reader);
    db_close(run->db);
    run->reader = NULL;
    run->db = NULL;
}

static int open_reading(struct long_run *run, struct err *err) {
    int rc = db_open(&run->db, run->path, DB_READ, err);
    return rc == 0 ? db_reader_open(&run->reader, run->db, err) : rc;
}

/* Writes a run to a file and opens that for reading, the log folded into it. */
static int make_run(struct long_run *run, enum bench_file file, uint64_t spans,
                    struct err *err) {
    int rc = bench_folder_file(file, &run->path, err);
    if (rc == 0) {
        rc = db_open(&run->db, run->path, DB_OWN, err);
    }
    if (rc == 0) {
        rc = bench_stream_store(run->db, spans, &run->stored, err);
    }
    close_store(run);
    run->widest_ns = (double)run->stored.duration_ns;
    if (rc == 0) {
        rc = open_reading(run, err);
    }
    if (rc != 0) {
        close_store(run);
    }
    return rc;
}

/* The shared one, with its generator at the beginning. */
static int prepare(struct err *err) {
    shared.random = 1;
    return shared.reader != NULL
               ? 0
               : make_run(&shared, BENCH_LONG_RUN, bench_store_spans(), err);
}

void bench_read_close(void) { close_store(&shared); }

/* --- chance -------------------------------------------------------------------- */

/* splitmix64; 0 <= u < 1 */
static double draw(struct long_run *run) {
    uint64_t z = run->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

struct window {
    sim_ns from_ns, to_ns;
};

static struct window window_of(struct long_run *run, double width) {
    const double duration = (double)run->stored.duration_ns;
    const sim_ns from = (sim_ns)(draw(run) * (duration - width));
    return (struct window){from, from + (sim_ns)ceil(width)};
}

/* As wide as the widest at most, 1 us at least, each magnitude as often as any other. */
static struct window draw_zoom(struct long_run *run) {
    return window_of(run, run->widest_ns * pow(1000.0 / run->widest_ns, draw(run)));
}

static struct window draw_range(struct long_run *run) {
    return window_of(run, draw(run) * (double)run->stored.duration_ns);
}

static struct window draw_percent(struct long_run *run) {
    return window_of(run, 0.01 * (double)run->stored.duration_ns);
}

/* --- questions ----------------------------------------------------------------- */

/* What is asked again and again, of another window each time. */
struct question {
    struct window (*draw)(struct long_run *run);
    int (*ask)(struct long_run *run, struct window window, struct err *err);
};

static int ask_viewport(struct long_run *run, struct window window, struct err *err) {
    lane_id lanes[LANES];
    for (lane_id i = 0; i < LANES; i++) {
        lanes[i] = i;
    }
    const size_t all = run->stored.lane_count;
    const struct timeline_query query = {.run = run->stored.run,
                                         .from_ns = window.from_ns,
                                         .to_ns = window.to_ns,
                                         .pixels = PIXELS,
                                         .lanes = lanes,
                                         .lane_count = all < LANES ? all : LANES};
    struct timeline_view view;
    const int rc = timeline_read(run->reader, &query, &view, err);
    if (rc == 0) {
        timeline_view_deinit(&view);
    }
    return rc;
}

static int ask_range(struct long_run *run, struct window window, struct err *err) {
    const struct range_query query = {
        .run = run->stored.run, .from_ns = window.from_ns, .to_ns = window.to_ns};
    const struct wait_query longest = {.run = run->stored.run,
                                       .from_ns = window.from_ns,
                                       .to_ns = window.to_ns,
                                       .limit = WAITS};
    struct range_totals totals;
    struct longest_waits waits;
    int rc = range_totals_read(run->reader, &query, &totals, err);
    if (rc != 0) {
        return rc;
    }
    range_totals_deinit(&totals);
    rc = longest_waits_read(run->reader, &longest, &waits, err);
    if (rc == 0) {
        longest_waits_deinit(&waits);
    }
    return rc;
}

static int ask_sql(struct long_run *run, const char *text, const struct window *window,
                   struct err *err) {
    struct sql_session *session = NULL;
    struct sql_value params[3] = {{.type = SQL_INTEGER, .integer = run->stored.run}};
    if (window != NULL) {
        params[1] = (struct sql_value){.type = SQL_INTEGER, .integer = window->from_ns};
        params[2] = (struct sql_value){.type = SQL_INTEGER, .integer = window->to_ns};
    }
    const struct sql_request request = {.text = text,
                                        .size = strlen(text),
                                        .params = params,
                                        .param_count = window != NULL ? 3 : 1};
    int rc = sql_session_open(&session, run->db, err);
    if (rc == 0) {
        rc = sql_session_begin(session, &request, err);
    }
    int more = rc == 0;
    while (rc == 0 && more == 1) {
        more = sql_session_next(session, err);
        rc = more < 0 ? more : 0;
    }
    sql_session_close(session);
    return rc;
}

static int ask_span_time(struct long_run *run, struct window window, struct err *err) {
    static const char text[] = "SELECT state, ns FROM span_time(?, NULL, ?, ?)";
    return ask_sql(run, text, &window, err);
}

static int ask_percent(struct long_run *run, struct window window, struct err *err) {
    static const char text[] =
        "SELECT state, sum(dur_ns) FROM spans WHERE run_id = ?1 AND end_ns > ?2"
        " AND start_ns < ?3 GROUP BY state";
    return ask_sql(run, text, &window, err);
}

/* Asks and keeps the time of each in ms. */
static int ask_all(struct long_run *run, const struct question *question, double *ms,
                   size_t count, struct err *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct window window = question->draw(run);
        const double begin = bench_wall_s();
        rc = question->ask(run, window, err);
        ms[i] = 1e3 * (bench_wall_s() - begin);
    }
    return rc;
}

/* What a case says of its times. */
struct figure {
    double share; /* the percentile that is its value */
    size_t count; /* of questions, at most SAMPLES */
    double *value;
    char *note;
    size_t size;
};

static void tell(const struct figure *figure, double *ms) {
    *figure->value = bench_percentile(ms, figure->count, figure->share);
    snprintf(figure->note, figure->size, "%.0f spans; median %.3f, longest %.3f",
             (double)shared.stored.spans, ms[figure->count / 2], ms[figure->count - 1]);
}

/* Of the shared run, with the file in the cache. */
static int measure_warm(const struct question *question, const struct figure *figure,
                        struct err *err) {
    enum { WARM_UP = 20 };
    double ms[SAMPLES];
    int rc = prepare(err);
    if (rc == 0) {
        rc = ask_all(&shared, question, ms, WARM_UP, err);
    }
    if (rc == 0) {
        rc = ask_all(&shared, question, ms, figure->count, err);
    }
    if (rc == 0) {
        tell(figure, ms);
    }
    return rc;
}

/* --- views --------------------------------------------------------------------- */

static const struct question zooms = {draw_zoom, ask_viewport};

int bench_read_viewport(double *value, char *note, size_t size, struct err *err) {
    return measure_warm(&zooms, &(struct figure){0.99, SAMPLES, value, note, size}, err);
}

/* Not what others have mapped: so nothing may be open meanwhile. */
static int drop_from_cache(const char *path, struct err *err) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = 0;
    if (fd < 0 || fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
        rc = err_set(err, ERR_IO, "cannot drop %s from the cache: %s", path,
                     strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

int bench_read_cold(double *value, char *note, size_t size, struct err *err) {
    double ms[COLD_SAMPLES];
    int rc = prepare(err);
    for (size_t i = 0; rc == 0 && i < COLD_SAMPLES; i++) {
        close_store(&shared);
        rc = drop_from_cache(shared.path, err);
        if (rc == 0) {
            rc = open_reading(&shared, err);
        }
        if (rc == 0) {
            rc = ask_all(&shared, &zooms, &ms[i], 1, err);
        }
    }
    if (rc == 0) {
        tell(&(struct figure){0.99, COLD_SAMPLES, value, note, size}, ms);
    }
    return rc;
}

/* --- growth -------------------------------------------------------------------- */

enum { GROWTH_ZOOMS = 300 };

/* A store, and the times of the same zooms in it, sorted. */
struct growth {
    struct long_run run;
    double ms[GROWTH_ZOOMS];
};

/* Windows up to `most` spans wide: what a view costs goes with what is in it, and a lane of
 * few spans is as long as one of many. All are asked twice, the second time counts: what of
 * them is still in the cache then does not depend on the store. */
static int measure_zooms(struct growth *of, uint64_t spans, double most,
                         struct err *err) {
    struct long_run *run = &of->run;
    int rc = make_run(run, BENCH_SCRATCH, spans, err);
    const double all = (double)run->stored.spans;
    run->widest_ns *= most < all ? most / all : 1.0;
    for (int i = 0; rc == 0 && i < 2; i++) {
        run->random = 1;
        rc = ask_all(run, &zooms, of->ms, GROWTH_ZOOMS, err);
    }
    close_store(run);
    bench_folder_remove_file(BENCH_SCRATCH);
    return rc;
}

int bench_read_growth(double *value, char *note, size_t size, struct err *err) {
    struct growth few = {0}, many = {0};
    int rc = measure_zooms(&few, bench_store_spans() / 100, INFINITY, err);
    if (rc == 0) {
        rc = measure_zooms(&many, bench_store_spans() * 10, (double)few.run.stored.spans,
                           err);
    }
    if (rc == 0) {
        const double p99_few = bench_percentile(few.ms, GROWTH_ZOOMS, 0.99);
        const double p99_many = bench_percentile(many.ms, GROWTH_ZOOMS, 0.99);
        *value = p99_many / p99_few;
        snprintf(note, size,
                 "%.0f and %.0f spans; p99 %.3f and %.3f ms, median %.3f and %.3f ms",
                 (double)few.run.stored.spans, (double)many.run.stored.spans, p99_few,
                 p99_many, few.ms[GROWTH_ZOOMS / 2], many.ms[GROWTH_ZOOMS / 2]);
    }
    return rc;
}

/* --- ranges and SQL ------------------------------------------------------------ */

int bench_read_range(double *value, char *note, size_t size, struct err *err) {
    return measure_warm(&(struct question){draw_range, ask_range},
                        &(struct figure){0.99, SAMPLES, value, note, size}, err);
}

int bench_read_span_time(double *value, char *note, size_t size, struct err *err) {
    return measure_warm(&(struct question){draw_range, ask_span_time},
                        &(struct figure){0.99, SAMPLES, value, note, size}, err);
}

int bench_read_window(double *value, char *note, size_t size, struct err *err) {
    enum { WINDOWS = 100 };
    return measure_warm(&(struct question){draw_percent, ask_percent},
                        &(struct figure){0.5, WINDOWS, value, note, size}, err);
}

int bench_read_group_by(double *value, char *note, size_t size, struct err *err) {
    static const char text[] =
        "SELECT state, sum(dur_ns) FROM spans WHERE run_id = ? GROUP BY state";
    enum { REPEATS = 3 };
    double best = INFINITY;
    int rc = prepare(err);
    for (int i = 0; rc == 0 && i < REPEATS; i++) {
        const double begin = bench_wall_s();
        rc = ask_sql(&shared, text, NULL, err);
        best = fmin(best, bench_wall_s() - begin);
    }
    if (rc == 0) {
        *value = best;
        snprintf(note, size, "%.0f spans in %.0f virtual seconds",
                 (double)shared.stored.spans, (double)shared.stored.duration_ns * 1e-9);
    }
    return rc;
}
