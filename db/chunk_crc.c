/* SPDX-License-Identifier: MIT */
/*
 * chunk_crc - bytes are a polynomial over the field of two elements, and their CRC-32 is what is
 * left of it after division by a polynomial P of degree 32. So 16 bytes may be added to those
 * that come n bits later, once both of their halves are multiplied by what x^(n + 32) and
 * x^(n - 32) leave, the further one by the former: the sum leaves the same rest.
 *
 *     a b c d   e f g h   ...     four times 16 bytes fold onto the next four, n = 512,
 *             + a b c d
 *     a, b, c ---------> d        at last onto the last of them, n = 128
 *
 * zlib does the 16 bytes that there are at the end, and the few behind them. The numbers are the
 * rests of these powers, their bits reversed and moved by one, as in V. Gopal et al., "Fast CRC
 * Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009.
 */
#include "db/chunk_crc_priv.h"

#include <zlib.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <wmmintrin.h>

enum { AT_ONCE = 64, WORD = 16 };

#define WITH_MULTIPLICATION __attribute__((target("pclmul,sse2")))

WITH_MULTIPLICATION static inline __m128i load(const uint8_t *data) {
    return _mm_loadu_si128((const __m128i *)(const void *)data);
}

/* Adds `word` to one that stands as far behind it as `powers` says. */
WITH_MULTIPLICATION static inline __m128i fold(__m128i word, __m128i powers,
                                               __m128i onto) {
    const __m128i low = _mm_clmulepi64_si128(word, powers, 0x00);
    const __m128i high = _mm_clmulepi64_si128(word, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

/* At least AT_ONCE bytes. */
WITH_MULTIPLICATION static uint32_t crc_folded(const uint8_t *data, size_t size) {
    const __m128i by_four = _mm_set_epi64x(0x1c6e41596, 0x154442bd4); /* x^480, x^544 */
    const __m128i by_one = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);  /* x^96, x^160 */
    const uint8_t *at = data + AT_ONCE, *const end = data + size;
    __m128i a =
        _mm_xor_si128(load(data), _mm_cvtsi32_si128(-1)); /* CRCs begin with ones */
    __m128i b = load(data + WORD), c = load(data + 2 * WORD), d = load(data + 3 * WORD);
    for (; end - at >= AT_ONCE; at += AT_ONCE) {
        a = fold(a, by_four, load(at));
        b = fold(b, by_four, load(at + WORD));
        c = fold(c, by_four, load(at + 2 * WORD));
        d = fold(d, by_four, load(at + 3 * WORD));
    }
    d = fold(fold(fold(a, by_one, b), by_one, c), by_one, d);
    for (; end - at >= WORD; at += WORD) {
        d = fold(d, by_one, load(at));
    }
    uint8_t rest[WORD];
    _mm_storeu_si128((__m128i *)(void *)rest, d);
    const uLong crc = crc32(UINT32_MAX, rest, WORD); /* which begins with zeros */
    return (uint32_t)crc32(crc, at, (uInt)(end - at));
}

uint32_t chunk_crc(const uint8_t *data, size_t size) {
    return size >= AT_ONCE && __builtin_cpu_supports("pclmul")
               ? crc_folded(data, size)
               : (uint32_t)crc32(0, data, (uInt)size);
}
#else
uint32_t chunk_crc(const uint8_t *data, size_t size) {
    return (uint32_t)crc32(0, data, (uInt)size);
}
#endif
