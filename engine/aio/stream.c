/* SPDX-License-Identifier: MIT */
/*
 * stream - sockets of an event loop, to the peers of the plan.
 *
 *   streams      the transport's reader is registered once. A readable socket has a handle
 *                that receives everything there is and feeds it to the StreamReader, whose
 *                waiter goes on in the next iteration: two iterations for a read that had to
 *                wait, none for one that finds something (Lib/asyncio/selector_events.py
 *                _read_ready__data_received, streams.py)
 *   sock_recv()  tries at once; else a reader is added to the selector, and removed when it
 *                has been called (_sock_recv, _sock_read_done)
 *
 * Each recv() and each epoll_ctl() is a system call that gives up the GIL, and so is the
 * send() of transport.write(), which is tried at once: ACTION_SEND.
 *
 * Simplified: receiving takes one system call however much there is, and an end of file does
 * not come.
 */
#include "engine/aio/aio_priv.h"

/* Opcodes, counted on CPython 3.12.1 with a trace function: StreamReader.read(n) that finds
 * data (3.11.7, less the seventh by which it is longer); what it does more when it has to
 * wait, and when it goes on; the transport's callback besides recv() (sock_recv()'s has 90);
 * transport.write(); sock_recv() that finds data, what it does more to wait - selectors are
 * Python -, and its done callback, which has a handle of its own. */
enum {
    READ_OPCODES = 46,
    READ_WAIT_OPCODES = 18,
    READ_WOKEN_OPCODES = 43,
    READ_READY_OPCODES = 94,
    WRITE_OPCODES = 46,
    RECV_OPCODES = 31,
    ADD_READER_OPCODES = 325,
    REMOVE_READER_OPCODES = 212
};

/* --- what is watched ------------------------------------------------------------ */

static struct aio_stream *open_stream(struct aio_loop *loop, struct py_peer *peer) {
    struct aio_stream *stream = arena_alloc(&loop->world->arena, 1, sizeof *stream);
    if (stream == NULL) {
        world_fail_nomem(loop->world);
        return NULL;
    }
    *stream = (struct aio_stream){.loop = loop, .peer = peer, .next = loop->streams};
    loop->streams = stream;
    if (peer->selector == NULL) { /* else it is another loop's */
        peer->reader = stream;
    }
    return stream;
}

static struct aio_stream *stream_of(struct aio_task *task) {
    struct py_peer *peer = ((const struct world_object *)task->call.object)->peer;
    struct aio_stream *stream = peer->reader;
    if (stream != NULL && stream->loop == task->loop) {
        return stream;
    }
    stream = task->loop->streams; /* that several loops use */
    while (stream != NULL && stream->peer != peer) {
        stream = stream->next;
    }
    return stream != NULL ? stream : open_stream(task->loop, peer);
}

/* False when another loop has the socket. */
static bool watch(struct aio_stream *stream) {
    struct py_peer *peer = stream->peer;
    struct selector *selector = &stream->loop->selector;
    if (peer->selector != NULL && peer->selector != selector) {
        return false;
    }
    peer->reader = stream;
    py_peer_watch(peer, selector);
    return true;
}

static bool is_read_as_stream(const struct plan *plan, size_t object) {
    for (size_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].kind == STEP_READ && plan->steps[i].object == object) {
            return true;
        }
    }
    return false;
}

void aio_streams_open(struct aio_loop *loop) {
    struct world *world = loop->world;
    for (size_t i = 0; i < world->plan->object_count; i++) {
        struct py_peer *peer = world->objects[i].peer;
        if (peer == NULL || peer->selector != NULL ||
            !is_read_as_stream(world->plan, i)) {
            continue;
        }
        struct aio_stream *stream = open_stream(loop, peer);
        if (stream != NULL) {
            watch(stream);
        }
    }
}

static enum aio_progress other_loop(struct aio_task *task) {
    world_raise(task->loop->world, task->call.site,
                "RuntimeError: another event loop reads from this peer");
    return aio_done(task);
}

void aio_streams_report(struct aio_loop *loop) {
    const struct py_peer *it = loop->selector.first_readable;
    for (; it != NULL; it = it->next_readable) {
        ((struct aio_stream *)it->reader)->reported = true;
    }
}

void aio_streams_collect(struct aio_loop *loop) {
    const struct py_peer *it = loop->selector.first_readable;
    for (; it != NULL; it = it->next_readable) {
        struct aio_stream *stream = it->reader;
        if (stream->reported) {
            stream->reported = false;
            aio_call_soon(loop, &stream->handle, HANDLE_READ);
        }
    }
}

/* --- reading -------------------------------------------------------------------- */

static bool system_call(const struct aio_loop *loop, struct action *action) {
    *action = (struct action){.kind = ACTION_C_RELEASED,
                              .site = SITE_NONE,
                              .ns = loop->world->plan->machine.syscall_ns};
    return true;
}

/* recv() has returned: what was there is the reader's. */
static bool received(struct aio_loop *loop, const struct resume *resume,
                     struct action *action) {
    struct aio_stream *stream = (struct aio_stream *)(void *)loop->current;
    (void)resume;
    (void)action;
    stream->buffered += py_peer_receive_all(stream->peer);
    loop->selector.ready = loop->answered.first != NULL || loop->selector.bytes > 0 ||
                           loop->selector.first_readable != NULL;
    if (stream->reader != NULL) {
        aio_future_set(stream->reader, RESUME_DONE, stream->peer->os.lane);
        stream->reader = NULL;
    }
    loop->phase = aio_run_handles;
    return false;
}

/* libuv has received before its callback takes the GIL: the first one after a poll has it
 * from there. */
static bool receive(struct aio_loop *loop, const struct resume *resume,
                    struct action *action) {
    (void)resume;
    loop->phase = received;
    system_call(loop, action);
    if (aio_runtime(loop)->uvloop && loop->polled) {
        action->kind = ACTION_C_HELD;
    }
    loop->polled = false;
    return true;
}

bool aio_stream_read_ready(struct aio_stream *stream, struct action *action) {
    stream->loop->phase = receive;
    return aio_compute(
        action,
        aio_loop_cost(stream->loop, aio_opcodes_ns(stream->loop, READ_READY_OPCODES)));
}

static enum aio_progress take_message(struct aio_task *task, struct aio_stream *stream) {
    stream->buffered--;
    return aio_done(task);
}

static enum aio_progress wait_for_data(struct aio_task *task, struct aio_stream *stream) {
    if (stream->reader != NULL) {
        return aio_raised(task, "RuntimeError: read() called while another coroutine is "
                                "already waiting for incoming data");
    }
    stream->reader = aio_suspend(task, STATE_AWAIT_IO, NULL);
    return AIO_SUSPENDED;
}

/* The wait is over; true when it was cancelled. */
static bool leave_wait(struct aio_task *task, struct aio_stream *stream,
                       const struct resume *resume) {
    if (stream->reader == task->future) {
        stream->reader = NULL;
    }
    aio_task_let_go(task);
    aio_ends(task, *resume);
    return resume->status == RESUME_CANCELLED;
}

enum aio_progress aio_await_read(struct aio_task *task, const struct resume *resume,
                                 struct action *action) {
    struct aio_call *call = &task->call;
    struct aio_stream *stream = stream_of(task);
    if (stream == NULL) {
        return AIO_SUSPENDED; /* out of memory: the run has ended */
    }
    switch (call->line++) {
    case 0:
        return watch(stream) ? aio_pay(task, READ_OPCODES, action) : other_loop(task);
    case 1:
        if (stream->buffered > 0) {
            return take_message(task, stream);
        }
        return aio_pay(task, READ_WAIT_OPCODES, action);
    case 2:
        return wait_for_data(task, stream);
    case 3:
        return leave_wait(task, stream, resume)
                   ? AIO_DONE
                   : aio_pay(task, READ_WOKEN_OPCODES, action);
    default:
        return take_message(task, stream);
    }
}

/* transport.write() sends at once; what does not fit would be kept, but everything does. */
enum aio_progress aio_send(struct aio_task *task, const struct resume *resume,
                           struct action *action) {
    (void)resume;
    switch (task->call.line++) {
    case 0:
        aio_pay(task, WRITE_OPCODES, action);
        action->ns = aio_loop_cost(task->loop, action->ns);
        return AIO_ACT;
    case 1:
        *action = (struct action){
            .kind = ACTION_SEND,
            .site = task->call.site,
            .ns = task->call.ns,
            .value = aio_runtime(task->loop)->uvloop, /* uv_try_write() with the GIL */
            .object = task->call.object,
        };
        return AIO_ACT;
    default:
        return aio_done(task);
    }
}

/* --- sock_recv() ---------------------------------------------------------------- */

enum recv_line {
    RECV_BEGIN,
    RECV_TRY, /* recv(): BlockingIOError unless something is there */
    RECV_TRIED,
    RECV_ADD, /* add_reader(): epoll_ctl() */
    RECV_WAIT,
    RECV_WOKEN,
    RECV_REMOVE, /* remove_reader() */
    RECV_OVER
};

enum aio_progress aio_await_recv(struct aio_task *task, const struct resume *resume,
                                 struct action *action) {
    struct aio_call *call = &task->call;
    struct aio_stream *stream = stream_of(task);
    if (stream == NULL) {
        return AIO_SUSPENDED; /* out of memory: the run has ended */
    }
    switch ((enum recv_line)call->line++) {
    case RECV_BEGIN:
        return aio_pay(task, RECV_OPCODES, action);
    case RECV_TRY:
        system_call(task->loop, action);
        return AIO_ACT;
    case RECV_TRIED:
        stream->buffered += py_peer_receive_all(stream->peer);
        if (stream->buffered > 0) {
            return take_message(task, stream);
        }
        return aio_pay(task, ADD_READER_OPCODES, action);
    case RECV_ADD:
        system_call(task->loop, action);
        return AIO_ACT;
    case RECV_WAIT:
        return watch(stream) ? wait_for_data(task, stream) : other_loop(task);
    case RECV_WOKEN:
        call->cancelled = leave_wait(task, stream, resume);
        aio_pay(task, REMOVE_READER_OPCODES, action);
        action->ns += aio_runtime(task->loop)->loop_handle_ns;
        return AIO_ACT;
    case RECV_REMOVE:
        py_peer_watch(stream->peer, NULL);
        system_call(task->loop, action);
        return AIO_ACT;
    case RECV_OVER:
        break;
    }
    return call->cancelled ? aio_cancelled(task) : take_message(task, stream);
}
