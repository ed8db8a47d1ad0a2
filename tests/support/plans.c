/* SPDX-License-Identifier: MIT */
#include "tests/support/plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/python/runtime_table.h"

enum {
    MAX_STEPS = 4096,
    MAX_ACTORS = 64,
    MAX_TASKS = 256,
    MAX_OBJECTS = 32,
    MAX_NAMES = 16
};

static uint32_t name_index(struct plan *plan, const char *name);

void plan_begin(struct plan *plan, const char *profile, const char *runtime) {
    const struct machine_profile *machine = machine_profile_find(profile);
    const struct runtime_row *row = runtime_row_find(runtime);
    ASSERT(machine != NULL && row != NULL);
    *plan = (struct plan){
        .seed = 1,
        .machine = machine->machine,
        .runtime = row->runtime,
        .limits = {.events = 100000000,
                   .virtual_ns = 24 * 3600 * NS_PER_S,
                   .spans = 100000000},
    };
    snprintf(plan->machine_name, sizeof plan->machine_name, "%s", profile);
    plan->steps = arena_alloc(&plan->arena, MAX_STEPS, sizeof *plan->steps);
    plan->actors = arena_alloc(&plan->arena, MAX_ACTORS, sizeof *plan->actors);
    plan->tasks = arena_alloc(&plan->arena, MAX_TASKS, sizeof *plan->tasks);
    plan->sites = arena_alloc(&plan->arena, MAX_STEPS, sizeof *plan->sites);
    plan->objects = arena_alloc(&plan->arena, MAX_OBJECTS, sizeof *plan->objects);
    plan->names = arena_alloc(&plan->arena, MAX_NAMES, sizeof *plan->names);
    ASSERT(plan->objects != NULL && plan->names != NULL);
    name_index(plan, "wait_for"); /* 0: of STEP_WAIT_FOR */
    ASSERT(plan->steps != NULL && plan->actors != NULL && plan->tasks != NULL &&
           plan->sites != NULL);
}

/* --- reading steps ------------------------------------------------------------- */

static sim_ns read_time(const char *text, const char **end) {
    static const struct {
        const char *unit;
        sim_ns ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    char *after;
    const long long number = strtoll(text, &after, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const size_t length = strlen(units[i].unit);
        if (strncmp(after, units[i].unit, length) == 0) {
            *end = after + length;
            return number * units[i].ns;
        }
    }
    fprintf(stderr, "plans: '%s' is no time\n", text);
    abort();
}

static struct distribution read_law(const char *text) {
    static const struct {
        const char *word;
        enum distribution_kind kind;
    } laws[] = {{"exp:", DISTRIBUTION_EXPONENTIAL},
                {"uniform:", DISTRIBUTION_UNIFORM},
                {"lognormal:", DISTRIBUTION_LOGNORMAL},
                {"pareto:", DISTRIBUTION_PARETO}};
    struct distribution law = {.kind = DISTRIBUTION_CONSTANT};
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        const size_t length = strlen(laws[i].word);
        if (strncmp(text, laws[i].word, length) == 0) {
            law.kind = laws[i].kind;
            text += length;
        }
    }
    law.a = read_time(text, &text);
    if (law.kind == DISTRIBUTION_UNIFORM) {
        law.b = read_time(text + 1, &text);
    } else if (*text == ':') {
        law.s = strtod(text + 1, NULL);
    }
    return law;
}

static const struct {
    const char *word;
    enum step_kind kind;
    bool blocking;
} words[] = {
    {"python", STEP_PYTHON, false},
    {"python_cpu", STEP_PYTHON_CPU, false},
    {"c_held", STEP_C_HELD, false},
    {"c_released", STEP_C_RELEASED, false},
    {"io", STEP_IO, false},
    {"io_blocking", STEP_IO, true},
    {"sleep", STEP_SLEEP, false},
    {"sleep_blocking", STEP_SLEEP, true},
    {"await_io", STEP_AWAIT_IO, false},
    {"await_sleep", STEP_AWAIT_SLEEP, false},
    {"repeat", STEP_REPEAT, false},
    {"forever", STEP_FOREVER, false},
    {"to_thread", STEP_TO_THREAD, false},
    {"with", STEP_WITH, false},
    {"acquire", STEP_ACQUIRE, false},
    {"release", STEP_RELEASE, false},
    {"update", STEP_UPDATE, false},
    {"wait", STEP_WAIT, false},
    {"notify", STEP_NOTIFY, false},
    {"set", STEP_SET, false},
    {"clear", STEP_CLEAR, false},
    {"put", STEP_PUT, false},
    {"get", STEP_GET, false},
    {"send", STEP_SEND, false},
    {"recv", STEP_RECV, false},
    {"touch", STEP_TOUCH, false},
    {"use", STEP_USE, false},
    {"allocate", STEP_ALLOCATE, false},
    {"free", STEP_FREE, false},
    {"until", STEP_UNTIL, false},
    {"gather", STEP_GATHER, false},
    {"task_group", STEP_TASK_GROUP, false},
    {"task", STEP_TASK, false},
    {"spawn", STEP_SPAWN, false},
    {"join", STEP_JOIN, false},
    {"cancel", STEP_CANCEL, false},
    {"timeout", STEP_TIMEOUT, false},
    {"wait_for", STEP_WAIT_FOR, false},
    {"try", STEP_TRY, false},
    {"except", STEP_EXCEPT, false},
    {"finally", STEP_FINALLY, false},
    {"raise", STEP_RAISE, false},
    {"read", STEP_READ, false},
    {"sock_recv", STEP_SOCK_RECV, false},
};

/* The next word of the text; false at the end. */
static bool next_word(const char **text, char *word, size_t size) {
    while (**text == ' ' || **text == '\n') {
        ++*text;
    }
    size_t length = strcspn(*text, " \n");
    ASSERT(length < size);
    memcpy(word, *text, length);
    word[length] = '\0';
    *text += length;
    return length > 0;
}

static struct step *add_step(struct plan *plan, const char *word) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, word) == 0) {
            ASSERT(plan->step_count < MAX_STEPS);
            const size_t at = plan->step_count++;
            plan->sites[at] = arena_alloc(&plan->arena, 1, 16);
            ASSERT(plan->sites[at] != NULL);
            snprintf(plan->sites[at], 16, "/%zu", at);
            plan->site_count = plan->step_count;
            plan->steps[at] = (struct step){.kind = words[i].kind,
                                            .blocking = words[i].blocking,
                                            .end = (uint32_t)at + 1,
                                            .site = (site_id)at};
            return &plan->steps[at];
        }
    }
    fprintf(stderr, "plans: there is no step '%s'\n", word);
    abort();
}

static uint32_t find_object(const struct plan *plan, const char *name) {
    for (size_t i = 0; i < plan->object_count; i++) {
        if (strcmp(plan->objects[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    fprintf(stderr, "plans: there is no object '%s'\n", name);
    abort();
}

static bool has_count(enum step_kind kind) {
    return kind == STEP_REPEAT || kind == STEP_TOUCH || kind == STEP_ALLOCATE ||
           kind == STEP_FREE || kind == STEP_NOTIFY || kind == STEP_TASK ||
           kind == STEP_SPAWN;
}

static bool has_time(enum step_kind kind) {
    if (step_has_body(kind) || kind >= STEP_GATHER) {
        return kind == STEP_TIMEOUT || kind == STEP_WAIT_FOR;
    }
    return !has_count(kind) && (!step_has_object(kind) || kind == STEP_UPDATE ||
                                kind == STEP_USE || kind == STEP_SEND);
}

static bool has_name(enum step_kind kind) {
    return kind == STEP_TASK || kind == STEP_SPAWN || kind == STEP_JOIN ||
           kind == STEP_CANCEL || kind == STEP_RAISE;
}

static uint32_t name_index(struct plan *plan, const char *name) {
    for (uint32_t i = 0; i < plan->name_count; i++) {
        if (strcmp(plan->names[i], name) == 0) {
            return i;
        }
    }
    ASSERT(plan->name_count < MAX_NAMES);
    plan->names[plan->name_count] = arena_strdup(&plan->arena, name);
    return (uint32_t)plan->name_count++;
}

static enum container_op find_op(const char *name) {
    for (int i = 0; i < CONTAINER_OP_COUNT; i++) {
        if (strcmp(container_op_name((enum container_op)i), name) == 0) {
            return (enum container_op)i;
        }
    }
    fprintf(stderr, "plans: there is no operation '%s'\n", name);
    abort();
}

/* What follows the step's name, up to the brace of its body. */
static void read_operands(struct plan *plan, struct step *step, const char **text) {
    char word[64];
    if (step_has_object(step->kind)) {
        next_word(text, word, sizeof word);
        step->object = find_object(plan, word);
    }
    if (step->kind == STEP_USE) {
        next_word(text, word, sizeof word);
        step->op = find_op(word);
    }
    if (has_name(step->kind)) {
        next_word(text, word, sizeof word);
        step->name = name_index(plan, word);
    }
    if (has_count(step->kind)) {
        next_word(text, word, sizeof word);
        step->count = strtoll(word, NULL, 10);
    } else if (has_time(step->kind)) {
        next_word(text, word, sizeof word);
        step->time = read_law(word);
    }
}

struct step_slice plan_steps(struct plan *plan, const char *text) {
    struct step_slice slice = {.first = (uint32_t)plan->step_count};
    struct step *open[STEP_MAX_DEPTH + 2];
    size_t depth = 0;
    char word[64];
    while (next_word(&text, word, sizeof word)) {
        if (strcmp(word, "}") == 0) {
            ASSERT(depth > 0);
            open[--depth]->end = (uint32_t)plan->step_count;
            continue;
        }
        struct step *step = add_step(plan, word);
        read_operands(plan, step, &text);
        if (step_has_body(step->kind)) {
            next_word(&text, word, sizeof word);
            ASSERT(strcmp(word, "{") == 0 && depth < STEP_MAX_DEPTH + 2);
            open[depth++] = step;
        }
    }
    ASSERT(depth == 0);
    slice.end = (uint32_t)plan->step_count;
    return slice;
}

/* --- jobs and actors ----------------------------------------------------------- */

void plan_jobs(struct plan *plan, uint32_t count, const char *steps) {
    plan->job_count = count;
    plan->job = plan_steps(plan, steps);
    plan->strategy.kind = STRATEGY_SEQUENTIAL;
}

void plan_strategy(struct plan *plan, enum strategy_kind kind, uint32_t workers) {
    plan->strategy = (struct strategy){.kind = kind, .workers = workers};
}

static struct actor_plan *add_actor(struct plan *plan, const char *name) {
    ASSERT(plan->actor_count < MAX_ACTORS);
    struct actor_plan *actor = &plan->actors[plan->actor_count++];
    *actor = (struct actor_plan){0};
    snprintf(actor->name, sizeof actor->name, "%s", name);
    return actor;
}

void plan_thread(struct plan *plan, const char *name, uint32_t count, bool daemon,
                 const char *steps) {
    struct actor_plan *actor = add_actor(plan, name);
    actor->kind = ACTOR_THREAD;
    actor->count = count;
    actor->daemon = daemon;
    actor->steps = plan_steps(plan, steps);
}

uint32_t plan_loop(struct plan *plan, const char *name, uint32_t count, bool daemon) {
    struct actor_plan *actor = add_actor(plan, name);
    actor->kind = ACTOR_EVENT_LOOP;
    actor->count = count;
    actor->daemon = daemon;
    actor->first_task = actor->task_end = (uint32_t)plan->task_count;
    return (uint32_t)plan->actor_count - 1;
}

void plan_task(struct plan *plan, uint32_t loop, const char *name, uint32_t count,
               const char *steps) {
    ASSERT(plan->task_count < MAX_TASKS);
    struct task_plan *task = &plan->tasks[plan->task_count++];
    *task = (struct task_plan){.count = count};
    snprintf(task->name, sizeof task->name, "%s", name);
    task->steps = plan_steps(plan, steps);
    plan->actors[loop].task_end = (uint32_t)plan->task_count;
}

void plan_object(struct plan *plan, const char *name, enum object_kind kind) {
    ASSERT(plan->object_count < MAX_OBJECTS);
    struct object_plan *object = &plan->objects[plan->object_count++];
    *object = (struct object_plan){.kind = kind};
    snprintf(object->name, sizeof object->name, "%s", name);
}

void plan_sized(struct plan *plan, const char *name, enum object_kind kind,
                int64_t size) {
    plan_object(plan, name, kind);
    plan->objects[plan->object_count - 1].size = size;
}

/* --- costs --------------------------------------------------------------------- */

void plan_make_free(struct plan *plan) {
    const int64_t cores = plan->machine.cores;
    plan->machine = (struct machine){
        .cores = cores,
        .all_cores_speed_ppm = 1000000,
        .smt_threads = 1,
        .smt_speed_ppm = 1000000,
        .idle_after_ns = NS_PER_S,
        .deep_after_ns = NS_PER_S,
        .slice_ns = 2800000,
        .quota_period_ns = 100 * NS_PER_MS,
        .poll_unit_ns = NS_PER_MS,
    };
    struct runtime bare = {
        .gil = plan->runtime.gil,
        .switch_interval_ns = 5 * NS_PER_MS,
        .force_switching = 1,
        .check_spacing_ns = 1000,
        .python_cost_ppm = 1000000,
        .has_barrier = 1,
        .has_simple_queue = 1,
        .has_thread_pool = 1,
        .has_interpreters = 1,
        .has_interpreter_pool = 1,
        .has_interpreter_queue = 1,
        .has_start_methods = 1,
        .pool_starts_on_demand = 1,
        .has_asyncio = 1,
        .has_task_groups = 1,
        .has_eager_tasks = 1,
        .semaphore_rule = SEMAPHORE_RESERVES,
        .pool_idle_rule = POOL_IDLE_WHEN_EMPTY,
        .queue_hands_over = 1,
    };
    memcpy(bare.name, plan->runtime.name, sizeof bare.name);
    plan->runtime = bare;
}
