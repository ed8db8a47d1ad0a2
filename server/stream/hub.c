/* SPDX-License-Identifier: MIT */
#include "server/stream/hub.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/check.h"

static const char heartbeat_text[] = ": hb\n\n";
static const char hello_text[] = "retry: 2000\n\n";

/* One rendered event; shared by two rings and by whoever is sending it. */
struct event {
    uint64_t sequence;
    uint32_t references; /* guarded by hub->mutex */
    size_t size;
    char *text;
};

struct topic {
    int64_t id;
    struct topic *next;
    struct event *ring[HUB_RING_EVENTS]; /* slot = index % HUB_RING_EVENTS */
    uint64_t first, end; /* indices of the oldest event and one past the newest */
    uint64_t lost; /* sequence number of the newest event that the ring no longer has */
    uint32_t subscribers;
    uint64_t used; /* sequence number when last used, for eviction */
};

struct subscriber {
    struct hub *hub;
    struct topic *topic;
    struct subscriber *next, *previous;
    struct http_stream *suspended; /* the stream, while it waits to be resumed */
    uint64_t cursor;               /* index of the next event in the topic's ring */
    struct event *current;         /* being sent; references one */
    char *greeting;                /* own copy, NULL when sent */
    const char *text;              /* what is being sent, NULL: nothing */
    size_t size, offset;
    bool heartbeat_due, resync_due;
    char resync[96];
};

struct hub {
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t changed;
    struct topic *topics;
    uint32_t topic_count;
    struct subscriber *subscribers;
    uint32_t subscriber_count;
    uint64_t sequence;
    bool closed;
    pthread_t heartbeat;
};

/* --- events ---------------------------------------------------------------------- */

char *hub_render(uint64_t sequence, const char *event, const char *data, size_t data_size,
                 size_t *size) {
    char head[96] = "";
    int length = 0;
    if (sequence > 0) {
        length = snprintf(head, sizeof head, "id: %llu\n", (unsigned long long)sequence);
    }
    length += snprintf(head + length, sizeof head - (size_t)length,
                       "event: %.32s\ndata: ", event);
    char *text = malloc((size_t)length + data_size + 3);
    if (text == NULL) {
        return NULL;
    }
    memcpy(text, head, (size_t)length);
    memcpy(text + length, data, data_size);
    memcpy(text + length + data_size, "\n\n", 3);
    *size = (size_t)length + data_size + 2;
    return text;
}

static void event_release(struct event *event) {
    if (event != NULL && --event->references == 0) {
        free(event->text);
        free(event);
    }
}

/* --- topics ---------------------------------------------------------------------- */

static void topic_free(struct topic *topic) {
    for (uint64_t i = topic->first; i < topic->end; i++) {
        event_release(topic->ring[i % HUB_RING_EVENTS]);
    }
    free(topic);
}

/* Forgets the topic that was idle longest, if one has no subscribers. */
static void topic_evict(struct hub *hub) {
    struct topic **oldest = NULL;
    for (struct topic **at = &hub->topics; *at != NULL; at = &(*at)->next) {
        if ((*at)->subscribers == 0 && (*at)->id != HUB_ALL &&
            (oldest == NULL || (*at)->used < (*oldest)->used)) {
            oldest = at;
        }
    }
    if (oldest != NULL) {
        struct topic *topic = *oldest;
        *oldest = topic->next;
        hub->topic_count--;
        topic_free(topic);
    }
}

/* The topic, made when it is not there; NULL without memory. */
static struct topic *topic_get(struct hub *hub, int64_t id) {
    for (struct topic *topic = hub->topics; topic != NULL; topic = topic->next) {
        if (topic->id == id) {
            topic->used = hub->sequence;
            return topic;
        }
    }
    if (hub->topic_count >= HUB_TOPICS_MAX) {
        topic_evict(hub);
    }
    struct topic *topic = calloc(1, sizeof *topic);
    if (topic != NULL) {
        /* What was published before, if anything, is not here any more. */
        *topic = (struct topic){
            .id = id, .next = hub->topics, .lost = hub->sequence, .used = hub->sequence};
        hub->topics = topic;
        hub->topic_count++;
    }
    return topic;
}

static void topic_append(struct topic *topic, struct event *event) {
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

/* --- subscribers ----------------------------------------------------------------- */

static void wake(struct subscriber *subscriber) {
    if (subscriber->suspended != NULL) {
        struct http_stream *stream = subscriber->suspended;
        subscriber->suspended = NULL;
        http_stream_resume(stream);
    }
}

static void send_text(struct subscriber *subscriber, const char *text, size_t size) {
    subscriber->text = text;
    subscriber->size = size;
    subscriber->offset = 0;
}

static void send_resync(struct subscriber *subscriber) {
    const unsigned long long sequence = subscriber->hub->sequence;
    const int length = snprintf(subscriber->resync, sizeof subscriber->resync,
                                "id: %llu\nevent: resync\ndata: {\"sequence\":%llu}\n\n",
                                sequence, sequence);
    subscriber->resync_due = false;
    subscriber->cursor = subscriber->topic->end;
    send_text(subscriber, subscriber->resync, (size_t)length);
}

/* Chooses what is sent next; false when there is nothing. */
static bool choose_next(struct subscriber *subscriber) {
    const struct topic *topic = subscriber->topic;
    event_release(subscriber->current);
    subscriber->current = NULL;
    if (subscriber->resync_due || subscriber->cursor < topic->first) {
        send_resync(subscriber);
        return true;
    }
    if (subscriber->cursor < topic->end) {
        subscriber->current = topic->ring[subscriber->cursor % HUB_RING_EVENTS];
        subscriber->current->references++;
        subscriber->cursor++;
        send_text(subscriber, subscriber->current->text, subscriber->current->size);
        return true;
    }
    if (subscriber->heartbeat_due) {
        subscriber->heartbeat_due = false;
        send_text(subscriber, heartbeat_text, sizeof heartbeat_text - 1);
        return true;
    }
    subscriber->text = NULL;
    return false;
}

/* Copies as much as there is and fits; an event may be cut anywhere. */
static size_t copy_out(struct subscriber *subscriber, char *buffer, size_t max) {
    size_t copied = 0;
    while (copied < max) {
        if (subscriber->text == NULL || subscriber->offset == subscriber->size) {
            if (!choose_next(subscriber)) {
                break;
            }
        }
        const size_t left = subscriber->size - subscriber->offset;
        const size_t piece = left < max - copied ? left : max - copied;
        memcpy(buffer + copied, subscriber->text + subscriber->offset, piece);
        subscriber->offset += piece;
        copied += piece;
    }
    return copied;
}

static ssize_t subscriber_read(void *context, struct http_stream *stream, char *buffer,
                               size_t max) {
    struct subscriber *subscriber = context;
    struct hub *hub = subscriber->hub;
    ssize_t result;
    pthread_mutex_lock(&hub->mutex);
    const size_t copied = copy_out(subscriber, buffer, max);
    if (copied > 0) {
        result = (ssize_t)copied;
    } else if (hub->closed) {
        result = HTTP_STREAM_END;
    } else {
        subscriber->suspended = stream;
        http_stream_suspend(stream);
        result = 0;
    }
    pthread_mutex_unlock(&hub->mutex);
    return result;
}

static void subscriber_close(void *context) {
    struct subscriber *subscriber = context;
    struct hub *hub = subscriber->hub;
    pthread_mutex_lock(&hub->mutex);
    if (subscriber->previous != NULL) {
        subscriber->previous->next = subscriber->next;
    } else {
        hub->subscribers = subscriber->next;
    }
    if (subscriber->next != NULL) {
        subscriber->next->previous = subscriber->previous;
    }
    hub->subscriber_count--;
    subscriber->topic->subscribers--;
    event_release(subscriber->current);
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->mutex);
    free(subscriber->greeting);
    free(subscriber);
}

/* Puts the cursor after `after`, or notes that this cannot be done. */
static void place_cursor(struct subscriber *subscriber, uint64_t after) {
    const struct topic *topic = subscriber->topic;
    subscriber->cursor = topic->end;
    if (after == 0) {
        return;
    }
    if (after < topic->lost || after > subscriber->hub->sequence) {
        subscriber->resync_due = true;
        return;
    }
    while (subscriber->cursor > topic->first &&
           topic->ring[(subscriber->cursor - 1) % HUB_RING_EVENTS]->sequence > after) {
        subscriber->cursor--;
    }
}

/* Under the lock. */
static int attach(struct hub *hub, struct subscriber *subscriber, int64_t topic,
                  uint64_t after, struct err *err) {
    if (hub->closed) {
        return err_set(err, ERR_CANCELLED,
                       "the server is stopping; try again when it is back");
    }
    if (hub->subscriber_count >= HUB_STREAMS_MAX) {
        return err_set(err, ERR_LIMIT,
                       "all %d event streams are in use; close a page and try again",
                       HUB_STREAMS_MAX);
    }
    subscriber->topic = topic_get(hub, topic);
    if (subscriber->topic == NULL) {
        return err_set_nomem(err);
    }
    subscriber->topic->subscribers++;
    place_cursor(subscriber, after);
    subscriber->next = hub->subscribers;
    if (hub->subscribers != NULL) {
        hub->subscribers->previous = subscriber;
    }
    hub->subscribers = subscriber;
    hub->subscriber_count++;
    return 0;
}

int hub_subscribe(struct hub *hub, int64_t topic, uint64_t after, const char *greeting,
                  size_t greeting_size, struct http_stream_source *out, struct err *err) {
    const size_t hello_size = sizeof hello_text - 1;
    struct subscriber *subscriber = calloc(1, sizeof *subscriber);
    char *first = malloc(hello_size + greeting_size + 1);
    if (subscriber == NULL || first == NULL) {
        free(subscriber);
        free(first);
        return err_set_nomem(err);
    }
    memcpy(first, hello_text, hello_size);
    if (greeting_size > 0) { /* memcpy() takes no NULL, not even for nothing */
        memcpy(first + hello_size, greeting, greeting_size);
    }
    subscriber->hub = hub;
    subscriber->greeting = first;
    send_text(subscriber, first, hello_size + greeting_size);
    pthread_mutex_lock(&hub->mutex);
    const int code = attach(hub, subscriber, topic, after, err);
    pthread_mutex_unlock(&hub->mutex);
    if (code != 0) {
        free(first);
        free(subscriber);
        return code;
    }
    *out = (struct http_stream_source){
        .context = subscriber, .read = subscriber_read, .close = subscriber_close};
    return 0;
}

/* --- publishing ------------------------------------------------------------------ */

/* Under the lock. A ring without the event gives its readers a gap, hence a resync. */
static void publish_to(struct hub *hub, int64_t id, struct event *event) {
    struct topic *topic = topic_get(hub, id);
    if (topic == NULL) {
        return;
    }
    if (event != NULL) {
        topic_append(topic, event);
    } else {
        topic->lost = hub->sequence;
    }
    for (struct subscriber *at = hub->subscribers; at != NULL; at = at->next) {
        if (at->topic == topic) {
            at->resync_due = at->resync_due || event == NULL;
            wake(at);
        }
    }
}

void hub_publish(struct hub *hub, int64_t topic, const char *event, const char *data,
                 size_t size) {
    struct event *item = calloc(1, sizeof *item);
    pthread_mutex_lock(&hub->mutex);
    if (!hub->closed) {
        const uint64_t sequence = ++hub->sequence;
        if (item != NULL) {
            *item = (struct event){.sequence = sequence, .references = 1};
            item->text = hub_render(sequence, event, data, size, &item->size);
        }
        struct event *shared = item != NULL && item->text != NULL ? item : NULL;
        publish_to(hub, HUB_ALL, shared);
        if (topic != HUB_ALL) {
            publish_to(hub, topic, shared);
        }
        event_release(item);
        item = NULL;
    }
    pthread_mutex_unlock(&hub->mutex);
    free(item);
}

uint64_t hub_sequence(struct hub *hub) {
    pthread_mutex_lock(&hub->mutex);
    const uint64_t sequence = hub->sequence;
    pthread_mutex_unlock(&hub->mutex);
    return sequence;
}

/* --- life ------------------------------------------------------------------------ */

static struct timespec seconds_from_now(int seconds) {
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    due.tv_sec += seconds;
    return due;
}

static void *heartbeat_main(void *context) {
    struct hub *hub = context;
    pthread_mutex_lock(&hub->mutex);
    while (!hub->closed) {
        const struct timespec due = seconds_from_now(HUB_HEARTBEAT_S);
        int code = 0;
        while (!hub->closed && code == 0) {
            code = pthread_cond_timedwait(&hub->changed, &hub->mutex, &due);
        }
        for (struct subscriber *at = hub->subscribers; at != NULL; at = at->next) {
            at->heartbeat_due = true;
            wake(at);
        }
    }
    pthread_mutex_unlock(&hub->mutex);
    return NULL;
}

static uint64_t first_sequence(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int hub_create(struct hub **out, struct err *err) {
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL) {
        return err_set_nomem(err);
    }
    hub->sequence = first_sequence();
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&hub->mutex, NULL);
    pthread_cond_init(&hub->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&hub->heartbeat, NULL, heartbeat_main, hub) != 0) {
        pthread_cond_destroy(&hub->changed);
        pthread_mutex_destroy(&hub->mutex);
        free(hub);
        return err_set(err, ERR_NOMEM, "a thread could not be started");
    }
    *out = hub;
    return 0;
}

void hub_close(struct hub *hub) {
    pthread_mutex_lock(&hub->mutex);
    hub->closed = true;
    for (struct subscriber *at = hub->subscribers; at != NULL; at = at->next) {
        wake(at);
    }
    pthread_cond_broadcast(&hub->changed);
    const struct timespec due = seconds_from_now(HUB_GRACE_S);
    int code = 0;
    while (hub->subscriber_count > 0 && code == 0) {
        code = pthread_cond_timedwait(&hub->changed, &hub->mutex, &due);
    }
    pthread_mutex_unlock(&hub->mutex);
    pthread_join(hub->heartbeat, NULL);
}

void hub_destroy(struct hub *hub) {
    if (hub == NULL) {
        return;
    }
    ASSERT(hub->subscriber_count == 0);
    while (hub->topics != NULL) {
        struct topic *topic = hub->topics;
        hub->topics = topic->next;
        topic_free(topic);
    }
    pthread_cond_destroy(&hub->changed);
    pthread_mutex_destroy(&hub->mutex);
    free(hub);
}
