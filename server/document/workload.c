/* SPDX-License-Identifier: MIT */
#include "workload.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/document/objects.h"
#include "server/document/text.h"
#include "server/document/times.h"
#include "server/document/workload_priv.h"

static void builder_deinit(struct builder *builder) {
    memory_free(builder->steps);
    memory_free(builder->sites);
    memory_free(builder->actors);
    memory_free(builder->tasks);
    memory_free(builder->names);
    memory_free(builder->name_texts);
    objects_deinit(&builder->objects);
}

/* --- jobs --------------------------------------------------------------------- */

enum start_method workload_start_method(const json_t *value) {
    const char *word = json_string_value(json_object_get(value, "start"));
    for (int i = 0; word != NULL && i < START_METHOD_COUNT; i++) {
        if (strcmp(start_method_name((enum start_method)i), word) == 0) {
            return (enum start_method)i;
        }
    }
    return START_DEFAULT;
}

/* Which arrivals make sense, of members that are right each. */
static int check_arrivals(struct reader *reader, const json_t *value,
                          const struct arrivals_plan *arrivals) {
    const double jobs = arrivals->rate_per_s * (double)arrivals->for_ns / 1e9;
    const bool burst = json_object_get(value, "burst") != NULL;
    if (arrivals->kind == ARRIVALS_BURSTS && !burst) {
        return reader_refuse(reader, "bursts lack 'burst': how many jobs arrive at once");
    }
    if (arrivals->kind == ARRIVALS_EXPONENTIAL && burst) {
        return reader_refuse_member(
            reader, "burst",
            "'burst' decides nothing here; remove it, or write "
            "\"dist\": \"bursts\", with exponential times between "
            "them, or \"dist\": \"constant\"");
    }
    if (arrivals->warmup_ns >= arrivals->for_ns) {
        return reader_refuse_member(reader, "warmup_s",
                                    "'warmup_s' must be less than 'for_s', or nothing is "
                                    "measured");
    }
    if (jobs > ARRIVALS_MAX_JOBS) {
        return reader_refuse_member(reader, "rate_per_s",
                                    "about %.0f jobs would arrive; at most %d can be run",
                                    jobs, ARRIVALS_MAX_JOBS);
    }
    return 0;
}

static enum arrivals_kind kind_of_arrivals(const char *name) {
    enum arrivals_kind kind = ARRIVALS_NONE;
    while (strcmp(arrivals_kind_name(kind), name) != 0) {
        kind++;
    }
    return kind;
}

static sim_ns seconds_to_ns(double seconds) { return llround(seconds * 1e9); }

static int read_arrivals(struct reader *reader, const json_t *value,
                         struct arrivals_plan *out) {
    const struct schema_object *schema = &schema_arrivals;
    place_push_name(&reader->place, "arrivals");
    int rc = reader_check_object(reader, value, schema);
    if (rc != 0) {
        return rc;
    }
    *out = (struct arrivals_plan){
        .kind = kind_of_arrivals(reader_get_string(value, schema, "dist")),
        .burst = 1,
        .rate_per_s = reader_get_number(value, schema, "rate_per_s"),
        .for_ns = seconds_to_ns(reader_get_number(value, schema, "for_s")),
        .warmup_ns = seconds_to_ns(reader_get_number(value, schema, "warmup_s")),
    };
    rc = check_arrivals(reader, value, out);
    if (rc == 0) {
        if (json_object_get(value, "burst") != NULL) {
            out->burst = (uint32_t)reader_get_integer(value, schema, "burst");
        }
        place_pop(&reader->place);
    }
    return rc;
}

/* How many there are, or how they arrive; the place is that of the jobs. */
static int read_number(struct reader *reader, const json_t *jobs, struct plan *plan) {
    const json_t *count = json_object_get(jobs, "count");
    const json_t *arrivals = json_object_get(jobs, "arrivals");
    if (count != NULL && arrivals != NULL) {
        return reader_refuse_member(reader, "arrivals",
                                    "'jobs' has either 'count' or 'arrivals', not both");
    }
    if (arrivals != NULL) {
        return read_arrivals(reader, arrivals, &plan->arrivals);
    }
    if (count == NULL) {
        return reader_refuse(reader, "'jobs' needs 'count', how many there are, or "
                                     "'arrivals', how they come");
    }
    plan->job_count = (uint32_t)json_integer_value(count);
    return 0;
}

static int read_jobs(struct builder *builder, const json_t *jobs, struct plan *plan) {
    struct reader *reader = builder->reader;
    place_push_name(&reader->place, "jobs");
    int rc = reader_check_object(reader, jobs, &schema_jobs);
    if (rc == 0) {
        if (rc == 0) {
            rc = read_number(reader, jobs, plan);
        }
        if (rc == 0) {
            rc = workload_read_steps(builder, jobs,
                                     (struct surroundings){.context = SCHEMA_IN_JOB},
                                     &plan->job);
        }
    }
    if (rc != 0) {
        return rc;
    }
    place_pop(&reader->place);
    plan->job_payload_bytes = reader_get_integer(jobs, &schema_jobs, "payload_bytes");
    plan->job_result_bytes = reader_get_integer(jobs, &schema_jobs, "result_bytes");
    plan->strategy = (struct strategy){.kind = STRATEGY_SEQUENTIAL, .workers = 1};
    return 0;
}

/* --- actors ------------------------------------------------------------------- */

static int read_task(struct builder *builder, const json_t *value, bool daemon,
                     struct task_plan *out) {
    struct reader *reader = builder->reader;
    int rc = reader_check_object(reader, value, &schema_task);
    if (rc != 0) {
        return rc;
    }
    snprintf(out->name, sizeof out->name, "%s",
             json_string_value(json_object_get(value, "name")));
    out->count = (uint32_t)reader_get_integer(value, &schema_task, "count");
    out->daemon = reader_get_flag(value, "daemon");
    const struct surroundings where = {.context = SCHEMA_IN_TASK,
                                       .daemon = daemon || out->daemon};
    return workload_read_steps(builder, value, where, &out->steps);
}

static int read_tasks(struct builder *builder, const json_t *list,
                      struct actor_plan *actor) {
    struct reader *reader = builder->reader;
    actor->first_task = (uint32_t)builder->task_count;
    place_push_name(&reader->place, "tasks");
    for (size_t i = 0; i < json_array_size(list); i++) {
        place_push_index(&reader->place, i);
        struct task_plan task = {0};
        const int rc = read_task(builder, json_array_get(list, i), actor->daemon, &task);
        if (rc != 0) {
            return rc;
        }
        builder->task_total += (uint64_t)task.count * actor->count;
        if (builder->task_total > WORKLOAD_MAX_TASKS) {
            return reader_refuse(
                reader, "with this there are %llu tasks; at most %d can be run",
                (unsigned long long)builder->task_total, WORKLOAD_MAX_TASKS);
        }
        if (vec_reserve((void **)&builder->tasks, &builder->task_capacity,
                        builder->task_count, sizeof task) != 0) {
            return err_set_nomem(reader->err);
        }
        builder->tasks[builder->task_count++] = task;
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    actor->task_end = (uint32_t)builder->task_count;
    return 0;
}

/* The place is the actor's. */
static int read_actor(struct builder *builder, const json_t *value,
                      struct actor_plan *out) {
    struct reader *reader = builder->reader;
    const struct schema_variant *variant = NULL;
    int rc = reader_check_variant(reader, value, &schema_actors, &variant);
    if (rc != 0) {
        return rc;
    }
    snprintf(out->name, sizeof out->name, "%s",
             json_string_value(json_object_get(value, "name")));
    out->kind = (enum actor_kind)variant->kind;
    out->count = (uint32_t)reader_get_integer(value, &variant->object, variant->name);
    out->daemon = reader_get_flag(value, "daemon");
    out->eager = reader_get_flag(value, "eager");
    builder->thread_total += out->count;
    if (builder->thread_total > WORKLOAD_MAX_THREADS) {
        return reader_refuse_member(
            reader, variant->name,
            "with this there are %llu threads; at most %d can be run",
            (unsigned long long)builder->thread_total, WORKLOAD_MAX_THREADS);
    }
    if (out->kind == ACTOR_EVENT_LOOP) {
        return read_tasks(builder, json_object_get(value, "tasks"), out);
    }
    out->start = workload_start_method(value);
    const struct surroundings where = {
        .context = out->kind == ACTOR_THREAD        ? SCHEMA_IN_THREAD
                   : out->kind == ACTOR_INTERPRETER ? SCHEMA_IN_INTERPRETER
                                                    : SCHEMA_IN_PROCESS,
        .daemon = out->daemon};
    return workload_read_steps(builder, value, where, &out->steps);
}

/* Actors without threads are read like all others and then left out. */
static int append_actor(struct builder *builder, const json_t *value) {
    const size_t step_count = builder->step_count, task_count = builder->task_count;
    struct actor_plan actor = {0};
    const int rc = read_actor(builder, value, &actor);
    if (rc != 0) {
        return rc;
    }
    if (actor.count == 0) {
        builder->step_count = step_count;
        builder->task_count = task_count;
        return 0;
    }
    if (vec_reserve((void **)&builder->actors, &builder->actor_capacity,
                    builder->actor_count, sizeof actor) != 0) {
        return err_set_nomem(builder->reader->err);
    }
    builder->actors[builder->actor_count++] = actor;
    return 0;
}

static int read_actors(struct builder *builder, const json_t *list, struct plan *plan) {
    struct reader *reader = builder->reader;
    bool waits = false;
    place_push_name(&reader->place, "actors");
    for (size_t i = 0; i < json_array_size(list); i++) {
        place_push_index(&reader->place, i);
        const int rc = append_actor(builder, json_array_get(list, i));
        if (rc != 0) {
            return rc;
        }
        place_pop(&reader->place);
    }
    for (size_t i = 0; i < builder->actor_count; i++) {
        waits = waits || !builder->actors[i].daemon;
    }
    if (!waits) {
        return reader_refuse(reader,
                             "a run ends when every actor that is not a daemon has "
                             "ended, and here there is none; add one");
    }
    place_pop(&reader->place);
    plan->strategy = (struct strategy){.kind = STRATEGY_ACTORS, .workers = 1};
    return 0;
}

/* --- signals ------------------------------------------------------------------ */

static int read_signal(struct reader *reader, const json_t *value,
                       struct signal_plan *out) {
    const int rc = reader_check_object(reader, value, &schema_signal);
    if (rc != 0) {
        return rc;
    }
    const json_t *handler = json_object_get(value, "handler_us");
    *out = (struct signal_plan){
        .at_ns = times_to_ns(json_object_get(value, "at_us")),
        .handler_ns = handler == NULL ? 10 * NS_PER_US : times_to_ns(handler),
    };
    return 0;
}

/* They come straight into the plan: their number is known. */
static int read_signals(struct reader *reader, const json_t *list, struct plan *plan) {
    const size_t count = json_array_size(list);
    plan->signals = arena_alloc(&plan->arena, count, sizeof *plan->signals);
    if (plan->signals == NULL) {
        return err_set_nomem(reader->err);
    }
    plan->signal_count = count;
    place_push_name(&reader->place, "signals");
    for (size_t i = 0; i < count; i++) {
        place_push_index(&reader->place, i);
        const int rc = read_signal(reader, json_array_get(list, i), &plan->signals[i]);
        if (rc != 0) {
            return rc;
        }
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    return 0;
}

/* --- the whole ---------------------------------------------------------------- */

static void *move_array(struct arena *arena, const void *items, size_t count,
                        size_t size) {
    void *moved = arena_alloc(arena, count, size);
    if (moved != NULL && count > 0) {
        memcpy(moved, items, count * size);
    }
    return moved;
}

static int move_to_plan(const struct builder *builder, struct plan *plan) {
    struct arena *arena = builder->arena;
    plan->steps =
        move_array(arena, builder->steps, builder->step_count, sizeof builder->steps[0]);
    plan->sites =
        move_array(arena, builder->sites, builder->step_count, sizeof builder->sites[0]);
    plan->actors = move_array(arena, builder->actors, builder->actor_count,
                              sizeof builder->actors[0]);
    plan->objects = move_array(arena, builder->objects.list, builder->objects.count,
                               sizeof builder->objects.list[0]);
    plan->tasks =
        move_array(arena, builder->tasks, builder->task_count, sizeof builder->tasks[0]);
    plan->names = move_array(arena, builder->name_texts, builder->name_count,
                             sizeof builder->name_texts[0]);
    if (plan->names == NULL || plan->steps == NULL || plan->sites == NULL ||
        plan->actors == NULL || plan->tasks == NULL || plan->objects == NULL) {
        return err_set_nomem(builder->reader->err);
    }
    plan->step_count = builder->step_count;
    plan->site_count = builder->step_count;
    plan->actor_count = builder->actor_count;
    plan->task_count = builder->task_count;
    plan->object_count = builder->objects.count;
    plan->name_count = builder->name_count;
    return 0;
}

int workload_read(struct reader *reader, const json_t *value, struct plan *plan) {
    struct builder builder = {.reader = reader, .arena = &plan->arena};
    const struct schema_variant *variant = NULL;
    reader->arena = &plan->arena;
    int rc = reader_check_variant(reader, value, &schema_workload, &variant);
    if (rc == 0) {
        const json_t *member = json_object_get(value, variant->name);
        if (json_is_array(member)) {
            rc =
                objects_read(&builder.objects, reader, json_object_get(value, "objects"));
            rc = rc == 0 ? read_signals(reader, json_object_get(value, "signals"), plan)
                         : rc;
            rc = rc == 0 ? read_actors(&builder, member, plan) : rc;
        } else {
            rc = read_jobs(&builder, member, plan);
        }
    }
    if (rc == 0) {
        rc = workload_check_names(&builder);
    }
    if (rc == 0) {
        rc = move_to_plan(&builder, plan);
    }
    builder_deinit(&builder);
    return rc;
}
