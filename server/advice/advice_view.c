/* SPDX-License-Identifier: MIT */
#include "server/advice/advice_view.h"

#include <string.h>

#include "server/advice/remedy.h"
#include "server/advice/sentence.h"

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_real(struct json_writer *writer, const char *key, double value) {
    json_writer_key(writer, key);
    json_writer_real(writer, value);
}

static void write_int(struct json_writer *writer, const char *key, int64_t value) {
    json_writer_key(writer, key);
    json_writer_int(writer, value);
}

static void write_raw(struct json_writer *writer, const char *key, const char *json) {
    json_writer_key(writer, key);
    json_writer_raw(writer, json, strlen(json));
}

/* --- what was found -------------------------------------------------------------- */

/* {"id": 7, "name": "worker 1"}, or null. */
static void write_lane(struct json_writer *writer, const char *key,
                       const struct advice *advice, lane_id lane) {
    json_writer_key(writer, key);
    if (lane < 0 || (size_t)lane >= advice->result.lanes.count) {
        json_writer_null(writer);
        return;
    }
    const struct lane of = lane_table_lane(&advice->result.lanes, lane);
    json_writer_begin_object(writer);
    write_int(writer, "id", lane);
    write_text(writer, "kind", lane_kind_name(of.kind));
    write_text(writer, "name", of.name);
    json_writer_end_object(writer);
}

static const char *site_text(const struct advice *advice, site_id site) {
    return site >= 0 && (size_t)site < advice->plan.site_count ? advice->plan.sites[site]
                                                               : NULL;
}

static void write_finding(struct json_writer *writer, const struct advice *advice,
                          const struct finding *finding) {
    const struct finding_rule *rule = &finding_rules[finding->id];
    char text[SENTENCE_SIZE];
    write_text(writer, "rule", rule->name);
    write_real(writer, "number", finding->number);
    write_text(writer, "unit", rule->unit);
    write_text(writer, "meaning", rule->number);
    write_real(writer, "threshold", finding->threshold);
    write_text(writer, "source", rule->source);
    write_real(writer, "severity", finding->severity);
    json_writer_key(writer, "proof");
    json_writer_begin_object(writer);
    write_lane(writer, "lane", advice, finding->lane);
    write_int(writer, "from", finding->from_ns);
    write_int(writer, "to", finding->to_ns);
    json_writer_end_object(writer);
    write_lane(writer, "culprit", advice, finding->culprit);
    write_text(writer, "site", site_text(advice, finding->site));
    write_text(writer, "state",
               finding->state >= 0 ? lane_state_name((enum lane_state)finding->state)
                                   : NULL);
    write_text(writer, "object",
               finding->object >= 0 ? advice->plan.objects[finding->object].name : NULL);
    json_writer_key(writer, "values");
    json_writer_begin_object(writer);
    for (size_t i = 0; i < finding->value_count; i++) {
        write_real(writer, finding->values[i].name, finding->values[i].value);
    }
    json_writer_end_object(writer);
    sentence_of_finding(advice, finding, text);
    write_text(writer, "text", text);
}

static void write_cycle(struct json_writer *writer, const struct advice *advice,
                        const struct finding *finding) {
    json_writer_key(writer, "cycle");
    json_writer_begin_array(writer);
    const size_t count =
        finding->id == FINDING_DEADLOCK ? advice->findings.cycle_count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct finding_edge *edge = &advice->findings.cycle[i];
        json_writer_begin_object(writer);
        write_lane(writer, "waiter", advice, edge->waiter);
        write_lane(writer, "resource", advice, edge->resource);
        write_lane(writer, "holder", advice, edge->holder);
        write_text(writer, "site", site_text(advice, edge->site));
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

/* --- what was tried -------------------------------------------------------------- */

static void write_trial(struct json_writer *writer, const struct advice_trial *trial) {
    json_writer_begin_object(writer);
    write_text(writer, "remedy", trial->remedy);
    write_text(writer, "text", remedy_sentence(trial->remedy));
    write_raw(writer, "patch", trial->patch);
    write_text(writer, "verdict", advice_verdict_name(trial->verdict));
    write_text(writer, "reason", trial->reason[0] != '\0' ? trial->reason : NULL);
    write_int(writer, "unfinished", trial->unfinished);
    write_real(writer, "before", trial->before);
    write_real(writer, "after", trial->after);
    write_real(writer, "ratio", trial->ratio.median);
    write_real(writer, "ratio_low", trial->ratio.median_95.low);
    write_real(writer, "ratio_high", trial->ratio.median_95.high);
    write_real(writer, "gain", trial->gain);
    json_writer_end_object(writer);
}

static void write_item(struct json_writer *writer, const struct advice *advice,
                       const struct advice_item *item) {
    json_writer_begin_object(writer);
    write_finding(writer, advice, &item->finding);
    write_cycle(writer, advice, &item->finding);
    write_text(writer, "metric",
               item->metric < METRIC_COUNT ? metrics[item->metric].name : NULL);
    json_writer_key(writer, "advice");
    if (item->best != NULL) {
        write_trial(writer, item->best);
    } else {
        json_writer_null(writer);
    }
    json_writer_key(writer, "tried");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < item->trial_count; i++) {
        write_trial(writer, &item->trials[i]);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

void advice_view_write(struct json_writer *writer, const struct advice *advice) {
    json_writer_begin_object(writer);
    write_text(writer, "engine_version", ENGINE_VERSION);
    write_int(writer, "repetition", advice->repetition);
    write_int(writer, "repetitions", advice->repetitions);
    json_writer_key(writer, "recorded");
    if (advice->to_ns > advice->from_ns) {
        json_writer_begin_object(writer);
        write_int(writer, "from", advice->from_ns);
        write_int(writer, "to", advice->to_ns);
        json_writer_end_object(writer);
    } else {
        json_writer_null(writer);
    }
    write_raw(writer, "document", advice->document);
    json_writer_key(writer, "items");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < advice->count; i++) {
        write_item(writer, advice, &advice->items[i]);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}
