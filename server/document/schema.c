/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <assert.h>
#include <string.h>

#include "engine/os/machine.h"
#include "engine/program/plan.h"
#include "engine/python/runtime_table.h"
#include "server/document/document.h"
#include "server/document/gate.h"
#include "server/document/schema_priv.h"

/* --- workload ----------------------------------------------------------------- */

#define NAME(what)                                                                       \
    {                                                                                    \
        .name = "name", .type = SCHEMA_STRING, .required = true, .min = 1, .max = 47,    \
        .unit = "bytes", .meaning = (what)                                               \
    }
#define DAEMON                                                                           \
    {                                                                                    \
        .name = "daemon", .type = SCHEMA_BOOLEAN, .unit = "", .fallback = "false",       \
        .meaning = "true when the run does not wait for its end"                         \
    }

static const struct schema_field arrivals_fields[] = {
    {.name = "rate_per_s",
     .type = SCHEMA_NUMBER,
     .required = true,
     .min = 1e-6,
     .max = 1e6,
     .unit = "1/s",
     .meaning = "how many jobs arrive in a second, on average"},
    {.name = "for_s",
     .type = SCHEMA_NUMBER,
     .required = true,
     .min = 1e-6,
     .max = 1e6,
     .unit = "s",
     .meaning = "how long jobs arrive; the run ends when the last one has ended"},
    {.name = "dist",
     .type = SCHEMA_STRING,
     .names = NAMES_ARRIVALS,
     .max = 16,
     .unit = "",
     .fallback = "exponential",
     .meaning = "the law of the time between two jobs, or between two bursts of them, "
                "which is exponential with \"bursts\""},
    {.name = "burst",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .meaning =
         "how many jobs of a burst arrive at once, with \"bursts\" or every burst / "
         "rate_per_s seconds with \"constant\"; the rate stays that of jobs"},
    {.name = "warmup_s",
     .type = SCHEMA_NUMBER,
     .max = 1e6,
     .unit = "s",
     .fallback = "0",
     .meaning = "jobs that arrive before this time do not count"},
};
const struct schema_object schema_arrivals = OBJECT("'arrivals'", arrivals_fields);

static const struct schema_field jobs_fields[] = {
    {.name = "count",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .meaning = "how many jobs there are, all alike and all there from the beginning"},
    {.name = "arrivals",
     .type = SCHEMA_OBJECT,
     .unit = "",
     .meaning = "jobs that come from outside, whether the system is ready or not",
     .object = &schema_arrivals},
    {.name = "payload_bytes",
     .type = SCHEMA_INTEGER,
     .max = 1073741824,
     .unit = "bytes",
     .fallback = "0",
     .meaning = "what is sent with each job to another process or interpreter"},
    {.name = "result_bytes",
     .type = SCHEMA_INTEGER,
     .max = 1073741824,
     .unit = "bytes",
     .fallback = "0",
     .meaning = "what each job sends back from there"},
    STEP_BODY("steps", "what one job does"),
};
const struct schema_object schema_jobs = OBJECT("'jobs'", jobs_fields);

static const struct schema_field task_fields[] = {
    NAME("what the task is called on the timeline"),
    {.name = "count",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .fallback = "1",
     .meaning = "how many such tasks the loop starts with"},
    {.name = "daemon",
     .type = SCHEMA_BOOLEAN,
     .unit = "",
     .fallback = "false",
     .meaning = "true when the loop does not wait for its end: it is cancelled then"},
    STEP_BODY("steps", "what the task does"),
};
const struct schema_object schema_task = OBJECT("a task", task_fields);

static const struct schema_field thread_fields[] = {
    NAME("what the threads are called on the timeline"),
    {.name = "thread",
     .type = SCHEMA_INTEGER,
     .required = true,
     .max = 10000,
     .unit = "",
     .meaning = "how many such threads there are; 0 leaves the actor out"},
    DAEMON,
    STEP_BODY("steps", "what each thread does"),
};
static const struct schema_field loop_fields[] = {
    NAME("what the loops are called on the timeline"),
    {.name = "event_loop",
     .type = SCHEMA_INTEGER,
     .required = true,
     .max = 10000,
     .unit = "",
     .meaning =
         "how many such threads with an event loop there are; 0 leaves the actor out"},
    DAEMON,
    {.name = "eager",
     .type = SCHEMA_BOOLEAN,
     .unit = "",
     .fallback = "false",
     .meaning =
         "true for asyncio.eager_task_factory (3.12 and later): a task's first step "
         "is taken when it is made"},
    {.name = "tasks",
     .type = SCHEMA_LIST,
     .required = true,
     .min = 1,
     .max = 10000,
     .unit = "",
     .meaning = "what the loop runs",
     .object = &schema_task},
};
static const struct schema_field interpreter_fields[] = {
    NAME("what the threads are called on the timeline"),
    {.name = "interpreter",
     .type = SCHEMA_INTEGER,
     .required = true,
     .max = 10000,
     .unit = "",
     .meaning = "how many such threads with an interpreter each there are, in the one "
                "process; 0 leaves the actor out"},
    DAEMON,
    STEP_BODY("steps",
              "what each of them does; of shared objects they can use those of kind "
              "interpreter_queue"),
};
#define START                                                                            \
    {                                                                                    \
        .name = "start", .type = SCHEMA_STRING, .names = NAMES_START, .max = 16,         \
        .unit = "", .fallback = "default",                                               \
        .meaning =                                                                       \
            "how the processes are started; default: as the runtime does on that "       \
            "machine"                                                                    \
    }
static const struct schema_field process_fields[] = {
    NAME("what the processes are called on the timeline"),
    {.name = "process",
     .type = SCHEMA_INTEGER,
     .required = true,
     .max = 1024,
     .unit = "",
     .meaning = "how many such processes with one thread each there are; 0 leaves the "
                "actor out"},
    START,
    DAEMON,
    STEP_BODY("steps", "what each of them does; they share no objects with anybody"),
};
static const struct schema_variant actors[] = {
    {.name = "thread",
     .kind = ACTOR_THREAD,
     .object = OBJECT("an actor that is a thread", thread_fields)},
    {.name = "event_loop",
     .kind = ACTOR_EVENT_LOOP,
     .object = OBJECT("an actor that is an event loop", loop_fields)},
    {.name = "interpreter",
     .kind = ACTOR_INTERPRETER,
     .object = OBJECT("an actor that is an interpreter", interpreter_fields)},
    {.name = "process",
     .kind = ACTOR_PROCESS,
     .object = OBJECT("an actor that is a process", process_fields)},
};
static_assert(COUNT_OF(actors) == ACTOR_KIND_COUNT, "a row per kind of actor");

const struct schema_variants schema_actors = {
    .phrase = "an actor", .variant = actors, .count = COUNT_OF(actors)};

static const struct schema_field workload_jobs_fields[] = {
    {.name = "jobs",
     .type = SCHEMA_OBJECT,
     .required = true,
     .unit = "",
     .meaning = "work that any strategy can run",
     .object = &schema_jobs},
};
static const struct schema_field signal_fields[] = {
    {.name = "at_us",
     .type = SCHEMA_NUMBER,
     .required = true,
     .max = 1e12,
     .unit = "us",
     .meaning = "when it arrives"},
    {.name = "handler_us",
     .type = SCHEMA_NUMBER,
     .max = 1e12,
     .unit = "us",
     .fallback = "10",
     .meaning = "the Python code of its handler, on the reference runtime"},
};
const struct schema_object schema_signal = OBJECT("a signal", signal_fields);

static const struct schema_field workload_actors_fields[] = {
    {.name = "objects",
     .type = SCHEMA_MAP,
     .max = 1000,
     .unit = "",
     .fallback = "{}",
     .meaning = "what the actors share: names, each with a kind",
     .variants = &schema_objects},
    {.name = "signals",
     .type = SCHEMA_LIST,
     .max = 1000,
     .unit = "",
     .fallback = "[]",
     .meaning =
         "signals such as Ctrl-C, each another one, for the main thread, which starts "
         "the actors and waits for them",
     .object = &schema_signal},
    {.name = "actors",
     .type = SCHEMA_LIST,
     .required = true,
     .min = 1,
     .max = 10000,
     .unit = "",
     .meaning = "literal threads and event loops of one process",
     .variants = &schema_actors},
};
static const struct schema_variant workloads[] = {
    {.name = "jobs", .object = OBJECT("a workload of jobs", workload_jobs_fields)},
    {.name = "actors", .object = OBJECT("a workload of actors", workload_actors_fields)},
};
const struct schema_variants schema_workload = {
    .phrase = "the workload", .variant = workloads, .count = COUNT_OF(workloads)};

/* --- strategies --------------------------------------------------------------- */

static const struct schema_field threads_fields[] = {
    {.name = "threads",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 10000,
     .unit = "",
     .meaning = "the size of the thread pool"},
};
/* Beside the loop of one process, or of each of several. */
#define TO_THREAD                                                                        \
    {                                                                                    \
        .name = "to_thread", .type = SCHEMA_INTEGER, .min = 1, .max = 10000, .unit = "", \
        .meaning =                                                                       \
            "the size of a thread pool in which everything runs that would hold up the " \
            "loop: Python, C calls, calls that block"                                    \
    }
static const struct schema_field asyncio_fields[] = {
    {.name = "asyncio",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .meaning = "how many jobs are in the event loop at a time"},
    TO_THREAD,
    {.name = "to_process",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1024,
     .unit = "",
     .meaning = "the same with a ProcessPoolExecutor of so many workers"},
    START,
};
/* In each of several processes. */
static const struct schema_field each_threads_fields[] = {
    {.name = "threads",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 10000,
     .unit = "",
     .meaning = "how many threads of the process take jobs"},
};
static const struct schema_field each_asyncio_fields[] = {
    {.name = "asyncio",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .meaning = "how many jobs are in the event loop of the process at a time"},
    TO_THREAD,
};
static const struct schema_variant each[] = {
    {.name = "threads",
     .kind = STRATEGY_THREADS,
     .object = OBJECT("threads of each process", each_threads_fields)},
    {.name = "asyncio",
     .kind = STRATEGY_ASYNCIO,
     .object = OBJECT("a loop of each process", each_asyncio_fields)},
};
const struct schema_variants schema_each = {
    .phrase = "'each'", .variant = each, .count = COUNT_OF(each)};

static const struct schema_field processes_fields[] = {
    {.name = "processes",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1024,
     .unit = "",
     .meaning = "the number of worker processes with one thread each"},
    {.name = "chunk",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .fallback = "1",
     .meaning =
         "how many jobs are sent to a worker at a time: chunksize of map(); not of "
         "jobs that arrive, which are submitted one by one"},
    {.name = "each",
     .type = SCHEMA_OBJECT,
     .unit = "",
     .meaning =
         "what each of the processes, instead of being a worker of a pool, takes jobs "
         "with from a socket that they share, as servers do",
     .variants = &schema_each},
    START,
};
static const struct schema_field interpreters_fields[] = {
    {.name = "interpreters",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1024,
     .unit = "",
     .meaning = "the number of worker threads with an interpreter each, in one process"},
};
static const struct schema_variant strategies[] = {
    {.name = "threads",
     .kind = STRATEGY_THREADS,
     .object = OBJECT("a threads strategy", threads_fields)},
    {.name = "asyncio",
     .kind = STRATEGY_ASYNCIO,
     .object = OBJECT("an asyncio strategy", asyncio_fields)},
    {.name = "processes",
     .kind = STRATEGY_PROCESSES,
     .object = OBJECT("a processes strategy", processes_fields)},
    {.name = "interpreters",
     .kind = STRATEGY_INTERPRETERS,
     .object = OBJECT("an interpreters strategy", interpreters_fields)},
};
const struct schema_variants schema_strategies = {.phrase = "a strategy",
                                                  .variant = strategies,
                                                  .count = COUNT_OF(strategies),
                                                  .names = NAMES_STRATEGIES};

/* --- machine, runtimes, limits ------------------------------------------------ */

static const struct schema_field machine_members[] = {
    {.name = "profile",
     .type = SCHEMA_STRING,
     .names = NAMES_PROFILES,
     .max = 64,
     .unit = "",
     .fallback = "linux-desktop",
     .meaning =
         "the machine whose constants are used where no other member says otherwise"},
};
const struct schema_object schema_machine = {.phrase = "the machine",
                                             .fields = machine_members,
                                             .field_count = COUNT_OF(machine_members),
                                             .parameters = machine_fields,
                                             .parameter_count = &machine_field_count};

static const struct schema_field runtime_members[] = {
    {.name = "base",
     .type = SCHEMA_STRING,
     .required = true,
     .names = NAMES_RUNTIMES,
     .max = 64,
     .unit = "",
     .meaning =
         "the runtime whose parameters are used where no other member says otherwise"},
};
const struct schema_object schema_runtime = {.phrase = "a runtime",
                                             .fields = runtime_members,
                                             .field_count = COUNT_OF(runtime_members),
                                             .parameters = runtime_fields,
                                             .parameter_count = &runtime_field_count};

static const struct schema_field limits_fields[] = {
    {.name = "events",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1e10,
     .unit = "",
     .fallback = "50000000",
     .meaning = "the number of transitions after which a run ends; 256 actions that "
                "change no lane "
                "count as one"},
    {.name = "virtual_s",
     .type = SCHEMA_NUMBER,
     .min = 1e-6,
     .max = 1e6,
     .unit = "s",
     .fallback = "3600",
     .meaning = "the virtual time after which a run ends"},
    {.name = "spans",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1e10,
     .unit = "",
     .fallback = "5000000",
     .meaning = "the number of spans, recorded or not, after which a run ends"},
};
const struct schema_object schema_limits = OBJECT("'limits'", limits_fields);

/* --- document ----------------------------------------------------------------- */

static const struct schema_field document_fields[] = {
    {.name = "schema",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1,
     .unit = "",
     .meaning = "the version of this format"},
    {.name = "name",
     .type = SCHEMA_STRING,
     .max = 200,
     .unit = "bytes",
     .fallback = "",
     .meaning = "what the experiment is called"},
    {.name = "description",
     .type = SCHEMA_STRING,
     .max = 4000,
     .unit = "bytes",
     .fallback = "",
     .meaning = "what to look for, in a sentence or two"},
    {.name = "seed",
     .type = SCHEMA_INTEGER,
     .swept = true,
     .max = 9007199254740992.0,
     .unit = "",
     .fallback = "1",
     .meaning = "where every random number comes from"},
    {.name = "repetitions",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = DOCUMENT_MAX_REPETITIONS,
     .unit = "",
     .fallback = "1",
     .meaning = "how many runs each cell has, with random numbers of their own"},
    {.name = "goal",
     .type = SCHEMA_STRING,
     .names = NAMES_METRICS,
     .max = 64,
     .unit = "",
     .meaning = "the metric by which cells are compared"},
    {.name = "machine",
     .type = SCHEMA_OBJECT,
     .swept = true,
     .unit = "",
     .fallback = "{}",
     .meaning = "hardware and operating system",
     .object = &schema_machine},
    {.name = "reference",
     .type = SCHEMA_STRING,
     .swept = true,
     .names = NAMES_RUNTIMES,
     .max = 64,
     .unit = "",
     .fallback = "cpython-3.12",
     .meaning = "the runtime on which the times of Python code were measured"},
    {.name = "runtimes",
     .type = SCHEMA_LIST,
     .swept = true,
     .names = NAMES_RUNTIMES,
     .min = 1,
     .max = 100,
     .unit = "",
     .meaning = "the interpreters to compare; the reference when not written",
     .object = &schema_runtime},
    {.name = "strategies",
     .type = SCHEMA_LIST,
     .swept = true,
     .min = 1,
     .max = 100,
     .unit = "",
     .meaning = "who runs the jobs, \"sequential\" when not written; actors have none",
     .variants = &schema_strategies},
    {.name = "workload",
     .type = SCHEMA_OBJECT,
     .required = true,
     .swept = true,
     .unit = "",
     .meaning = "what is run: jobs or actors",
     .variants = &schema_workload},
    {.name = "sweep",
     .type = SCHEMA_SWEEP,
     .max = 16,
     .unit = "",
     .fallback = "{}",
     .meaning = "JSON pointers into this document, each with the values to try"},
    {.name = "record",
     .type = SCHEMA_STRING,
     .names = NAMES_RECORD,
     .max = 16,
     .unit = "",
     .meaning = "what is kept of a run: its metrics, or its timeline too"},
    {.name = "limits",
     .type = SCHEMA_OBJECT,
     .swept = true,
     .unit = "",
     .fallback = "{}",
     .meaning = "where a run is cut off",
     .object = &schema_limits},
    {.name = "gate",
     .type = SCHEMA_LIST,
     .max = GATE_MAX,
     .unit = "",
     .meaning = "what must hold of the results",
     .object = &schema_gate},
};
const struct schema_object schema_document = OBJECT("the document", document_fields);

/* --- looking up --------------------------------------------------------------- */

const struct schema_field *schema_field_find(const struct schema_object *object,
                                             const char *name) {
    for (size_t i = 0; i < object->field_count; i++) {
        if (strcmp(object->fields[i].name, name) == 0) {
            return &object->fields[i];
        }
    }
    return NULL;
}

const struct schema_variant *schema_variant_find(const struct schema_variants *variants,
                                                 const char *name) {
    for (size_t i = 0; i < variants->count; i++) {
        if (strcmp(variants->variant[i].name, name) == 0) {
            return &variants->variant[i];
        }
    }
    return NULL;
}

void schema_members_list(const struct schema_object *object, struct spelling *out) {
    for (size_t i = 0; i < object->field_count; i++) {
        spelling_add(out, object->fields[i].name);
    }
    for (size_t i = 0; object->parameters != NULL && i < *object->parameter_count; i++) {
        spelling_add(out, object->parameters[i].name);
    }
}

void schema_variants_list(const struct schema_variants *variants, struct spelling *out) {
    for (size_t i = 0; i < variants->count; i++) {
        schema_members_list(&variants->variant[i].object, out);
    }
}
