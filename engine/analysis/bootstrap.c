/* SPDX-License-Identifier: MIT */
#include "engine/analysis/bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"

/* Rank of the lower bound, from 0: (resamples + 1) x 0.025 = 50.025, the 50th. */
enum { LOW_RANK = (BOOTSTRAP_RESAMPLES + 1) / 40 - 1 };

static const struct bootstrap_interval none = {NAN, NAN};

bool bootstrap_interval_exists(struct bootstrap_interval interval) {
    return !isnan(interval.low);
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void swap(double *a, double *b) {
    const double held = *a;
    *a = *b;
    *b = held;
}

/* The value that would stand at `rank` if the values were sorted (Hoare's selection); they
 * are left in another order, none above it to its left, none below it to its right. */
static double select_rank(double *values, size_t count, size_t rank) {
    size_t first = 0, last = count - 1;
    while (first < last) {
        const double pivot = values[first + (last - first) / 2];
        size_t i = first, k = last;
        for (;;) {
            while (values[i] < pivot) {
                i++;
            }
            while (values[k] > pivot) {
                k--;
            }
            if (i >= k) {
                break;
            }
            swap(&values[i++], &values[k--]);
        }
        /* [first, k] holds none above the pivot, (k, last] none below. */
        if (rank <= k) {
            last = k;
        } else {
            first = k + 1;
        }
    }
    return values[rank];
}

static struct bootstrap_interval interval_of(double *statistics) {
    const double low = select_rank(statistics, BOOTSTRAP_RESAMPLES, LOW_RANK);
    const double high =
        select_rank(statistics, BOOTSTRAP_RESAMPLES, BOOTSTRAP_RESAMPLES - 1 - LOW_RANK);
    return (struct bootstrap_interval){low, high};
}

/* --- resampling ---------------------------------------------------------------- */

/* What the resamples are made with; one allocation. */
struct work {
    double *sorted;  /* the values */
    double *means;   /* of the resamples */
    double *medians; /* ... */
    size_t *drawn;   /* how often each rank is in the present resample */
    void *memory;
};

static int work_init(struct work *work, size_t count, struct err *err) {
    const size_t fixed = 2 * (size_t)BOOTSTRAP_RESAMPLES;
    static_assert(sizeof(size_t) <= sizeof(double), "both kinds in one array");
    if (count > (SIZE_MAX - fixed) / 2) {
        return err_set_nomem(err);
    }
    work->memory = memory_zeroed(2 * count + fixed, sizeof(double));
    if (work->memory == NULL) {
        return err_set_nomem(err);
    }
    work->means = work->memory;
    work->medians = work->means + BOOTSTRAP_RESAMPLES;
    work->sorted = work->medians + BOOTSTRAP_RESAMPLES;
    work->drawn = (size_t *)(void *)(work->sorted + count);
    return 0;
}

/* A number below `count` from 32 random bits; the bias is below count / 2^32. */
static size_t scale(uint64_t bits, size_t count) {
    return (size_t)(((bits & UINT32_MAX) * (uint64_t)count) >> 32);
}

/* Draws one resample: counts ranks, returns the mean, summed in the order of draws. It may
 * not leave the range of the values by rounding. */
static double draw(struct work *work, size_t count, uint64_t key) {
    double sum = 0;
    memset(work->drawn, 0, count * sizeof *work->drawn);
    for (size_t i = 0; i < count; i += 2) {
        const uint64_t bits = random_mix(key, i);
        const size_t first = scale(bits, count);
        work->drawn[first]++;
        sum += work->sorted[first];
        if (i + 1 < count) {
            const size_t second = scale(bits >> 32, count);
            work->drawn[second]++;
            sum += work->sorted[second];
        }
    }
    const double mean = sum / (double)count;
    return fmin(fmax(mean, work->sorted[0]), work->sorted[count - 1]);
}

/* The median of the resample that has been counted: no need to sort or to select, since
 * the ranks are in order. */
static double drawn_median(const struct work *work, size_t count) {
    const size_t lower = (count - 1) / 2, upper = count / 2; /* the middle, from 0 */
    size_t rank = 0, seen = work->drawn[0];
    while (seen <= lower) {
        seen += work->drawn[++rank];
    }
    const double low = work->sorted[rank];
    while (seen <= upper) {
        seen += work->drawn[++rank];
    }
    return (low + work->sorted[rank]) / 2;
}

static void resample(struct work *work, size_t count, struct bootstrap_summary *out) {
    const uint64_t key = random_mix(UINT64_C(0x626f6f7473747261), count);
    for (uint64_t i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
        work->means[i] = draw(work, count, random_mix(key, i));
        work->medians[i] = drawn_median(work, count);
    }
    out->mean_95 = interval_of(work->means);
    out->median_95 = interval_of(work->medians);
}

/* --- summaries ----------------------------------------------------------------- */

static double mean_of(const double *sorted, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += sorted[i];
    }
    return sum / (double)count;
}

static void summarise(struct work *work, size_t count, struct bootstrap_summary *out) {
    const double *sorted = work->sorted;
    *out = (struct bootstrap_summary){
        .count = count,
        .mean = NAN,
        .median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
        .min = sorted[0],
        .max = sorted[count - 1],
        .mean_95 = none,
        .median_95 = none,
    };
    if (!isfinite(out->min) || !isfinite(out->max)) {
        return;
    }
    if (out->min < out->max) {
        out->mean = mean_of(sorted, count);
        resample(work, count, out);
        return;
    }
    out->mean = out->min; /* all alike: nothing rounds */
    if (count > 1) {
        out->mean_95 = out->median_95 = (struct bootstrap_interval){out->min, out->max};
    }
}

int bootstrap_summarise(const double *values, size_t count, struct bootstrap_summary *out,
                        struct err *err) {
    struct work work = {0};
    ASSERT(count >= 1 && count <= UINT32_MAX);
    const int rc = work_init(&work, count, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        ASSERT(!isnan(values[i]));
        work.sorted[i] = values[i];
    }
    qsort(work.sorted, count, sizeof *work.sorted, compare);
    summarise(&work, count, out);
    memory_free(work.memory);
    return 0;
}

static double ratio(double value, double against) {
    if (value == 0 && against == 0) {
        return 1;
    }
    return value / against;
}

int bootstrap_paired_ratio(const double *values, const double *against, size_t count,
                           struct bootstrap_ratio *out, struct err *err) {
    struct bootstrap_ratio result = {count, NAN, none};
    struct bootstrap_summary summary;
    if (count == 0) {
        *out = result;
        return 0;
    }
    double *ratios = memory_zeroed(count, sizeof *ratios);
    if (ratios == NULL) {
        return err_set_nomem(err);
    }
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        ratios[i] = ratio(values[i], against[i]);
        finite = finite && isfinite(ratios[i]);
    }
    int rc = 0;
    if (finite && (rc = bootstrap_summarise(ratios, count, &summary, err)) == 0) {
        result.median = summary.median;
        result.median_95 = summary.median_95;
    }
    memory_free(ratios);
    if (rc == 0) {
        *out = result;
    }
    return rc;
}
