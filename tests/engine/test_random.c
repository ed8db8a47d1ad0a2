/* SPDX-License-Identifier: MIT */
/* test_random - numbers that are a function of an identity. */
#include <math.h>
#include <stdio.h>

#include "engine/base/random.h"
#include "engine/base/ziggurat_table.h"
#include "tests/support/test.h"

/* A change of any of these changes every result that was ever stored. */
static void test_random_frozen_values(void **state) {
    (void)state;
    static const struct {
        uint64_t seed;
        uint32_t repetition;
        uint64_t what, key;
        double unit, normal, exponential;
    } frozen[] = {
        {0U, 0U, 0U, UINT64_C(0xbcbd8bd49d7dedfa), 0x1.797b17a93afbep-1,
         -0x1.2c9e860d048c8p-2, 0x1.d697bfb07a253p-3},
        {1U, 0U, 1U, UINT64_C(0x93e0e0f4b17d24ca), 0x1.27c1c1e962fa4p-1,
         -0x1.2e66bbaa4cb5cp+0, 0x1.a512bce48372ap-1},
        {1U, 1U, 17U, UINT64_C(0x7824af04b534e7ac), 0x1.e092bc12d4d39p-2,
         0x1.b58cf358b1746p+0, 0x1.0c720faa9e434p+0},
        {42U, 7U, 1000000U, UINT64_C(0x9169f3eba7cf1797), 0x1.22d3e7d74f9e2p-1,
         -0x1.e907a35613397p+0, 0x1.c78c26fcae2b3p+0},
        {18446744073709551615U, 4294967295U, 18446744073709551615U,
         UINT64_C(0x704da86ef5847a8e), 0x1.c136a1bbd611fp-2, 0x1.1427ee753c0b1p+1,
         0x1.a8690f1425986p+0},
    };
    for (size_t i = 0; i < sizeof frozen / sizeof frozen[0]; i++) {
        const uint64_t key =
            random_mix(random_key(frozen[i].seed, frozen[i].repetition), frozen[i].what);
        if (key != frozen[i].key || random_unit(key) != frozen[i].unit ||
            random_normal(key) != frozen[i].normal ||
            random_exponential(key) != frozen[i].exponential) {
            fail_msg("{%llu, %u, %llu, UINT64_C(0x%016llx), %a, %a, %a},",
                     (unsigned long long)frozen[i].seed, frozen[i].repetition,
                     (unsigned long long)frozen[i].what, (unsigned long long)key,
                     random_unit(key), random_normal(key), random_exponential(key));
        }
    }
}

static void test_random_keys_differ(void **state) {
    (void)state;
    enum { KEYS = 3000 };
    static uint64_t keys[KEYS];
    int count = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        for (uint32_t repetition = 0; repetition < 10; repetition++) {
            const uint64_t root = random_key(seed, repetition);
            for (uint64_t what = 0; what < 30; what++) {
                keys[count++] = random_mix(root, what);
            }
        }
    }
    for (int i = 0; i < KEYS; i++) {
        for (int k = 0; k < i; k++) {
            assert_true(keys[i] != keys[k]);
        }
    }
    /* mixing is about order: (a, b) is not (b, a) */
    assert_true(random_mix(random_mix(1, 2), 3) != random_mix(random_mix(1, 3), 2));
    assert_true(random_mix(0, 0) != 0);
}

/* Uniform in (0, 1), and uniform in each of 64 parts: chi-squared with 63 degrees of
 * freedom is below 120 in all but one of ten thousand samples. */
static void test_random_unit_is_uniform(void **state) {
    (void)state;
    enum { DRAWS = 64000, PARTS = 64 };
    int count[PARTS] = {0};
    double sum = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double u = random_unit(random_mix(77, i));
        assert_true(u > 0.0 && u < 1.0);
        count[(int)(u * PARTS)]++;
        sum += u;
    }
    double chi = 0;
    for (int i = 0; i < PARTS; i++) {
        const double off = count[i] - (double)DRAWS / PARTS;
        chi += off * off / ((double)DRAWS / PARTS);
    }
    assert_true(chi < 120.0);
    assert_true(fabs(sum / DRAWS - 0.5) < 0.006);
}

static void test_random_normal_has_its_moments(void **state) {
    (void)state;
    enum { DRAWS = 100000 };
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double x = random_normal(random_mix(78, i));
        m1 += x / DRAWS;
        m2 += x * x / DRAWS;
        m3 += x * x * x / DRAWS;
        m4 += x * x * x * x / DRAWS;
    }
    assert_true(fabs(m1) < 0.015); /* five standard errors each */
    assert_true(fabs(m2 - 1) < 0.025);
    assert_true(fabs(m3) < 0.07);
    assert_true(fabs(m4 - 3) < 0.2);
}

static double normal_density(double x) { return exp(-0.5 * x * x); }
static double normal_beyond(double x) { return sqrt(acos(0.0)) * erfc(x / sqrt(2.0)); }
static double exponential_density(double x) { return exp(-x); }

/* All layers have one area, and under the lowest lies the tail. */
static void check_layers(const struct ziggurat *ziggurat, double (*density)(double x),
                         double (*beyond)(double x)) {
    const double *edge = ziggurat->edge, *height = ziggurat->height;
    const double area = edge[0] * height[1];
    assert_true(fabs(edge[1] * height[1] + beyond(edge[1]) - area) < 1e-14 * area);
    for (int i = 1; i <= ZIGGURAT_LAYERS; i++) {
        assert_true(edge[i] < edge[i - 1]);
        assert_true(fabs(height[i] - density(edge[i])) < 1e-15);
        if (i < ZIGGURAT_LAYERS) {
            const double layer = edge[i] * (height[i + 1] - height[i]);
            assert_true(fabs(layer - area) < 1e-12 * area);
        }
    }
    assert_true(edge[ZIGGURAT_LAYERS] == 0.0 && height[ZIGGURAT_LAYERS] == 1.0);
}

static void test_random_ziggurat_layers_fit(void **state) {
    (void)state;
    check_layers(&ziggurat_normal, normal_density, normal_beyond);
    check_layers(&ziggurat_exponential, exponential_density, exponential_density);
}

/* How many of so many draws lie beyond x, against how many should: five standard errors. */
static void check_beyond(double x, double share, uint64_t count, uint64_t draws) {
    const double expected = share * (double)draws;
    if (fabs((double)count - expected) > 5.0 * sqrt(expected)) {
        fail_msg("%llu of %llu beyond %g, expected %g", (unsigned long long)count,
                 (unsigned long long)draws, x, expected);
    }
}

/* Into the tail beyond the last edge (3.44 and 6.90), and in every layer. */
static void test_random_tails_have_their_share(void **state) {
    (void)state;
    enum { DRAWS = 1000000, CUTS = 45 };
    uint64_t normal[CUTS] = {0}, exponential[CUTS] = {0}, below = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double x = random_normal(random_mix(79, i));
        const double y = random_exponential(random_mix(80, i));
        assert_true(y >= 0.0);
        below += x < 0.0;
        for (int cut = 0; cut < CUTS && cut * 0.1 < fabs(x); cut++) {
            normal[cut]++;
        }
        for (int cut = 0; cut < CUTS && cut * 0.25 < y; cut++) {
            exponential[cut]++;
        }
    }
    check_beyond(0, 0.5, below, DRAWS);
    for (int cut = 1; cut < CUTS; cut++) {
        check_beyond(cut * 0.1, erfc(cut * 0.1 / sqrt(2.0)), normal[cut], DRAWS);
        check_beyond(cut * 0.25, exp(-cut * 0.25), exponential[cut], DRAWS);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_frozen_values),
        cmocka_unit_test(test_random_keys_differ),
        cmocka_unit_test(test_random_unit_is_uniform),
        cmocka_unit_test(test_random_normal_has_its_moments),
        cmocka_unit_test(test_random_ziggurat_layers_fit),
        cmocka_unit_test(test_random_tails_have_their_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
