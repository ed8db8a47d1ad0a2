/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <assert.h>
#include <string.h>

#include "engine/os/machine.h"
#include "engine/program/plan.h"
#include "engine/python/runtime_table.h"
#include "server/document/document.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define OBJECT(what, rows)                                                               \
    { .phrase = (what), .fields = (rows), .field_count = COUNT_OF(rows) }

/* Longest time of one step: a million seconds, so that sums and scaling stay far from the
 * end of 64-bit nanoseconds. */
#define TIME_MAX_US 1e12

/* --- distributions ------------------------------------------------------------ */

#define DIST                                                                             \
    {                                                                                    \
        .name = "dist", .type = SCHEMA_STRING, .required = true, .names = NAMES_LAWS,    \
        .max = 16, .unit = "", .meaning = "the law's name"                               \
    }
#define TIME_NUMBER(label, what)                                                         \
    {                                                                                    \
        .name = (label), .type = SCHEMA_NUMBER, .required = true, .max = TIME_MAX_US,    \
        .unit = "us", .meaning = (what)                                                  \
    }

static const struct schema_field constant_fields[] = {
    DIST,
    TIME_NUMBER("value", "every draw"),
};
static const struct schema_field uniform_fields[] = {
    DIST,
    TIME_NUMBER("min", "the shortest time"),
    TIME_NUMBER("max", "the longest time"),
};
static const struct schema_field exponential_fields[] = {
    DIST,
    TIME_NUMBER("mean", "the expected time"),
};
static const struct schema_field lognormal_fields[] = {
    DIST,
    TIME_NUMBER("median", "the time that half of the draws stay below"),
    {.name = "sigma",
     .type = SCHEMA_NUMBER,
     .required = true,
     .max = 10,
     .unit = "",
     .meaning = "the standard deviation of the logarithm"},
};
static const struct schema_field pareto_fields[] = {
    DIST,
    TIME_NUMBER("min", "the shortest time"),
    {.name = "shape",
     .type = SCHEMA_NUMBER,
     .required = true,
     .min = 0.01,
     .max = 1000,
     .unit = "",
     .meaning = "the tail's exponent: the smaller, the heavier the tail"},
};

static const struct schema_variant laws[] = {
    {.name = "constant",
     .kind = DISTRIBUTION_CONSTANT,
     .object = OBJECT("a constant time", constant_fields)},
    {.name = "uniform",
     .kind = DISTRIBUTION_UNIFORM,
     .object = OBJECT("a uniform distribution", uniform_fields)},
    {.name = "exponential",
     .kind = DISTRIBUTION_EXPONENTIAL,
     .object = OBJECT("an exponential distribution", exponential_fields)},
    {.name = "lognormal",
     .kind = DISTRIBUTION_LOGNORMAL,
     .object = OBJECT("a lognormal distribution", lognormal_fields)},
    {.name = "pareto",
     .kind = DISTRIBUTION_PARETO,
     .object = OBJECT("a Pareto distribution", pareto_fields)},
};
static_assert(COUNT_OF(laws) == DISTRIBUTION_KIND_COUNT, "a row per law");

const struct schema_variants schema_laws = {
    .phrase = "a distribution", .variant = laws, .count = COUNT_OF(laws)};

/* --- steps -------------------------------------------------------------------- */

#define STEP_TIME(label, what)                                                           \
    {                                                                                    \
        .name = (label), .type = SCHEMA_TIME, .required = true, .max = TIME_MAX_US,      \
        .unit = "us", .meaning = (what), .variants = &schema_laws                        \
    }
#define STEP_BODY(label, what)                                                           \
    {                                                                                    \
        .name = (label), .type = SCHEMA_LIST, .required = true, .min = 1, .max = 1e6,    \
        .unit = "", .meaning = (what), .variants = &schema_steps                         \
    }
#define STEP_OBJECT(label, what)                                                         \
    {                                                                                    \
        .name = (label), .type = SCHEMA_STRING, .required = true, .min = 1, .max = 47,   \
        .unit = "bytes", .meaning = (what)                                               \
    }
#define STEP_BLOCKING                                                                    \
    {                                                                                    \
        .name = "blocking", .type = SCHEMA_BOOLEAN, .unit = "", .fallback = "false",     \
        .meaning = "true for a library without async support: it blocks the event loop " \
                   "under asyncio; only in jobs"                                         \
    }

static const struct schema_field python_fields[] = {
    STEP_TIME("python_us",
              "Python code: its time on the reference runtime on an idle core"),
};
static const struct schema_field python_cpu_fields[] = {
    STEP_TIME("python_cpu_us",
              "Python code that runs until the thread's own CPU clock has "
              "advanced by so much on the reference runtime"),
};
static const struct schema_field c_fields[] = {
    STEP_TIME("c_us", "a call of C code: the time it computes"),
    {.name = "gil",
     .type = SCHEMA_STRING,
     .names = NAMES_GIL,
     .max = 16,
     .unit = "",
     .fallback = "held",
     .meaning = "whether the call keeps the GIL or releases it"},
};
static const struct schema_field io_fields[] = {
    STEP_TIME("io_us",
              "a wait for the outside world without the GIL: in jobs an await under "
              "asyncio, in actors a call that blocks its thread"),
    STEP_BLOCKING,
};
static const struct schema_field sleep_fields[] = {
    STEP_TIME("sleep_us",
              "time.sleep(): in jobs an await under asyncio, in actors a call that "
              "blocks its thread"),
    STEP_BLOCKING,
};
static const struct schema_field await_io_fields[] = {
    STEP_TIME("await_io_us", "an await of something from the outside world"),
};
static const struct schema_field await_sleep_fields[] = {
    STEP_TIME("await_sleep_us", "await asyncio.sleep()"),
};
static const struct schema_field to_thread_fields[] = {
    STEP_BODY("to_thread",
              "the steps that await asyncio.to_thread() runs in a worker thread"),
};
static const struct schema_field repeat_fields[] = {
    {.name = "repeat",
     .type = SCHEMA_INTEGER,
     .required = true,
     .max = 1e9,
     .unit = "",
     .meaning = "how often the steps run"},
    STEP_BODY("steps", "what is repeated"),
};
static const struct schema_field forever_fields[] = {
    STEP_BODY("forever", "the steps that run again and again until the run ends"),
};

static const struct schema_field with_fields[] = {
    STEP_OBJECT("with", "the lock that is held while the steps run"),
    STEP_BODY("steps", "what runs with the lock held"),
};
static const struct schema_field acquire_fields[] = {
    STEP_OBJECT("acquire", "the lock to take; waits while somebody has it"),
};
static const struct schema_field release_fields[] = {
    STEP_OBJECT("release", "the lock to give back"),
};
static const struct schema_field update_fields[] = {
    STEP_OBJECT("update", "the counter to which 1 is added: load, compute, store"),
    {.name = "compute_us",
     .type = SCHEMA_NUMBER,
     .required = true,
     .max = TIME_MAX_US,
     .unit = "us",
     .meaning =
         "the time of its Python code on the reference runtime: a third before the "
         "load, a third between load and store, a third after the store"},
    {.name = "call",
     .type = SCHEMA_BOOLEAN,
     .unit = "",
     .fallback = "false",
     .meaning = "true when a call lies between load and store, as in x = f(x)"},
};

static const char objects_instead[] =
    "shared objects belong to actors; describe the work as actors";

static const char await_instead[] = "an await needs an event loop; here write 'io_us' or "
                                    "'sleep_us', which in jobs is an await "
                                    "under asyncio";
static const char to_thread_instead[] =
    "it needs a task of an event loop; here write its steps directly";

/* `forever` is also refused outside daemons, by the reader of workloads. */
static const struct schema_variant steps[] = {
    {.name = "python_us",
     .kind = STEP_PYTHON,
     .contexts = SCHEMA_ANYWHERE,
     .object = OBJECT("a python_us step", python_fields)},
    {.name = "python_cpu_us",
     .kind = STEP_PYTHON_CPU,
     .contexts = SCHEMA_ANYWHERE,
     .object = OBJECT("a python_cpu_us step", python_cpu_fields)},
    {.name = "c_us",
     .kind = STEP_C_HELD,
     .contexts = SCHEMA_ANYWHERE,
     .object = OBJECT("a c_us step", c_fields)},
    {.name = "io_us",
     .kind = STEP_IO,
     .contexts = SCHEMA_ANYWHERE,
     .object = OBJECT("an io_us step", io_fields)},
    {.name = "sleep_us",
     .kind = STEP_SLEEP,
     .contexts = SCHEMA_ANYWHERE,
     .object = OBJECT("a sleep_us step", sleep_fields)},
    {.name = "await_io_us",
     .kind = STEP_AWAIT_IO,
     .contexts = SCHEMA_IN_TASK,
     .instead = await_instead,
     .object = OBJECT("an await_io_us step", await_io_fields)},
    {.name = "await_sleep_us",
     .kind = STEP_AWAIT_SLEEP,
     .contexts = SCHEMA_IN_TASK,
     .instead = await_instead,
     .object = OBJECT("an await_sleep_us step", await_sleep_fields)},
    {.name = "to_thread",
     .kind = STEP_TO_THREAD,
     .contexts = SCHEMA_IN_TASK,
     .body = "to_thread",
     .instead = to_thread_instead,
     .object = OBJECT("a to_thread step", to_thread_fields)},
    {.name = "repeat",
     .kind = STEP_REPEAT,
     .contexts = SCHEMA_ANYWHERE,
     .body = "steps",
     .object = OBJECT("a repeat step", repeat_fields)},
    {.name = "forever",
     .kind = STEP_FOREVER,
     .contexts = SCHEMA_IN_THREAD | SCHEMA_IN_TASK,
     .body = "forever",
     .instead = "a job, and what to_thread runs, must end; use 'repeat'",
     .object = OBJECT("a forever step", forever_fields)},
    {.name = "with",
     .kind = STEP_WITH,
     .contexts = SCHEMA_IN_ACTOR,
     .body = "steps",
     .instead = objects_instead,
     .object = OBJECT("a with step", with_fields)},
    {.name = "acquire",
     .kind = STEP_ACQUIRE,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("an acquire step", acquire_fields)},
    {.name = "release",
     .kind = STEP_RELEASE,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a release step", release_fields)},
    {.name = "update",
     .kind = STEP_UPDATE,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("an update step", update_fields)},
};
/* One word stands for both kinds of C call. */
static_assert(COUNT_OF(steps) == STEP_KIND_COUNT - 1, "a row per kind of step");

const struct schema_variants schema_steps = {
    .phrase = "a step", .variant = steps, .count = COUNT_OF(steps)};

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

static const struct schema_field jobs_fields[] = {
    {.name = "count",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .meaning = "how many jobs there are, all alike"},
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
    {.name = "tasks",
     .type = SCHEMA_LIST,
     .required = true,
     .min = 1,
     .max = 10000,
     .unit = "",
     .meaning = "what the loop runs",
     .object = &schema_task},
};
static const struct schema_variant actors[] = {
    {.name = "thread",
     .kind = ACTOR_THREAD,
     .object = OBJECT("an actor that is a thread", thread_fields)},
    {.name = "event_loop",
     .kind = ACTOR_EVENT_LOOP,
     .object = OBJECT("an actor that is an event loop", loop_fields)},
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
static const struct schema_field workload_actors_fields[] = {
    {.name = "objects",
     .type = SCHEMA_MAP,
     .max = 1000,
     .unit = "",
     .fallback = "{}",
     .names = NAMES_OBJECTS,
     .meaning = "what the actors share: names, each with a kind"},
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
static const struct schema_field asyncio_fields[] = {
    {.name = "asyncio",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .meaning = "how many jobs are in the event loop at a time"},
};
static const struct schema_field processes_fields[] = {
    {.name = "processes",
     .type = SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = 1024,
     .unit = "",
     .meaning = "the number of worker processes with one thread each"},
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
     .meaning = "the number of transitions after which a run ends"},
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
     .max = 1e8,
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
     .type = SCHEMA_MAP,
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
