/* SPDX-License-Identifier: MIT */
/*
 * topic - the rings of a hub: the newest events of each topic, shared between topics. Inside
 * stream only; everything is guarded by the hub's mutex.
 */
#ifndef SERVER_STREAM_TOPIC_H
#define SERVER_STREAM_TOPIC_H

#include "server/stream/hub.h"

struct cursor;

/* One rendered event; shared by rings and by whoever is sending it. */
struct event {
    uint64_t sequence;
    uint32_t references;
    size_t size;
    char *text;
};

struct topic {
    char name[HUB_TOPIC_SIZE];
    struct topic *next;
    struct event *ring[HUB_RING_EVENTS]; /* slot = index % HUB_RING_EVENTS */
    uint64_t first, end; /* indices of the oldest event and one past the newest */
    uint64_t lost; /* sequence number of the newest event that the ring no longer has */
    uint64_t used; /* sequence number when last used, for eviction */
    struct cursor *cursors; /* of the streams that are about it: the hub's */
};

/* All of them; a zeroed one is empty. */
struct topics {
    struct topic *first;
    uint32_t count;
};
void topics_deinit(struct topics *topics);

/* NULL: there is none of that name. */
struct topic *topics_find(const struct topics *topics, const char *name);

/* The topic, made when it is not there, in the place of one without cursors if there are
 * HUB_TOPICS_MAX. `sequence`: of the newest event. NULL without memory. */
struct topic *topics_get(struct topics *topics, const char *name, uint64_t sequence);

/* Refers to the event; the oldest may go. */
void topic_append(struct topic *topic, struct event *event);

/* Gives up a reference; NULL is accepted. */
void event_release(struct event *event);

#endif
