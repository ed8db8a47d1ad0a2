#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures workloads that the project has not seen, and asks gilscope which strategy to choose.

    unseen.py --gilscope PATH --python 3.12.1=/path/to/python3.12 [--python ...] [--seed 1] [--workloads 4] [--reps 3]

Draws batches of jobs (see jobs.py) from --seed: none of them is in measured.jsonl. Each is measured under every strategy that the
build has, interleaved, and given to `gilscope run` as a document that knows the work alone (milliseconds of Python, calls of
sha256 and what one takes, milliseconds of sleep) and a machine profile. A workload holds when the measured median of the
strategy that gilscope puts first is within 10 % of the best measured median. The exit code is 1 when one does not hold.

Wants a quiet machine: a repetition from which the host and other processes took more than a tenth of the CPUs is left out, since
then the strategy with most threads gets the largest share of what is left. --any keeps them, to try the script. Prints one line a workload and a JSON object a line with --json.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

import measure

STRATEGIES = [('sequential', 1), ('threads', 2), ('threads', 8), ('asyncio', 100), ('asyncio_to_thread', 4), ('processes', 2)]
NEAR_BEST = 1.10
MAX_TAKEN = 0.10


def draw(rng):
    """Parameters of one batch that computes, half a second to two of work and waits if it is done by one thread."""
    part = lambda most: 0 if rng.random() < 0.4 else round(rng.uniform(0.1, most), 2)
    while True:
        python_ms, c_ms, io_ms = part(4), part(6), part(25)
        one = python_ms + c_ms + io_ms
        if one >= 1 and python_ms + c_ms > 0:
            return dict(count=max(20, round(rng.uniform(500, 2000) / one)), python_ms=python_ms, c_ms=c_ms, io_ms=io_ms, payload_kb=0)


def runtime_of(build):
    """3.13.15t -> cpython-3.13t"""
    return 'cpython-' + '.'.join(build.rstrip('t').split('.')[:2]) + ('t' if build.endswith('t') else '')


def strategy_of(name, workers):
    """As the documents of server/fidelity/family_job.c."""
    return {'sequential': 'sequential', 'threads': {'threads': workers}, 'asyncio': {'asyncio': workers},
            'asyncio_to_thread': {'asyncio': 4 * workers, 'to_thread': workers},
            'processes': {'processes': workers, 'start': 'fork'}}[name]


def document(build, work, calls, call_s, machine):
    steps = [{'python_cpu_us': work['python_ms'] * 1000}] if work['python_ms'] else []
    if calls:
        steps.append({'repeat': calls, 'steps': [{'c_us': call_s * 1e6, 'gil': 'released'}]})
    if work['io_ms']:
        steps.append({'sleep_us': work['io_ms'] * 1000})
    runtime = runtime_of(build)
    return {'schema': 1, 'machine': machine, 'reference': runtime, 'runtimes': [runtime], 'goal': 'makespan_us', 'repetitions': 5, 'record': 'summary',
            'strategies': [strategy_of(*s) for s in STRATEGIES], 'workload': {'jobs': {'count': work['count'], 'steps': steps}}}


def recommend(gilscope, text):
    """Predicted seconds by strategy: the medians of the document's cells, which come in its order."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'document.json')
        with open(path, 'w') as out:
            json.dump(text, out)
        done = subprocess.run([gilscope, 'run', path, '--json'], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit('gilscope run: ' + done.stderr.strip())
    cells = json.loads(done.stdout)['cells']
    return [cell['metrics']['makespan_us']['median'] / 1e6 for cell in cells]


def is_quiet(result):
    """Shares of less than 0.2 s mean nothing: see README.md."""
    return result['wall_s'] < 0.2 or result.get('steal', 0) + max(0, result.get('foreign_cpu', 0)) <= MAX_TAKEN


def measure_all(build, path, work, reps, keep):
    """(seconds by strategy, calls of sha256, seconds of one); a strategy without a quiet repetition has none."""
    rows = [[] for _ in STRATEGIES]
    for _ in range(reps):
        for of, (name, workers) in zip(rows, STRATEGIES):
            of.append(measure.run_one(build, path, ('jobs', dict(work, strategy=name, workers=workers))))
    for row in sum(rows, []):
        if 'error' in row:
            sys.exit('%s: %s %s' % (build, row['error'], row.get('stderr', '')))
    results = [[row['result'] for row in of] for of in rows]
    quiet = [[r['wall_s'] for r in of if keep or is_quiet(r)] for of in results]
    everything = sum(results, [])
    return ([statistics.median(walls) if walls else None for walls in quiet],
            round(statistics.median(r['c_calls'] for r in everything)), statistics.median(r['call_s'] for r in everything))


def compare(measured, predicted):
    """Index of the best measured and of the recommended strategy, among those that were measured."""
    known = [i for i, wall in enumerate(measured) if wall is not None]
    return (min(known, key=measured.__getitem__), min(known, key=predicted.__getitem__)) if len(known) > 1 else None


def label(index):
    return '%s(%d)' % STRATEGIES[index]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--gilscope', required=True, metavar='PATH')
    ap.add_argument('--python', action='append', required=True, metavar='NAME=PATH')
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--workloads', type=int, default=4)
    ap.add_argument('--reps', type=int, default=3)
    ap.add_argument('--machine', type=json.loads, default={'profile': 'linux-vm-2', 'cores': os.cpu_count()}, help='member "machine" of the documents, JSON')
    ap.add_argument('--any', action='store_true', help='also repetitions that are not quiet')
    ap.add_argument('--json', action='store_true')
    a = ap.parse_args()
    rng = random.Random(a.seed)
    works = [draw(rng) for _ in range(a.workloads)]
    held = asked = 0
    for work in works:
        for build, path in (item.split('=', 1) for item in a.python):
            measured, calls, call_s = measure_all(build, path, work, a.reps, a.any)
            predicted = recommend(a.gilscope, document(build, work, calls, call_s, a.machine))
            found = compare(measured, predicted)
            if found is None:
                print('%s %s: too few quiet repetitions' % (build, work), flush=True)
                continue
            best, chosen = found
            ratio = measured[chosen] / measured[best]
            asked += 1
            held += ratio <= NEAR_BEST
            if a.json:
                print(json.dumps(dict(build=build, work=work, strategies=[label(i) for i in range(len(STRATEGIES))], measured_s=measured,
                                      predicted_s=predicted, best=label(best), recommended=label(chosen), ratio=ratio)), flush=True)
            else:
                print('%-9s count %d python_ms %g c_ms %g io_ms %g: recommended %s, %.3f s; best %s, %.3f s: %.0f %% slower, %s' % (
                    build, work['count'], work['python_ms'], work['c_ms'], work['io_ms'], label(chosen), measured[chosen], label(best),
                    measured[best], 100 * (ratio - 1), 'holds' if ratio <= NEAR_BEST else 'DOES NOT HOLD'), flush=True)
    print('%d of %d within 10 %% of the best measured median' % (held, asked), file=sys.stderr)
    return 0 if asked > 0 and held == asked else 1


if __name__ == '__main__':
    sys.exit(main())
