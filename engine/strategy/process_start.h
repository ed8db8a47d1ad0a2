/* SPDX-License-Identifier: MIT */
/*
 * process_start - multiprocessing.Process.start(), in the three ways there are
 * (Lib/multiprocessing/popen_fork.py, popen_spawn_posix.py, popen_forkserver.py).
 *
 *   fork        the parent forks; the child goes on with what the parent has loaded
 *   spawn       a new interpreter, which imports multiprocessing and `__main__` again
 *   forkserver  the first start() starts a server in that way; each start() asks it through a
 *               pipe for a child, and waits until the server has forked and answered. The
 *               child imports `__main__`
 *
 * As parts of a program: the owner calls process_start_next() for each action until it
 * returns false; then the process has been started.
 *
 * Simplified: spawn's vfork() and exec() cost the parent what fork() does; the socket on
 * which the server listens is a pipe here; one thread at a time starts processes.
 */
#ifndef ENGINE_STRATEGY_PROCESS_START_H
#define ENGINE_STRATEGY_PROCESS_START_H

#include "engine/python/py_pipe.h"
#include "engine/python/py_thread.h"

struct process_starter {
    struct world *world;
    enum start_method method;
    struct thread_spec *spec; /* of the process that is being started */
    uint32_t line;
    struct thread_spec server; /* of the fork server; its id is -1 until it is started */
    struct py_pipe requests, answers;
};

/* The method itself, or for START_DEFAULT what the machine and the runtime do. */
enum start_method process_start_method(const struct world *world,
                                       enum start_method method);

/* `method` START_DEFAULT: what the machine and the runtime do by themselves. It lives in
 * the run's arena. ERR_NOMEM */
int process_starter_init(struct process_starter *starter, struct world *world,
                         enum start_method method) WARN_UNUSED;

/* A process that runs `program`, to be started by this starter: the `number`th, from 1,
 * whose lane has the name that multiprocessing gives it, or `name`. ERR_NOMEM */
int process_start_spec(const struct process_starter *starter, uint32_t number,
                       const char *name, struct thread_spec *spec) WARN_UNUSED;

/* The next action will be the first of starting `spec`. */
void process_start_begin(struct process_starter *starter, struct thread_spec *spec);
bool process_start_next(struct process_starter *starter, const struct resume *resume,
                        struct action *action);

#endif
