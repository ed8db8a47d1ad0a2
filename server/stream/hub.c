/* SPDX-License-Identifier: MIT */
#include "server/stream/hub.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/check.h"
#include "engine/base/memory.h"
#include "server/clock/clock.h"
#include "server/stream/topic.h"

static const char heartbeat_text[] = ": hb\n\n";
static const char hello_text[] = "retry: 2000\n\n";
enum { ID_SIZE = sizeof "id: 18446744073709551615\n" };

/* Where a stream is in a topic. */
struct cursor {
    struct subscriber *subscriber;
    struct topic *topic;
    struct cursor *next, *previous; /* of the topic */
    uint64_t at;                    /* index of the next event in the ring */
    bool resync_due;
};

struct subscriber {
    struct hub *hub;
    struct subscriber *next, *previous;
    struct http_stream *suspended; /* the stream, while it waits to be resumed */
    struct event *current;         /* being sent; references one */
    uint64_t sent;                 /* sequence number of the newest event sent */
    char *greeting;                /* own copy, NULL when sent */
    const char *text;              /* what is being sent, NULL: nothing */
    size_t size, offset;
    bool heartbeat_due;
    bool has_ended;   /* its session has */
    uint64_t session; /* 0: none */
    char resync[128];
    size_t count;
    struct cursor cursors[]; /* one for each topic */
};

struct hub {
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t changed;
    struct topics topics;
    struct subscriber *subscribers;
    uint32_t subscriber_count;
    uint64_t sequence;
    bool closed;
    pthread_t heartbeat;
};

/* --- events ---------------------------------------------------------------------- */

char *hub_render(uint64_t sequence, const struct hub_event *event, size_t *size) {
    char head[96] = "";
    int length = 0;
    if (sequence > 0) {
        length = snprintf(head, sizeof head, "id: %llu\n", (unsigned long long)sequence);
    }
    length += snprintf(head + length, sizeof head - (size_t)length,
                       "event: %.32s\ndata: ", event->name);
    char *text = malloc((size_t)length + event->size + 3);
    if (text == NULL) {
        return NULL;
    }
    memcpy(text, head, (size_t)length);
    memcpy(text + length, event->data, event->size);
    memcpy(text + (size_t)length + event->size, "\n\n", 3);
    *size = (size_t)length + event->size + 2;
    return text;
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

/* The event that the cursor is at, or NULL: what another topic gave already is passed. */
static struct event *event_at(struct cursor *cursor) {
    const struct topic *topic = cursor->topic;
    while (cursor->at < topic->end) {
        struct event *event = topic->ring[cursor->at % HUB_RING_EVENTS];
        if (event->sequence > cursor->subscriber->sent) {
            return event;
        }
        cursor->at++;
    }
    return NULL;
}

/* Whether it has lost events, and its stream is to be told so. */
static bool is_lost(const struct cursor *cursor) {
    return cursor->resync_due || cursor->at < cursor->topic->first;
}

/* The oldest of the events that the cursors are at. */
static struct event *next_event(struct subscriber *subscriber) {
    struct event *oldest = NULL;
    for (size_t i = 0; i < subscriber->count; i++) {
        struct cursor *cursor = &subscriber->cursors[i];
        struct event *event = is_lost(cursor) ? NULL : event_at(cursor);
        if (event != NULL && (oldest == NULL || event->sequence < oldest->sequence)) {
            oldest = event;
        }
    }
    return oldest;
}

/* A cursor that has lost events, or NULL. */
static struct cursor *lost_cursor(struct subscriber *subscriber) {
    for (size_t i = 0; i < subscriber->count; i++) {
        struct cursor *cursor = &subscriber->cursors[i];
        if (is_lost(cursor)) {
            return cursor;
        }
    }
    return NULL;
}

/* Its id is before all that other topics have still to give: who is cut off after it and asks
 * for what comes after that id misses nothing. */
static void send_resync(struct cursor *cursor) {
    struct subscriber *subscriber = cursor->subscriber;
    const uint64_t newest = subscriber->hub->sequence;
    cursor->resync_due = false;
    cursor->at = cursor->topic->end;
    const struct event *next = next_event(subscriber);
    const uint64_t id = next != NULL ? next->sequence - 1 : newest;
    const int length =
        snprintf(subscriber->resync, sizeof subscriber->resync,
                 "id: %" PRIu64
                 "\nevent: resync\ndata: {\"topic\":\"%s\",\"sequence\":%" PRIu64 "}\n\n",
                 id, cursor->topic->name, newest);
    send_text(subscriber, subscriber->resync, (size_t)length);
}

/* Chooses what is sent next; false when there is nothing. */
static bool choose_next(struct subscriber *subscriber) {
    struct cursor *lost = lost_cursor(subscriber);
    event_release(subscriber->current);
    subscriber->current = NULL;
    if (lost != NULL) {
        send_resync(lost);
        return true;
    }
    struct event *event = next_event(subscriber);
    if (event != NULL) {
        event->references++;
        subscriber->current = event;
        subscriber->sent = event->sequence;
        send_text(subscriber, event->text, event->size);
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
    const size_t copied = subscriber->has_ended ? 0 : copy_out(subscriber, buffer, max);
    if (copied > 0) {
        result = (ssize_t)copied;
    } else if (hub->closed || subscriber->has_ended) {
        result = HTTP_STREAM_END;
    } else {
        subscriber->suspended = stream;
        http_stream_suspend(stream);
        result = 0;
    }
    pthread_mutex_unlock(&hub->mutex);
    return result;
}

static void detach_cursors(struct subscriber *subscriber) {
    for (size_t i = 0; i < subscriber->count; i++) {
        struct cursor *cursor = &subscriber->cursors[i];
        if (cursor->previous != NULL) {
            cursor->previous->next = cursor->next;
        } else {
            cursor->topic->cursors = cursor->next;
        }
        if (cursor->next != NULL) {
            cursor->next->previous = cursor->previous;
        }
    }
    subscriber->count = 0;
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
    detach_cursors(subscriber);
    event_release(subscriber->current);
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->mutex);
    free(subscriber->greeting);
    free(subscriber);
}

/* Puts the cursor after `after`, or notes that this cannot be done. */
static void place_cursor(struct cursor *cursor, uint64_t after) {
    const struct topic *topic = cursor->topic;
    cursor->at = topic->end;
    if (after == 0) {
        return;
    }
    if (after < topic->lost || after > cursor->subscriber->hub->sequence) {
        cursor->resync_due = true;
        return;
    }
    while (cursor->at > topic->first &&
           topic->ring[(cursor->at - 1) % HUB_RING_EVENTS]->sequence > after) {
        cursor->at--;
    }
}

static int attach_cursor(struct subscriber *subscriber, const char *name, uint64_t after,
                         struct err *err) {
    struct topic *topic =
        topics_get(&subscriber->hub->topics, name, subscriber->hub->sequence);
    if (topic == NULL) {
        return err_set_nomem(err);
    }
    struct cursor *cursor = &subscriber->cursors[subscriber->count++];
    *cursor =
        (struct cursor){.subscriber = subscriber, .topic = topic, .next = topic->cursors};
    if (topic->cursors != NULL) {
        topic->cursors->previous = cursor;
    }
    topic->cursors = cursor;
    place_cursor(cursor, after);
    return 0;
}

/* Under the lock. */
static int attach(struct hub *hub, struct subscriber *subscriber,
                  const struct hub_subscription *subscription, struct err *err) {
    const struct hub_topics *topics = subscription->topics;
    int code = 0;
    if (hub->closed) {
        return err_set(err, ERR_CANCELLED,
                       "the server is stopping; try again when it is back");
    }
    if (hub->subscriber_count >= HUB_STREAMS_MAX) {
        return err_set(err, ERR_LIMIT,
                       "all %d event streams are in use; close a page and try again",
                       HUB_STREAMS_MAX);
    }
    for (size_t i = 0; code == 0 && i < topics->count; i++) {
        code = attach_cursor(subscriber, topics->name[i], subscription->after, err);
    }
    if (code != 0) {
        detach_cursors(subscriber);
        return code;
    }
    subscriber->next = hub->subscribers;
    if (hub->subscribers != NULL) {
        hub->subscribers->previous = subscriber;
    }
    hub->subscribers = subscriber;
    hub->subscriber_count++;
    return 0;
}

/*
 * What is sent first, in a copy. Its id is that of no event: who is cut off before the first one
 * comes back with it and misses nothing. Who asks for what comes after an id that is none of
 * this process gets none until he has been told of his loss.
 */
static int greet(struct subscriber *subscriber,
                 const struct hub_subscription *subscription, uint64_t now) {
    const uint64_t id = subscription->after != 0 ? subscription->after : now;
    char hello[ID_SIZE + sizeof hello_text] = "";
    if (id <= now) {
        snprintf(hello, sizeof hello, "id: %" PRIu64 "\n", id);
    }
    strcat(hello, hello_text);
    const size_t hello_size = strlen(hello);
    subscriber->greeting = malloc(hello_size + subscription->greeting_size + 1);
    if (subscriber->greeting == NULL) {
        return -1;
    }
    memcpy(subscriber->greeting, hello, hello_size);
    if (subscription->greeting_size >
        0) { /* memcpy() takes no NULL, not even for nothing */
        memcpy(subscriber->greeting + hello_size, subscription->greeting,
               subscription->greeting_size);
    }
    send_text(subscriber, subscriber->greeting, hello_size + subscription->greeting_size);
    return 0;
}

int hub_subscribe(struct hub *hub, const struct hub_subscription *subscription,
                  struct http_stream_source *out, struct err *err) {
    struct subscriber *subscriber =
        calloc(1, sizeof *subscriber +
                      subscription->topics->count * sizeof *subscriber->cursors);
    if (subscriber == NULL || greet(subscriber, subscription, hub_sequence(hub)) != 0) {
        free(subscriber);
        return err_set_nomem(err);
    }
    subscriber->hub = hub;
    subscriber->session = subscription->session;
    pthread_mutex_lock(&hub->mutex);
    const int code = attach(hub, subscriber, subscription, err);
    pthread_mutex_unlock(&hub->mutex);
    if (code != 0) {
        free(subscriber->greeting);
        free(subscriber);
        return code;
    }
    *out = (struct http_stream_source){
        .context = subscriber, .read = subscriber_read, .close = subscriber_close};
    return 0;
}

void hub_end_session(struct hub *hub, uint64_t session) {
    if (session == 0) {
        return;
    }
    pthread_mutex_lock(&hub->mutex);
    for (struct subscriber *at = hub->subscribers; at != NULL; at = at->next) {
        if (at->session == session) {
            at->has_ended = true;
            wake(at);
        }
    }
    pthread_mutex_unlock(&hub->mutex);
}

void hub_names_deinit(struct hub_names *names) {
    memory_free(names->items);
    *names = (struct hub_names){0};
}

int hub_followed(struct hub *hub, char first, struct hub_names *out, struct err *err) {
    struct hub_names names = {0};
    int code = 0;
    pthread_mutex_lock(&hub->mutex);
    for (const struct topic *topic = hub->topics.first; topic != NULL && code == 0;
         topic = topic->next) {
        if (topic->cursors == NULL || topic->name[0] != first) {
            continue;
        }
        code = vec_reserve((void **)&names.items, &names.capacity, names.count,
                           sizeof *names.items);
        if (code == 0) {
            memcpy(names.items[names.count++], topic->name, sizeof topic->name);
        }
    }
    pthread_mutex_unlock(&hub->mutex);
    if (code != 0) {
        hub_names_deinit(&names);
        return err_set_nomem(err);
    }
    *out = names;
    return 0;
}

bool hub_is_followed(struct hub *hub, const char *topic) {
    pthread_mutex_lock(&hub->mutex);
    const struct topic *at = topics_find(&hub->topics, topic);
    const bool is_followed = at != NULL && at->cursors != NULL;
    pthread_mutex_unlock(&hub->mutex);
    return is_followed;
}

/* --- publishing ------------------------------------------------------------------ */

/* Under the lock. A ring without the event gives its readers a gap, hence a resync. */
static void publish_to(struct hub *hub, const char *name, struct event *event) {
    struct topic *topic = topics_get(&hub->topics, name, hub->sequence);
    if (topic == NULL) {
        return;
    }
    if (event != NULL) {
        topic_append(topic, event);
    } else {
        topic->lost = hub->sequence;
    }
    for (struct cursor *at = topic->cursors; at != NULL; at = at->next) {
        at->resync_due = at->resync_due || event == NULL;
        wake(at->subscriber);
    }
}

void hub_publish(struct hub *hub, const struct hub_topics *topics,
                 const struct hub_event *event) {
    struct event *item = calloc(1, sizeof *item);
    pthread_mutex_lock(&hub->mutex);
    if (!hub->closed) {
        const uint64_t sequence = ++hub->sequence;
        if (item != NULL) {
            *item = (struct event){.sequence = sequence, .references = 1};
            item->text = hub_render(sequence, event, &item->size);
        }
        struct event *shared = item != NULL && item->text != NULL ? item : NULL;
        for (size_t i = 0; i < topics->count; i++) {
            publish_to(hub, topics->name[i], shared);
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

unsigned hub_stream_count(struct hub *hub) {
    pthread_mutex_lock(&hub->mutex);
    const unsigned count = hub->subscriber_count;
    pthread_mutex_unlock(&hub->mutex);
    return count;
}

/* --- life ------------------------------------------------------------------------ */

static void send_heartbeat(struct subscriber *subscriber) {
    subscriber->heartbeat_due = true;
    wake(subscriber);
}

static void send_heartbeats(struct hub *hub) {
    for (struct subscriber *at = hub->subscribers; at != NULL; at = at->next) {
        send_heartbeat(at);
    }
}

/* The next suspended ones from `*at` on, which moves behind them. */
static size_t take_suspended(struct subscriber **at,
                             struct subscriber *out[HTTP_STREAMS_AT_ONCE]) {
    size_t count = 0;
    for (; *at != NULL && count < HTTP_STREAMS_AT_ONCE; *at = (*at)->next) {
        if ((*at)->suspended != NULL) {
            out[count++] = *at;
        }
    }
    return count;
}

/* A hundred microseconds with a thousand streams. */
static void look_for_closed(struct hub *hub) {
    struct subscriber *some[HTTP_STREAMS_AT_ONCE], *at = hub->subscribers;
    struct http_stream *streams[HTTP_STREAMS_AT_ONCE];
    bool closed[HTTP_STREAMS_AT_ONCE];
    size_t count;
    while ((count = take_suspended(&at, some)) > 0) {
        for (size_t i = 0; i < count; i++) {
            streams[i] = some[i]->suspended;
        }
        http_streams_find_closed(streams, count, closed);
        for (size_t i = 0; i < count; i++) {
            if (closed[i]) {
                send_heartbeat(some[i]);
            }
        }
    }
}

static void *heartbeat_main(void *context) {
    struct hub *hub = context;
    int64_t heartbeat_ms = clock_ms() + 1000 * HUB_HEARTBEAT_S;
    pthread_mutex_lock(&hub->mutex);
    while (!hub->closed) {
        const struct timespec due = clock_after_ms(HUB_LOOK_MS);
        int code = 0;
        while (!hub->closed && code == 0) {
            code = pthread_cond_timedwait(&hub->changed, &hub->mutex, &due);
        }
        look_for_closed(hub);
        if (clock_ms() >= heartbeat_ms) {
            send_heartbeats(hub);
            heartbeat_ms = clock_ms() + 1000 * HUB_HEARTBEAT_S;
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
    pthread_mutex_init(&hub->mutex, NULL);
    clock_condition_init(&hub->changed);
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
    const struct timespec due = clock_after_ms(1000 * HUB_GRACE_S);
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
    topics_deinit(&hub->topics);
    pthread_cond_destroy(&hub->changed);
    pthread_mutex_destroy(&hub->mutex);
    free(hub);
}
