/* SPDX-License-Identifier: MIT */
#include "engine/strategy/process_start.h"

#include <stdio.h>

enum { REQUEST_BYTES = 300, ANSWER_BYTES = 8 }; /* descriptors and preparation data */

/* --- the fork server ----------------------------------------------------------- */

struct fork_server {
    struct process_starter *starter;
    uint32_t line;
};

static void pipe_act(struct action *action, enum action_kind kind, struct py_pipe *pipe,
                     int64_t bytes) {
    action->kind = kind;
    action->object = pipe;
    action->value = bytes;
}

static void server_next(void *state, const struct resume *resume, struct action *action) {
    (void)resume;
    struct fork_server *server = state;
    struct process_starter *starter = server->starter;
    switch (server->line) {
    case 0:
        pipe_act(action, ACTION_PIPE_READ, &starter->requests, REQUEST_BYTES);
        break;
    case 1:
        action->kind = ACTION_START;
        action->object = starter->spec;
        break;
    default:
        pipe_act(action, ACTION_PIPE_WRITE, &starter->answers, ANSWER_BYTES);
        break;
    }
    server->line = (server->line + 1) % 3;
}

static const struct program_ops server_ops = {
    .next = server_next,
    .state_size = sizeof(struct fork_server),
};

/* --- making -------------------------------------------------------------------- */

/* Lib/multiprocessing/context.py. */
enum start_method process_start_method(const struct world *world,
                                       enum start_method method) {
    const int64_t rule = world->runtime.start_rule;
    if (method != START_DEFAULT) {
        return method;
    }
    if (rule == START_RULE_FORK) {
        return START_FORK;
    }
    if (world->plan->machine.spawns) {
        return START_SPAWN;
    }
    return rule == START_RULE_FORKSERVER ? START_FORKSERVER : START_FORK;
}

int process_starter_init(struct process_starter *starter, struct world *world,
                         enum start_method method) {
    *starter = (struct process_starter){
        .world = world,
        .method = process_start_method(world, method),
        .server = {.name = "forkserver", .birth = BIRTH_SERVER, .id = -1},
    };
    py_pipe_init(&starter->requests, &world->runtime, &world->arena, STATE_IDLE);
    py_pipe_init(&starter->answers, &world->runtime, &world->arena, STATE_IO);
    if (starter->method == START_FORKSERVER) {
        struct fork_server *server = arena_alloc(&world->arena, 1, sizeof *server);
        if (server == NULL) {
            return ERR_NOMEM;
        }
        server->starter = starter;
        starter->server.program = (struct program){&server_ops, server};
    }
    return 0;
}

int process_start_spec(const struct process_starter *starter, uint32_t number,
                       const char *name, struct thread_spec *spec) {
    static const char *const names[] = {[START_FORK] = "ForkProcess",
                                        [START_FORKSERVER] = "ForkServerProcess",
                                        [START_SPAWN] = "SpawnProcess"};
    static const enum process_birth births[] = {[START_FORK] = BIRTH_FORK,
                                                [START_FORKSERVER] = BIRTH_BY_SERVER,
                                                [START_SPAWN] = BIRTH_SPAWN};
    enum { SIZE = 48 };
    spec->birth = births[starter->method];
    spec->id = -1;
    spec->name = name;
    if (name == NULL) {
        char *text = arena_alloc(&starter->world->arena, SIZE, 1);
        if (text == NULL) {
            return ERR_NOMEM;
        }
        snprintf(text, SIZE, "%s-%u", names[starter->method], number);
        spec->name = text;
    }
    return 0;
}

/* --- starting ------------------------------------------------------------------ */

void process_start_begin(struct process_starter *starter, struct thread_spec *spec) {
    starter->spec = spec;
    starter->line = 0;
}

static bool start(struct process_starter *starter, struct thread_spec *spec,
                  uint32_t line, struct action *action) {
    action->kind = ACTION_START;
    action->object = spec;
    starter->line = line;
    return true;
}

bool process_start_next(struct process_starter *starter, const struct resume *resume,
                        struct action *action) {
    (void)resume;
    enum { BEGIN, ASK, WRITE, READ, OVER };
    switch (starter->line) {
    case BEGIN:
        if (starter->method != START_FORKSERVER) {
            return start(starter, starter->spec, OVER, action);
        }
        if (starter->server.id < 0) {
            return start(starter, &starter->server, ASK, action);
        }
        /* fall through */
    case ASK:
        action->kind = ACTION_COMPUTE;
        action->ns = starter->world->runtime.process_start_ns;
        starter->line = WRITE;
        return true;
    case WRITE:
        pipe_act(action, ACTION_PIPE_WRITE, &starter->requests, REQUEST_BYTES);
        starter->line = READ;
        return true;
    case READ:
        pipe_act(action, ACTION_PIPE_READ, &starter->answers, ANSWER_BYTES);
        starter->line = OVER;
        return true;
    default:
        return false;
    }
}
