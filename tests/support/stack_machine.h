/* SPDX-License-Identifier: MIT */
/*
 * stack_machine - a small programmable program: the third of the producers that prove the
 * pull interface. Unlike steps it branches on how its actions ended.
 *
 *   PUSH n | ADD | SUB | DUP | DROP      whole numbers on a stack of 16, which wraps
 *   STATUS | VALUE                       push how the last action ended
 *   JUMP to | JUMP_IF_ZERO to            `to` is taken modulo the length of the code
 *   DO kind object                       pops the time (or the value) of an action
 *   HALT
 *
 * It always ends: after `fuel` actions it exits, and a long way without an action becomes
 * a nanosecond of bytecode.
 */
#ifndef TESTS_SUPPORT_STACK_MACHINE_H
#define TESTS_SUPPORT_STACK_MACHINE_H

#include "engine/program/action.h"

enum stack_op_kind {
    STACK_PUSH,
    STACK_ADD,
    STACK_SUB,
    STACK_DUP,
    STACK_DROP,
    STACK_STATUS,
    STACK_VALUE,
    STACK_JUMP,
    STACK_JUMP_IF_ZERO,
    STACK_DO,
    STACK_HALT,
    STACK_OP_KINDS
};

struct stack_op {
    enum stack_op_kind kind;
    int64_t number; /* PUSH: the number; JUMP: where to */
    enum action_kind action;
    void *object;
};

enum { STACK_DEPTH = 16 };

struct stack_machine {
    const struct stack_op *code; /* borrowed */
    uint32_t length, pc, top, fuel;
    struct resume last;
    int64_t stack[STACK_DEPTH];
};

extern const struct program_ops stack_machine_ops;

#endif
