/* SPDX-License-Identifier: MIT */
#include "server/http/answer_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock/clock.h"

enum { PATH_SIZE = 128 };

struct place {
    char path[PATH_SIZE]; /* "": nothing is kept here */
    uint64_t age;
    int64_t until_ms;
    struct http_response response; /* owned; only what is kept of it is set */
};

struct answer_cache {
    atomic_uint_fast64_t age; /* how often all was forgotten */
    pthread_mutex_t mutex;    /* guards the places */
    struct place places[ANSWER_PLACES];
};

int answer_cache_create(struct answer_cache **out, struct err *err) {
    struct answer_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        return err_set_nomem(err);
    }
    atomic_init(&cache->age, 0);
    pthread_mutex_init(&cache->mutex, NULL);
    *out = cache;
    return 0;
}

void answer_cache_destroy(struct answer_cache *cache) {
    if (cache != NULL) {
        for (int i = 0; i < ANSWER_PLACES; i++) {
            http_response_deinit(&cache->places[i].response);
        }
        pthread_mutex_destroy(&cache->mutex);
        free(cache);
    }
}

/* FNV-1a; NULL when a path is too long to be kept. */
static struct place *place_of(struct answer_cache *cache, const char *path) {
    uint32_t hash = 2166136261U;
    size_t length = 0;
    for (; path[length] != '\0'; length++) {
        hash = (hash ^ (unsigned char)path[length]) * 16777619U;
    }
    return length < PATH_SIZE ? &cache->places[hash % ANSWER_PLACES] : NULL;
}

/* All but the body is static text or is copied with the struct. */
static bool copy_response(struct http_response *out, const struct http_response *from) {
    char *body = malloc(from->body_size);
    if (body == NULL) {
        return false;
    }
    memcpy(body, from->body, from->body_size);
    *out = (struct http_response){
        .status = from->status,
        .content_type = from->content_type,
        .body = body,
        .body_size = from->body_size,
        .cache_control = from->cache_control,
    };
    memcpy(out->etag, from->etag, sizeof out->etag);
    return true;
}

bool answer_cache_find(struct answer_cache *cache, const char *path,
                       struct http_response *out) {
    struct place *place = place_of(cache, path);
    if (place == NULL) {
        return false;
    }
    const int64_t now_ms = clock_ms();
    pthread_mutex_lock(&cache->mutex);
    const bool found = place->age == atomic_load(&cache->age) &&
                       now_ms < place->until_ms && strcmp(place->path, path) == 0 &&
                       copy_response(out, &place->response);
    pthread_mutex_unlock(&cache->mutex);
    return found;
}

uint64_t answer_cache_age(const struct answer_cache *cache) {
    return atomic_load(&cache->age);
}

void answer_cache_keep(struct answer_cache *cache, const char *path, uint64_t age,
                       const struct http_response *response) {
    struct http_response copy;
    struct place *place = place_of(cache, path);
    if (place == NULL || response->body_size == 0 ||
        response->body_size > ANSWER_MAX_BYTES || !copy_response(&copy, response)) {
        return;
    }
    const int64_t until_ms = clock_ms() + ANSWER_FRESH_MS;
    pthread_mutex_lock(&cache->mutex);
    struct http_response old = place->response;
    strcpy(place->path, path);
    place->age = age;
    place->until_ms = until_ms;
    place->response = copy;
    pthread_mutex_unlock(&cache->mutex);
    http_response_deinit(&old);
}

void answer_cache_forget(struct answer_cache *cache) { atomic_fetch_add(&cache->age, 1); }
