/* SPDX-License-Identifier: MIT */
#include "reading.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/python/runtime_table.h"
#include "server/document/workload.h"

/* --- runtimes ----------------------------------------------------------------- */

/* One parameter as it stands in the document: "switch_interval_us=1000". */
static int write_override(char *out, size_t size, const struct field *field,
                          const json_t *value) {
    if (json_is_boolean(value)) {
        return snprintf(out, size, "%s=%s", field->name,
                        json_is_true(value) ? "true" : "false");
    }
    return snprintf(out, size, "%s=%.15g", field->name, json_number_value(value));
}

/* "cpython-3.9 (switch_interval_us=1000, attach_us=0.1)", in the order of the table. */
static char *label_overrides(struct arena *arena, const char *base, const json_t *value) {
    enum { PART_SIZE = 96 };
    char *label =
        arena_alloc(arena, strlen(base) + 4 + runtime_field_count * PART_SIZE, 1);
    if (label == NULL) {
        return NULL;
    }
    char *end = label + sprintf(label, "%s", base);
    const char *between = " (";
    for (size_t i = 0; i < runtime_field_count; i++) {
        const json_t *member = json_object_get(value, runtime_fields[i].name);
        if (member != NULL) {
            char part[PART_SIZE - 2];
            write_override(part, sizeof part, &runtime_fields[i], member);
            end += sprintf(end, "%s%s", between, part);
            between = ", ";
        }
    }
    strcpy(end, between[0] == ',' ? ")" : "");
    return label;
}

/* The place is the element's. */
static int read_runtime(struct reader *reader, struct arena *arena, const json_t *value,
                        struct reading_runtime *out) {
    const bool plain = json_is_string(value);
    int rc = plain ? reader_check_name(reader, value, NAMES_RUNTIMES)
                   : reader_check_object(reader, value, &schema_runtime);
    if (rc != 0) {
        return rc;
    }
    const char *base = json_string_value(plain ? value : json_object_get(value, "base"));
    out->runtime = runtime_row_find(base)->runtime;
    if (!plain) {
        reader_get_parameters(value, &schema_runtime, &out->runtime);
    }
    out->label = plain ? arena_strdup(arena, base) : label_overrides(arena, base, value);
    return out->label == NULL ? err_set_nomem(reader->err) : 0;
}

static int read_runtimes(struct reader *reader, const json_t *list, struct reading *out) {
    struct arena *arena = &out->plan.arena;
    const size_t count = list == NULL ? 1 : json_array_size(list);
    out->runtimes = arena_alloc(arena, count, sizeof out->runtimes[0]);
    if (out->runtimes == NULL) {
        return err_set_nomem(reader->err);
    }
    out->runtime_count = count;
    if (list == NULL) {
        out->runtimes[0].runtime = out->reference;
        out->runtimes[0].label = arena_strdup(arena, out->reference.name);
        return out->runtimes[0].label == NULL ? err_set_nomem(reader->err) : 0;
    }
    place_push_name(&reader->place, "runtimes");
    for (size_t i = 0; i < count; i++) {
        place_push_index(&reader->place, i);
        int rc = read_runtime(reader, arena, json_array_get(list, i), &out->runtimes[i]);
        if (rc != 0) {
            return rc;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(out->runtimes[j].label, out->runtimes[i].label) == 0) {
                return reader_refuse(reader, "%s is already in the list; remove one",
                                     out->runtimes[i].label);
            }
        }
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    return 0;
}

/* --- strategies --------------------------------------------------------------- */

/* A count that need not be there; 0 when it is not. */
static uint32_t read_optional(const json_t *value, const char *member) {
    return (uint32_t)json_integer_value(json_object_get(value, member));
}

/* ", to_thread=4"; nothing if there is none. */
static void label_count(char *out, size_t size, const char *name, uint32_t count) {
    out[0] = '\0';
    if (count > 0) {
        snprintf(out, size, ", %s=%u", name, count);
    }
}

/* "threads(8)", "asyncio(16, to_thread=4)", "processes(4, chunk=10, start=spawn)": what is
 * not the default. */
static char *strategy_label(struct arena *arena, const struct strategy *strategy) {
    char offload[32] = "", chunk[32] = "", each[80] = "", start[32] = "", label[224];
    label_count(offload, sizeof offload, "to_thread", strategy->to_thread);
    if (strategy->to_process > 0) {
        label_count(offload, sizeof offload, "to_process", strategy->to_process);
    }
    if (strategy->chunk > 1) {
        label_count(chunk, sizeof chunk, "chunk", strategy->chunk);
    }
    if (strategy_is_nested(strategy)) {
        char inner[32];
        label_count(inner, sizeof inner, "to_thread", strategy->each.to_thread);
        snprintf(each, sizeof each, ", each=%s(%u%s)",
                 strategy_kind_name(strategy->each.kind), strategy->each.workers, inner);
    }
    if (strategy->start != START_DEFAULT) {
        snprintf(start, sizeof start, ", start=%s", start_method_name(strategy->start));
    }
    snprintf(label, sizeof label, "%s(%u%s%s%s%s)", strategy_kind_name(strategy->kind),
             strategy->workers, offload, chunk, each, start);
    return arena_strdup(arena, label);
}

/* What each of several processes runs; the place is that of the strategy. */
static int read_each(struct reader *reader, const json_t *strategy,
                     struct strategy_each *out) {
    const json_t *value = json_object_get(strategy, "each");
    if (value == NULL) {
        return 0;
    }
    if (json_object_get(strategy, "chunk") != NULL) {
        return reader_refuse_member(reader, "chunk",
                                    "'chunk' belongs to a pool of processes; with 'each' "
                                    "nothing is sent to them: remove one of the two");
    }
    const struct schema_variant *variant = NULL;
    place_push_name(&reader->place, "each");
    const int rc = reader_check_variant(reader, value, &schema_each, &variant);
    if (rc == 0) {
        place_pop(&reader->place);
        *out = (struct strategy_each){
            .kind = (enum strategy_kind)variant->kind,
            .workers =
                (uint32_t)reader_get_integer(value, &variant->object, variant->name),
            .to_thread = read_optional(value, "to_thread"),
        };
    }
    return rc;
}

/* All processes together run no more than one loop or one program may. */
static int check_total(struct reader *reader, const struct strategy *strategy) {
    const uint64_t total = (uint64_t)strategy->workers * strategy->each.workers;
    const bool loops = strategy->each.kind == STRATEGY_ASYNCIO;
    const int most = loops ? WORKLOAD_MAX_TASKS : WORKLOAD_MAX_THREADS;
    return total > (uint64_t)most
               ? reader_refuse_member(
                     reader, "each",
                     "that makes %llu %s in all processes; at most %d can be run",
                     (unsigned long long)total, loops ? "tasks" : "threads", most)
               : 0;
}

/* Of an event loop. */
static int check_offload(struct reader *reader, const json_t *strategy) {
    const bool processes = json_object_get(strategy, "to_process") != NULL;
    if (json_object_get(strategy, "to_thread") != NULL && processes) {
        return reader_refuse_member(reader, "to_process",
                                    "what would hold up the loop runs in threads or in "
                                    "processes: remove 'to_thread' or 'to_process'");
    }
    return json_object_get(strategy, "start") != NULL && !processes
               ? reader_refuse_member(reader, "start",
                                      "an event loop starts no processes: remove 'start' "
                                      "or add 'to_process'")
               : 0;
}

/* map() takes all jobs before it cuts them into chunks. */
static int check_chunk(struct reader *reader, const struct reading_strategy *strategy,
                       const struct plan *plan) {
    return strategy->strategy.chunk > 1 && plan->arrivals.kind != ARRIVALS_NONE
               ? reader_refuse_member(
                     reader, "chunk",
                     "jobs that arrive are submitted one by one, each when it is there; "
                     "chunks are cut by map(), which needs all jobs at once: remove "
                     "'chunk', or give the jobs a 'count' in place of 'arrivals'")
               : 0;
}

/* The place is the element's. */
static int read_strategy(struct reader *reader, struct arena *arena, const json_t *value,
                         struct reading_strategy *out) {
    if (json_is_string(value)) {
        const int rc = reader_check_name(reader, value, NAMES_STRATEGIES);
        if (rc == 0) {
            out->strategy = (struct strategy){.kind = STRATEGY_SEQUENTIAL, .workers = 1};
            out->label = strategy_kind_name(STRATEGY_SEQUENTIAL);
        }
        return rc;
    }
    const struct schema_variant *variant = NULL;
    struct strategy_each each = {0};
    int rc = reader_check_variant(reader, value, &schema_strategies, &variant);
    if (rc == 0) {
        rc = read_each(reader, value, &each);
    }
    if (rc == 0 && variant->kind == STRATEGY_ASYNCIO) {
        rc = check_offload(reader, value);
    }
    if (rc != 0) {
        return rc;
    }
    const int64_t workers = reader_get_integer(value, &variant->object, variant->name);
    out->strategy = (struct strategy){.kind = (enum strategy_kind)variant->kind,
                                      .workers = (uint32_t)workers,
                                      .to_thread = read_optional(value, "to_thread"),
                                      .to_process = read_optional(value, "to_process"),
                                      .chunk = read_optional(value, "chunk"),
                                      .each = each,
                                      .start = workload_start_method(value)};
    out->label = strategy_label(arena, &out->strategy);
    return out->label == NULL ? err_set_nomem(reader->err) : 0;
}

/* What runs when no strategy is written: the actors, or the jobs one after the other. */
static int default_strategy(struct reader *reader, struct reading *out) {
    out->strategies = arena_alloc(&out->plan.arena, 1, sizeof out->strategies[0]);
    if (out->strategies == NULL) {
        return err_set_nomem(reader->err);
    }
    out->strategy_count = 1;
    out->strategies[0] =
        (struct reading_strategy){.strategy = out->plan.strategy,
                                  .label = strategy_kind_name(out->plan.strategy.kind)};
    return 0;
}

static int read_strategies(struct reader *reader, const json_t *list,
                           struct reading *out) {
    if (list == NULL) {
        return default_strategy(reader, out);
    }
    const size_t count = json_array_size(list);
    place_push_name(&reader->place, "strategies");
    if (out->plan.strategy.kind == STRATEGY_ACTORS) {
        return reader_refuse(reader, "actors say themselves who runs what; remove "
                                     "'strategies', or write the workload as 'jobs'");
    }
    out->strategies = arena_alloc(&out->plan.arena, count, sizeof out->strategies[0]);
    if (out->strategies == NULL) {
        return err_set_nomem(reader->err);
    }
    out->strategy_count = count;
    for (size_t i = 0; i < count; i++) {
        place_push_index(&reader->place, i);
        int rc = read_strategy(reader, &out->plan.arena, json_array_get(list, i),
                               &out->strategies[i]);
        rc = rc != 0 ? rc : check_chunk(reader, &out->strategies[i], &out->plan);
        rc = rc != 0 ? rc : check_total(reader, &out->strategies[i].strategy);
        if (rc != 0) {
            return rc;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(out->strategies[j].label, out->strategies[i].label) == 0) {
                return reader_refuse(reader, "%s is already in the list; remove one",
                                     out->strategies[i].label);
            }
        }
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    return 0;
}

/* --- machine, limits, the rest ------------------------------------------------ */

static int read_machine(struct reader *reader, const json_t *value, struct plan *plan) {
    if (value != NULL) {
        place_push_name(&reader->place, "machine");
        const int rc = reader_check_object(reader, value, &schema_machine);
        if (rc != 0) {
            return rc;
        }
        place_pop(&reader->place);
    }
    const struct machine_profile *profile =
        machine_profile_find(reader_get_string(value, &schema_machine, "profile"));
    plan->machine = profile->machine;
    snprintf(plan->machine_name, sizeof plan->machine_name, "%s", profile->name);
    if (value != NULL) {
        reader_get_parameters(value, &schema_machine, &plan->machine);
    }
    return 0;
}

static int read_limits(struct reader *reader, const json_t *value, struct limits *out) {
    if (value != NULL) {
        place_push_name(&reader->place, "limits");
        const int rc = reader_check_object(reader, value, &schema_limits);
        if (rc != 0) {
            return rc;
        }
        place_pop(&reader->place);
    }
    out->events = (uint64_t)reader_get_integer(value, &schema_limits, "events");
    out->virtual_ns =
        llround(reader_get_number(value, &schema_limits, "virtual_s") * 1e9);
    out->spans = (uint64_t)reader_get_integer(value, &schema_limits, "spans");
    return 0;
}

static enum document_record record_of(const char *word) {
    static const char *const words[] = {"", "summary", "timeline"};
    static_assert(sizeof words / sizeof words[0] == DOCUMENT_RECORD_COUNT, "a word each");
    if (word == NULL) {
        return DOCUMENT_RECORD_DEFAULT;
    }
    size_t i = 1;
    while (strcmp(words[i], word) != 0) {
        i++;
        ASSERT(i < DOCUMENT_RECORD_COUNT);
    }
    return (enum document_record)i;
}

static void read_scalars(const json_t *root, struct reading *out) {
    const char *goal = reader_get_string(root, &schema_document, "goal");
    out->name = reader_get_string(root, &schema_document, "name");
    out->description = reader_get_string(root, &schema_document, "description");
    out->plan.seed = (uint64_t)reader_get_integer(root, &schema_document, "seed");
    out->repetitions =
        (uint32_t)reader_get_integer(root, &schema_document, "repetitions");
    out->goal = goal == NULL ? METRIC_COUNT : metric_find(goal);
    out->record = record_of(reader_get_string(root, &schema_document, "record"));
    out->reference =
        runtime_row_find(reader_get_string(root, &schema_document, "reference"))->runtime;
}

/* Only that every pointer has a list of values; server/grid looks into them. */
static int check_sweep(struct reader *reader, const json_t *sweep) {
    const char *pointer;
    json_t *values;
    place_push_name(&reader->place, "sweep");
    json_object_foreach((json_t *)(uintptr_t)sweep, pointer, values) {
        if (!json_is_array(values) || json_array_size(values) == 0) {
            return reader_refuse_member(reader, pointer,
                                        "a pointer is swept over a list of at least one "
                                        "value: [1, 2, 4]");
        }
    }
    place_pop(&reader->place);
    return 0;
}

static int read_root(struct reader *reader, const json_t *root, struct reading *out) {
    int rc = reader_check_object(reader, root, &schema_document);
    if (rc != 0) {
        return rc;
    }
    read_scalars(root, out);
    rc = read_machine(reader, json_object_get(root, "machine"), &out->plan);
    if (rc == 0) {
        rc = read_runtimes(reader, json_object_get(root, "runtimes"), out);
    }
    if (rc == 0) {
        rc = read_limits(reader, json_object_get(root, "limits"), &out->plan.limits);
    }
    if (rc == 0) {
        place_push_name(&reader->place, "workload");
        rc = workload_read(reader, json_object_get(root, "workload"), &out->plan);
    }
    if (rc == 0) {
        place_pop(&reader->place);
        rc = read_strategies(reader, json_object_get(root, "strategies"), out);
    }
    if (rc == 0) {
        rc = check_sweep(reader, json_object_get(root, "sweep"));
    }
    return rc;
}

int reading_init(struct reading *out, const json_t *root, struct err *err) {
    struct err scratch = {0};
    struct reader reader = {.err = err != NULL ? err : &scratch};
    struct reading reading = {0};
    const int rc = read_root(&reader, root, &reading);
    if (rc != 0) {
        reading_deinit(&reading);
        return rc;
    }
    *out = reading;
    return 0;
}

void reading_deinit(struct reading *reading) {
    if (reading != NULL) {
        plan_deinit(&reading->plan);
        *reading = (struct reading){0};
    }
}

/* --- plans -------------------------------------------------------------------- */

int reading_check_cell(const struct reading *reading, size_t runtime, size_t strategy,
                       struct err *err) {
    ASSERT(runtime < reading->runtime_count && strategy < reading->strategy_count);
    struct plan view = reading->plan;
    view.runtime = reading->runtimes[runtime].runtime;
    view.strategy = reading->strategies[strategy].strategy;
    return plan_check(&view, err);
}

static void scale_python(struct plan *plan, const struct runtime *reference) {
    if (plan->runtime.python_cost_ppm == reference->python_cost_ppm) {
        return;
    }
    const double factor =
        (double)plan->runtime.python_cost_ppm / (double)reference->python_cost_ppm;
    for (size_t i = 0; i < plan->step_count; i++) {
        struct step *step = &plan->steps[i];
        if (step->kind == STEP_PYTHON || step->kind == STEP_PYTHON_CPU ||
            step->kind == STEP_UPDATE) {
            distribution_scale(&step->time, factor);
        }
    }
    for (size_t i = 0; i < plan->signal_count; i++) {
        plan->signals[i].handler_ns =
            distribution_scale_ns(plan->signals[i].handler_ns, factor);
    }
}

static void *copy_array(struct arena *arena, const void *items, size_t count,
                        size_t size) {
    void *copy = arena_alloc(arena, count, size);
    if (copy != NULL && count > 0) {
        memcpy(copy, items, count * size);
    }
    return copy;
}

/* NULL when out of memory. */
static char **copy_texts(struct arena *arena, char *const *texts, size_t count) {
    char **copy = arena_alloc(arena, count, sizeof copy[0]);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = arena_strdup(arena, texts[i]);
        if (copy[i] == NULL) {
            return NULL;
        }
    }
    return copy;
}

/* Replaces every borrowed array of the plan by a copy in its own, empty arena. */
static int own_arrays(struct plan *plan, struct err *err) {
    struct arena *arena = &plan->arena;
    plan->steps = copy_array(arena, plan->steps, plan->step_count, sizeof plan->steps[0]);
    plan->actors =
        copy_array(arena, plan->actors, plan->actor_count, sizeof plan->actors[0]);
    plan->tasks = copy_array(arena, plan->tasks, plan->task_count, sizeof plan->tasks[0]);
    plan->sites = copy_texts(arena, plan->sites, plan->site_count);
    plan->names = copy_texts(arena, plan->names, plan->name_count);
    plan->objects =
        copy_array(arena, plan->objects, plan->object_count, sizeof plan->objects[0]);
    plan->signals =
        copy_array(arena, plan->signals, plan->signal_count, sizeof plan->signals[0]);
    if (plan->signals == NULL || plan->objects == NULL || plan->steps == NULL ||
        plan->actors == NULL || plan->tasks == NULL || plan->sites == NULL ||
        plan->names == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        struct distribution *time = &plan->steps[i].time;
        time->values = time->count == 0 ? NULL
                                        : copy_array(arena, time->values, time->count,
                                                     sizeof time->values[0]);
        if (time->count > 0 && time->values == NULL) {
            return err_set_nomem(err);
        }
    }
    return 0;
}

int reading_plan(const struct reading *reading, size_t runtime, size_t strategy,
                 struct plan *out, struct err *err) {
    int rc = reading_check_cell(reading, runtime, strategy, err);
    if (rc != 0) {
        return rc;
    }
    struct plan plan = reading->plan;
    plan.arena = (struct arena){0};
    plan.runtime = reading->runtimes[runtime].runtime;
    plan.strategy = reading->strategies[strategy].strategy;
    rc = own_arrays(&plan, err);
    if (rc != 0) {
        plan_deinit(&plan);
        return rc;
    }
    scale_python(&plan, &reading->reference);
    *out = plan;
    return 0;
}
