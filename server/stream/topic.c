/* SPDX-License-Identifier: MIT */
#include "server/stream/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void event_release(struct event *event) {
    if (event != NULL && --event->references == 0) {
        free(event->text);
        free(event);
    }
}

static void topic_free(struct topic *topic) {
    for (uint64_t i = topic->first; i < topic->end; i++) {
        event_release(topic->ring[i % HUB_RING_EVENTS]);
    }
    free(topic);
}

/* Forgets the topic that was idle longest, if one has no readers. */
static void evict(struct topics *topics) {
    struct topic **oldest = NULL;
    for (struct topic **at = &topics->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->cursors == NULL && (oldest == NULL || (*at)->used < (*oldest)->used)) {
            oldest = at;
        }
    }
    if (oldest != NULL) {
        struct topic *topic = *oldest;
        *oldest = topic->next;
        topics->count--;
        topic_free(topic);
    }
}

struct topic *topics_find(const struct topics *topics, const char *name) {
    struct topic *topic = topics->first;
    while (topic != NULL && strcmp(topic->name, name) != 0) {
        topic = topic->next;
    }
    return topic;
}

struct topic *topics_get(struct topics *topics, const char *name, uint64_t sequence) {
    struct topic *topic = topics_find(topics, name);
    if (topic != NULL) {
        topic->used = sequence;
        return topic;
    }
    if (topics->count >= HUB_TOPICS_MAX) {
        evict(topics);
    }
    topic = calloc(1, sizeof *topic);
    if (topic != NULL) {
        /* What was published before, if anything, is not here any more. */
        *topic =
            (struct topic){.next = topics->first, .lost = sequence, .used = sequence};
        snprintf(topic->name, sizeof topic->name, "%s", name);
        topics->first = topic;
        topics->count++;
    }
    return topic;
}

void topic_append(struct topic *topic, struct event *event) {
    if (topic->end - topic->first == HUB_RING_EVENTS) {
        struct event *oldest = topic->ring[topic->first % HUB_RING_EVENTS];
        topic->lost = oldest->sequence;
        topic->first++;
        event_release(oldest);
    }
    event->references++;
    topic->ring[topic->end % HUB_RING_EVENTS] = event;
    topic->end++;
}

void topics_deinit(struct topics *topics) {
    while (topics->first != NULL) {
        struct topic *topic = topics->first;
        topics->first = topic->next;
        topic_free(topic);
    }
    topics->count = 0;
}
