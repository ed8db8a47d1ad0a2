/* SPDX-License-Identifier: MIT */
/*
 * hub - server-sent events: publishers on one side, open streams on the other.
 *
 *      "experiments"  [ev 41][ev 42][ev 43] ...    one ring per topic
 *      "e12"          [ev 41][ev 43]
 *      "r7"           [ev 44]
 *                        ^                         a stream has one cursor into the ring of
 *                     cursors                      each topic that it is about
 *
 * An event is rendered once and shared by the rings; a stream sends it once, in the order of
 * sequence numbers, however many of its topics have it. Its `id:` is a sequence number over
 * all topics, which begins at the wall clock's microseconds, so that an id of an earlier
 * process is never taken for one of this process. A ring keeps the newest HUB_RING_EVENTS
 * events; a stream that falls behind its oldest gets one `resync` event with the topic and
 * the newest sequence number and goes on from there: it must read that resource again.
 * Publishing never waits.
 *
 * A comment is sent to idle streams every HUB_HEARTBEAT_S seconds: it keeps proxies
 * content. Who closed its end is sent one within HUB_LOOK_MS: a client that left refuses it, and
 * the next one finds the connection gone, while one that only said that it will send no more
 * reads on.
 *
 * Every function may be called from any thread. One mutex guards the whole hub; it is
 * held while a stream is suspended or resumed (see http_stream.h), and for nothing that
 * waits.
 */
#ifndef SERVER_STREAM_HUB_H
#define SERVER_STREAM_HUB_H

#include "engine/base/err.h"
#include "server/http/http_stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;

enum {
    HUB_TOPIC_SIZE = 32, /* of a name, with its NUL */
    HUB_TOPICS_OF_STREAM = 16,
    HUB_RING_EVENTS = 1024,
    HUB_TOPICS_MAX = 256,   /* rings kept; the one that was idle longest goes first */
    HUB_STREAMS_MAX = 1792, /* leaves connections for ordinary requests */
    HUB_HEARTBEAT_S = 15,
    HUB_LOOK_MS = 250,
    HUB_GRACE_S = 1
};

/* Names of topics; what they mean is the publisher's business. */
struct hub_topics {
    char name[HUB_TOPICS_OF_STREAM][HUB_TOPIC_SIZE];
    size_t count;
};

int hub_create(struct hub **out, struct err *err) WARN_UNUSED;

/*
 * Sends an event to the streams of these topics. `data` is one line of JSON. When there is no
 * memory the event is lost and its readers get `resync`.
 */
struct hub_event {
    const char *name;
    const char *data;
    size_t size;
};
void hub_publish(struct hub *hub, const struct hub_topics *topics,
                 const struct hub_event *event);

/*
 * Opens a stream of the topics' events that come after sequence number `after`: the value
 * of Last-Event-ID, or 0 for those from now on. `greeting`, rendered with hub_render(),
 * is sent first, with the id to come back with; the caller keeps it. ERR_LIMIT: too many
 * streams, ERR_CANCELLED: the hub is closed.
 */
struct hub_subscription {
    const struct hub_topics *topics; /* at least one; none twice */
    uint64_t after;
    const char *greeting; /* may be NULL */
    size_t greeting_size;
    uint64_t session; /* that it belongs to and ends with (access.h), 0: none */
};
int hub_subscribe(struct hub *hub, const struct hub_subscription *subscription,
                  struct http_stream_source *out, struct err *err) WARN_UNUSED;

/* Ends the streams of a session; none when it is 0. They are cut, whatever is left in rings. */
void hub_end_session(struct hub *hub, uint64_t session);

/* Names of topics, all that there are. Zeroed: none. */
struct hub_names {
    char (*items)[HUB_TOPIC_SIZE];
    size_t count, capacity;
};
void hub_names_deinit(struct hub_names *names);

/* The topics with that first letter that streams are about: what need not be published for
 * nobody. ERR_NOMEM. On success release with hub_names_deinit(). */
int hub_followed(struct hub *hub, char first, struct hub_names *out,
                 struct err *err) WARN_UNUSED;

/* Whether a stream is about that topic. */
bool hub_is_followed(struct hub *hub, const char *topic);

/* The number of the newest event. */
uint64_t hub_sequence(struct hub *hub);

/* How many streams are open. */
unsigned hub_stream_count(struct hub *hub);

/*
 * The text of an event, to be freed with free(): "id: 7\nevent: cell\ndata: {}\n\n".
 * Without an id line when `sequence` is 0. NULL when there is no memory.
 */
char *hub_render(uint64_t sequence, const struct hub_event *event, size_t *size);

/*
 * Ends every stream: each gets what is left in its ring and then its end. Waits until all
 * are gone, but no longer than HUB_GRACE_S for clients that do not read; no stream is
 * suspended after it. Publishing becomes a no-op.
 */
void hub_close(struct hub *hub);

/* After hub_close() and http_server_stop(): no stream is left. NULL is accepted. */
void hub_destroy(struct hub *hub);

#endif
