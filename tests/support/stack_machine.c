/* SPDX-License-Identifier: MIT */
#include "tests/support/stack_machine.h"

enum { MAX_TURNS = 64, LONGEST_NS = 3000000 };

static void push(struct stack_machine *machine, int64_t number) {
    machine->top = (machine->top + 1) % STACK_DEPTH;
    machine->stack[machine->top] = number;
}

static int64_t pop(struct stack_machine *machine) {
    const int64_t number = machine->stack[machine->top];
    machine->top = (machine->top + STACK_DEPTH - 1) % STACK_DEPTH;
    return number;
}

static int64_t wrapping_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* A taker is no pool's worker; a C call with the GIL has no native threads, because it
 * would wait for them with the GIL. */
static bool has_value(enum action_kind kind) {
    return kind != ACTION_TAKE && kind != ACTION_C_HELD;
}

static void perform(struct stack_machine *machine, const struct stack_op *op,
                    struct action *action) {
    const int64_t number = pop(machine);
    action->kind = op->action;
    action->object = op->object;
    action->ns = (int64_t)((uint64_t)number % LONGEST_NS);
    action->value = has_value(op->action) ? (int64_t)((uint64_t)number % 7) : 0;
}

/* One instruction; true when it is an action, or the end. */
static bool execute(struct stack_machine *machine, struct action *action) {
    const struct stack_op *op = &machine->code[machine->pc];
    machine->pc = (machine->pc + 1) % machine->length;
    switch (op->kind) {
    case STACK_PUSH:
        push(machine, op->number);
        return false;
    case STACK_ADD:
        push(machine, wrapping_add(pop(machine), pop(machine)));
        return false;
    case STACK_SUB:
        push(machine, wrapping_add(pop(machine), -(pop(machine) / 2)));
        return false;
    case STACK_DUP:
        push(machine, machine->stack[machine->top]);
        return false;
    case STACK_DROP:
        (void)pop(machine); /* that is all it does */
        return false;
    case STACK_STATUS:
        push(machine, (int64_t)machine->last.status);
        return false;
    case STACK_VALUE:
        push(machine, machine->last.value);
        return false;
    case STACK_JUMP_IF_ZERO:
        if (pop(machine) != 0) {
            return false;
        }
        machine->pc = (uint32_t)op->number % machine->length;
        return false;
    case STACK_JUMP:
        machine->pc = (uint32_t)op->number % machine->length;
        return false;
    case STACK_DO:
        perform(machine, op, action);
        return true;
    case STACK_HALT:
    case STACK_OP_KINDS:
        break;
    }
    return true; /* ACTION_EXIT */
}

static void stack_machine_next(void *state, const struct resume *resume,
                               struct action *action) {
    struct stack_machine *machine = state;
    machine->last = *resume;
    if (machine->fuel == 0) {
        return; /* ACTION_EXIT */
    }
    machine->fuel--;
    for (int turn = 0; turn < MAX_TURNS; turn++) {
        if (execute(machine, action)) {
            return;
        }
    }
    action->kind = ACTION_COMPUTE;
    action->ns = 1;
}

const struct program_ops stack_machine_ops = {
    .next = stack_machine_next,
    .state_size = sizeof(struct stack_machine),
};
