# SPDX-License-Identifier: MIT
"""virtual_loop - runs programs (see programs.py) under this interpreter's asyncio, with a clock
that only select() and computing steps move.

    python virtual_loop.py EAGER END_NS

reads one program in JSON a line and answers with [[[site, start_ns, end_ns], ...], how it
ended]. select() waits for whole milliseconds, rounded up, as EpollSelector does.

What asyncio leaves to the addresses of objects is fixed as the model has it: tasks of a
TaskGroup are cancelled in the order in which they were made, those of asyncio.run() the other
way round. Timers of one nanosecond are called in the order in which they were set.
"""
import asyncio
import gc
import json
import selectors
import sys

MS = 1000000


class Deadlock(BaseException):
    """select() would wait for ever."""


class Cut(BaseException):
    """The program has gone on for long enough."""


class V(Exception):
    """What the programs raise."""


class OrderedSet(dict):
    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)


class Selector(selectors.SelectSelector):
    """Reports futures whose time has come instead of file descriptors."""

    def __init__(self, end_ns):
        super().__init__()
        self.now, self.end_ns = 0, end_ns
        self.pending = []  # of (due, number, future)
        self.number = 0

    def await_io(self, ns, future):
        self.number += 1
        self.pending.append((self.now + ns, self.number, future))

    def select(self, timeout=None):
        self.pending = [io for io in self.pending if not io[2].done()]
        if timeout is None and not self.pending:
            raise Deadlock
        until = [due for due, _, _ in self.pending]
        if timeout is not None:
            ns = round(timeout * 1e9)
            until.append(self.now + -(-ns // MS) * MS)
        self.now = max(self.now, min(until))
        if self.now > self.end_ns:
            raise Cut
        return sorted(io for io in self.pending if io[0] <= self.now)


class Loop(asyncio.SelectorEventLoop):
    def __init__(self, selector):
        super().__init__(selector)
        self._clock_resolution = 1e-9
        self.selector, self.timers = selector, 0

    def time(self):
        return self.selector.now / 1e9

    def call_at(self, when, callback, *args, context=None):
        self.timers += 1
        when = round(when * 1e9) / 1e9 + self.timers * 1e-15
        return super().call_at(when, callback, *args, context=context)

    def _process_events(self, events):
        for event in events:
            self.selector.pending.remove(event)
            self.call_soon(set_result, event[2])


async def nothing():
    pass


def set_result(future):
    if not future.done():
        future.set_result(None)


class Runner:
    def __init__(self, loop, selector):
        self.loop, self.selector = loop, selector
        self.spans, self.closed = [], False
        self.tasks = []  # in the order in which they were made
        self.named = {"x": [], "y": []}

    def make_task(self, eager):
        def factory(loop, coro, **options):
            place = len(self.tasks)
            self.tasks.append(None)
            if eager and loop.is_running():
                options["eager_start"] = True
            task = asyncio.Task(coro, loop=loop, **options)
            self.tasks[place] = task
            return task
        return factory

    def all_tasks(self, loop=None):
        return [task for task in reversed(self.tasks)
                if task is not None and not task.done()]

    def alive(self, name):
        return [task for task in self.named[name] if not task.done()]

    # One method for each word of a plan.

    async def body(self, steps):
        for step in steps:
            if self.closed:
                return  # a coroutine that is destroyed
            await getattr(self, "do_" + step[0])(*step[1:])

    async def do_python(self, ns, site, _):
        start = self.selector.now
        self.selector.now += ns
        self.spans.append((site, start, self.selector.now))

    async def do_await_sleep(self, ns, _):
        await asyncio.sleep(ns / 1e9)

    async def do_await_io(self, ns, _):
        future = self.loop.create_future()
        self.selector.await_io(ns, future)
        await future

    async def do_cancel(self, name, _):
        for task in self.alive(name):
            task.cancel()

    async def do_join(self, name, _):
        tasks = [task for task in self.alive(name) if task is not asyncio.current_task()]
        if tasks:
            await asyncio.wait(tasks)

    async def do_raise(self, _name, _):
        raise V

    async def do_set(self, name, _):
        self.objects[name].set()

    async def do_clear(self, name, _):
        self.objects[name].clear()

    async def do_wait(self, name, _):
        await self.objects[name].wait()

    async def do_put(self, name, _):
        await self.objects[name].put(1)

    async def do_get(self, name, _):
        await self.objects[name].get()

    async def do_acquire(self, name, _):
        await self.objects[name].acquire()

    async def do_release(self, name, _):
        self.objects[name].release()

    async def do_notify(self, name, count, _):
        if count == 0:
            self.objects[name].notify_all()
        else:
            self.objects[name].notify(count)

    async def do_with(self, name, steps):
        async with self.objects[name]:
            await self.body(steps)

    async def do_repeat(self, count, steps):
        for _ in range(count):
            await self.body(steps)

    async def do_gather(self, tasks):
        await asyncio.gather(*[self.body(steps) for _, _, count, steps in tasks
                               for _ in range(count)])

    async def do_task_group(self, tasks):
        group = asyncio.TaskGroup()
        group._tasks = OrderedSet()
        async with group:
            for _, _, count, steps in tasks:
                for _ in range(count):
                    group.create_task(self.body(steps))

    async def do_spawn(self, name, count, steps):
        for _ in range(count):
            self.named[name].append(self.loop.create_task(self.body(steps)))

    async def do_wait_for(self, ns, steps):
        try:
            await asyncio.wait_for(self.body(steps), ns / 1e9)
        except asyncio.TimeoutError:
            pass

    async def do_timeout(self, ns, steps):
        try:
            async with asyncio.timeout(ns / 1e9):
                await self.body(steps)
        except TimeoutError:
            pass

    async def do_try(self, steps, handler, cleanup):
        try:
            try:
                await self.body(steps)
            except Exception:
                if handler is None:
                    raise
                await self.body(handler)
        finally:
            if cleanup is not None:
                await self.body(cleanup)

    async def main(self, program, eager):
        self.loop.set_task_factory(self.make_task(eager))
        self.objects = {"l": asyncio.Lock(), "s": asyncio.Semaphore(2),
                        "c": asyncio.Condition(), "e": asyncio.Event(),
                        "q": asyncio.Queue(1)}
        gathered = []
        for daemon, steps in program:
            task = self.loop.create_task(self.body(steps))
            if not daemon:
                gathered.append(task)
        await asyncio.gather(*gathered)

    def run(self, program, eager):
        """What asyncio.run() does."""
        try:
            self.loop.run_until_complete(self.main(program, eager))
            how = "done"
        except (Exception, asyncio.CancelledError):
            how = "raised"
        asyncio.runners._cancel_all_tasks(self.loop)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        # From 3.9 on; the model has it in every version.
        shutdown = getattr(self.loop, "shutdown_default_executor", nothing)
        self.loop.run_until_complete(shutdown())
        return how


def run_program(program, eager, end_ns):
    selector = Selector(end_ns)
    loop = Loop(selector)
    loop.set_exception_handler(lambda *_: None)
    asyncio.set_event_loop(loop)
    runner = Runner(loop, selector)
    asyncio.tasks.all_tasks = runner.all_tasks
    try:
        how = runner.run(program, eager)
    except Deadlock:
        how = "deadlock"
    except Cut:
        how = "cut"
    runner.closed = True
    spans = runner.spans
    del loop, runner.loop
    runner.tasks.clear()
    runner.named.clear()
    gc.collect()  # now, not in the next program
    return spans, how


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run_program(json.loads(line), sys.argv[1] == "1",
                                     int(sys.argv[2]))), flush=True)
