/* SPDX-License-Identifier: MIT */
/* broken_priv - rows of broken documents, and the frames around what they are about. */
#ifndef TESTS_SERVER_BROKEN_PRIV_H
#define TESTS_SERVER_BROKEN_PRIV_H

#include <stddef.h>

/* In the table ' stands for ", to be readable. */
struct broken_row {
    const char *name, *text, *pointer, *says;
};

#define JOBS "'workload':{'jobs':{'count':1,'steps':[{'python_us':1}]}}"
#define WITH(members) "{'schema':1," members "," JOBS "}"
#define STEPS(steps) "{'schema':1,'workload':{'jobs':{'count':1,'steps':" steps "}}}"
#define ACTORS(actors) "{'schema':1,'workload':{'actors':" actors "}}"
#define THREAD(steps) ACTORS("[{'name':'a','thread':1,'steps':" steps "}]")
#define DAEMON(steps)                                                                    \
    ACTORS("[{'name':'a','thread':1,'steps':[{'python_us':1}]},"                         \
           "{'name':'d','thread':1,'daemon':true,'steps':" steps "}]")
#define DAEMON_WITH(objects, steps)                                                      \
    "{'schema':1,'workload':{'objects':" objects ",'actors':[{'name':'a','thread':1,"    \
    "'steps':[{'python_us':1}]},{'name':'d','thread':1,'daemon':true,'steps':" steps     \
    "}]}}"
#define TASK(steps)                                                                      \
    ACTORS("[{'name':'a','event_loop':1,'tasks':[{'name':'t','steps':" steps "}]}]")
#define OBJECTS(objects, steps)                                                          \
    "{'schema':1,'workload':{'objects':" objects                                         \
    ",'actors':[{'name':'a','thread':1,'steps':" steps "}]}}"
#define IN_STEP "/workload/jobs/steps/0"
#define IN_THREAD "/workload/actors/0/steps/0"

/* Shared objects, the steps that name them, and C calls. */
extern const struct broken_row broken_object_rows[];
extern const size_t broken_object_row_count;

/* Tasks that tasks start, time-outs, exceptions; strategies inside strategies. */
extern const struct broken_row broken_task_rows[];
extern const size_t broken_task_row_count;

#endif
