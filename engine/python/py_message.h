/* SPDX-License-Identifier: MIT */
/*
 * py_message - one message through a Connection (Lib/multiprocessing/connection.py), as a
 * part of a program.
 *
 *   send  Connection._send_bytes: a header of 4 bytes, in one write with a payload of at most
 *         16 KiB, in a write of its own before a longer one
 *   recv  Connection._recv_bytes: a read of the header, then reads until the payload is
 *         there; none for an empty one
 *
 * The owner calls `next` for each action until it returns false: then no action was
 * written, and the message has gone through.
 *
 * Opcodes were counted on CPython 3.12.1 with a trace function between one system call and
 * the next.
 */
#ifndef ENGINE_PYTHON_PY_MESSAGE_H
#define ENGINE_PYTHON_PY_MESSAGE_H

#include "engine/program/action.h"
#include "engine/python/py_pipe.h"

enum {
    PY_MESSAGE_HEADER = 4,
    PY_MESSAGE_JOINED = 16384, /* longest payload that goes with its header */
    PY_MESSAGE_SEND_OPCODES = 87,
    PY_MESSAGE_RECV_OPCODES = 44 + 62 + 32
};

struct py_message {
    struct py_pipe *pipe;
    int64_t opcode_ps;
    int64_t value; /* what was sent, or has been received */
    int64_t bytes; /* of its payload */
    int64_t left;  /* of the header or the payload, still to read */
    uint32_t line;
};

/* The next action will be the first of sending `value`. ERR_NOMEM */
int py_message_send(struct py_message *message, int64_t value, int64_t bytes) WARN_UNUSED;
bool py_message_send_next(struct py_message *message, struct action *action);

/* The next action will be the first of receiving. */
void py_message_recv(struct py_message *message);
bool py_message_recv_next(struct py_message *message, const struct resume *resume,
                          struct action *action);

/* Bytecode: so many opcodes. */
static inline bool py_message_run(struct action *action, int64_t opcode_ps,
                                  int64_t opcodes) {
    action->kind = ACTION_COMPUTE;
    action->ns = opcodes * opcode_ps / 1000;
    return true;
}

#endif
