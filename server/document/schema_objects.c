/* SPDX-License-Identifier: MIT */
/* schema_objects - the rows of schema.h for what the actors of a workload share. */
#include "engine/program/plan.h"
#include "server/document/schema_priv.h"

#define SIZE(label, least, what)                                                         \
    {                                                                                    \
        .name = (label), .type = SCHEMA_INTEGER, .required = true, .min = (least),       \
        .max = 1e6, .unit = "", .meaning = (what)                                        \
    }
#define SHARING(label, words, what)                                                      \
    {                                                                                    \
        .name = (label), .type = SCHEMA_STRING, .required = true, .names = (words),      \
        .max = 16, .unit = "", .meaning = (what)                                         \
    }

static const struct schema_field semaphore_fields[] = {
    SIZE("semaphore", 0, "a threading.Semaphore: how often it can be taken at first"),
};
static const struct schema_field barrier_fields[] = {
    SIZE("barrier", 1, "a threading.Barrier: how many threads it waits for"),
};
static const struct schema_field queue_fields[] = {
    SIZE("queue", 0, "a queue.Queue: how many items it holds; 0 is without bound"),
};
static const struct schema_field interpreter_queue_fields[] = {
    SIZE("interpreter_queue", 0,
         "a queue of concurrent.interpreters.create_queue(), 3.14 and later, for threads "
         "and interpreters of one process: how many items it holds; 0 is without bound; "
         "whoever waits looks again every 10 ms"),
};
static const struct schema_field async_semaphore_fields[] = {
    SIZE("async_semaphore", 0,
         "an asyncio.Semaphore, one for each event loop: how often it can be taken at "
         "first"),
};
static const struct schema_field async_queue_fields[] = {
    SIZE("async_queue", 0,
         "an asyncio.Queue, one for each event loop: how many items it holds; 0 is "
         "without bound"),
};
static const struct schema_field peer_fields[] = {
    {.name = "peer",
     .type = SCHEMA_NUMBER,
     .required = true,
     .min = 0.001, /* 1 ns: waiting for an answer takes time */
     .max = TIME_MAX_US,
     .unit = "us",
     .meaning =
         "a socket pair with a process at its other end that answers every message: "
         "the CPU time that it takes for one answer, its system calls included"},
};
static const struct schema_field referent_fields[] = {
    SHARING(
        "object", NAMES_SHARING,
        "an object of which only the reference count matters: \"one\" for all threads, "
        "one for \"each\" thread made by the main thread, each thread's \"own\", made "
        "by itself, \"deferred\" (a function, class or module) or \"immortal\" (None, "
        "True, a small integer)"),
};
#define CONTAINER_SHARING(label)                                                         \
    SHARING(label, NAMES_CONTAINER_SHARING,                                              \
            "a " label " that threads operate on: \"one\" for all threads, one for "     \
            "\"each\" thread made by the main thread, or each thread's \"own\", made "   \
            "by itself")
static const struct schema_field list_fields[] = {
    CONTAINER_SHARING("list"),
};
static const struct schema_field dict_fields[] = {
    CONTAINER_SHARING("dict"),
};

static const struct schema_variant objects[] = {
    {.name = "semaphore",
     .kind = OBJECT_SEMAPHORE,
     .object = OBJECT("a semaphore", semaphore_fields)},
    {.name = "barrier",
     .kind = OBJECT_BARRIER,
     .object = OBJECT("a barrier", barrier_fields)},
    {.name = "queue",
     .kind = OBJECT_QUEUE,
     .alone = "0",
     .object = OBJECT("a queue", queue_fields)},
    {.name = "interpreter_queue",
     .kind = OBJECT_INTERPRETER_QUEUE,
     .alone = "0",
     .object = OBJECT("an interpreter queue", interpreter_queue_fields)},
    {.name = "object",
     .kind = OBJECT_REFERENT,
     .alone = "one",
     .object = OBJECT("an object with a reference count", referent_fields)},
    {.name = "list",
     .kind = OBJECT_LIST,
     .alone = "one",
     .object = OBJECT("a list", list_fields)},
    {.name = "dict",
     .kind = OBJECT_DICT,
     .alone = "one",
     .object = OBJECT("a dict", dict_fields)},
    {.name = "async_semaphore",
     .kind = OBJECT_ASYNC_SEMAPHORE,
     .object = OBJECT("an asyncio semaphore", async_semaphore_fields)},
    {.name = "async_queue",
     .kind = OBJECT_ASYNC_QUEUE,
     .alone = "0",
     .object = OBJECT("an asyncio queue", async_queue_fields)},
    {.name = "peer", .kind = OBJECT_PEER, .object = OBJECT("a peer", peer_fields)},
};

const struct schema_variants schema_objects = {.phrase = "a shared object",
                                               .variant = objects,
                                               .count = COUNT_OF(objects),
                                               .names = NAMES_OBJECTS};
