/* SPDX-License-Identifier: MIT */
#include "engine/python/py_pipe.h"

#include "engine/base/check.h"
#include "engine/python/py_thread_priv.h"

static void write_try(struct os_thread *os);
static void read_try(struct os_thread *os);
static void wait_try(struct os_thread *os);

void py_pipe_init(struct py_pipe *pipe, const struct runtime *runtime,
                  struct arena *arena, enum lane_state waiting) {
    *pipe = (struct py_pipe){.waiting = waiting};
    py_queue_init(&pipe->messages, runtime, arena,
                  (struct activity){waiting, LANE_NONE, SITE_NONE});
}

int py_pipe_push(struct py_pipe *pipe, int64_t value, int64_t bytes) {
    const int rc = py_queue_push(&pipe->messages, (struct py_queue_item){value, -1});
    return rc != 0 ? rc
                   : py_queue_push(&pipe->messages, (struct py_queue_item){bytes, -1});
}

void py_pipe_pop(struct py_pipe *pipe, int64_t *value, int64_t *bytes) {
    struct py_queue_item item;
    bool popped = py_queue_pop(&pipe->messages, &item);
    *value = item.value;
    popped = popped && py_queue_pop(&pipe->messages, &item);
    *bytes = item.value;
    ASSERT(popped);
}

/* --- the system call ----------------------------------------------------------- */

static struct py_pipe *pipe_of(const struct py_thread *thread) {
    return thread->action.object;
}

static void enter_kernel(struct py_thread *thread, os_fn then) {
    py_thread_show(thread, STATE_DETACHED, LANE_NONE);
    py_thread_work(thread, py_thread_machine(thread)->syscall_ns, then);
}

/* Between the program's memory and the kernel's. */
static void copy(struct py_thread *thread, int64_t bytes, os_fn then) {
    const int64_t rate = py_thread_machine(thread)->copy_mb_per_s;
    thread->bytes_now = bytes;
    py_thread_work(thread, rate == 0 ? 0 : bytes * 1000 / rate, then);
}

/* Whoever sleeps for bytes: in read(), or in a poll() that looks at this pipe. */
static struct py_thread *take_sleeper(struct py_pipe *pipe) {
    struct py_thread *sleeper = pipe->reader;
    pipe->reader = NULL;
    if (sleeper == NULL && pipe->set != NULL) {
        sleeper = pipe->set->sleeper;
        pipe->set->sleeper = NULL;
    }
    return sleeper;
}

/* --- write --------------------------------------------------------------------- */

static void write_go_on(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    if (thread->bytes_left > 0) {
        write_try(os);
        return;
    }
    pipe_of(thread)->writing = false;
    py_thread_attach_and_finish(os);
}

static void write_copied(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_pipe *pipe = pipe_of(thread);
    struct py_thread *sleeper = pipe->used == 0 ? take_sleeper(pipe) : NULL;
    pipe->used += thread->bytes_now;
    thread->bytes_left -= thread->bytes_now;
    if (sleeper != NULL) {
        py_thread_wake_other(thread, sleeper, write_go_on);
    } else {
        write_go_on(os);
    }
}

static void write_try(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_pipe *pipe = pipe_of(thread);
    const int64_t room = PY_PIPE_CAPACITY - pipe->used;
    if (room == 0) {
        ASSERT(pipe->writer == NULL);
        pipe->writer = thread;
        py_thread_block(thread, STATE_IO, LANE_NONE, write_try);
        return;
    }
    copy(thread, thread->bytes_left < room ? thread->bytes_left : room, write_copied);
}

static void write_enter(struct os_thread *os) {
    pipe_of(PY_THREAD_OF(os))->writing = true;
    enter_kernel(PY_THREAD_OF(os), write_try);
}

void py_pipe_begin_write(struct os_thread *os) {
    PY_THREAD_OF(os)->bytes_left = PY_THREAD_OF(os)->action.value;
    py_thread_detach(PY_THREAD_OF(os), write_enter);
}

/* --- read ---------------------------------------------------------------------- */

static void read_copied(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_pipe *pipe = pipe_of(thread);
    struct py_thread *writer = pipe->writer;
    pipe->used -= thread->bytes_now;
    pipe->writer = NULL;
    thread->resume.value = thread->bytes_now;
    if (writer != NULL) {
        py_thread_wake_other(thread, writer, py_thread_attach_and_finish);
    } else {
        py_thread_attach_and_finish(os);
    }
}

static void read_try(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_pipe *pipe = pipe_of(thread);
    if (pipe->used == 0) {
        ASSERT(pipe->reader == NULL);
        pipe->reader = thread;
        py_thread_block(thread, pipe->writing ? STATE_IO : pipe->waiting, LANE_NONE,
                        read_try);
        return;
    }
    copy(thread, thread->action.value < pipe->used ? thread->action.value : pipe->used,
         read_copied);
}

static void read_enter(struct os_thread *os) { enter_kernel(PY_THREAD_OF(os), read_try); }

void py_pipe_begin_read(struct os_thread *os) {
    ASSERT(PY_THREAD_OF(os)->action.value > 0);
    py_thread_detach(PY_THREAD_OF(os), read_enter);
}

/* --- wait ---------------------------------------------------------------------- */

static bool look(struct py_pipe_set *set) {
    bool any = false;
    for (size_t i = 0; i < PY_PIPE_SET_SIZE; i++) {
        set->ready[i] = set->pipe[i] != NULL && set->pipe[i]->used > 0;
        any = any || set->ready[i];
    }
    return any;
}

static void wait_try(struct os_thread *os) {
    struct py_thread *thread = PY_THREAD_OF(os);
    struct py_pipe_set *set = thread->action.object;
    const bool any = look(set);
    if (any || thread->action.ns == 0) {
        thread->resume.status = any ? RESUME_DONE : RESUME_TIMED_OUT;
        py_thread_attach_and_finish(os);
        return;
    }
    set->sleeper = thread;
    for (size_t i = 0; i < PY_PIPE_SET_SIZE; i++) {
        if (set->pipe[i] != NULL) {
            set->pipe[i]->set = set;
        }
    }
    py_thread_block(thread, STATE_IO, LANE_NONE, wait_try);
}

static void wait_enter(struct os_thread *os) { enter_kernel(PY_THREAD_OF(os), wait_try); }

void py_pipe_begin_wait(struct os_thread *os) {
    py_thread_detach(PY_THREAD_OF(os), wait_enter);
}
