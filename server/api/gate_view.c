/* SPDX-License-Identifier: MIT */
#include "server/api/gate_view.h"

#include <string.h>

#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"
#include "server/gate/gate_check.h"

static void write_bound(struct json_writer *writer, const char *key, double bound) {
    json_writer_key(writer, key);
    json_writer_real(writer, bound); /* null when there is none */
}

static void write_finding(struct json_writer *writer,
                          const struct gate_finding *finding) {
    json_writer_begin_object(writer);
    experiment_view_id(writer, "cell", RESOURCE_CELL, finding->cell->id);
    json_writer_key(writer, "verdict");
    json_writer_string(writer, gate_verdict_name(finding->verdict));
    write_bound(writer, "value", finding->value);
    json_writer_end_object(writer);
}

/* The cells of a gate, which begin at `*next`; moves on to those of the next one. */
static void write_cells(struct json_writer *writer, const struct gate_report *report,
                        size_t gate, size_t *next) {
    json_writer_key(writer, "cells");
    json_writer_begin_array(writer);
    while (*next < report->count && report->items[*next].gate == gate) {
        write_finding(writer, &report->items[(*next)++]);
    }
    json_writer_end_array(writer);
}

static void write_gate(struct json_writer *writer, const struct gate *gate) {
    json_writer_key(writer, "metric");
    json_writer_string(writer, metrics[gate->metric].name);
    write_bound(writer, "min", gate->min);
    write_bound(writer, "max", gate->max);
    json_writer_key(writer, "over");
    json_writer_string(writer, gate->every ? "every" : "median");
}

static void write_all(struct json_writer *writer, const struct document *document,
                      const struct gate_report *report) {
    size_t next = 0;
    for (size_t i = 0; i < document->gate_count; i++) {
        json_writer_begin_object(writer);
        write_gate(writer, &document->gates[i]);
        write_cells(writer, report, i, &next);
        json_writer_end_object(writer);
    }
}

/* Reading it again costs time: most documents have none, and do not have the word. */
static int parse(struct document **out, const char *text, struct err *err) {
    *out = NULL;
    if (strstr(text, "\"gate\"") == NULL) {
        return 0;
    }
    const int rc = document_parse(out, text, strlen(text), err);
    /* One that an older version took and this one would not has no gates to show. */
    return rc == ERR_NOMEM ? rc : 0;
}

int gate_view_write(struct json_writer *writer, const char *document,
                    const struct cell_list *cells, struct err *err) {
    struct document *parsed;
    struct gate_report report = {0};
    int rc = parse(&parsed, document, err);
    if (rc == 0 && parsed != NULL) {
        rc = gate_check(parsed, cells, &report, err);
    }
    json_writer_key(writer, "gates");
    json_writer_begin_array(writer);
    if (rc == 0 && parsed != NULL) {
        write_all(writer, parsed, &report);
    }
    json_writer_end_array(writer);
    gate_report_deinit(&report);
    document_destroy(parsed);
    return rc;
}
