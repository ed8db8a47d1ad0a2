/* SPDX-License-Identifier: MIT */
/*
 * py_pipe - a pipe of the operating system, and os.write(), os.read() and poll() on it.
 *
 * A pipe holds so many bytes and no more (Linux fs/pipe.c: 16 pages of 4 KiB). A call
 * detaches, pays for the system call and for every byte that it copies, and attaches.
 *
 *   write  copies as much as there is room for, wakes who waits for bytes if the pipe was
 *          empty, and sleeps while it is full, until everything is in (pipe_write)
 *   read   sleeps while the pipe is empty, copies what is there, at most what was asked for,
 *          wakes the writer if that sleeps, and returns (pipe_read)
 *   wait   poll(): sleeps until one of several pipes has bytes, or looks once
 *
 * So a message that is larger than the pipe goes through in turns: the writer fills it and
 * sleeps, the reader empties it, wakes the writer and sleeps.
 *
 * What the bytes mean goes beside them: py_pipe_push() by the sender before it writes a
 * message, py_pipe_pop() by the receiver after it has read its header. Bytes arrive in
 * order, so the two agree.
 *
 * Simplified: one thread at a time writes, and one reads or waits, as behind the locks of
 * multiprocessing's queues; the pipe's own mutex is never contended; bytes are counted, not
 * pages, of which a short message occupies a whole one.
 */
#ifndef ENGINE_PYTHON_PY_PIPE_H
#define ENGINE_PYTHON_PY_PIPE_H

#include "engine/python/py_queue.h"

#include <stdbool.h>
#include <stdint.h>

enum { PY_PIPE_CAPACITY = 65536 }; /* Linux include/linux/pipe_fs_i.h PIPE_DEF_BUFFERS */

struct py_pipe;
struct py_thread;

enum { PY_PIPE_SET_SIZE = 2 };

/* What one poll() looks at; NULL = nothing. */
struct py_pipe_set {
    struct py_pipe *pipe[PY_PIPE_SET_SIZE];
    bool ready[PY_PIPE_SET_SIZE]; /* had bytes when the last poll() returned */
    struct py_thread *sleeper;    /* in poll(), or NULL */
};

struct py_pipe {
    int64_t used;             /* bytes in it, 0 .. PY_PIPE_CAPACITY */
    struct py_thread *writer; /* asleep: it was full */
    struct py_thread *reader; /* asleep: it was empty */
    struct py_pipe_set *set;  /* whose poll() looks at it, or NULL */
    struct py_queue messages; /* two items each: what it is, and its bytes */
    enum lane_state waiting;  /* what a reader shows between two messages */
    bool writing;             /* somebody is inside write() */
};

/* An empty pipe; the messages come from the arena. */
void py_pipe_init(struct py_pipe *pipe, const struct runtime *runtime,
                  struct arena *arena, enum lane_state waiting);

/* `value`, of so many bytes besides its header, is the next message. */
int py_pipe_push(struct py_pipe *pipe, int64_t value, int64_t bytes) WARN_UNUSED;

/* The oldest message that has not been taken; there is one. */
void py_pipe_pop(struct py_pipe *pipe, int64_t *value, int64_t *bytes);

#endif
