/* SPDX-License-Identifier: MIT */
#include "engine/python/py_message.h"

/* --- send ---------------------------------------------------------------------- */

int py_message_send(struct py_message *message, int64_t value, int64_t bytes) {
    message->value = value;
    message->bytes = bytes;
    message->line = 0;
    return py_pipe_push(message->pipe, value, bytes);
}

static bool write_bytes(const struct py_message *message, struct action *action,
                        int64_t bytes) {
    action->kind = ACTION_PIPE_WRITE;
    action->object = message->pipe;
    action->value = bytes;
    return true;
}

bool py_message_send_next(struct py_message *message, struct action *action) {
    const bool joined = message->bytes <= PY_MESSAGE_JOINED;
    switch (message->line++) {
    case 0:
        return py_message_run(action, message->opcode_ps, PY_MESSAGE_SEND_OPCODES);
    case 1:
        return write_bytes(message, action,
                           PY_MESSAGE_HEADER + (joined ? message->bytes : 0));
    case 2:
        return !joined && py_message_run(action, message->opcode_ps, 22);
    case 3:
        return write_bytes(message, action, message->bytes);
    default:
        return false;
    }
}

/* --- recv ---------------------------------------------------------------------- */

void py_message_recv(struct py_message *message) {
    message->line = 0;
    message->left = PY_MESSAGE_HEADER;
}

static bool read_left(const struct py_message *message, struct action *action) {
    action->kind = ACTION_PIPE_READ;
    action->object = message->pipe;
    action->value = message->left;
    return true;
}

bool py_message_recv_next(struct py_message *message, const struct resume *resume,
                          struct action *action) {
    switch (message->line) {
    case 0:
        message->line = 1;
        return py_message_run(action, message->opcode_ps, 44);
    case 1:
        message->line = 2;
        return read_left(message, action);
    case 2: /* of the header */
        message->left -= resume->value;
        if (message->left > 0) {
            return read_left(message, action);
        }
        py_pipe_pop(message->pipe, &message->value, &message->bytes);
        message->left = message->bytes;
        message->line = message->left > 0 ? 3 : 5;
        return py_message_run(action, message->opcode_ps, 62);
    case 3:
        message->line = 4;
        return read_left(message, action);
    case 4: /* of the payload: as long as the pipe gives less than all of it */
        message->left -= resume->value;
        message->line = message->left > 0 ? 3 : 5;
        return py_message_run(action, message->opcode_ps, message->left > 0 ? 20 : 32);
    default:
        return false;
    }
}
