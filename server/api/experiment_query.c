/* SPDX-License-Identifier: MIT */
#include "server/api/experiment_query.h"

#include <stdlib.h>
#include <string.h>

#include "server/api/api.h"
#include "server/api/resource_id.h"
#include "server/document/document.h"
#include "server/examples/example.h"

enum { PAGE_DEFAULT = 50 };

static const char *const orders[EXPERIMENT_ORDER_COUNT] = {
    [EXPERIMENT_NEWEST] = "newest",
    [EXPERIMENT_OLDEST] = "oldest",
    [EXPERIMENT_BY_NAME] = "name",
};

/* --- words --------------------------------------------------------------------- */

static int parse_order(const struct http_request *request, enum experiment_order *out,
                       struct err *err) {
    const char *word = http_request_query(request, "order");
    *out = EXPERIMENT_NEWEST;
    for (int i = 0; word != NULL && i < EXPERIMENT_ORDER_COUNT; i++) {
        if (strcmp(word, orders[i]) == 0) {
            *out = (enum experiment_order)i;
            word = NULL;
        }
    }
    return word == NULL ? 0
                        : err_set(err, ERR_INVALID,
                                  "query parameter 'order' must be 'newest', 'oldest' or "
                                  "'name'");
}

static int parse_statuses(const struct http_request *request, uint32_t *out,
                          struct err *err) {
    const char *words[EXPERIMENT_STATUS_COUNT];
    for (int i = 0; i < EXPERIMENT_STATUS_COUNT; i++) {
        words[i] = experiment_status_name((enum experiment_status)i);
    }
    const struct api_words list = {"status", words, EXPERIMENT_STATUS_COUNT};
    return api_query_words(request, &list, out)
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'status' must be words of 'queued', "
                         "'running', 'done', 'failed' and 'interrupted', separated by "
                         "commas");
}

/* --- what was submitted ---------------------------------------------------------- */

static const struct example *find_preset(const char *id) {
    for (size_t i = 0; i < example_count; i++) {
        if (strcmp(examples[i].id, id) == 0) {
            return &examples[i];
        }
    }
    return NULL;
}

/* Experiments do not know what they came from: those of a preset say the same as it. */
static int parse_preset(const struct http_request *request, char hash[HASH_TEXT_SIZE],
                        struct err *err) {
    const char *id = http_request_query(request, "preset");
    if (id == NULL) {
        return 0;
    }
    const struct example *preset = find_preset(id);
    if (preset == NULL) {
        return err_set(err, ERR_INVALID,
                       "there is no preset '%.64s'; /api/v1/presets lists them", id);
    }
    struct document *document = NULL;
    const int code = document_parse(&document, preset->text, preset->size, err);
    if (code == 0) {
        memcpy(hash, document->hash, sizeof document->hash);
        document_destroy(document);
    }
    return code;
}

static int parse_created(const struct http_request *request, struct experiment_wish *out,
                         struct err *err) {
    const struct api_number from = {"created_from_ms", 0, 0, INT64_MAX};
    const struct api_number until = {"created_until_ms", INT64_MAX, 0, INT64_MAX};
    const int code = api_query_number(request, &from, &out->created_from_ms, err);
    out->is_bounded = http_request_query(request, until.name) != NULL;
    return code == 0 ? api_query_number(request, &until, &out->created_until_ms, err)
                     : code;
}

/* --- cursors ------------------------------------------------------------------- */

static const char digits[] = "0123456789abcdef";

/* Decodes in place; false when it is no text in hexadecimal digits. */
static bool decode(char *text) {
    const size_t length = strlen(text);
    if (length % 2 != 0 || strspn(text, digits) != length) {
        return false;
    }
    for (size_t i = 0; i < length / 2; i++) {
        const size_t high = (size_t)(strchr(digits, text[2 * i]) - digits);
        const size_t low = (size_t)(strchr(digits, text[2 * i + 1]) - digits);
        text[i] = (char)(high << 4 | low);
    }
    text[length / 2] = '\0';
    return strlen(text) == length / 2;
}

/* Takes a copy of the cursor apart; false when it is none of that order. */
static bool read_cursor(char *text, struct experiment_query *query) {
    char *name = strchr(text, '-');
    const bool by_name = query->wish.order == EXPERIMENT_BY_NAME;
    if ((name != NULL) != by_name) {
        return false;
    }
    if (by_name) {
        *name++ = '\0';
        if (!decode(name)) {
            return false;
        }
        query->wish.after_name = name;
    }
    return resource_id_parse(RESOURCE_EXPERIMENT, text, &query->wish.after, NULL) == 0;
}

static int parse_after(const struct http_request *request, struct experiment_query *query,
                       struct err *err) {
    const char *text = http_request_query(request, "after");
    if (text == NULL) {
        return 0;
    }
    query->cursor = strdup(text);
    if (query->cursor == NULL) {
        return err_set_nomem(err);
    }
    return read_cursor(query->cursor, query)
               ? 0
               : err_set(
                     err, ERR_INVALID,
                     "query parameter 'after' must be the 'next' of a page before, of "
                     "the same order");
}

void experiment_query_write_next(struct json_writer *writer,
                                 const struct experiment_list *list,
                                 enum experiment_order order) {
    json_writer_key(writer, "next");
    if (!list->has_more) {
        json_writer_null(writer);
        return;
    }
    const struct experiment_row *last = &list->items[list->count - 1];
    const size_t length = order == EXPERIMENT_BY_NAME ? strlen(last->name) : 0;
    char *text = malloc(RESOURCE_ID_SIZE + 2 * length + 2);
    if (text == NULL) {
        writer->failed = true;
        return;
    }
    resource_id_format(RESOURCE_EXPERIMENT, last->id, text);
    if (order == EXPERIMENT_BY_NAME) {
        char *at = text + strlen(text);
        *at++ = '-';
        for (size_t i = 0; i < length; i++) {
            const unsigned char byte = (unsigned char)last->name[i];
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 0xf];
        }
        *at = '\0';
    }
    json_writer_string(writer, text);
    free(text);
}

/* --- all of it ----------------------------------------------------------------- */

int experiment_query_parse(const struct http_request *request,
                           struct experiment_query *out, struct err *err) {
    const struct api_number number = {"limit", PAGE_DEFAULT, 1, EXPERIMENT_PAGE_MAX};
    struct experiment_query query = {.wish.part = http_request_query(request, "name")};
    int64_t limit;
    int code = api_query_number(request, &number, &limit, err);
    if (code == 0) {
        code = parse_order(request, &query.wish.order, err);
    }
    if (code == 0) {
        code = parse_statuses(request, &query.wish.statuses, err);
    }
    if (code == 0) {
        code = parse_created(request, &query.wish, err);
    }
    if (code == 0) {
        code = api_query_client(request, &query.wish.client, err);
    }
    if (code == 0) {
        code = parse_preset(request, query.preset, err);
    }
    if (code == 0) {
        code = parse_after(request, &query, err);
    }
    if (code != 0) {
        experiment_query_deinit(&query);
        return code;
    }
    query.wish.limit = (size_t)limit;
    *out = query;
    out->wish.document_hash = out->preset[0] != '\0' ? out->preset : NULL;
    return 0;
}

void experiment_query_deinit(struct experiment_query *query) {
    free(query->cursor);
    *query = (struct experiment_query){0};
}
