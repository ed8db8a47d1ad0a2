/* SPDX-License-Identifier: MIT */
/* lane_view - lanes, and what is seen of them through a window, as JSON. */
#ifndef SERVER_API_LANE_VIEW_H
#define SERVER_API_LANE_VIEW_H

#include "db/run_picture.h"
#include "db/timeline.h"
#include "engine/record/lane_table.h"
#include "server/http/json_writer.h"

#include <stdbool.h>

/* The key "states" and an array; and with it those of instants and counters: what codes mean. */
void lane_view_states(struct json_writer *writer);
void lane_view_names(struct json_writer *writer);

/* An object. */
void lane_view_write(struct json_writer *writer, const struct lane_total *item);

/* An object: what a window shows, its lanes as TimelineLane or CompactLane of the contract. */
void lane_view_window(struct json_writer *writer, const struct timeline_query *query,
                      const struct timeline_view *timeline, bool compact);

/* An object: the lanes of a picture, what codes of states mean, and what it shows. */
void lane_view_picture(struct json_writer *writer, const struct run_picture *picture);

#endif
