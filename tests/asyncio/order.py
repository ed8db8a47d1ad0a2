#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""order - the order and the times of asyncio's steps: real interpreters against the model.

    tests/asyncio/order.py [--seed N] [--count N] RUN_PLANS

Random programs of tasks are run twice: by the program RUN_PLANS (run_plans.c) as plans of the
model, and by every Python of pyenv from 3.7 on, with a clock that only the loop's select()
and the steps themselves move (virtual_loop.py). Which step computed from when to when must
agree, and how the run ended. The first difference is made smaller and printed with its seed:
exit status 1. Without any such Python it is 77.
"""
import argparse
import glob
import json
import os
import pwd
import random
import subprocess
import sys

from programs import Maker, numbered, plan_of, smaller

END_NS = 300 * 1000000  # of run_plans.c
OLDEST = (3, 7)  # asyncio.run(); gather() of 3.6 makes its tasks in any order
HERE = os.path.dirname(os.path.abspath(__file__))


class Model:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def run(self, program, python):
        self.process.stdin.write(plan_of(program, python.version, python.eager))
        self.process.stdin.flush()
        line = self.process.stdout.readline().split()
        spans = []
        while line and line[0].isdigit():
            spans.append([int(line.pop(0)) for _ in range(3)])
        return tidy(spans), verdict(" ".join(line))


def verdict(reason):
    for how, sign in (("done", "done"), ("deadlock", "failed deadlock"),
                      ("cut", "limit"), ("raised", "failed ")):
        if sign in reason:
            return how
    return reason


class Python:
    """An interpreter that runs one program after the other."""

    def __init__(self, path, version, eager):
        self.version, self.eager = version, eager
        self.name = ".".join(map(str, version)) + (" eager" if eager else "")
        self.process = subprocess.Popen(
            [path, os.path.join(HERE, "virtual_loop.py"), str(int(eager)), str(END_NS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)

    def run(self, program):
        self.process.stdin.write(json.dumps(numbered(program)) + "\n")
        self.process.stdin.flush()
        spans, how = json.loads(self.process.stdout.readline())
        return tidy(spans), how


def tidy(spans):
    """In the order of time, without what was cut off; what goes on at one step is one."""
    tidied = []
    for site, start, end in sorted(spans, key=lambda span: span[1]):
        if end >= END_NS or start == end:
            continue
        if tidied and tidied[-1][0] == site and tidied[-1][2] == start:
            tidied[-1][2] = end
        else:
            tidied.append([site, start, end])
    return tidied


def pythons():
    root = os.environ.get("PYENV_ROOT") or pwd.getpwuid(os.getuid()).pw_dir + "/.pyenv"
    found = []
    for path in sorted(glob.glob(root + "/versions/3.[0-9]*.[0-9]*/bin/python")):
        version = tuple(int(part) for part in path.split("/")[-3].split("."))
        if version >= OLDEST:
            found.append(Python(path, version, False))
        if version >= (3, 12):
            found.append(Python(path, version, True))
    return found


def differ(model, python, program):
    return model.run(program, python) != python.run(program)


def shrink(model, python, program):
    while True:
        for candidate in smaller(program):
            if differ(model, python, candidate):
                program = candidate
                break
        else:
            return program


def report(model, python, program, seed):
    program = shrink(model, python, program)
    print(f"seed {seed}, CPython {python.name}:")
    print(plan_of(program, python.version, python.eager))
    print("model ", *model.run(program, python))
    print("python", *python.run(program))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--count", type=int, default=20, help="programs for each Python")
    parser.add_argument("run_plans")
    arguments = parser.parse_args()
    found = pythons()
    if not found:
        print("skipped: there is no Python from 3.7 on under ~/.pyenv/versions")
        return 77
    model = Model(arguments.run_plans)
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        for python in found:
            rng = random.Random(f"{seed} {python.name}")
            program = Maker(rng, python.version).program()
            if differ(model, python, program):
                report(model, python, program, seed)
                return 1
    print(f"{arguments.count} programs each on {', '.join(it.name for it in found)}: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
