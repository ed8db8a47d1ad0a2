/* SPDX-License-Identifier: MIT */
/*
 * event_feed - what happens to experiments and running runs, as events of the hub.
 *
 *     topic           events
 *     "experiments"   progress, cells, finished       of all experiments
 *     "e12"           the same, metrics               of one; what its runs have so far
 *     "r7"            timeline, metrics               how far a run that is recorded is known
 *     "queue"         queue                           what runs and how much waits
 *
 * A busy grid finishes thousands of cells a second, and no page wants thousands of events: what
 * happens within EVENT_FEED_MS becomes one event of each kind. The first after a pause is sent
 * at once. Runs that go on are looked at only while a stream is about them: their metrics so far
 * come every LIVE_RUN_MS. What other processes do is looked for every EVENT_FEED_TIMELINE_MS
 * (experiment_standing.h).
 */
#ifndef SERVER_API_EVENT_FEED_H
#define SERVER_API_EVENT_FEED_H

#include "db/db.h"
#include "db/experiment_queue.h"
#include "db/experiment_store.h"
#include "server/http/json_writer.h"
#include "server/jobs/job.h"
#include "server/stream/hub.h"

enum { EVENT_FEED_MS = 50, EVENT_FEED_TIMELINE_MS = 250 };

#define EVENT_TOPIC_EXPERIMENTS "experiments"
#define EVENT_TOPIC_QUEUE "queue"

struct event_feed;

/* `db` and `hub` must outlive it. */
int event_feed_start(struct event_feed **out, struct db *db, struct hub *hub,
                     struct err *err) WARN_UNUSED;

/* Publishes what is left, after the last job; what is told later is dropped. NULL is
 * accepted. */
void event_feed_close(struct event_feed *feed);

/* When nobody tells any more. NULL is accepted. */
void event_feed_destroy(struct event_feed *feed);

/* Gathers what job queues tell. */
struct job_listener event_feed_listener(struct event_feed *feed);

/* Where job queues say what runs; lives as long as the feed. */
struct live_runs *event_feed_runs(struct event_feed *feed);

/* What waited is interrupted: no job tells that. */
void event_feed_cancelled(struct event_feed *feed, int64_t experiment);

/* Something was submitted, or put back into the queue. */
void event_feed_queue_changed(struct event_feed *feed);

/* --- events as JSON ---------------------------------------------------------------- */

void event_feed_write_progress(struct json_writer *writer, const struct job_event *event);
void event_feed_write_finished(struct json_writer *writer, const struct job_event *event);
void event_feed_write_metrics(struct json_writer *writer,
                              const struct live_run_known *known);
/* How far a run is known; below 0: it is not being recorded. */
void event_feed_write_known(struct json_writer *writer, int64_t run, sim_ns known_ns);
void event_feed_write_queue(struct json_writer *writer,
                            const struct experiment_queue *queue);

#endif
