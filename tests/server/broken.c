/* SPDX-License-Identifier: MIT */
#include "broken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broken_priv.h"

#define OPEN(members)                                                                    \
    "{'schema':1,'workload':{'jobs':{" members ",'steps':[{'io_us':1}]}}}"
#define IN_ARRIVALS "/workload/jobs/arrivals"

static const struct broken_row rows[] = {
    /* --- text ----------------------------------------------------------------- */
    {"empty text", "", "", "empty"},
    {"blanks only", " \n\t ", "", "empty"},
    {"null", "null", "", "not null"},
    {"a number", "17", "", "not a number"},
    {"a string", "'schema'", "", "not a string"},
    {"a list", "[]", "", "not a list"},
    {"truncated", "{'schema':1,'workload':{'jobs'", "", "ends too early"},
    {"trailing garbage", WITH("'seed':1") " x", "", "follows the end"},
    {"two documents", "{} {}", "", "follows the end"},
    {"comma at the end", "{'schema':1,}", "", "comma"},
    {"comment", "{'schema':1 /* one */}", "", "line 1, column"},
    {"no quotes", "{schema:1}", "", "no JSON"},
    {"NaN", WITH("'seed':NaN"), "", "NaN"},
    {"Infinity", WITH("'seed':Infinity"), "", "Infinity"},
    {"minus infinity", WITH("'seed':-Infinity"), "", "line 1, column"},
    {"1e999", STEPS("[{'python_us':1e999}]"), "", "too large"},
    {"an integer beyond 64 bits", WITH("'seed':99999999999999999999"), "", "too large"},
    {"leading zero", WITH("'seed':01"), "", "line 1, column"},
    {"NUL in a string", WITH("'name':'a\\u0000b'"), "", "NUL"},
    {"NUL in a name", WITH("'a\\u0000':1"), "", "NUL"},
    {"lone surrogate", WITH("'name':'\\ud800'"), "", "line 1, column"},
    {"invalid UTF-8", WITH("'name':'\xff\xfe'"), "", "UTF-8"},
    {"overlong UTF-8", WITH("'name':'\xc0\xaf'"), "", "UTF-8"},
    {"UTF-8 surrogate", WITH("'name':'\xed\xa0\x80'"), "", "UTF-8"},
    {"duplicate key", "{'schema':1,'schema':1," JOBS "}", "/schema", "twice"},
    {"duplicate key, spelled differently", WITH("'machine':{'cores':2,'\\u0063ores':3}"),
     "/machine/cores", "twice"},
    {"duplicate key in a step", STEPS("[{'io_us':1},{'c_us':1,'c_us':2}]"),
     "/workload/jobs/steps/1/c_us", "twice"},

    /* --- unknown members, at each level --------------------------------------- */
    {"unknown field", WITH("'worker':2"), "/worker", "unknown field 'worker'"},
    {"misspelled field", WITH("'strategis':[]"), "/strategis",
     "did you mean 'strategies'?"},
    {"field of a later version", WITH("'plugins':[]"), "/plugins", "unknown field"},
    {"wrong case", WITH("'Seed':1"), "/Seed", "did you mean 'seed'?"},
    {"empty name", WITH("'':1"), "/", "unknown field ''"},
    {"name with a slash", WITH("'a/b~c':1"), "/a~1b~0c", "unknown field 'a/b~c'"},
    {"unknown in machine", WITH("'machine':{'core':2}"), "/machine/core",
     "did you mean 'cores'?"},
    {"unknown in a runtime",
     WITH("'runtimes':[{'base':'cpython-3.9','switch_interval':1}]"),
     "/runtimes/0/switch_interval", "did you mean 'switch_interval_us'?"},
    {"unknown strategy object", WITH("'strategies':[{'thread':2}]"),
     "/strategies/0/thread", "did you mean 'threads'?"},
    {"unknown in a strategy", WITH("'strategies':[{'threads':2,'each':'sequential'}]"),
     "/strategies/0/each", "unknown field 'each'"},
    {"unknown in workload", "{'schema':1,'workload':{'job':{}}}", "/workload/job",
     "did you mean 'jobs'?"},
    {"unknown in jobs",
     "{'schema':1,'workload':{'jobs':{'counts':1,'steps':[{'io_us':1}]}}}",
     "/workload/jobs/counts", "did you mean 'count'?"},
    {"unknown step", STEPS("[{'pyton_us':1}]"), IN_STEP "/pyton_us",
     "did you mean 'python_us'?"},
    {"unknown in a step", STEPS("[{'python_us':1,'gil':'held'}]"), IN_STEP "/gil",
     "unknown field 'gil'"},
    {"unknown in a distribution",
     STEPS("[{'io_us':{'dist':'exponential','median':5,'mean':5}}]"),
     IN_STEP "/io_us/median", "unknown field 'median'"},
    {"unknown in an actor", ACTORS("[{'name':'a','thread':1,'deamon':true,'steps':[]}]"),
     "/workload/actors/0/deamon", "did you mean 'daemon'?"},
    {"unknown in a task",
     ACTORS("[{'name':'a','event_loop':1,'tasks':[{'nam':'t','steps':[]}]}]"),
     "/workload/actors/0/tasks/0/nam", "did you mean 'name'?"},
    {"unknown in limits", WITH("'limits':{'event':5}"), "/limits/event",
     "did you mean 'events'?"},

    /* --- what is missing ------------------------------------------------------ */
    {"empty object", "{}", "", "lacks 'schema'"},
    {"no workload", "{'schema':1}", "", "lacks 'workload'"},
    {"empty workload", "{'schema':1,'workload':{}}", "/workload", "'jobs' or 'actors'"},
    {"no steps", "{'schema':1,'workload':{'jobs':{'count':1}}}", "/workload/jobs",
     "lacks 'steps'"},
    {"empty step", STEPS("[{}]"), IN_STEP, "needs one of"},
    {"no base", WITH("'runtimes':[{'attach_us':1}]"), "/runtimes/0", "lacks 'base'"},
    {"repeat without steps", STEPS("[{'repeat':2}]"), IN_STEP, "lacks 'steps'"},
    {"distribution without law", STEPS("[{'io_us':{'mean':5}}]"), IN_STEP "/io_us",
     "lacks 'dist'"},
    {"law without parameter", STEPS("[{'io_us':{'dist':'uniform','min':5}}]"),
     IN_STEP "/io_us", "lacks 'max'"},
    {"actor without a name", ACTORS("[{'thread':1,'steps':[{'io_us':1}]}]"),
     "/workload/actors/0", "lacks 'name'"},

    /* --- wrong types ---------------------------------------------------------- */
    {"schema is a string", "{'schema':'1'," JOBS "}", "/schema", "not a string"},
    {"name is a number", WITH("'name':5"), "/name", "must be a string, not 5"},
    {"description is null", WITH("'description':null"), "/description", "not null"},
    {"seed is real", WITH("'seed':1.5"), "/seed", "whole number"},
    {"seed is 1.0", WITH("'seed':1.0"), "/seed", "not 1.0"},
    {"repetitions is a boolean", WITH("'repetitions':true"), "/repetitions", "not true"},
    {"goal is a list", WITH("'goal':[]"), "/goal", "not a list"},
    {"gate is an object", WITH("'gate':{}"), "/gate", "not an object"},
    {"a gate is a number", WITH("'gate':[5]"), "/gate/0", "not a number"},
    {"a gate without a metric", WITH("'gate':[{'max':1}]"), "/gate/0", "lacks 'metric'"},
    {"a gate without a bound", WITH("'gate':[{'metric':'cpu_us'}]"), "/gate/0",
     "write 'min', 'max' or both"},
    {"a gate that nothing passes", WITH("'gate':[{'metric':'cpu_us','min':2,'max':1}]"),
     "/gate/0/min", "above 'max'"},
    {"a gate on an unknown metric",
     WITH("'gate':[{'metric':'cpu_us','max':1},{'metric':'latency_p98_us','max':1}]"),
     "/gate/1/metric", "unknown metric"},
    {"a negative bound", WITH("'gate':[{'metric':'cpu_us','max':-1}]"), "/gate/0/max",
     "from 0"},
    {"an unknown word in a gate",
     WITH("'gate':[{'metric':'cpu_us','max':1,'over':'all'}]"), "/gate/0/over",
     "known: median, every"},
    {"a gate somewhere unknown",
     WITH("'gate':[{'metric':'cpu_us','max':1,'where':{'strategie':'x'}}]"),
     "/gate/0/where/strategie", "did you mean 'strategy'?"},
    {"a gate at a number",
     WITH("'gate':[{'metric':'cpu_us','max':1,'where':{'point':5}}]"),
     "/gate/0/where/point", "an object"},
    {"machine is a string", WITH("'machine':'ideal'"), "/machine", "must be an object"},
    {"cores is a string", WITH("'machine':{'cores':'4'}"), "/machine/cores",
     "not a string"},
    {"a time is a string", WITH("'machine':{'tick_us':'1'}"), "/machine/tick_us",
     "microseconds"},
    {"a flag is a number",
     WITH("'runtimes':[{'base':'cpython-3.9','force_switching':1}]"),
     "/runtimes/0/force_switching", "true or false"},
    {"reference is an object", WITH("'reference':{}"), "/reference", "not an object"},
    {"runtimes is a string", WITH("'runtimes':'cpython-3.9'"), "/runtimes", "a list"},
    {"a runtime is a number", WITH("'runtimes':[3.9]"), "/runtimes/0",
     "must be an object"},
    {"a strategy is null", WITH("'strategies':[null]"), "/strategies/0", "not null"},
    {"workload is a list", "{'schema':1,'workload':[]}", "/workload", "not a list"},
    {"jobs is a list", "{'schema':1,'workload':{'jobs':[]}}", "/workload/jobs",
     "not a list"},
    {"actors is an object", "{'schema':1,'workload':{'actors':{}}}", "/workload/actors",
     "not an object"},
    {"a step is a string", STEPS("['python_us']"), IN_STEP, "not a string"},
    {"a time is a list", STEPS("[{'io_us':[1,2]}]"), IN_STEP "/io_us",
     "or a distribution"},
    {"law is a number", STEPS("[{'io_us':{'dist':1}}]"), IN_STEP "/io_us/dist",
     "a string"},
    {"blocking is a string", STEPS("[{'io_us':1,'blocking':'yes'}]"), IN_STEP "/blocking",
     "true or false"},
    {"gil is a boolean", STEPS("[{'c_us':1,'gil':true}]"), IN_STEP "/gil", "a string"},
    {"sweep is a list", WITH("'sweep':[1]"), "/sweep", "an object"},
    {"swept values are a number", WITH("'seed':1,'sweep':{'/seed':3}"), "/sweep/~1seed",
     "a list"},
    {"limits is a number", WITH("'limits':5"), "/limits", "an object"},
    {"record is a boolean", WITH("'record':true"), "/record", "a string"},

    /* --- out of range --------------------------------------------------------- */
    {"schema 2", "{'schema':2," JOBS "}", "/schema", "must be 1, not 2"},
    {"negative seed", WITH("'seed':-1"), "/seed", "not -1"},
    {"seed above 2^53", WITH("'seed':9007199254740993"), "/seed", "9007199254740992"},
    {"no repetitions", WITH("'repetitions':0"), "/repetitions", "from 1 to 1000"},
    {"1001 repetitions", WITH("'repetitions':1001"), "/repetitions", "from 1 to 1000"},
    {"no cores", WITH("'machine':{'cores':0}"), "/machine/cores", "from 1 to 1024"},
    {"-0 cores", WITH("'machine':{'cores':-0}"), "/machine/cores", "from 1 to 1024"},
    {"2000 cores", WITH("'machine':{'cores':2000}"), "/machine/cores", "from 1 to 1024"},
    {"negative count",
     "{'schema':1,'workload':{'jobs':{'count':-5,'steps':[{'io_us':1}]}}}",
     "/workload/jobs/count", "not -5"},
    {"huge count",
     "{'schema':1,'workload':{'jobs':{'count':9223372036854775807,"
     "'steps':[{'io_us':1}]}}}",
     "/workload/jobs/count", "from 1 to 1000000"},
    {"negative time", STEPS("[{'io_us':-1}]"), IN_STEP "/io_us", "not -1"},
    {"endless time", STEPS("[{'io_us':1e300}]"), IN_STEP "/io_us", "not 1e+300"},
    {"negative parameter",
     STEPS("[{'io_us':{'dist':'lognormal','median':5,'sigma':-1}}]"),
     IN_STEP "/io_us/sigma", "from 0 to 10"},
    {"max below min", STEPS("[{'io_us':{'dist':'uniform','min':5,'max':4}}]"),
     IN_STEP "/io_us/max", "not be less"},
    {"no values", STEPS("[{'io_us':{'dist':'empirical','values_us':[]}}]"),
     IN_STEP "/io_us/values_us", "from 1 to 4096"},
    {"a value is a string", STEPS("[{'io_us':{'dist':'empirical','values_us':[1,'a']}}]"),
     IN_STEP "/io_us/values_us/1", "not a string"},
    {"a value below 0", STEPS("[{'io_us':{'dist':'empirical','values_us':[-1]}}]"),
     IN_STEP "/io_us/values_us/0", "not -1"},
    {"values are a number", STEPS("[{'io_us':{'dist':'empirical','values_us':1}}]"),
     IN_STEP "/io_us/values_us", "a list of numbers"},
    {"a weight is missing",
     STEPS("[{'io_us':{'dist':'empirical','values_us':[1,2],'weights':[1]}}]"),
     IN_STEP "/io_us/weights", "one weight for each value"},
    {"no weight above 0",
     STEPS("[{'io_us':{'dist':'empirical','values_us':[1,2],'weights':[0,0]}}]"),
     IN_STEP "/io_us/weights", "above 0"},
    {"count and arrivals", OPEN("'count':5,'arrivals':{'rate_per_s':1,'for_s':1}"),
     "/workload/jobs/arrivals", "not both"},
    {"neither count nor arrivals",
     "{'schema':1,'workload':{'jobs':{'steps':[{'io_us':1}]}}}", "/workload/jobs",
     "needs 'count'"},
    {"arrivals without a rate", OPEN("'arrivals':{'for_s':1}"), IN_ARRIVALS,
     "lacks 'rate_per_s'"},
    {"arrivals are a number", OPEN("'arrivals':5"), IN_ARRIVALS, "an object"},
    {"nothing arrives", OPEN("'arrivals':{'rate_per_s':0,'for_s':1}"),
     IN_ARRIVALS "/rate_per_s", "not 0"},
    {"an unknown way to arrive",
     OPEN("'arrivals':{'rate_per_s':1,'for_s':1,'dist':'exponentail'}"),
     IN_ARRIVALS "/dist", "exponential"},
    {"an unknown member of arrivals",
     OPEN("'arrivals':{'rate_per_s':1,'for_s':1,'warmup':1}"), IN_ARRIVALS "/warmup",
     "warmup_s"},
    {"bursts of unknown size",
     OPEN("'arrivals':{'rate_per_s':1,'for_s':1,'dist':'bursts'}"), IN_ARRIVALS,
     "lack 'burst'"},
    {"a burst without bursts", OPEN("'arrivals':{'rate_per_s':1,'for_s':1,'burst':2}"),
     IN_ARRIVALS "/burst", "decides nothing"},
    {"a burst of exponential jobs",
     OPEN("'arrivals':{'rate_per_s':1,'for_s':1,'burst':2,'dist':'exponential'}"),
     IN_ARRIVALS "/burst", "or \"dist\": \"constant\""},
    {"constant bursts of nothing",
     OPEN("'arrivals':{'rate_per_s':1,'for_s':1,'burst':0,'dist':'constant'}"),
     IN_ARRIVALS "/burst", "from 1"},
    {"nothing but warm-up", OPEN("'arrivals':{'rate_per_s':1,'for_s':1,'warmup_s':1}"),
     IN_ARRIVALS "/warmup_s", "less than 'for_s'"},
    {"chunks of jobs that arrive",
     "{'schema':1,'strategies':[{'processes':2,'chunk':1},{'processes':2,'chunk':3}],"
     "'workload':{'jobs':{'arrivals':{'rate_per_s':1,'for_s':1},'steps':[{'io_us':1}]}}}",
     "/strategies/1/chunk", "remove 'chunk', or give the jobs a 'count'"},
    {"thirty million arrivals", OPEN("'arrivals':{'rate_per_s':3000,'for_s':10000}"),
     IN_ARRIVALS "/rate_per_s", "at most 25000000"},
    {"negative repeat", STEPS("[{'repeat':-1,'steps':[{'io_us':1}]}]"), IN_STEP "/repeat",
     "not -1"},
    {"no threads in a pool", WITH("'strategies':[{'threads':0}]"),
     "/strategies/0/threads", "from 1 to 10000"},
    {"ten million threads in a thousand processes",
     WITH("'strategies':[{'processes':1024,'each':{'threads':10000}}]"),
     "/strategies/0/each", "at most 10000 can be run"},
    {"a thousand loops of a million tasks",
     WITH("'strategies':[{'processes':1000,'each':{'asyncio':1000000}}]"),
     "/strategies/0/each", "at most 1000000 can be run"},
    {"a million processes", WITH("'strategies':[{'processes':1000000}]"),
     "/strategies/0/processes", "from 1 to 1024"},
    {"a chunk of nothing", WITH("'strategies':[{'processes':2,'chunk':0}]"),
     "/strategies/0/chunk", "from 1"},
    {"a chunk for threads", WITH("'strategies':[{'threads':2,'chunk':3}]"),
     "/strategies/0/chunk", "unknown"},
    {"a way to start that there is not",
     WITH("'strategies':[{'processes':2,'start':'frok'}]"), "/strategies/0/start",
     "fork"},
    {"the same processes twice",
     WITH("'strategies':[{'processes':2},{'processes':2,'chunk':1}]"), "/strategies/1",
     "processes(2)"},
    {"no interpreters", WITH("'strategies':[{'interpreters':0}]"),
     "/strategies/0/interpreters", "from 1 to 1024"},
    {"interval of nothing",
     WITH("'runtimes':[{'base':'cpython-3.9','switch_interval_us':0}]"),
     "/runtimes/0/switch_interval_us", "microseconds from 1 to"},
    {"no virtual time", WITH("'limits':{'virtual_s':0}"), "/limits/virtual_s", "seconds"},
    {"no runtimes", WITH("'runtimes':[]"), "/runtimes", "from 1 to 100"},
    {"no strategies", WITH("'strategies':[]"), "/strategies", "from 1 to 100"},
    {"steps are empty", STEPS("[]"), "/workload/jobs/steps", "not 0"},
    {"actors are empty", ACTORS("[]"), "/workload/actors", "not 0"},
    {"tasks are empty", ACTORS("[{'name':'a','event_loop':1,'tasks':[]}]"),
     "/workload/actors/0/tasks", "not 0"},
    {"body is empty", STEPS("[{'repeat':2,'steps':[]}]"), IN_STEP "/steps", "not 0"},
    {"actor's name is empty", ACTORS("[{'name':'','thread':1,'steps':[{'io_us':1}]}]"),
     "/workload/actors/0/name", "from 1 to 47 bytes"},
    {"too many threads",
     ACTORS("[{'name':'a','thread':10000,'steps':[{'io_us':1}]},"
            "{'name':'b','thread':1,'steps':[{'io_us':1}]}]"),
     "/workload/actors/1/thread", "10001 threads"},
    {"too many tasks",
     ACTORS("[{'name':'a','event_loop':2,'tasks':[{'name':'t','count':1000000,"
            "'steps':[{'python_us':1}]}]}]"),
     "/workload/actors/0/tasks/0", "2000000 tasks"},

    /* --- unknown names -------------------------------------------------------- */
    {"unknown runtime", WITH("'runtimes':['cpython-3.12','cpyhton-3.12']"), "/runtimes/1",
     "did you mean 'cpython-3.12'?"},
    {"unknown base", WITH("'runtimes':[{'base':'pypy'}]"), "/runtimes/0/base", "known: "},
    {"unknown reference", WITH("'reference':'3.12'"), "/reference",
     "unknown runtime '3.12'"},
    {"unknown profile", WITH("'machine':{'profile':'linux-destkop'}"), "/machine/profile",
     "did you mean 'linux-desktop'?"},
    {"unknown metric", WITH("'goal':'latency_p95_us'"), "/goal", "unknown metric"},
    {"unknown strategy", WITH("'strategies':['sequentially']"), "/strategies/0",
     "did you mean 'sequential'?"},
    {"strategy without workers", WITH("'strategies':['asyncio']"), "/strategies/0",
     "unknown strategy 'asyncio'; known: sequential; those with workers are objects such "
     "as {\"asyncio\": 100}"},
    {"unknown law", STEPS("[{'io_us':{'dist':'normal','mean':5}}]"),
     IN_STEP "/io_us/dist", "unknown distribution 'normal'"},
    {"unknown word for the GIL", STEPS("[{'c_us':1,'gil':'release'}]"), IN_STEP "/gil",
     "did you mean 'released'?"},
    {"unknown record", WITH("'record':'all'"), "/record", "known: summary, timeline"},

    /* --- what cannot be ------------------------------------------------------- */
    {"jobs and actors",
     "{'schema':1,'workload':{'jobs':{'count':1,'steps':[{'io_us':1}]},'actors':[]}}",
     "/workload/actors", "not both"},
    {"two steps in one", STEPS("[{'python_us':1,'io_us':2}]"), IN_STEP "/io_us",
     "not both"},
    {"two strategies in one", WITH("'strategies':[{'threads':1,'asyncio':1}]"),
     "/strategies/0/asyncio", "not both"},
    {"strategies with actors",
     "{'schema':1,'strategies':['sequential'],"
     "'workload':{'actors':[{'name':'a','thread':1,'steps':[{'io_us':1}]}]}}",
     "/strategies", "actors say themselves"},
    {"a runtime twice", WITH("'runtimes':['cpython-3.9','cpython-3.9']"), "/runtimes/1",
     "already"},
    {"a strategy twice", WITH("'strategies':[{'threads':2},{'threads':2}]"),
     "/strategies/1", "already"},
    {"await in a job", STEPS("[{'await_io_us':1}]"), IN_STEP "/await_io_us",
     "write 'io_us'"},
    {"await in a thread", THREAD("[{'await_sleep_us':1}]"), IN_THREAD "/await_sleep_us",
     "needs an event loop"},
    {"to_thread in a thread", THREAD("[{'to_thread':[{'io_us':1}]}]"),
     IN_THREAD "/to_thread", "write its steps directly"},
    {"await in to_thread", TASK("[{'to_thread':[{'await_io_us':1}]}]"),
     "/workload/actors/0/tasks/0/steps/0/to_thread/0/await_io_us", "needs an event loop"},
    {"to_thread in to_thread", TASK("[{'to_thread':[{'to_thread':[{'io_us':1}]}]}]"),
     "/workload/actors/0/tasks/0/steps/0/to_thread/0/to_thread", "cannot be used here"},
    {"forever in a job", STEPS("[{'forever':[{'python_us':1}]}]"), IN_STEP "/forever",
     "use 'repeat'"},
    {"forever in non-daemon", THREAD("[{'forever':[{'python_us':1}]}]"),
     IN_THREAD "/forever", "\"daemon\": true"},
    {"forever in a task that is no daemon", TASK("[{'forever':[{'await_io_us':1}]}]"),
     "/workload/actors/0/tasks/0/steps/0/forever", "\"daemon\": true"},
    {"steps after forever", DAEMON("[{'forever':[{'python_us':1}]},{'io_us':1}]"),
     "/workload/actors/1/steps/1", "ever reached"},
    {"forever around what takes no time", DAEMON("[{'forever':[{'python_us':0}]}]"),
     "/workload/actors/1/steps/0/forever", "clock would stand still"},
    {"forever around what never runs",
     DAEMON("[{'forever':[{'repeat':0,'steps':[{'io_us':5}]}]}]"),
     "/workload/actors/1/steps/0/forever", "clock would stand still"},
    {"blocking in an actor", THREAD("[{'io_us':1,'blocking':true}]"),
     IN_THREAD "/blocking", "in jobs only"},
    {"daemons only",
     ACTORS("[{'name':'d','thread':1,'daemon':true,'steps':[{'python_us':1}]}]"),
     "/workload/actors", "add one"},
    {"no threads at all", ACTORS("[{'name':'d','thread':0,'steps':[{'python_us':1}]}]"),
     "/workload/actors", "add one"},
    {"steps of an event loop",
     ACTORS("[{'name':'a','event_loop':1,'steps':[{'io_us':1}]}]"),
     "/workload/actors/0/steps", "unknown field 'steps'"},

    /* --- sweeps --------------------------------------------------------------- */
    {"sweep without values", WITH("'seed':1,'sweep':{'/seed':[]}"), "/sweep/~1seed",
     "at least one"},
    {"sweep pointer to nothing", WITH("'sweep':{'/machine/cores':[1]}"),
     "/sweep/~1machine~1cores", "nothing at '/machine/cores'"},
    {"sweep pointer past the end",
     WITH("'sweep':{'/workload/jobs/steps/1/python_us':[1]}"),
     "/sweep/~1workload~1jobs~1steps~11~1python_us", "nothing at"},
    {"sweep pointer with leading zero",
     WITH("'sweep':{'/workload/jobs/steps/00/python_us':[1]}"),
     "/sweep/~1workload~1jobs~1steps~100~1python_us", "nothing at"},
    {"sweep pointer with a dash", WITH("'sweep':{'/workload/jobs/steps/-':[1]}"),
     "/sweep/~1workload~1jobs~1steps~1-", "nothing at"},
    {"sweep pointer with a wrong escape", WITH("'seed':1,'sweep':{'/se~2ed':[1]}"),
     "/sweep/~1se~02ed", "nothing at"},
    {"sweep pointer without a slash", WITH("'seed':1,'sweep':{'seed':[1]}"),
     "/sweep/seed", "begins with '/'"},
    {"sweep of the whole document", WITH("'sweep':{'':[1]}"), "/sweep/",
     "cannot be swept"},
    {"sweep of the name", WITH("'name':'n','sweep':{'/name':['a']}"), "/sweep/~1name",
     "cannot be swept"},
    {"sweep of the sweep", WITH("'seed':1,'sweep':{'/seed':[1],'/sweep/~1seed/0':[2]}"),
     "/sweep/~1sweep~1~01seed~10", "cannot be swept"},
    {"sweep of a list of strategies",
     WITH("'strategies':['sequential'],'sweep':{'/strategies':[['sequential']]}"),
     "/sweep/~1strategies", "only its elements"},
    {"sweeps inside one another",
     WITH(
         "'machine':{'cores':1},'sweep':{'/machine/cores':[1],'/machine':[{'cores':2}]}"),
     "/sweep/~1machine~1cores", "contains this"},
    {"a value swept twice", WITH("'seed':1,'sweep':{'/seed':[1,2,3,2,1]}"),
     "/sweep/~1seed/3", "already"},
    {"swept value out of range",
     WITH("'machine':{'cores':1},'sweep':{'/machine/cores':[1,2,0]}"),
     "/sweep/~1machine~1cores/2", "from 1 to 1024"},
    {"swept value of the wrong type",
     WITH("'machine':{'cores':1},'seed':1,"
          "'sweep':{'/seed':[1,2],'/machine/cores':[1,'2']}"),
     "/sweep/~1machine~1cores/1", "not a string"},
    {"error inside a swept value",
     WITH("'sweep':{'/workload/jobs/steps/0':[{'io_us':1},{'io_us':-1}]}"),
     "/sweep/~1workload~1jobs~1steps~10/1/io_us", "not -1"},
    {"swept until nobody is left",
     "{'schema':1,'workload':{'actors':[{'name':'a','thread':1,'steps':[{'io_us':1}]}]},"
     "'sweep':{'/workload/actors/0/thread':[1,0]}}",
     "/sweep/~1workload~1actors~10~1thread/1", "add one"},
    {"swept into a runtime that is there",
     WITH("'runtimes':['cpython-3.9','cpython-3.12'],"
          "'sweep':{'/runtimes/0':['cpython-3.9','cpython-3.12']}"),
     "/sweep/~1runtimes~10/1", "already"},
};

/* --- documents that are made -------------------------------------------------- */

static void *checked(void *pointer) {
    if (pointer == NULL) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return pointer;
}

static char *quoted_copy(const char *text) {
    char *copy = checked(malloc(strlen(text) + 1));
    strcpy(copy, text);
    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '\'') {
            *at = '"';
        }
    }
    return copy;
}

/* before + middle x count + after */
static char *repeated(const char *before, const char *middle, size_t count,
                      const char *after) {
    const size_t size = strlen(before) + strlen(middle) * count + strlen(after) + 1;
    char *text = checked(malloc(size)), *end = text + strlen(before);
    strcpy(text, before);
    for (size_t i = 0; i < count; i++) {
        memcpy(end, middle, strlen(middle));
        end += strlen(middle);
    }
    strcpy(end, after);
    char *copy = quoted_copy(text);
    free(text);
    return copy;
}

/* Nine axes of ten values: 10^9 cells. */
static char *billion_cells(void) {
    const char *const before =
        "{'schema':1,'machine':{'cores':1,'tick_us':0,'slice_us':1,'syscall_us':0,"
        "'fork_us':0,'wake_warm_us':0,'wake_idle_us':0,'wake_deep_us':0,"
        "'context_switch_us':0}," JOBS ",'sweep':{";
    static const char *const names[] = {
        "cores",        "tick_us",      "slice_us",     "syscall_us",       "fork_us",
        "wake_warm_us", "wake_idle_us", "wake_deep_us", "context_switch_us"};
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", before);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s'/machine/%s':[1,2,3,4,5,6,7,8,9,10]",
                                 i == 0 ? "" : ",", names[i]);
    }
    snprintf(text + used, sizeof text - used, "}}");
    return quoted_copy(text);
}

/* As many values as make the product overflow 64 bits: 16 axes of 17 values. */
static char *endless_cells(void) {
    static const char values[] = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]";
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "{'schema':1,'workload':{'jobs':{'count':1,'steps':[");
    for (int i = 0; i < 16; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s{'io_us':1}",
                                 i == 0 ? "" : ",");
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "]}},'sweep':{");
    for (int i = 0; i < 16; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s'/workload/jobs/steps/%d/io_us':%s",
                                 i == 0 ? "" : ",", i, values);
    }
    snprintf(text + used, sizeof text - used, "}}");
    return quoted_copy(text);
}

struct collector {
    struct broken *list;
    size_t count;
};

static void add(struct collector *all, struct broken broken) {
    all->list = checked(realloc(all->list, (all->count + 1) * sizeof all->list[0]));
    if (broken.size == 0) {
        broken.size = strlen(broken.text);
    }
    all->list[all->count++] = broken;
}

static void add_rows(struct collector *all, const struct broken_row *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        add(all, (struct broken){.name = list[i].name,
                                 .text = quoted_copy(list[i].text),
                                 .pointer = list[i].pointer,
                                 .says = list[i].says});
    }
}

static void add_large(struct collector *all) {
    add(all, (struct broken){.name = "10 MB of blanks before a document",
                             .text = repeated("", " ", 10000000, WITH("'seed':1")),
                             .pointer = "",
                             .says = "at most 1048576"});
    add(all, (struct broken){.name = "short numbers that are long when written out",
                             .text = repeated("{'schema':1,'workload':{'jobs':{'count':1,"
                                              "'steps':[",
                                              "{'io_us':1e9},", 60000, "{'io_us':1}]}}}"),
                             .pointer = "",
                             .says = "written out"});
    add(all, (struct broken){.name = "a name of 2 MB",
                             .text = repeated("{'", "n", 2000000, "':1}"),
                             .pointer = "",
                             .says = "at most 1048576"});
    add(all, (struct broken){.name = "lists 10,000 deep",
                             .text = repeated("", "[", 10000, ""),
                             .pointer = "",
                             .says = "line 1, column 65"});
    add(all, (struct broken){.name = "objects 10,000 deep",
                             .text = repeated("", "{'a':", 10000, "1"),
                             .pointer = "",
                             .says = "nested more than 64"});
    add(all, (struct broken){.name = "an unknown name that fits no pointer",
                             .text = repeated("{'schema':1,'", "n", 100000, "':1}"),
                             .pointer = "",
                             .says = "unknown field 'nnnn"});
    add(all, (struct broken){
                 .name = "a name of 202 bytes",
                 .text = repeated("{'schema':1,'name':'", "\xc5\xbc", 101, "'," JOBS "}"),
                 .pointer = "/name",
                 .says = "from 0 to 200 bytes, not 202"});
}

static void add_nested(struct collector *all) {
    char *inner = repeated("{'io_us':1}", "]}", 17, "]}}}");
    char *text = checked(malloc(strlen(inner) + 17 * 24 + 128));
    strcpy(text, "{\"schema\":1,\"workload\":{\"jobs\":{\"count\":1,\"steps\":[");
    for (int i = 0; i < 17; i++) {
        strcat(text, "{\"repeat\":1,\"steps\":[");
    }
    strcat(text, inner);
    free(inner);
    add(all, (struct broken){.name = "steps 17 deep",
                             .text = text,
                             .pointer =
                                 "/workload/jobs/steps/0/steps/0/steps/0/steps/0/steps/"
                                 "0/steps/0/steps/0/steps/0/steps/0/steps/0/steps/0/"
                                 "steps/0/steps/0/steps/0/steps/0/steps/0/steps/0/steps",
                             .says = "more than 16 deep"});
}

void broken_list(struct broken **out, size_t *count) {
    struct collector all = {0};
    add_rows(&all, rows, sizeof rows / sizeof rows[0]);
    add_rows(&all, broken_object_rows, broken_object_row_count);
    add_rows(&all, broken_task_rows, broken_task_row_count);
    add_large(&all);
    add_nested(&all);
    static const char with_nul[] = "{\"schema\":1,\"name\":\"a\0b\"}";
    char *text = checked(malloc(sizeof with_nul));
    memcpy(text, with_nul, sizeof with_nul);
    add(&all, (struct broken){.name = "a NUL byte",
                              .text = text,
                              .size = sizeof with_nul - 1,
                              .pointer = "",
                              .says = "line 1, column"});
    add(&all, (struct broken){.name = "10^9 cells",
                              .text = billion_cells(),
                              .pointer = "/sweep",
                              .says = "1000000000 cells"});
    add(&all, (struct broken){.name = "17^16 cells",
                              .text = endless_cells(),
                              .pointer = "/sweep",
                              .says = "more than 10^18 cells"});
    *out = all.list;
    *count = all.count;
}

void broken_free(struct broken *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(list[i].text);
    }
    free(list);
}
