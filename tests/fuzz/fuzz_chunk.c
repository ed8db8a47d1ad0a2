/* SPDX-License-Identifier: MIT */
/*
 * fuzz_chunk - any bytes as a chunk of spans, of instants and of counters: refused with a
 * sentence, or a chunk that can be written and read again. The checksum is made right.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/chunk_codec.h"
#include "engine/base/check.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span_block spans, spans_again, lanes;
static struct instant_block instants, instants_again;
static struct counter_block counters, counters_again;

static void check_refusal(int rc, const struct err *err) {
    ASSERT(rc == ERR_CORRUPT && err->code == ERR_CORRUPT && err->text[0] != '\0');
}

static void try_spans(const uint8_t *data, size_t size) {
    struct err err = {0};
    const int rc = chunk_codec_decode_spans(data, size, &spans, &err);
    ASSERT(chunk_codec_decode_lanes(data, size, &lanes, NULL) == rc);
    if (rc != 0) {
        check_refusal(rc, &err);
        return;
    }
    struct chunk_bytes bytes = {0};
    ASSERT(chunk_codec_encode_spans(&spans.chunk, &bytes, &err) == 0);
    ASSERT(chunk_codec_decode_spans(bytes.data, bytes.size, &spans_again, &err) == 0);
    ASSERT(lanes.first[LANE_GROUP_LANES] == spans.chunk.count);
    const struct span_chunk *a = &spans.chunk, *b = &spans_again.chunk;
    ASSERT(a->count == b->count && a->before_count == b->before_count);
    ASSERT(a->after_count == b->after_count && a->t0_ns == b->t0_ns);
    const size_t times = a->count * sizeof spans.start_ns[0];
    const size_t row = a->count * sizeof spans.lane[0];
    ASSERT(memcmp(spans.lane, spans_again.lane, row) == 0);
    ASSERT(memcmp(spans.resource, spans_again.resource, row) == 0);
    ASSERT(memcmp(spans.start_ns, spans_again.start_ns, times) == 0);
    ASSERT(memcmp(spans.end_ns, spans_again.end_ns, times) == 0);
    chunk_bytes_deinit(&bytes);
}

static void try_instants(const uint8_t *data, size_t size) {
    struct err err = {0};
    const int rc = chunk_codec_decode_instants(data, size, &instants, &err);
    if (rc != 0) {
        check_refusal(rc, &err);
        return;
    }
    struct chunk_bytes bytes = {0};
    ASSERT(chunk_codec_encode_instants(&instants.chunk, &bytes, &err) == 0);
    ASSERT(chunk_codec_decode_instants(bytes.data, bytes.size, &instants_again, &err) ==
           0);
    const size_t times = instants.chunk.count * sizeof instants.at_ns[0];
    ASSERT(memcmp(instants.at_ns, instants_again.at_ns, times) == 0);
    chunk_bytes_deinit(&bytes);
}

static void try_counters(const uint8_t *data, size_t size) {
    struct err err = {0};
    const int rc = chunk_codec_decode_counters(data, size, &counters, &err);
    if (rc != 0) {
        check_refusal(rc, &err);
        return;
    }
    struct chunk_bytes bytes = {0};
    ASSERT(chunk_codec_encode_counters(&counters.chunk, &bytes, &err) == 0);
    ASSERT(chunk_codec_decode_counters(bytes.data, bytes.size, &counters_again, &err) ==
           0);
    const uint32_t count = counters.chunk.count;
    ASSERT(memcmp(counters.at_ns, counters_again.at_ns, count * sizeof(sim_ns)) == 0);
    ASSERT(memcmp(counters.value, counters_again.value, count * sizeof(int64_t)) == 0);
    chunk_bytes_deinit(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *sealed = sealed_copy(data, size);
    try_spans(sealed, size);
    try_instants(sealed, size);
    try_counters(sealed, size);
    free(sealed);
    return 0;
}
