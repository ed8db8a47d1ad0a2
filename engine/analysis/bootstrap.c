/* SPDX-License-Identifier: MIT */
#include "engine/analysis/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"

/* The bounds are the so manieth from either end: (resamples + 1) x 0.025 = 50.025. */
enum { BOUND = (BOOTSTRAP_RESAMPLES + 1) / 40 };

static const struct bootstrap_interval none = {NAN, NAN};

bool bootstrap_interval_exists(struct bootstrap_interval interval) {
    return !isnan(interval.low);
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* --- the table of draws -------------------------------------------------------- */

/* Ranks of the two middle values of a resample, the same one when there is one middle; and
 * how many resamples have these. */
struct bootstrap_middle {
    uint32_t low, high, times;
    double median; /* of the present values */
};

void bootstrap_deinit(struct bootstrap *bootstrap) {
    if (bootstrap != NULL) {
        memory_free(bootstrap->ranks);
        memory_free(bootstrap->middles);
        memory_free(bootstrap->sorted);
        *bootstrap = (struct bootstrap){0};
    }
}

/* A number below `count` from 32 random bits; the bias is below count / 2^32. */
static uint32_t scale(uint64_t bits, size_t count) {
    return (uint32_t)(((bits & UINT32_MAX) * (uint64_t)count) >> 32);
}

static void draw(uint32_t *ranks, size_t count, uint64_t key) {
    for (size_t i = 0; i < count; i += 2) {
        const uint64_t bits = random_mix(key, i);
        ranks[i] = scale(bits, count);
        if (i + 1 < count) {
            ranks[i + 1] = scale(bits >> 32, count);
        }
    }
}

/* Found by counting: the ranks are in order, there is nothing to sort. `room` is for as
 * many numbers as there are ranks. */
static struct bootstrap_middle middle_of(const uint32_t *ranks, size_t count,
                                         uint32_t *room) {
    struct bootstrap_middle middle = {.times = 1};
    memset(room, 0, count * sizeof *room);
    for (size_t i = 0; i < count; i++) {
        room[ranks[i]]++;
    }
    uint32_t rank = 0;
    size_t seen = room[0];
    while (seen <= (count - 1) / 2) {
        seen += room[++rank];
    }
    middle.low = rank;
    while (seen <= count / 2) {
        seen += room[++rank];
    }
    middle.high = rank;
    return middle;
}

/* Resamples of few values have few medians: those that are alike are one. There are about as
 * many as values, so that looking for them is cheaper than drawing. */
static void add_middle(struct bootstrap *bootstrap, struct bootstrap_middle middle) {
    for (size_t i = 0; i < bootstrap->middle_count; i++) {
        struct bootstrap_middle *other = &bootstrap->middles[i];
        if (other->low == middle.low && other->high == middle.high) {
            other->times++;
            return;
        }
    }
    bootstrap->middles[bootstrap->middle_count++] = middle;
}

static void fill(struct bootstrap *bootstrap, uint32_t *room) {
    const size_t count = bootstrap->count;
    const uint64_t key = random_mix(UINT64_C(0x626f6f7473747261), count);
    for (uint64_t i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
        uint32_t *ranks = &bootstrap->ranks[i * count];
        draw(ranks, count, random_mix(key, i));
        add_middle(bootstrap, middle_of(ranks, count, room));
    }
}

/* Makes room for `count` values, unless it is there. */
static int prepare_values(struct bootstrap *bootstrap, size_t count, struct err *err) {
    ASSERT(count >= 1 && count <= UINT32_MAX);
    if (bootstrap->count == count) {
        return 0;
    }
    bootstrap_deinit(bootstrap);
    bootstrap->sorted = memory_zeroed(count, sizeof *bootstrap->sorted);
    if (bootstrap->sorted == NULL) {
        return err_set_nomem(err);
    }
    bootstrap->count = count;
    return 0;
}

/* Makes the table, unless it is there. */
static int prepare_draws(struct bootstrap *bootstrap, struct err *err) {
    if (bootstrap->middles != NULL) {
        return 0;
    }
    const size_t count = bootstrap->count;
    uint32_t *room = memory_zeroed(count, sizeof *room);
    bootstrap->ranks =
        memory_zeroed(count, BOOTSTRAP_RESAMPLES * sizeof *bootstrap->ranks);
    bootstrap->middles = memory_zeroed(BOOTSTRAP_RESAMPLES, sizeof *bootstrap->middles);
    if (room == NULL || bootstrap->ranks == NULL || bootstrap->middles == NULL) {
        memory_free(room);
        bootstrap_deinit(bootstrap);
        return err_set_nomem(err);
    }
    fill(bootstrap, room);
    memory_free(room);
    return 0;
}

/* --- bounds -------------------------------------------------------------------- */

/* The BOUND smallest of the numbers that were added, ascending. Few of 2,000 get in. */
struct tail {
    double kept[BOUND];
    int count;
};

static void tail_add(struct tail *tail, double number) {
    if (tail->count == BOUND && number >= tail->kept[BOUND - 1]) {
        return;
    }
    tail->count += tail->count < BOUND;
    int at = tail->count - 1;
    while (at > 0 && tail->kept[at - 1] > number) {
        tail->kept[at] = tail->kept[at - 1];
        at--;
    }
    tail->kept[at] = number;
}

/* In the order of draws. It may not leave the range of the values by rounding. */
static double resample_mean(const double *sorted, const uint32_t *ranks, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += sorted[ranks[i]];
    }
    const double mean = sum / (double)count;
    return mean < sorted[0]           ? sorted[0]
           : mean > sorted[count - 1] ? sorted[count - 1]
                                      : mean;
}

static struct bootstrap_interval mean_bounds(const struct bootstrap *bootstrap) {
    const size_t count = bootstrap->count;
    struct tail low, high; /* the upper one as if from below */
    low.count = high.count = 0;
    for (size_t i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
        const double mean =
            resample_mean(bootstrap->sorted, &bootstrap->ranks[i * count], count);
        tail_add(&low, mean);
        tail_add(&high, -mean);
    }
    return (struct bootstrap_interval){low.kept[BOUND - 1], -high.kept[BOUND - 1]};
}

static int compare_medians(const void *a, const void *b) {
    return compare(&((const struct bootstrap_middle *)a)->median,
                   &((const struct bootstrap_middle *)b)->median);
}

static struct bootstrap_interval median_bounds(struct bootstrap *bootstrap) {
    const double *sorted = bootstrap->sorted;
    struct bootstrap_middle *middles = bootstrap->middles;
    for (size_t i = 0; i < bootstrap->middle_count; i++) {
        middles[i].median = (sorted[middles[i].low] + sorted[middles[i].high]) / 2;
    }
    qsort(middles, bootstrap->middle_count, sizeof *middles, compare_medians);
    size_t low = 0, high = bootstrap->middle_count - 1;
    for (uint32_t seen = middles[low].times; seen < BOUND; seen += middles[low].times) {
        low++;
    }
    for (uint32_t seen = middles[high].times; seen < BOUND; seen += middles[high].times) {
        high--;
    }
    return (struct bootstrap_interval){middles[low].median, middles[high].median};
}

/* --- summaries ----------------------------------------------------------------- */

static double mean_of(const double *sorted, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += sorted[i];
    }
    return sum / (double)count;
}

static double median_of(const struct bootstrap *bootstrap) {
    const double *sorted = bootstrap->sorted;
    const size_t count = bootstrap->count;
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/* The intervals of finite values; `mean` may be NULL. What is not spread needs no draws, as
 * it is of all metrics of a single repetition. */
static int find_intervals(struct bootstrap *bootstrap, struct bootstrap_interval *median,
                          struct bootstrap_interval *mean, struct err *err) {
    const size_t count = bootstrap->count;
    const double min = bootstrap->sorted[0], max = bootstrap->sorted[count - 1];
    const int rc = min < max ? prepare_draws(bootstrap, err) : 0;
    if (rc != 0) {
        return rc;
    }
    const struct bootstrap_interval point = {min, max};
    *median = min < max ? median_bounds(bootstrap) : count > 1 ? point : none;
    if (mean != NULL) {
        *mean = min < max ? mean_bounds(bootstrap) : *median;
    }
    return 0;
}

static int summarise(struct bootstrap *bootstrap, struct bootstrap_summary *out,
                     struct err *err) {
    const double *sorted = bootstrap->sorted;
    const size_t count = bootstrap->count;
    struct bootstrap_summary summary = {
        .count = count,
        .mean = NAN,
        .median = median_of(bootstrap),
        .min = sorted[0],
        .max = sorted[count - 1],
        .mean_95 = none,
        .median_95 = none,
    };
    int rc = 0;
    if (isfinite(summary.min) && isfinite(summary.max)) {
        /* Of equal ones nothing rounds. */
        summary.mean = summary.min < summary.max ? mean_of(sorted, count) : summary.min;
        rc = find_intervals(bootstrap, &summary.median_95, &summary.mean_95, err);
    }
    if (rc == 0) {
        *out = summary;
    }
    return rc;
}

/* Numbers, none of them NaN. */
static int take_values(struct bootstrap *bootstrap, struct bootstrap_sample sample,
                       struct err *err) {
    const int rc = prepare_values(bootstrap, sample.count, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < sample.count; i++) {
        ASSERT(!isnan(sample.values[i]));
        bootstrap->sorted[i] = sample.values[i];
    }
    qsort(bootstrap->sorted, sample.count, sizeof *bootstrap->sorted, compare);
    return 0;
}

int bootstrap_summarise(struct bootstrap *bootstrap, struct bootstrap_sample sample,
                        struct bootstrap_summary *out, struct err *err) {
    const int rc = take_values(bootstrap, sample, err);
    return rc == 0 ? summarise(bootstrap, out, err) : rc;
}

static double ratio(double value, double against) {
    if (value == 0 && against == 0) {
        return 1;
    }
    return value / against;
}

int bootstrap_paired_ratio(struct bootstrap *bootstrap, struct bootstrap_pairs pairs,
                           struct bootstrap_ratio *out, struct err *err) {
    struct bootstrap_ratio result = {pairs.count, NAN, none};
    if (pairs.count == 0) {
        *out = result;
        return 0;
    }
    double *ratios = memory_zeroed(pairs.count, sizeof *ratios);
    if (ratios == NULL) {
        return err_set_nomem(err);
    }
    bool finite = true;
    for (size_t i = 0; i < pairs.count; i++) {
        ratios[i] = ratio(pairs.values[i], pairs.against[i]);
        finite = finite && isfinite(ratios[i]);
    }
    int rc = 0;
    if (finite) {
        const struct bootstrap_sample sample = {ratios, pairs.count};
        rc = take_values(bootstrap, sample, err);
        rc = rc == 0 ? find_intervals(bootstrap, &result.median_95, NULL, err) : rc;
    }
    if (finite && rc == 0) {
        result.median = median_of(bootstrap);
    }
    memory_free(ratios);
    if (rc == 0) {
        *out = result;
    }
    return rc;
}
