/* SPDX-License-Identifier: MIT */
#include "server/api/advice_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct place {
    int64_t experiment; /* 0: nothing is kept here */
    int64_t cells_done;
    int64_t cost_ns;
    int64_t until_ns; /* whatever has ended */
    char *text;       /* owned */
    size_t size;
};

struct advice_cache {
    pthread_mutex_t mutex; /* guards the places */
    struct place places[ADVICE_PLACES];
};

int advice_cache_create(struct advice_cache **out, struct err *err) {
    struct advice_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        return err_set_nomem(err);
    }
    pthread_mutex_init(&cache->mutex, NULL);
    *out = cache;
    return 0;
}

void advice_cache_destroy(struct advice_cache *cache) {
    if (cache != NULL) {
        for (int i = 0; i < ADVICE_PLACES; i++) {
            free(cache->places[i].text);
        }
        pthread_mutex_destroy(&cache->mutex);
        free(cache);
    }
}

static struct place *place_of(struct advice_cache *cache, int64_t experiment) {
    return &cache->places[experiment % ADVICE_PLACES];
}

/* Cells that are run again have ended less: what knows more of them is not given. */
static bool stands(const struct place *place, const struct advice_wish *wish) {
    return place->experiment == wish->experiment &&
           (place->cells_done == wish->cells_done ||
            (place->cells_done < wish->cells_done && wish->now_ns < place->until_ns));
}

bool advice_cache_find(struct advice_cache *cache, const struct advice_wish *wish,
                       struct json_writer *writer) {
    struct place *place = place_of(cache, wish->experiment);
    pthread_mutex_lock(&cache->mutex);
    const bool found = stands(place, wish);
    if (found) {
        json_writer_raw(writer, place->text, place->size);
    } else if (place->experiment == wish->experiment) {
        /* Who asks now makes it; others have the old one meanwhile. */
        place->until_ns = wish->now_ns + ADVICE_REST * place->cost_ns;
    }
    pthread_mutex_unlock(&cache->mutex);
    return found;
}

void advice_cache_keep(struct advice_cache *cache, const struct advice_wish *wish,
                       int64_t now_ns, const struct json_writer *made) {
    struct place *place = place_of(cache, wish->experiment);
    char *text = made->failed || made->size == 0 ? NULL : malloc(made->size);
    if (text == NULL) {
        return;
    }
    memcpy(text, made->data, made->size);
    const int64_t cost_ns = now_ns - wish->now_ns;
    pthread_mutex_lock(&cache->mutex);
    char *old = place->text;
    *place = (struct place){
        wish->experiment, wish->cells_done, cost_ns, now_ns + ADVICE_REST * cost_ns, text,
        made->size};
    pthread_mutex_unlock(&cache->mutex);
    free(old);
}
