/* SPDX-License-Identifier: MIT */
/* schema_steps - the rows of schema.h for steps and for the laws of their times. */
#include <assert.h>

#include "engine/program/plan.h"
#include "server/document/schema_priv.h"

/* --- distributions ------------------------------------------------------------ */

enum { EMPIRICAL_MAX_VALUES = 4096 };

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

static const struct schema_field empirical_fields[] = {
    DIST,
    {.name = "values_us",
     .type = SCHEMA_NUMBERS,
     .required = true,
     .min = 1,
     .max = EMPIRICAL_MAX_VALUES,
     .unit = "us",
     .meaning = "the times, one of which is drawn"},
    {.name = "weights",
     .type = SCHEMA_NUMBERS,
     .min = 1,
     .max = EMPIRICAL_MAX_VALUES,
     .unit = "",
     .meaning = "how often each of them is drawn, relative to the others; all alike when "
                "not written"},
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
    {.name = "empirical",
     .kind = DISTRIBUTION_EMPIRICAL,
     .object = OBJECT("an empirical distribution", empirical_fields)},
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
#define STEP_OBJECT(label, what)                                                         \
    {                                                                                    \
        .name = (label), .type = SCHEMA_STRING, .required = true, .min = 1, .max = 47,   \
        .unit = "bytes", .meaning = (what)                                               \
    }
#define STEP_COMPUTE(what)                                                               \
    {                                                                                    \
        .name = "compute_us", .type = SCHEMA_NUMBER, .required = true,                   \
        .max = TIME_MAX_US, .unit = "us", .meaning = (what)                              \
    }
#define STEP_NUMBER(label, what)                                                         \
    {                                                                                    \
        .name = (label), .type = SCHEMA_INTEGER, .required = true, .max = 1e9,           \
        .unit = "", .meaning = (what)                                                    \
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
     .meaning =
         "whether the call keeps the GIL, releases it, or releases it only when it "
         "works on enough bytes, as hashlib does (\"by_size\")"},
    {.name = "bytes",
     .type = SCHEMA_INTEGER,
     .max = 1e12,
     .unit = "bytes",
     .meaning = "how much data a call that releases the GIL by size works on"},
    {.name = "threads",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1024,
     .unit = "",
     .fallback = "1",
     .meaning = "how many native threads share the work of the call"},
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

/* --- steps on shared objects --------------------------------------------------- */

static const struct schema_field with_fields[] = {
    STEP_OBJECT("with", "the lock, rlock, condition or semaphore, of threading or of "
                        "asyncio, that is held while the steps run"),
    STEP_BODY("steps", "what runs with it held"),
};
static const struct schema_field acquire_fields[] = {
    STEP_OBJECT("acquire",
                "the lock, rlock, condition or semaphore to take; waits until it can"),
};
static const struct schema_field release_fields[] = {
    STEP_OBJECT("release", "the lock, rlock, condition or semaphore to give back"),
};
static const struct schema_field update_fields[] = {
    STEP_OBJECT("update", "the counter to which 1 is added: load, compute, store"),
    STEP_COMPUTE(
        "the time of its Python code on the reference runtime: a third before the "
        "load, a third between load and store, a third after the store"),
    {.name = "call",
     .type = SCHEMA_BOOLEAN,
     .unit = "",
     .fallback = "false",
     .meaning = "true when a call lies between load and store, as in x = f(x)"},
};
static const struct schema_field wait_fields[] = {
    STEP_OBJECT("wait", "the condition, event or barrier to wait for; a condition must "
                        "be held"),
};
static const struct schema_field notify_fields[] = {
    STEP_OBJECT("notify", "the condition whose waiters are woken; it must be held"),
    {.name = "count",
     .type = SCHEMA_INTEGER,
     .min = 1,
     .max = 1e6,
     .unit = "",
     .fallback = "1",
     .meaning = "how many of them are woken at most"},
};
static const struct schema_field notify_all_fields[] = {
    STEP_OBJECT("notify_all",
                "the condition whose waiters are all woken; it must be held"),
};
static const struct schema_field set_fields[] = {
    STEP_OBJECT("set", "the event that is set, which wakes all who wait for it"),
};
static const struct schema_field clear_fields[] = {
    STEP_OBJECT("clear", "the event that is cleared: who waits for it waits again"),
};
static const struct schema_field put_fields[] = {
    STEP_OBJECT("put", "the queue into which an item is put; waits while it is full"),
    {.name = "payload_bytes",
     .type = SCHEMA_INTEGER,
     .max = PLAN_MAX_BYTES,
     .unit = "bytes",
     .fallback = "0",
     .meaning = "what is copied by whoever gets the item; only of an interpreter_queue"},
    {.name = "pickled",
     .type = SCHEMA_BOOLEAN,
     .unit = "",
     .fallback = "false",
     .meaning = "true for objects that interpreters cannot share and that are pickled "
                "(all but None, bool, numbers, str, bytes and tuples of these); only of "
                "an interpreter_queue"},
};
static const struct schema_field get_fields[] = {
    STEP_OBJECT("get", "the queue from which an item is taken; waits while it is empty"),
};
static const struct schema_field send_fields[] = {
    STEP_OBJECT("send", "the peer to which a message is sent"),
    STEP_COMPUTE("the CPU time of the system call, without the GIL"),
};
static const struct schema_field recv_fields[] = {
    STEP_OBJECT("recv", "the peer whose answer is received; waits for it"),
};
static const struct schema_field touch_fields[] = {
    STEP_OBJECT("touch", "the object to which references are taken and dropped"),
    {.name = "times",
     .type = SCHEMA_INTEGER,
     .max = 1e6,
     .unit = "",
     .fallback = "1",
     .meaning = "how many, one after the other"},
};
static const struct schema_field use_fields[] = {
    STEP_OBJECT("use", "the list or dict on which the operation is done"),
    {.name = "op",
     .type = SCHEMA_STRING,
     .required = true,
     .names = NAMES_OPS,
     .max = 16,
     .unit = "",
     .meaning = "the operation: append, pop, insert, setitem, getitem and len for lists; "
                "setitem, getitem, delitem, contains and len for dicts"},
    STEP_COMPUTE("the time of the operation itself, which is C code: on one container "
                 "no two that lock it overlap"),
};
static const struct schema_field allocate_fields[] = {
    STEP_NUMBER("allocate", "how many objects that the garbage collector tracks (lists, "
                            "dicts, instances) are made and stay"),
};
static const struct schema_field free_fields[] = {
    STEP_NUMBER("free", "how many of the objects made by allocate are given back"),
};

/* --- tasks, time-outs and exceptions -------------------------------------------- */

#define TASK_NAME(label, what)                                                           \
    {                                                                                    \
        .name = (label), .type = SCHEMA_STRING, .required = true, .min = 1, .max = 47,   \
        .unit = "bytes", .meaning = (what)                                               \
    }
#define TASK_COUNT                                                                       \
    {                                                                                    \
        .name = "count", .type = SCHEMA_INTEGER, .min = 1, .max = 1e6, .unit = "",       \
        .fallback = "1", .meaning = "how many such tasks"                                \
    }
#define OTHER_BODY(label, what)                                                          \
    {                                                                                    \
        .name = (label), .type = SCHEMA_LIST, .min = 1, .max = 1e6, .unit = "",          \
        .meaning = (what), .variants = &schema_steps                                     \
    }

static const struct schema_field until_fields[] = {
    STEP_OBJECT("until", "the event or async_event that ends the loop: while not "
                         "event.is_set()"),
    STEP_BODY("steps", "what runs again and again until it is set"),
};
static const struct schema_field gather_fields[] = {
    STEP_BODY("gather", "the tasks that await asyncio.gather() makes and waits for; the "
                        "first exception is raised at once"),
};
static const struct schema_field task_group_fields[] = {
    STEP_BODY("task_group",
              "the tasks of an asyncio.TaskGroup, 3.11 and later; the first "
              "exception cancels the others, and all are waited for"),
};
static const struct schema_field task_fields[] = {
    TASK_NAME("task", "what the task is called on the timeline"),
    TASK_COUNT,
    STEP_BODY("steps", "what the task does"),
};
static const struct schema_field spawn_fields[] = {
    TASK_NAME("spawn",
              "what a task is called that asyncio.create_task() makes and nobody "
              "waits for; it is cancelled when the loop ends"),
    TASK_COUNT,
    STEP_BODY("steps", "what the task does"),
};
static const struct schema_field join_fields[] = {
    TASK_NAME("join", "the spawned tasks whose end await asyncio.wait() waits for"),
};
static const struct schema_field cancel_fields[] = {
    TASK_NAME("cancel", "the spawned tasks that are cancelled"),
};
static const struct schema_field timeout_fields[] = {
    STEP_TIME("timeout_us", "async with asyncio.timeout(), 3.11 and later: after so long "
                            "the steps are cancelled; the TimeoutError is caught"),
    STEP_BODY("steps", "what has to end in that time"),
};
static const struct schema_field wait_for_fields[] = {
    STEP_TIME("wait_for_us", "await asyncio.wait_for(): after so long the steps are "
                             "cancelled; the TimeoutError is caught"),
    STEP_BODY("steps", "what has to end in that time; up to 3.11 a task of its own"),
};
static const struct schema_field try_fields[] = {
    STEP_BODY("try", "steps whose exceptions are caught, or after which is cleaned up"),
    OTHER_BODY("except", "what runs when one of them has raised an exception; a "
                         "cancellation is one up to 3.7"),
    OTHER_BODY("finally", "what runs after them in any case"),
};
static const struct schema_field raise_fields[] = {
    TASK_NAME("raise", "the exception, such as ValueError"),
};

static const struct schema_field read_fields[] = {
    STEP_OBJECT("read", "the peer from which await reader.read() reads: a stream"),
};
static const struct schema_field sock_recv_fields[] = {
    STEP_OBJECT("sock_recv", "the peer from which await loop.sock_recv() receives"),
};

static const char objects_instead[] =
    "shared objects belong to threads and event loops of one interpreter; describe the "
    "work as such actors (interpreters can put into an interpreter_queue and get from "
    "it)";

static const char await_instead[] = "an await needs an event loop; here write 'io_us' or "
                                    "'sleep_us', which in jobs is an await "
                                    "under asyncio";
static const char to_thread_instead[] =
    "it needs a task of an event loop; here write its steps directly";

static const char task_instead[] =
    "only tasks of an event loop start tasks, await sockets, have time-outs and raise "
    "exceptions";
static const char group_instead[] =
    "it stands directly in 'gather' or 'task_group'; elsewhere use 'spawn'";

#define IN_TASK(label, step, what, rows)                                                 \
    {                                                                                    \
        .name = (label), .kind = (step), .contexts = SCHEMA_IN_TASK,                     \
        .instead = task_instead, .object = OBJECT(what, rows)                            \
    }
#define IN_TASK_WITH_BODY(label, step, steps_of, what, rows)                             \
    {                                                                                    \
        .name = (label), .kind = (step), .contexts = SCHEMA_IN_TASK, .body = (steps_of), \
        .instead = task_instead, .object = OBJECT(what, rows)                            \
    }

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
     .contexts =
         SCHEMA_IN_THREAD | SCHEMA_IN_TASK | SCHEMA_IN_INTERPRETER | SCHEMA_IN_PROCESS,
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
    {.name = "wait",
     .kind = STEP_WAIT,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a wait step", wait_fields)},
    {.name = "notify",
     .kind = STEP_NOTIFY,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a notify step", notify_fields)},
    {.name = "notify_all",
     .kind = STEP_NOTIFY,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a notify_all step", notify_all_fields)},
    {.name = "set",
     .kind = STEP_SET,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a set step", set_fields)},
    {.name = "clear",
     .kind = STEP_CLEAR,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a clear step", clear_fields)},
    {.name = "put",
     .kind = STEP_PUT,
     .contexts = SCHEMA_IN_ACTOR | SCHEMA_IN_INTERPRETER,
     .instead = objects_instead,
     .object = OBJECT("a put step", put_fields)},
    {.name = "get",
     .kind = STEP_GET,
     .contexts = SCHEMA_IN_ACTOR | SCHEMA_IN_INTERPRETER,
     .instead = objects_instead,
     .object = OBJECT("a get step", get_fields)},
    {.name = "send",
     .kind = STEP_SEND,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a send step", send_fields)},
    {.name = "recv",
     .kind = STEP_RECV,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a recv step", recv_fields)},
    {.name = "touch",
     .kind = STEP_TOUCH,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a touch step", touch_fields)},
    {.name = "use",
     .kind = STEP_USE,
     .contexts = SCHEMA_IN_ACTOR,
     .instead = objects_instead,
     .object = OBJECT("a use step", use_fields)},
    {.name = "allocate",
     .kind = STEP_ALLOCATE,
     .contexts = SCHEMA_ANYWHERE,
     .object = OBJECT("an allocate step", allocate_fields)},
    {.name = "free",
     .kind = STEP_FREE,
     .contexts = SCHEMA_ANYWHERE,
     .object = OBJECT("a free step", free_fields)},
    {.name = "until",
     .kind = STEP_UNTIL,
     .contexts = SCHEMA_IN_ACTOR,
     .body = "steps",
     .instead = objects_instead,
     .object = OBJECT("an until step", until_fields)},
    IN_TASK_WITH_BODY("gather", STEP_GATHER, "gather", "a gather step", gather_fields),
    IN_TASK_WITH_BODY("task_group", STEP_TASK_GROUP, "task_group", "a task_group step",
                      task_group_fields),
    {.name = "task",
     .kind = STEP_TASK,
     .contexts = SCHEMA_IN_GROUP,
     .body = "steps",
     .instead = group_instead,
     .object = OBJECT("a task", task_fields)},
    IN_TASK_WITH_BODY("spawn", STEP_SPAWN, "steps", "a spawn step", spawn_fields),
    IN_TASK("join", STEP_JOIN, "a join step", join_fields),
    IN_TASK("cancel", STEP_CANCEL, "a cancel step", cancel_fields),
    IN_TASK_WITH_BODY("timeout_us", STEP_TIMEOUT, "steps", "a timeout_us step",
                      timeout_fields),
    IN_TASK_WITH_BODY("wait_for_us", STEP_WAIT_FOR, "steps", "a wait_for_us step",
                      wait_for_fields),
    {.name = "try",
     .kind = STEP_TRY,
     .contexts = SCHEMA_IN_TASK,
     .body = "try",
     .more = {{"except", STEP_EXCEPT}, {"finally", STEP_FINALLY}},
     .instead = task_instead,
     .object = OBJECT("a try step", try_fields)},
    IN_TASK("raise", STEP_RAISE, "a raise step", raise_fields),
    IN_TASK("read", STEP_READ, "a read step", read_fields),
    IN_TASK("sock_recv", STEP_SOCK_RECV, "a sock_recv step", sock_recv_fields),
};
/* `c_us` stands for three kinds of C call, and STEP_NOTIFY has two words; except and
 * finally are members of try. */
static_assert(COUNT_OF(steps) == STEP_KIND_COUNT - 2 + 1 - 2, "a row per kind of step");

const struct schema_variants schema_steps = {
    .phrase = "a step", .variant = steps, .count = COUNT_OF(steps)};
