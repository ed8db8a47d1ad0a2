// SPDX-License-Identifier: MIT
// The English of findings, which is long and on no first page: finding-words.ts brings it.

export const enFindings = {
  "finding.title": "What it suffers from",
  "finding.ask": "Look for it",
  "finding.note": "Runs this cell again, names what it suffers from with the place that proves it, and tries what might help.",
  "finding.making": "Running it again, and what might help",
  "finding.none": "No rule speaks.",
  "finding.cells.note": "found by running these cells again, each with the place that proves it, and with what was tried against it",
  "finding.cells.awaited": "Looked for when all cells have ended.",
  "finding.more": { one: "{count} more finding", other: "{count} more findings" },
  "finding.number": "{number}, threshold {threshold}",
  "finding.show": "Show where",
  "finding.run": "Run with this change",
  "finding.gain": "{metric} {after} instead of {before}: {gain} better.",
  "finding.loss": "{metric} {after} instead of {before}: {gain} worse.",
  "finding.times.shorter": {
    one: "{metric} {after} instead of {before}, which is {count} times as long.",
    other: "{metric} {after} instead of {before}, which is {count} times as long.",
  },
  "finding.times.longer": {
    one: "{metric} {after} instead of {before}: {count} times as long.",
    other: "{metric} {after} instead of {before}: {count} times as long.",
  },
  "finding.times.less": {
    one: "{metric} {after} instead of {before}, which is {count} times as much.",
    other: "{metric} {after} instead of {before}, which is {count} times as much.",
  },
  "finding.times.more": {
    one: "{metric} {after} instead of {before}: {count} times as much.",
    other: "{metric} {after} instead of {before}: {count} times as much.",
  },
  "finding.ends": "Then the runs end.",
  "finding.endsNot": "The runs do not end then, either.",
  "finding.noAdvice": "Nothing that was tried gains enough.",
  "finding.rule.gil-bound": "The GIL is the limit",
  "finding.rule.gil-convoy": "A convoy on the GIL",
  "finding.rule.starved-io-thread": "An I/O thread starves",
  "finding.rule.c-call-holds-gil": "A C call holds the GIL",
  "finding.rule.switch-interval": "The switch interval is felt",
  "finding.rule.loop-blocked": "A callback blocks the event loop",
  "finding.rule.loop-starved-by-gil": "The event loop waits for the GIL",
  "finding.rule.timer-granularity": "Timers are coarse",
  "finding.rule.pool-too-small": "The pool is too small",
  "finding.rule.pool-oversubscribed": "The pool is too large",
  "finding.rule.start-cost-dominates": "Starting costs more than the work",
  "finding.rule.pickling-bound": "Pickling is the limit",
  "finding.rule.nested-parallelism": "Parallelism inside parallelism",
  "finding.rule.refcount-ping-pong": "Reference counts bounce between cores",
  "finding.rule.lock-contended": "A lock is contended",
  "finding.rule.lost-updates": "Updates are lost",
  "finding.rule.idle-cores": "Cores are idle",
  "finding.rule.unstable-load": "More arrives than can be done",
  "finding.rule.deadlock": "Deadlock",
  "finding.rule.nothing-to-gain": "Nothing to gain",
  "finding.number.title": "{measures}; threshold: {source}",
  "finding.measures.gil-bound":
    "share of the time in which the GIL was held, or free while a thread waited for it and was not awake yet; meanwhile at least half a thread on the mean waited for it and half a core had nothing to do",
  "finding.measures.gil-convoy":
    "share of a thread's returns from blocking calls that then waited for the GIL for a whole switch interval or longer",
  "finding.measures.starved-io-thread":
    "share of its life that a thread waited for the GIL, of those that wanted it for a tenth of the time or less",
  "finding.measures.c-call-holds-gil": "longest C call that kept the GIL while another thread waited for it",
  "finding.measures.switch-interval":
    "share of all waiting for the GIL that was patience: threads that came back from a blocking call waited a whole switch interval, to keep the GIL for less than a tenth of it",
  "finding.measures.loop-blocked":
    "longest callback that kept an event loop while others waited, without its waits for the GIL",
  "finding.measures.loop-starved-by-gil":
    "share of its life that the thread of an event loop waited for the GIL",
  "finding.measures.timer-granularity":
    "length of the sleeps of one step, divided by what was asked for, of those that ended while nothing else kept the loop or the thread",
  "finding.measures.pool-too-small":
    "share of the time at work in which workers waited for the outside world while jobs waited for a worker, and neither cores nor GIL were used up",
  "finding.measures.pool-oversubscribed": "threads that could run but had no core, mean, for each core",
  "finding.measures.start-cost-dominates":
    "time until a worker did its first step, mean over workers, divided by the makespan",
  "finding.measures.pickling-bound":
    "share of the core time, from the first step of a job to the last, that went into handing jobs and results over instead of into their steps",
  "finding.measures.nested-parallelism":
    "most threads that computed or wanted to at the same time, native threads of C calls among them, for each core",
  "finding.measures.refcount-ping-pong":
    "share of the threads' core time spent on reference counts of one object while two or more threads counted it at once",
  "finding.measures.lock-contended": "threads or tasks that waited for one lock, mean",
  "finding.measures.lost-updates": "updates that the counters do not show in the end",
  "finding.measures.idle-cores":
    "share of the cores' time in which they had nothing to do, while one thread computed for four fifths of the run or more and none waited for a GIL",
  "finding.measures.unstable-load": "jobs that arrived for each that was done",
  "finding.measures.deadlock": "threads and tasks that wait for each other for ever",
  "finding.measures.nothing-to-gain":
    "share of the time in which what limits the run was used up: its cores, or the outside world was all that it waited for",
  "finding.source.gil-bound": "choice: nine tenths busy, as of any server with a queue",
  "finding.source.gil-convoy":
    "choice: one return in five, and a tenth of the thread's time; a server that loses each race loses all of them (bpo-7946)",
  "finding.source.starved-io-thread": "choice: more time waiting for the GIL than for anything else",
  "finding.source.c-call-holds-gil":
    "sys.getswitchinterval(): Python code gives the GIL up after so long (Python/ceval_gil.c take_gil)",
  "finding.source.switch-interval": "choice: half of the waiting",
  "finding.source.loop-blocked":
    "choice: a tenth of slow_callback_duration (Lib/asyncio/base_events.py), and twice the default switch interval, which a thread would not be left alone for",
  "finding.source.loop-starved-by-gil": "choice: a tenth; 0.71 was measured in dask/distributed issue 6325",
  "finding.source.timer-granularity":
    "choice: half as long again; epoll waits for whole milliseconds (Lib/selectors.py), timed waits end up to 50 us late (PR_SET_TIMERSLACK)",
  "finding.source.pool-too-small": "choice: half of it, so that twice as many may do twice as much",
  "finding.source.pool-oversubscribed": "choice: as many wait for each core as run on it",
  "finding.source.start-cost-dominates": "choice: a quarter of the makespan",
  "finding.source.pickling-bound":
    "choice: half, where two workers do no more than one thread (break-even of PEP 3148's pool: task time = overhead / (1 - 1/P))",
  "finding.source.nested-parallelism": "choice: each core twice taken",
  "finding.source.refcount-ping-pong":
    "choice: a tenth; a cache line moves in 40-100 cycles, a local count takes 1-4 (PEP 703)",
  "finding.source.lock-contended": "choice: half of the time somebody waits",
  "finding.source.lost-updates": "one wrong result is one too many",
  "finding.source.idle-cores": "choice: half of the machine",
  "finding.source.unstable-load":
    "engine/analysis/open_loop.h: latency drifts upwards by more than 3 standard errors",
  "finding.source.deadlock": "none of them can go on",
  "finding.source.nothing-to-gain": "choice: nine tenths",
  "finding.refused": "Refused: {reason}",
  "finding.unfinished": {
    one: "{count} of {runs} runs does not end then.",
    other: "{count} of {runs} runs do not end then.",
  },
  "site.job": "“{what}” in step {step} of a job",
  "site.of": "“{what}” in step {step} of {owner}",
  "finding.nobody": "nobody",
  "finding.noSite": "no step of the document",
  "finding.someLock": "a lock",
  "finding.some": "some",
  "finding.text.gil-bound":
    "The GIL was held or on its way to the next thread {number} of the time (held: {held_share}), on the mean it was waited for by {waiting_threads}, and of {cores} {idle_cores} had nothing to do: it is the GIL that limits this run. The longest wait was {longest_wait_us}, of {lane}, for {culprit} at {site}.",
  "finding.text.gil-convoy":
    "After {lost_returns} of {returns} {lane} had to wait for a switch interval ({switch_interval_us}) or longer until it got the GIL back, {wait_mean_us} on the mean, from threads such as {culprit} that only compute. Ten such waits follow one another in {wait}.",
  "finding.text.starved-io-thread":
    "{lane} wanted the GIL for {wanted_share} of its life and waited for it for {number}. In the longest wait, {wait}, {culprit} had the GIL longest, at {site}.",
  "finding.text.c-call-holds-gil":
    "A C call at {site} kept the GIL for {number}, and nobody can make it give it up: others waited {waited_us} for such calls.",
  "finding.text.switch-interval":
    "{number} of all waiting for the GIL is patience: {waits} a thread that wanted it for a moment waited for the interval of {switch_interval_us}, {wait_mean_us} on the mean.",
  "finding.text.loop-blocked":
    "A callback at {site} ({state}) kept the event loop for {number}. Meanwhile no other task of it could run: timers came up to {loop_lag_max_us} late, tasks that were ready waited {ready_us}.",
  "finding.text.loop-starved-by-gil":
    "The thread of the event loop, {lane}, waited for the GIL for {number} of its life, up to {longest_wait_us} at a time; {culprit} had it at {site}.",
  "finding.text.timer-granularity":
    "{sleeps} at {site} were to take {asked_us} and took {took_us} on the mean, only because timers are no finer.",
  "finding.text.pool-too-small":
    "Workers waited for the outside world for {number} of their time at work, while {waiting_share} of the work waited for one of {places} and {idle_cores} of {cores} had nothing to do.",
  "finding.text.pool-oversubscribed":
    "{number} times as many threads waited for a core as there are cores: {threads} on {cores}; {preemptions} one had to leave its core.",
  "finding.text.start-cost-dominates":
    "{workers} took {start_mean_us} on the mean until the first step, the slowest {start_longest_us}: {number} of the makespan of {makespan_us}.",
  "finding.text.pickling-bound":
    "Handing a job over takes {over_per_job_us} of core time, its steps take {steps_per_job_us}: {pickle_share} of it is pickling, {pool_share} Python of the pool, {pipe_share} pipes.",
  "finding.text.nested-parallelism":
    "{threads} wanted to compute at the same time on {cores}, {native_threads} of them started by C calls such as that at {site}.",
  "finding.text.refcount-ping-pong":
    "{number} of the core time went into reference counts of {object}, which up to {most_threads} counted at once: its cache line goes to and fro between their cores.",
  "finding.text.lock-contended":
    "On the mean {number} waited for {object}, {wait_mean_us} each time and up to {longest_wait_us}; then {culprit} had it, at {site} ({state}).",
  "finding.text.lost-updates":
    "{number} of {updates} are lost: between load and store of one lay the store of another.",
  "finding.text.idle-cores":
    "Of {cores} {idle_cores} had nothing to do, while {culprit} computed for {busy_share} of the run, its longest step at {site}: fewer threads compute at a time than there are cores.",
  "finding.text.unstable-load":
    "{arrived_per_s} a second arrive and {done_per_s} are done: the queue grows as long as this goes on, and latency is no number.",
  "finding.text.deadlock":
    "{number} wait for each other, for ever, since {since_us}: {lane} for what {culprit} has.",
  "finding.text.nothing-to-gain":
    "What limits this run is used up: its cores were busy {core_utilisation} of the time, and for {outside_share} of it everything waited for the outside world. No other number of workers and no other model that was tried makes it faster.",
  "finding.remedy.use-processes": "Run the jobs in a pool of processes: each has a GIL of its own.",
  "finding.remedy.use-servers": "Run several processes, each with the threads or the loop of now.",
  "finding.remedy.use-interpreters":
    "Run the jobs in interpreters: each has a GIL of its own, in one process (3.14 and later).",
  "finding.remedy.free-threading": "Use the build without a GIL.",
  "finding.remedy.move-to-process": "Give those who keep the GIL a process of their own.",
  "finding.remedy.shorter-interval": "Call sys.setswitchinterval(): who waits asks sooner.",
  "finding.remedy.release-gil": "Release the GIL in that C call, or use a library that does.",
  "finding.remedy.release-gil-everywhere": "Release the GIL in all C calls.",
  "finding.remedy.to-thread": "Take it off the loop: await asyncio.to_thread().",
  "finding.remedy.to-process": "Take it off the loop, into a pool of processes.",
  "finding.remedy.use-async-call": "Await it: use a library that has async functions.",
  "finding.remedy.sleep-in-thread":
    "Sleep in a thread: time.sleep() ends 50 µs late, not up to 1 ms.",
  "finding.remedy.use-threads": "Run the jobs in threads.",
  "finding.remedy.use-asyncio": "Run the jobs as tasks of an event loop.",
  "finding.remedy.more-workers": "Take more workers.",
  "finding.remedy.fewer-workers": "Take fewer workers.",
  "finding.remedy.start-by-fork": "Start the processes by fork.",
  "finding.remedy.start-by-forkserver": "Start the processes by a fork server.",
  "finding.remedy.one-thread": "Do without workers: one job after the other.",
  "finding.remedy.chunks": "Send more jobs at a time: chunksize of map().",
  "finding.remedy.fewer-native-threads": "Let each C call use fewer threads (OMP_NUM_THREADS).",
  "finding.remedy.own-object": "Give each thread an object of its own.",
  "finding.remedy.deferred-object":
    "Make it something whose references are counted late: a function, a class, a module.",
  "finding.remedy.immortal-object":
    "Make it something that is not counted: None, True, a small number, an interned string.",
  "finding.remedy.move-out-of-lock": "Do it before the lock is taken.",
  "finding.remedy.several-permits":
    "Let four at a time in, if what the lock guards can bear it: a pool of connections instead of one.",
  "finding.remedy.own-container":
    "Give each thread a container of its own, and join them at the end.",
  "finding.remedy.fewer-threads": "Let fewer threads compete for it.",
  "finding.remedy.lock-the-counter": "Guard each update with a lock.",
  "finding.remedy.same-lock-order": "Take the locks in the same order everywhere.",
  "finding.remedy.reentrant-lock": "Make it an RLock, which its holder can take again.",
  "finding.remedy.less-load": "Accept less than can be done, or add machines.",
  "finding.tried": { one: "{count} other thing was tried", other: "{count} other things were tried" },
};
