/* SPDX-License-Identifier: MIT */
/*
 * fuzz_totals - any bytes as the totals of a lane, of a chunk and of holders, which have no
 * checksum: refused with a sentence, or totals that are written and read again as the same,
 * and can be added to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/chunk_totals_priv.h"
#include "db/holder_totals_priv.h"
#include "db/lane_totals_priv.h"
#include "engine/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GROUP = 3 };

/* What is known of where they stand. */
static const struct holder_scope scope = {GROUP, INT64_C(3) << 40};

static void check_refusal(int rc, const struct err *err) {
    ASSERT(rc == ERR_CORRUPT && err->code == ERR_CORRUPT && err->text[0] != '\0');
}

static void try_lane(const uint8_t *data, size_t size) {
    struct err err = {0};
    sim_ns state_ns[STATE_COUNT], again[STATE_COUNT];
    uint8_t bytes[LANE_TOTALS_BYTES];
    const int rc = lane_totals_decode(state_ns, data, size, &err);
    if (rc != 0) {
        check_refusal(rc, &err);
        return;
    }
    const size_t used = lane_totals_encode(bytes, state_ns);
    ASSERT(used <= sizeof bytes && lane_totals_decode(again, bytes, used, &err) == 0);
    ASSERT(memcmp(state_ns, again, sizeof again) == 0);
}

static void try_chunk(const uint8_t *data, size_t size) {
    static struct chunk_totals totals, again;
    struct err err = {0};
    struct chunk_bytes bytes = {0};
    const int rc = chunk_totals_decode(&totals, scope.until_ns, data, size, &err);
    if (rc != 0) {
        check_refusal(rc, &err);
        return;
    }
    ASSERT(chunk_totals_encode(&totals, &bytes, &err) == 0);
    ASSERT(chunk_totals_decode(&again, scope.until_ns, bytes.data, bytes.size, &err) ==
           0);
    ASSERT(memcmp(&totals, &again, sizeof again) == 0);
    chunk_bytes_deinit(&bytes);
}

static void try_holders(const uint8_t *data, size_t size) {
    struct err err = {0};
    struct holder_totals totals = {0}, again = {0};
    struct chunk_bytes bytes = {0};
    const int rc = holder_totals_decode(&totals, &scope, data, size, &err);
    if (rc != 0) {
        check_refusal(rc, &err);
        holder_totals_deinit(&totals);
        return;
    }
    ASSERT(holder_totals_encode(&totals, &bytes, &err) == 0);
    ASSERT(holder_totals_decode(&again, &scope, bytes.data, bytes.size, &err) == 0);
    ASSERT(again.count == totals.count);
    for (size_t i = 0; i < totals.count; i++) {
        const struct holder_total *a = &totals.items[i], *b = &again.items[i];
        ASSERT(holder_total_order(a, b) == 0 && a->ns == b->ns);
        ASSERT(a->ns > 0 && a->ns <= scope.until_ns);
        ASSERT(a->lane / LANE_GROUP_LANES == GROUP && a->state < STATE_COUNT);
    }
    holder_totals_deinit(&totals);
    holder_totals_deinit(&again);
    chunk_bytes_deinit(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *exact = malloc(size > 0 ? size : 1);
    ASSERT(exact != NULL);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    try_lane(exact, size);
    try_chunk(exact, size);
    try_holders(exact, size);
    free(exact);
    return 0;
}
