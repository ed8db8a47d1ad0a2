/* SPDX-License-Identifier: MIT */
/*
 * counter_log - the counters of a run (lane.h): what they are now, and their samples since
 * the last chunk of these was given to the sink.
 *
 * What changes within one nanosecond is settled when time has gone on: the samples of a
 * moment are in the order in which their counters first changed in it.
 */
#ifndef ENGINE_RECORD_COUNTER_LOG_H
#define ENGINE_RECORD_COUNTER_LOG_H

#include "engine/record/sink.h"

struct counter_log;

/* Errors, ERR_NOMEM or the sink's, go to `err`, after which nothing is noted any more; it and
 * the sink are borrowed for the log's life. NULL when out of memory. */
struct counter_log *counter_log_create(const struct sink *sink, struct err *err);
void counter_log_destroy(struct counter_log *log);

/* The counter is, or becomes larger by, so much; `now` never decreases. */
void counter_log_set(struct counter_log *log, sim_ns now, lane_id lane,
                     enum counter_kind kind, int64_t value);
void counter_log_add(struct counter_log *log, sim_ns now, lane_id lane,
                     enum counter_kind kind, int64_t by);

/* The counter will become larger by one at each of these times, which ascend from now on:
 * samples of what is known beforehand take no event of the scheduler. One counter of a run
 * can have such times; they are borrowed for the log's life. */
void counter_log_expect(struct counter_log *log, lane_id lane, enum counter_kind kind,
                        const sim_ns *at, size_t count);

/* All counters of the lane become 0; what it expects will not come. */
void counter_log_end_lane(struct counter_log *log, sim_ns now, lane_id lane);

/* Gives the samples up to `now` to the sink, when there are new ones, in a chunk that stays
 * open: nothing changes at `now` any more. */
void counter_log_show(struct counter_log *log, sim_ns now);

/* Gives what is left up to `now` to the sink; what comes later is not noted. */
void counter_log_finish(struct counter_log *log, sim_ns now);

#endif
