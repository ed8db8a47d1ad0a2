# SPDX-License-Identifier: MIT
"""programs - random programs of asyncio tasks: as data, as text of tests/support/plans.c, and
made smaller.

A program is a list of tasks [daemon, steps], a step a list [word, operands ..., steps or None];
try has three lists of steps. A computing step ["python", ns, site, None] has as its site its
index in the order of the text, as plans.c counts.
"""
import json

MS = 1000000
TIMED = ("python", "await_sleep", "await_io", "wait_for", "timeout")


# --- at random ------------------------------------------------------------------------------


class Maker:
    """Each program has some kinds of steps only, so that they meet more often."""

    def __init__(self, rng, version):
        self.rng = rng
        leaves = [
            lambda: ["await_io", self.time() + 300001, None],
            lambda: ["cancel", rng.choice("xy"), None],
            lambda: ["join", rng.choice("xy"), None],
            lambda: ["raise", "V", None],
            lambda: ["set", "e", None],
            lambda: ["clear", "e", None],
            lambda: ["wait", "e", None],
            lambda: ["put", "q", None],
            lambda: ["get", "q", None],
            lambda: ["release", "s", None],
            lambda: ["acquire", "s", None],
            lambda: ["with", "c", [["notify", "c", rng.choice((0, 1, 1, 2)), None]]],
            lambda: ["with", "c", [["wait", "c", None]]],
        ]
        self.leaves = rng.sample(leaves, rng.randrange(2, 8)) + 2 * [
            lambda: ["python", rng.choice((MS, MS, MS // 4)), 0, None],
            lambda: ["await_sleep", self.time(), None],
        ]
        inner = [
            lambda depth: ["gather", self.tasks(depth)],
            lambda depth: ["wait_for", self.time(), self.body(depth)],
            lambda depth: ["with", "l", self.body(depth)],
            lambda depth: ["with", "s", self.body(depth)],
            lambda depth: ["with", "c", self.body(depth)],
            lambda depth: ["repeat", 2, self.body(depth)],
        ]
        if version >= (3, 11):
            inner += [lambda depth: ["task_group", self.tasks(depth)],
                      lambda depth: ["task_group", self.tasks(depth)],
                      lambda depth: ["timeout", self.time(), self.body(depth)]]
        self.inner = rng.sample(inner, rng.randrange(1, len(inner))) + [
            lambda depth: self.attempt(depth),
            lambda depth: ["spawn", rng.choice("xy"), rng.choice((1, 1, 2)),
                           self.body(depth)],
        ]

    def time(self):
        return self.rng.choice((0, 1, 1, 2, 2, 3, 5, 8)) * MS

    def body(self, depth):
        return [self.step(depth) for _ in range(self.rng.choice((1, 2, 2, 3, 4)))]

    def tasks(self, depth):
        return [["task", "t", self.rng.choice((1, 1, 1, 2)), self.body(depth)]
                for _ in range(self.rng.choice((1, 2, 2, 3)))]

    def attempt(self, depth):
        """A try with an except, a finally or both."""
        kind = self.rng.randrange(3)
        return ["try", self.body(depth),
                self.body(depth) if kind != 0 else None,
                self.body(depth) if kind != 1 else None]

    def step(self, depth):
        if depth == 0 or self.rng.random() < 0.6:
            return self.rng.choice(self.leaves)()
        return self.rng.choice(self.inner)(depth - 1)

    def program(self):
        """The tasks of the main coroutine: whether it leaves each alone, and its steps."""
        tasks = [[self.rng.random() < 0.2, self.body(3)]
                 for _ in range(self.rng.choice((1, 2, 3, 4)))]
        tasks[-1][0] = False
        return [[True, self.rescue()]] + tasks if self.rng.random() < 0.6 else tasks

    def rescue(self):
        """Wakes who waits, again and again, so that fewer programs end in a deadlock."""
        return [["repeat", 20, [
            ["await_sleep", self.rng.choice((3, 4)) * MS, None], ["set", "e", None],
            ["release", "s", None],
            ["wait_for", MS, [["with", "c", [["notify", "c", 0, None]]]]],
            ["wait_for", MS, [[self.rng.choice(("put", "get")), "q", None]]]]]]


# --- as text --------------------------------------------------------------------------------


def operand(word, value):
    return f"{value}ns" if word in TIMED else str(value)


def words(step):
    if step[0] == "try":
        text = ["try {"] + text_of(step[1]) + ["}"]
        for word, body in (("except", step[2]), ("finally", step[3])):
            if body is not None:
                text += [word + " {"] + text_of(body) + ["}"]
        return text
    operands = step[1:2] if step[0] == "python" else step[1:-1]
    head = " ".join([step[0]] + [operand(step[0], value) for value in operands])
    return [head] if step[-1] is None else [head + " {"] + text_of(step[-1]) + ["}"]


def text_of(body):
    return [word for step in body for word in words(step)]


def plan_of(program, version, eager):
    """What run_plans.c reads."""
    lines = [f"runtime cpython-{version[0]}.{version[1]} {int(eager)}"]
    for i, (daemon, body) in enumerate(program):
        lines.append(f"task m{i} {int(daemon)} " + " ".join(text_of(body)))
    return "\n".join(lines + ["run", ""])


def number(body, site):
    """Gives computing steps their sites; returns the next one."""
    for step in body:
        if step[0] == "python":
            step[2] = site
        site += 1
        if step[0] == "try":
            site = number(step[1], site)
            for other in step[2:]:
                if other is not None:
                    site = number(other, site + 1)
        elif step[-1] is not None:
            site = number(step[-1], site)
    return site


def numbered(program):
    program = json.loads(json.dumps(program))
    site = 0
    for _, body in program:
        site = number(body, site)
    return program


# --- smaller --------------------------------------------------------------------------------


def smaller(program):
    """Programs with something left out."""
    for i in range(len(program)):
        if len(program) > 1:
            rest = program[:i] + program[i + 1:]
            if any(not daemon for daemon, _ in rest):
                yield rest
        for body in smaller_bodies(program[i][1]):
            yield program[:i] + [[program[i][0], body]] + program[i + 1:]


def smaller_bodies(body):
    for i, step in enumerate(body):
        if len(body) > 1:
            yield body[:i] + body[i + 1:]
        if step[0] == "try":
            yield body[:i] + step[1] + body[i + 1:]
            if step[2] is not None and step[3] is not None:
                yield body[:i] + [step[:2] + [None, step[3]]] + body[i + 1:]
                yield body[:i] + [step[:3] + [None]] + body[i + 1:]
        for place, part in enumerate(step):
            if isinstance(part, list):
                if step[0] not in ("gather", "task_group", "task", "try", "spawn"):
                    yield body[:i] + part + body[i + 1:]
                for less in smaller_bodies(part):
                    yield body[:i] + [step[:place] + [less] + step[place + 1:]] + body[i + 1:]
        if step[0] in ("task", "spawn") and step[2] > 1:
            yield body[:i] + [step[:2] + [1] + step[3:]] + body[i + 1:]
