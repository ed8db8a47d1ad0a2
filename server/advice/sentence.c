/* SPDX-License-Identifier: MIT */
#include "server/advice/sentence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * Words in braces are numbers of the finding, or:
 *
 *     {number} {threshold}   as they are, in their unit
 *     {lane} {culprit}       names of lanes
 *     {site} {state} {object}
 *     {wait}                 length of the proof
 *
 * A number that ends in _us is written with its unit, one that ends in _share and those
 * of unit "ratio" as a percentage.
 */
static const char *const templates[FINDING_COUNT] = {
    [FINDING_GIL_BOUND] =
        "The GIL was held or on its way to the next thread {number} of the time (held: "
        "{held_share}), {waiting_threads} threads waited for it on the mean, and "
        "{idle_cores} of {cores} cores had nothing to do: it is the GIL that limits this "
        "run. The longest wait was {longest_wait_us}, of {lane}, for "
        "{culprit} at {site}.",
    [FINDING_GIL_CONVOY] =
        "After {lost_returns} of its {returns} blocking calls {lane} had to wait for a "
        "switch interval ({switch_interval_us}) or longer until it got the GIL back, "
        "{wait_mean_us} on the mean, from threads such as {culprit} that only compute. "
        "Ten such waits follow one another in {wait}.",
    [FINDING_STARVED_IO_THREAD] =
        "{lane} wanted the GIL for {wanted_share} of its life and waited for it for "
        "{number}. In the longest wait, {wait}, {culprit} had the GIL longest, at "
        "{site}.",
    [FINDING_C_CALL_HOLDS_GIL] = "A C call at {site} kept the GIL for {number}, and "
                                 "nobody can make it give it up: "
                                 "others waited {waited_us} for such calls.",
    [FINDING_SWITCH_INTERVAL] =
        "{number} of all waiting for the GIL is patience: {waits} times a thread that "
        "wanted it for a moment waited for the interval of {switch_interval_us}, "
        "{wait_mean_us} on the mean.",
    [FINDING_LOOP_BLOCKED] =
        "A callback at {site} ({state}) kept the event loop for {number}. Meanwhile no "
        "other task of it could run: timers came up to {loop_lag_max_us} late, tasks "
        "that "
        "were ready waited {ready_us}.",
    [FINDING_LOOP_STARVED_BY_GIL] =
        "The thread of the event loop, {lane}, waited for the GIL for {number} of its "
        "life, up to {longest_wait_us} at a time; {culprit} had it at {site}.",
    [FINDING_TIMER_GRANULARITY] =
        "{sleeps} sleeps at {site} were to take {asked_us} and took {took_us} on the "
        "mean, only because timers are no finer.",
    [FINDING_POOL_TOO_SMALL] =
        "Workers waited for the outside world for {number} of their time at work, while "
        "{waiting_share} of the work waited for one of {places} places and {idle_cores} "
        "of {cores} cores had nothing to do.",
    [FINDING_POOL_OVERSUBSCRIBED] =
        "{number} times as many threads waited for a core as there are cores: {threads} "
        "threads on {cores} cores, {preemptions} times one had to leave its core.",
    [FINDING_START_COST_DOMINATES] =
        "{workers} workers took {start_mean_us} on the mean until they did their first "
        "step, the slowest {start_longest_us}: {number} of the makespan of "
        "{makespan_us}.",
    [FINDING_PICKLING_BOUND] =
        "Handing a job over takes {over_per_job_us} of core time, its steps take "
        "{steps_per_job_us}: {pickle_share} of it is pickling, {pool_share} Python of "
        "the "
        "pool, {pipe_share} pipes.",
    [FINDING_NESTED_PARALLELISM] =
        "{threads} threads wanted to compute at the same time on {cores} cores, "
        "{native_threads} of them started by C calls such as that at {site}.",
    [FINDING_REFCOUNT_PING_PONG] =
        "{number} of the core time went into reference counts of {object}, which up to "
        "{most_threads} threads counted at once: its cache line goes to and fro between "
        "their cores.",
    [FINDING_LOCK_CONTENDED] =
        "{number} threads or tasks waited for {object} on the mean, {wait_mean_us} each "
        "time and up to {longest_wait_us}; then {culprit} had it, at {site} ({state}).",
    [FINDING_LOST_UPDATES] =
        "{number} of {updates} updates are lost: between load and store of one lay the "
        "store of another.",
    [FINDING_IDLE_CORES] =
        "{idle_cores} of {cores} cores had nothing to do, while {culprit} computed for "
        "{busy_share} of the run, its longest step at {site}: fewer threads compute at a "
        "time than there are cores.",
    [FINDING_UNSTABLE_LOAD] =
        "{arrived_per_s} jobs a second arrive and {done_per_s} are done: the queue grows "
        "as long as this goes on, and latency is no number.",
    [FINDING_DEADLOCK] = "{number} threads or tasks wait for each other, for ever, since "
                         "{since_us}: {lane} "
                         "for what {culprit} has.",
    [FINDING_NOTHING_TO_GAIN] =
        "What limits this run is used up: its cores were busy {core_utilisation} of the "
        "time, and for {outside_share} of it everything waited for the outside world. No "
        "other number of workers and no other model that was tried makes it faster.",
};

/* --- numbers ------------------------------------------------------------------- */

void sentence_time(double us, char out[SENTENCE_TIME_SIZE]) {
    static const struct {
        double us;
        const char *unit;
    } units[] = {{1e6, "s"}, {1e3, "ms"}, {1, "us"}};
    size_t i = 0;
    while (i < 2 && fabs(us) < units[i].us) {
        i++;
    }
    if (isnan(us)) {
        snprintf(out, SENTENCE_TIME_SIZE, "no time");
    } else {
        snprintf(out, SENTENCE_TIME_SIZE, "%.3g %s", us / units[i].us, units[i].unit);
    }
}

static bool ends_in(const char *name, size_t size, const char *end) {
    const size_t length = strlen(end);
    return size >= length && memcmp(name + size - length, end, length) == 0;
}

static void write_number(double value, const char *name, size_t size,
                         char out[SENTENCE_TIME_SIZE]) {
    if (ends_in(name, size, "us")) {
        sentence_time(value, out);
    } else if (ends_in(name, size, "_share") || ends_in(name, size, "utilisation")) {
        snprintf(out, SENTENCE_TIME_SIZE, "%.3g %%", 100 * value);
    } else if (fabs(value) >= 1000) {
        snprintf(out, SENTENCE_TIME_SIZE, "%.0f", value);
    } else {
        snprintf(out, SENTENCE_TIME_SIZE, "%.3g", value);
    }
}

/* --- words --------------------------------------------------------------------- */

struct words {
    const struct advice *advice;
    const struct finding *finding;
    char *out;
    size_t used;
};

static void put(struct words *words, const char *text) {
    const size_t room = SENTENCE_SIZE - 1 - words->used;
    const size_t size = strlen(text) < room ? strlen(text) : room;
    memcpy(words->out + words->used, text, size);
    words->used += size;
    words->out[words->used] = '\0';
}

static void put_lane(struct words *words, lane_id lane) {
    if (lane >= 0 && (size_t)lane < words->advice->result.lanes.count) {
        put(words, lane_table_lane(&words->advice->result.lanes, lane).name);
    } else {
        put(words, "nobody");
    }
}

static void put_site(struct words *words) {
    const struct plan *plan = &words->advice->plan;
    const site_id site = words->finding->site;
    put(words, site >= 0 && (size_t)site < plan->site_count ? plan->sites[site]
                                                            : "no step of the document");
}

static void put_own_number(struct words *words) {
    char text[SENTENCE_TIME_SIZE];
    const char *unit = finding_rules[words->finding->id].unit;
    /* Of the ratios only these two are no shares. */
    const bool times = words->finding->id == FINDING_POOL_OVERSUBSCRIBED ||
                       words->finding->id == FINDING_NESTED_PARALLELISM;
    const char *as = strcmp(unit, "ratio") == 0 && !times ? "_share" : unit;
    write_number(words->finding->number, as, strlen(as), text);
    put(words, text);
}

static bool is_word(const char *name, size_t size, const char *word) {
    return strlen(word) == size && memcmp(name, word, size) == 0;
}

static void put_value(struct words *words, const char *name, size_t size) {
    const struct finding *finding = words->finding;
    char text[SENTENCE_TIME_SIZE];
    for (size_t i = 0; i < finding->value_count; i++) {
        if (is_word(name, size, finding->values[i].name)) {
            write_number(finding->values[i].value, name, size, text);
            put(words, text);
            return;
        }
    }
    put(words, "some");
}

static void put_word(struct words *words, const char *name, size_t size) {
    const struct finding *finding = words->finding;
    char text[SENTENCE_TIME_SIZE];
    if (is_word(name, size, "number")) {
        put_own_number(words);
    } else if (is_word(name, size, "lane")) {
        put_lane(words, finding->lane);
    } else if (is_word(name, size, "culprit")) {
        put_lane(words, finding->culprit);
    } else if (is_word(name, size, "site")) {
        put_site(words);
    } else if (is_word(name, size, "state")) {
        put(words, finding->state >= 0 ? lane_state_name((enum lane_state)finding->state)
                                       : "unknown");
    } else if (is_word(name, size, "object")) {
        put(words, finding->object >= 0
                       ? words->advice->plan.objects[finding->object].name
                       : "a lock");
    } else if (is_word(name, size, "wait")) {
        sentence_time((double)(finding->to_ns - finding->from_ns) / 1e3, text);
        put(words, text);
    } else {
        put_value(words, name, size);
    }
}

void sentence_of_finding(const struct advice *advice, const struct finding *finding,
                         char out[SENTENCE_SIZE]) {
    struct words words = {.advice = advice, .finding = finding, .out = out};
    const char *at = templates[finding->id];
    out[0] = '\0';
    while (*at != '\0') {
        char plain[SENTENCE_SIZE];
        const size_t size = strcspn(at, "{");
        snprintf(plain, sizeof plain, "%.*s", (int)size, at);
        put(&words, plain);
        at += size;
        if (*at == '{') {
            const size_t name = strcspn(++at, "}");
            put_word(&words, at, name);
            at += name + (at[name] == '}');
        }
    }
}
