/* SPDX-License-Identifier: MIT */
/*
 * py_interpreter - interpreters of one process, and a thread that goes from one to another
 * (PEP 684, PEP 734; Modules/_interpretersmodule.c, Python/crossinterp.c).
 *
 * A thread that enters an interpreter lets the GIL of the one it comes from go and takes
 * that of the one it goes to, and the same on its way back (_PyXI_Enter, _PyXI_Exit:
 * PyThreadState_Swap). While it is inside, the others of its own interpreter run.
 *
 *   make   a new interpreter, in which the thread then is: interpreter_start_us of bytecode
 *          there
 *   enter  from its own interpreter
 *   leave  back to it
 *   end    inside: interpreter_end_us, then back; the interpreter and its GIL are gone
 *
 * In a free-threaded build no interpreter has a GIL: entering and leaving cost nothing here.
 *
 * Simplified: there the pauses of a collection in one interpreter stop the threads of all.
 */
#ifndef ENGINE_PYTHON_PY_INTERPRETER_H
#define ENGINE_PYTHON_PY_INTERPRETER_H

struct process;

enum interpreter_op {
    INTERPRETER_MAKE,
    INTERPRETER_ENTER,
    INTERPRETER_LEAVE,
    INTERPRETER_END
};

/* What ACTION_INTERPRETER names. */
struct py_interpreter {
    struct process *process; /* NULL before it has been made, and without a GIL */
};

#endif
