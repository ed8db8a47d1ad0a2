/* SPDX-License-Identifier: MIT */
#include "server/document/step_mistakes.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/program/plan.h"
#include "server/document/canonical.h"
#include "server/document/document.h"
#include "server/document/place.h"
#include "server/document/reader.h"

/* A step where it stands. */
struct found {
    json_t *list;
    size_t index;
    const struct schema_variant *variant; /* NULL: there is none */
};

static const struct schema_variant *variant_of(const json_t *value) {
    const struct schema_variant *variant = NULL;
    struct err err = {0};
    struct reader reader = {.err = &err};
    return json_is_object(value) &&
                   reader_find_variant(&reader, value, &schema_steps, &variant) == 0
               ? variant
               : NULL;
}

/* The innermost step that a pointer leads to or into. */
static struct found find_step(json_t *document, const char *pointer) {
    char token[sizeof((struct err *)0)->pointer];
    struct found found = {0};
    json_t *at = document;
    while (at != NULL && *pointer == '/') {
        const size_t size = strcspn(++pointer, "/");
        if (!place_unescape(pointer, size, token)) {
            break;
        }
        if (json_is_array(at)) {
            const size_t index = strtoul(token, NULL, 10);
            const struct schema_variant *variant = variant_of(json_array_get(at, index));
            found = variant != NULL ? (struct found){at, index, variant} : found;
            at = json_array_get(at, index);
        } else {
            at = json_object_get(at, token);
        }
        pointer += size;
    }
    return found;
}

/* What may stand wherever the step does and says nothing wrong; NULL: nothing that is like it in
 * all that matters to others. */
static json_t *harmless(const struct found *found) {
    const json_t *step = json_array_get(found->list, found->index);
    if (found->variant == NULL) {
        return NULL;
    }
    if (found->variant->body == NULL) {
        return json_pack("{s:i}", "python_us", 1);
    }
    return found->variant->kind == STEP_WITH
               ? json_pack("{s:i,s:O}", "repeat", 1, "steps",
                           json_object_get(step, found->variant->body))
               : NULL;
}

static int read_again(const json_t *document, struct err *err) {
    struct document *read = NULL;
    char *text = NULL;
    size_t size;
    int code = canonical_text(document, &text, &size, err);
    if (code == 0) {
        code = document_parse(&read, text, size, err);
        memory_free(text);
        document_destroy(read);
    }
    return code;
}

/* Steps that are ours, in the document that is read again and again. */
struct repair {
    json_t *document;
    const json_t *made[MISTAKES_MAX + 1];
    size_t count;
};

static bool is_ours(const struct repair *repair, const struct found *found) {
    const json_t *step =
        found->variant != NULL ? json_array_get(found->list, found->index) : NULL;
    for (size_t i = 0; step != NULL && i < repair->count; i++) {
        if (repair->made[i] == step) {
            return true;
        }
    }
    return false;
}

/* False: it cannot be, and nothing else is found. */
static bool replace(struct repair *repair, const struct found *found) {
    json_t *step = harmless(found);
    if (step == NULL || repair->count > MISTAKES_MAX ||
        json_array_set_new(found->list, found->index, step) != 0) {
        return false;
    }
    repair->made[repair->count++] = step;
    return true;
}

void step_mistakes_find(struct mistakes *out, json_t *document, const struct err *first,
                        size_t most) {
    struct repair repair = {.document = document};
    struct found at = find_step(document, first->pointer);
    bool goes_on = first->code == ERR_OK || replace(&repair, &at);
    while (goes_on && out->count < most) {
        struct err err = {0};
        if (read_again(document, &err) != ERR_INVALID) {
            break;
        }
        at = find_step(document, err.pointer);
        if (err.pointer[0] == '\0' || is_ours(&repair, &at)) {
            break;
        }
        out->list[out->count++] = err;
        goes_on = replace(&repair, &at);
    }
}
