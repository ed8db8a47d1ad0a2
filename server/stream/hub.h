/* SPDX-License-Identifier: MIT */
/*
 * hub - server-sent events: publishers on one side, open streams on the other.
 *
 *      topic 12  [ev 41][ev 44][ev 45]        one ring per experiment,
 *      topic 0   [ev 41][ev 42][ev 43] ...    and one of everything (HUB_ALL)
 *                    ^            ^
 *                 cursor A     cursor B       a subscriber is a cursor into one ring
 *
 * An event is rendered once and shared by the rings. Its `id:` is a sequence number over
 * all topics, which begins at the wall clock's microseconds, so that an id of an earlier
 * process is never taken for one of this process. A ring keeps the newest HUB_RING_EVENTS
 * events; a subscriber that falls behind its oldest gets one `resync` event with the
 * newest sequence number and goes on from there: it must read the resource again.
 * Publishing never waits.
 *
 * A comment is sent to idle streams every HUB_HEARTBEAT_S seconds: it keeps proxies
 * content, and a client that left is noticed only by writing to it.
 *
 * Every function may be called from any thread. One mutex guards the whole hub; it is
 * held while a stream is suspended or resumed (see http_stream.h), and for nothing that
 * waits.
 */
#ifndef SERVER_STREAM_HUB_H
#define SERVER_STREAM_HUB_H

#include "engine/base/err.h"
#include "server/http/http_stream.h"

#include <stddef.h>
#include <stdint.h>

struct hub;

enum {
    HUB_ALL = 0, /* the topic of everything */
    HUB_RING_EVENTS = 1024,
    HUB_TOPICS_MAX = 256,   /* rings kept; the one that was idle longest goes first */
    HUB_STREAMS_MAX = 1792, /* leaves connections for ordinary requests */
    HUB_HEARTBEAT_S = 15,
    HUB_GRACE_S = 1
};

int hub_create(struct hub **out, struct err *err) WARN_UNUSED;

/*
 * Sends an event to the subscribers of `topic` and of HUB_ALL. `data` is one line of
 * JSON. When there is no memory the event is lost and its readers get `resync`.
 */
void hub_publish(struct hub *hub, int64_t topic, const char *event, const char *data,
                 size_t size);

/*
 * Opens a stream of a topic's events that come after sequence number `after`: the value
 * of Last-Event-ID, or 0 for those from now on. `greeting`, rendered with hub_render(),
 * is sent first; the caller keeps it. ERR_LIMIT: too many streams, ERR_CANCELLED: the hub
 * is closed.
 */
int hub_subscribe(struct hub *hub, int64_t topic, uint64_t after, const char *greeting,
                  size_t greeting_size, struct http_stream_source *out,
                  struct err *err) WARN_UNUSED;

/* The number of the newest event. */
uint64_t hub_sequence(struct hub *hub);

/*
 * The text of an event, to be freed with free(): "id: 7\nevent: cell\ndata: {}\n\n".
 * Without an id line when `sequence` is 0. NULL when there is no memory.
 */
char *hub_render(uint64_t sequence, const char *event, const char *data, size_t data_size,
                 size_t *size);

/*
 * Ends every stream: each gets what is left in its ring and then its end. Waits until all
 * are gone, but no longer than HUB_GRACE_S for clients that do not read; no stream is
 * suspended after it. Publishing becomes a no-op.
 */
void hub_close(struct hub *hub);

/* After hub_close() and http_server_stop(): no stream is left. NULL is accepted. */
void hub_destroy(struct hub *hub);

#endif
