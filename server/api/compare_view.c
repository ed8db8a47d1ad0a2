/* SPDX-License-Identifier: MIT */
#include "server/api/compare_view.h"

#include <stdlib.h>
#include <string.h>

#include "server/api/experiment_view.h"

static int write_value(struct json_writer *writer, const char *key, const json_t *value,
                       struct err *err) {
    json_writer_key(writer, key);
    if (value == NULL) {
        json_writer_null(writer);
        return 0;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    if (text == NULL) {
        return err_set_nomem(err);
    }
    json_writer_raw(writer, text, strlen(text));
    free(text);
    return 0;
}

/* What differs from the first side's document. */
static int write_differences(struct json_writer *writer,
                             const struct json_differences *list, struct err *err) {
    int rc = 0;
    json_writer_key(writer, "differences");
    json_writer_begin_array(writer);
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        json_writer_begin_object(writer);
        json_writer_key(writer, "pointer");
        json_writer_string(writer, list->items[i].pointer);
        rc = write_value(writer, "first", list->items[i].a, err);
        rc = rc == 0 ? write_value(writer, "here", list->items[i].b, err) : rc;
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    return rc;
}

static int write_side(struct json_writer *writer, const struct compare_side *side,
                      const struct json_differences *differences, struct err *err) {
    json_writer_begin_object(writer);
    json_writer_key(writer, "label");
    json_writer_string(writer, side->label);
    json_writer_key(writer, "repetitions");
    json_writer_uint(writer, side->trial.count);
    const int rc = write_differences(writer, differences, err);
    json_writer_end_object(writer);
    return rc;
}

static void write_figure(struct json_writer *writer,
                         const struct compare_figure *figure) {
    json_writer_begin_object(writer);
    json_writer_key(writer, "median");
    json_writer_real(writer, figure->median); /* null when there is none */
    json_writer_key(writer, "ratio");
    json_writer_real(writer, figure->ratio.median);
    experiment_view_interval(writer, "ratio_95", figure->ratio.median_95);
    json_writer_key(writer, "verdict");
    json_writer_string(writer, compare_verdict_name(figure->verdict));
    json_writer_end_object(writer);
}

static void write_row(struct json_writer *writer, const struct compare_row *row,
                      size_t sides) {
    json_writer_begin_object(writer);
    json_writer_key(writer, "metric");
    json_writer_string(writer, metrics[row->metric].name);
    json_writer_key(writer, "figures");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < sides; i++) {
        write_figure(writer, &row->figures[i]);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

int compare_view_write(struct json_writer *writer, const struct comparison *comparison,
                       const struct compare_side *sides, struct err *err) {
    int rc = 0;
    json_writer_begin_object(writer);
    json_writer_key(writer, "sides");
    json_writer_begin_array(writer);
    for (size_t i = 0; rc == 0 && i < comparison->sides; i++) {
        rc = write_side(writer, &sides[i], &comparison->differences[i], err);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "rows");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < comparison->row_count; i++) {
        write_row(writer, &comparison->rows[i], comparison->sides);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
    return rc;
}
