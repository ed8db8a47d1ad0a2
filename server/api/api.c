/* SPDX-License-Identifier: MIT */
#include "server/api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db/run_store.h"
#include "engine/base/check.h"
#include "server/api/resource_id.h"
#include "server/document/place.h"

struct db_reader *api_reader(const struct api *api, const struct http_request *request) {
    ASSERT(request->worker >= 0 && request->worker < HTTP_EXECUTOR_SHORT);
    return api->readers[request->worker];
}

int api_long_reader(struct api *api, const struct http_request *request,
                    struct db_reader **out, struct err *err) {
    ASSERT(request->worker >= HTTP_EXECUTOR_SHORT &&
           request->worker < HTTP_EXECUTOR_THREADS);
    struct db_reader **reader = &api->readers[request->worker];
    const int code = *reader == NULL ? db_reader_open(reader, api->db, err) : 0;
    if (code == 0) {
        *out = *reader;
    }
    return code;
}

/* Ids are never given twice. */
static void mark_final(struct db_reader *reader, const struct http_request *request,
                       struct http_response *response) {
    int64_t run;
    if (response->status == 200 &&
        resource_id_parse(RESOURCE_RUN, request->capture[0], &run, NULL) == 0 &&
        run_store_is_final(reader, run, NULL) == 1) {
        response->cache_control = "private, max-age=86400, immutable";
        response->keep = true;
    }
}

int api_read_once(const struct api *api, const struct http_request *request,
                  api_read_fn read, struct http_response *response, struct err *err) {
    struct db_reader *reader = api_reader(api, request);
    int code = db_reader_begin(reader, err);
    if (code == 0) {
        code = read(reader, request, response, err);
        mark_final(reader, request, response);
        db_reader_end(reader);
    }
    return code;
}

int api_query_number(const struct http_request *request, const struct api_number *number,
                     int64_t *out, struct err *err) {
    const char *text = http_request_query(request, number->name);
    if (text == NULL) {
        *out = number->fallback;
        return 0;
    }
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    const bool is_number =
        text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && errno == 0;
    if (!is_number || value < number->min || value > number->max) {
        return err_set(err, ERR_INVALID,
                       "query parameter '%s' must be a whole number from %lld to %lld",
                       number->name, (long long)number->min, (long long)number->max);
    }
    *out = value;
    return 0;
}

int api_query_bool(const struct http_request *request, const char *name, bool *out,
                   struct err *err) {
    const char *text = http_request_query(request, name);
    const bool is_true = text != NULL && strcmp(text, "true") == 0;
    if (text != NULL && !is_true && strcmp(text, "false") != 0) {
        return err_set(err, ERR_INVALID, "query parameter '%s' must be true or false",
                       name);
    }
    *out = is_true;
    return 0;
}

/* The bit of a word; 0 when it is none of the list. */
static uint32_t word_bit(const struct api_words *list, const char *word, size_t length) {
    for (size_t i = 0; i < list->count; i++) {
        if (strlen(list->words[i]) == length &&
            memcmp(list->words[i], word, length) == 0) {
            return UINT32_C(1) << i;
        }
    }
    return 0;
}

bool api_query_words(const struct http_request *request, const struct api_words *list,
                     uint32_t *out) {
    const char *at = http_request_query(request, list->name);
    *out = 0;
    while (at != NULL) {
        const size_t length = strcspn(at, ",");
        const uint32_t bit = word_bit(list, at, length);
        if (bit == 0) {
            return false;
        }
        *out |= bit;
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return true;
}

static bool has_word(const char *words, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        const size_t size = strcspn(at, " ");
        if (size == length && memcmp(at, word, length) == 0) {
            return true;
        }
        at += size;
    }
    return false;
}

bool api_find_unknown(const json_t *body, const char *known, char out[API_POINTER_SIZE]) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, name, value) {
        if (!has_word(known, name)) {
            struct place place = {0};
            place_push_name(&place, name);
            place_format(&place, out, API_POINTER_SIZE);
            return true;
        }
    }
    return false;
}

/* Characters of a text in UTF-8; what is no UTF-8 has none. */
static size_t count_characters(const char *text) {
    size_t count = 0;
    json_t *string = json_string(text); /* checks it */
    for (const char *c = json_string_value(string); c != NULL && *c != '\0'; c++) {
        count += ((unsigned char)*c & 0xC0) != 0x80 ? 1 : 0;
    }
    json_decref(string);
    return count;
}

int api_query_client(const struct http_request *request, const char **out,
                     struct err *err) {
    const char *client = http_request_query(request, "client");
    const size_t count = client != NULL ? count_characters(client) : 0;
    if (client != NULL && (count < 1 || count > FAIR_CLIENT_MAX)) {
        return err_set(err, ERR_INVALID,
                       "query parameter 'client' must be 1 to %d characters",
                       FAIR_CLIENT_MAX);
    }
    *out = client;
    return 0;
}

static bool is_plain(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < 0x21 || *c > 0x7E) {
            return false;
        }
    }
    return true;
}

int api_idempotency_key(const struct http_request *request, const char **out,
                        struct err *err) {
    static const char name[] = "Idempotency-Key";
    const char *key = http_request_header(request, name);
    if (http_request_count_header(request, name) > 1) {
        return err_set(err, ERR_INVALID, "Idempotency-Key is there twice; send one");
    }
    if (key != NULL && (key[0] == '\0' || strlen(key) > API_KEY_MAX || !is_plain(key))) {
        return err_set(err, ERR_INVALID,
                       "Idempotency-Key must be 1 to %d printable ASCII characters "
                       "without spaces",
                       API_KEY_MAX);
    }
    *out = key;
    return 0;
}

static int compare_lanes(const void *a, const void *b) {
    const lane_id x = *(const lane_id *)a;
    const lane_id y = *(const lane_id *)b;
    return (x > y) - (x < y);
}

/* "1,2,3" */
int api_query_lanes(const struct http_request *request, const char *name, lane_id **out,
                    size_t *count, struct err *err) {
    const char *text = http_request_query(request, name);
    *out = NULL;
    *count = 0;
    if (text == NULL) {
        return 0;
    }
    lane_id *lanes = calloc(strlen(text) / 2 + 1, sizeof *lanes);
    if (lanes == NULL) {
        return err_set_nomem(err);
    }
    size_t found = 0;
    for (const char *at = text;; at++) {
        const size_t digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 9 || (at[digits] != ',' && at[digits] != '\0')) {
            free(lanes);
            return err_set(err, ERR_INVALID,
                           "query parameter '%s' must be lane ids separated by commas",
                           name);
        }
        lanes[found++] = (lane_id)strtol(at, NULL, 10);
        at += digits;
        if (*at == '\0') {
            break;
        }
    }
    qsort(lanes, found, sizeof *lanes, compare_lanes);
    for (size_t i = 0; i < found; i++) {
        if (*count == 0 || lanes[*count - 1] != lanes[i]) {
            lanes[(*count)++] = lanes[i];
        }
    }
    *out = lanes;
    return 0;
}
