/* SPDX-License-Identifier: MIT */
#include "server/api/histogram_view.h"

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_us(struct json_writer *writer, const char *key, double ns) {
    json_writer_key(writer, key);
    json_writer_real(writer, ns / 1e3);
}

static const char *meaning_of(const char *name) {
    const enum run_histogram_id id = run_histogram_find(name);
    return id < RUN_HISTOGRAM_COUNT ? run_histograms[id].meaning : NULL;
}

void histogram_view_write(struct json_writer *writer, const char *name,
                          const struct run_histogram *histogram) {
    json_writer_begin_object(writer);
    write_text(writer, "name", name);
    write_text(writer, "unit", "us");
    write_text(writer, "meaning", meaning_of(name));
    json_writer_key(writer, "count");
    json_writer_uint(writer, histogram->count);
    write_us(writer, "min", (double)histogram->min_ns);
    write_us(writer, "max", (double)histogram->max_ns);
    write_us(writer, "sum", histogram->sum_ns);
    json_writer_key(writer, "upper");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < histogram->bucket_count; i++) {
        json_writer_real(writer, (double)histogram->upper_ns[i] / 1e3);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "counts");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < histogram->bucket_count; i++) {
        json_writer_uint(writer, histogram->counts[i]);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

void histogram_view_write_all(struct json_writer *writer,
                              const struct run_histogram table[RUN_HISTOGRAM_COUNT]) {
    json_writer_begin_array(writer);
    for (int id = 0; id < RUN_HISTOGRAM_COUNT; id++) {
        if (table[id].count > 0) {
            histogram_view_write(writer, run_histograms[id].name, &table[id]);
        }
    }
    json_writer_end_array(writer);
}
