/* SPDX-License-Identifier: MIT */
#include "db/histogram_store.h"

#include <stdlib.h>

#include "db/column_codec_priv.h"
#include "db/db_priv.h"

/* --- writing ------------------------------------------------------------------- */

static const char INSERT_HISTOGRAM[] =
    "INSERT INTO histogram (run, name, count, min_ns, max_ns, sum_ns, buckets, data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

static size_t column_room(size_t count) {
    return COLUMN_HEADER_BYTES + count * COLUMN_VALUE_BYTES;
}

static int insert_one(struct connection *connection, int64_t run, const char *name,
                      const struct run_histogram *histogram, struct err *err) {
    const uint32_t buckets = (uint32_t)histogram->bucket_count;
    uint8_t *bytes = memory_zeroed(2, column_room(buckets));
    int64_t *counts = memory_zeroed(buckets, sizeof *counts);
    int rc = bytes != NULL && counts != NULL ? 0 : err_set_nomem(err);
    if (rc == 0) {
        for (uint32_t i = 0; i < buckets; i++) {
            counts[i] = (int64_t)histogram->counts[i];
        }
        uint8_t *end = column_put(bytes, histogram->upper_ns, buckets);
        end = column_put(end, counts, buckets);
        struct query q;
        query_begin(&q, connection, INSERT_HISTOGRAM);
        query_int(&q, run);
        query_text(&q, name);
        query_int(&q, (int64_t)histogram->count);
        query_int(&q, histogram->min_ns);
        query_int(&q, histogram->max_ns);
        query_real(&q, histogram->sum_ns);
        query_int(&q, buckets);
        query_blob(&q, bytes, (size_t)(end - bytes));
        rc = query_run(&q, err);
    }
    memory_free(bytes);
    memory_free(counts);
    return rc;
}

int histogram_store_insert(struct connection *connection, int64_t run,
                           const struct run_histogram histograms[RUN_HISTOGRAM_COUNT],
                           struct err *err) {
    int rc = 0;
    for (int id = 0; rc == 0 && id < RUN_HISTOGRAM_COUNT; id++) {
        if (histograms[id].count > 0) {
            rc = insert_one(connection, run, run_histograms[id].name, &histograms[id],
                            err);
        }
    }
    return rc;
}

/* --- reading ------------------------------------------------------------------- */

static const char LIST_HISTOGRAMS[] =
    "SELECT name, count, min_ns, max_ns, sum_ns, buckets, data FROM histogram"
    " WHERE run = ? ORDER BY name";
static const char RUN_EXISTS[] = "SELECT 1 FROM run WHERE id = ?";

static bool take_column(const uint8_t **at, const uint8_t *end, uint32_t count,
                        int64_t *values) {
    struct column column;
    return column_take(at, end, &column) && column_get(&column, count, values);
}

/* Bounds ascend, buckets are not empty, and together they hold all values. */
static bool is_sound(const struct run_histogram *histogram) {
    uint64_t left = histogram->count;
    for (size_t i = 0; i < histogram->bucket_count; i++) {
        if (histogram->upper_ns[i] < 0 ||
            (i > 0 && histogram->upper_ns[i] <= histogram->upper_ns[i - 1]) ||
            histogram->counts[i] == 0 || histogram->counts[i] > left) {
            return false;
        }
        left -= histogram->counts[i];
    }
    return left == 0;
}

static bool decode(const uint8_t *data, size_t size, struct run_histogram *histogram,
                   int64_t *values) {
    const uint32_t buckets = (uint32_t)histogram->bucket_count;
    const uint8_t *end = data + size;
    if (!take_column(&data, end, buckets, histogram->upper_ns) ||
        !take_column(&data, end, buckets, values) || data != end) {
        return false;
    }
    for (size_t i = 0; i < buckets; i++) {
        histogram->counts[i] = values[i] > 0 ? (uint64_t)values[i] : 0;
    }
    return is_sound(histogram);
}

static int read_histogram(const struct query *q, struct run_histogram *out,
                          struct err *err) {
    const int64_t buckets = query_get_int(q, 5);
    size_t size;
    const void *data = query_get_blob(q, 6, &size);
    if (buckets < 1 || buckets > HISTOGRAM_BUCKETS || query_get_int(q, 1) < 1) {
        return err_set(err, ERR_CORRUPT, "a histogram is damaged");
    }
    struct run_histogram histogram = {
        .count = (uint64_t)query_get_int(q, 1),
        .min_ns = query_get_int(q, 2),
        .max_ns = query_get_int(q, 3),
        .sum_ns = query_get_real(q, 4),
        .bucket_count = (size_t)buckets,
        .upper_ns = memory_zeroed((size_t)buckets, sizeof *histogram.upper_ns),
        .counts = memory_zeroed((size_t)buckets, sizeof *histogram.counts),
    };
    int64_t *values = memory_zeroed((size_t)buckets, sizeof *values);
    int rc = 0;
    if (histogram.upper_ns == NULL || histogram.counts == NULL || values == NULL) {
        rc = err_set_nomem(err);
    } else if (!decode(data, size, &histogram, values)) {
        rc = err_set(err, ERR_CORRUPT, "a histogram is damaged");
    }
    memory_free(values);
    if (rc != 0) {
        run_histogram_deinit(&histogram);
        return rc;
    }
    *out = histogram;
    return 0;
}

static int read_list(struct query *q, struct histogram_list *list, struct err *err) {
    size_t capacity = 0;
    int rc;
    while ((rc = query_next(q, err)) == 1) {
        if (vec_reserve((void **)&list->items, &capacity, list->count,
                        sizeof *list->items) != 0) {
            return err_set_nomem(err);
        }
        const enum run_histogram_id id = run_histogram_find(query_get_text(q, 0));
        struct stored_histogram *item = &list->items[list->count];
        *item = (struct stored_histogram){
            .name = id < RUN_HISTOGRAM_COUNT ? run_histograms[id].name
                                             : query_copy_text(q, 0, &list->arena)};
        rc = read_histogram(q, &item->histogram, err);
        if (rc != 0) {
            return rc;
        }
        list->count++;
    }
    return rc;
}

static int compare_items(const void *a, const void *b) {
    const struct stored_histogram *left = a, *right = b;
    return (int)run_histogram_find(left->name) - (int)run_histogram_find(right->name);
}

static int check_exists(struct db_reader *reader, int64_t run, struct err *err) {
    struct query q;
    query_begin(&q, db_reader_connection(reader), RUN_EXISTS);
    query_int(&q, run);
    const int rc = query_next(&q, err);
    query_end(&q);
    if (rc < 0) {
        return rc;
    }
    return rc == 1 ? 0
                   : err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)run);
}

int histogram_store_read(struct db_reader *reader, int64_t run,
                         struct histogram_list *out, struct err *err) {
    struct histogram_list list = {0};
    int rc = check_exists(reader, run, err);
    if (rc != 0) {
        return rc;
    }
    struct query q;
    query_begin(&q, db_reader_connection(reader), LIST_HISTOGRAMS);
    query_int(&q, run);
    rc = read_list(&q, &list, err);
    query_end(&q);
    if (rc != 0) {
        histogram_list_deinit(&list);
        return rc;
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof *list.items, compare_items);
    }
    *out = list;
    return 0;
}

void histogram_list_deinit(struct histogram_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        run_histogram_deinit(&list->items[i].histogram);
    }
    memory_free(list->items);
    arena_deinit(&list->arena);
    *list = (struct histogram_list){0};
}
