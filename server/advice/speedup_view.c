/* SPDX-License-Identifier: MIT */
#include "server/advice/speedup_view.h"

/* {"time": 0.9, "ratio": 0.95, "ratio_95": [0.94, 0.96], "gain": 0.05} */
static void write_trial(struct json_writer *writer, const struct speedup_row *row,
                        int index) {
    const struct bootstrap_ratio *ratio = &row->ratio[index];
    json_writer_begin_object(writer);
    json_writer_key(writer, "time");
    json_writer_real(writer, speedup_factors[index]);
    json_writer_key(writer, "ratio");
    json_writer_real(writer, ratio->median);
    json_writer_key(writer, "ratio_95");
    json_writer_interval(writer, ratio->median_95.low, ratio->median_95.high);
    json_writer_key(writer, "gain");
    json_writer_real(writer, row->gain[index]);
    json_writer_end_object(writer);
}

static void write_row(struct json_writer *writer, const struct speedup_row *row) {
    json_writer_begin_object(writer);
    json_writer_key(writer, "site");
    json_writer_string(writer, row->site);
    json_writer_key(writer, "faster");
    json_writer_begin_array(writer);
    for (int k = 0; k < SPEEDUP_STEPS; k++) {
        write_trial(writer, row, k);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

void speedup_view_write(struct json_writer *writer, const struct speedup *speedup) {
    json_writer_begin_object(writer);
    json_writer_key(writer, "goal");
    json_writer_string(writer, metrics[speedup->goal].name);
    json_writer_key(writer, "value");
    json_writer_real(writer, speedup->value);
    json_writer_key(writer, "repetitions");
    json_writer_int(writer, speedup->repetitions);
    json_writer_key(writer, "steps");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < speedup->count; i++) {
        write_row(writer, &speedup->rows[i]);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "left_out");
    json_writer_int(writer, (int64_t)speedup->left_out);
    json_writer_end_object(writer);
}
