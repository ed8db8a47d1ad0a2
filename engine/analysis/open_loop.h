/* SPDX-License-Identifier: MIT */
/*
 * open_loop - whether an open workload had a steady state, without which its latency is no
 * number: it is as large as the window is long.
 *
 * A queue whose work arrives faster than it can be done grows without bound; one with less
 * returns to being empty again and again (Loynes 1962). In the first the latency of the
 * jobs that arrive at time t grows in proportion to t; in the second it goes up and down.
 * A run is unstable when both hold:
 *
 *   1. The mean latencies L of the 20 parts of the measured window, by arrival, drift
 *      upwards: the mean of their 19 differences is more than 3 standard errors above 0
 *      (Student's t of the differences). The sum of the differences is L20 - L1, which a
 *      steady state keeps bounded: neighbouring parts may be as dependent as they like, and
 *      the better the window covers the system's memory, the smaller t becomes.
 *   2. At least two jobs more are in the system at the end of the window than at its
 *      beginning.
 *
 * What is tested is latency and not the number of jobs, which also grows while a system
 * fills whose jobs take as long as the window without ever waiting for each other.
 *
 * How often it says "unstable", by offered load rho and number of jobs (exponential
 * arrivals and service, one server, nothing cut off; 200 runs each, with a throw-away
 * program):
 *
 *     rho     0.9      0.95     1.0     1.1     1.2     1.5
 *     400     0        0.5 %    1 %     17 %    52 %    100 %
 *     2000    0        0        3 %     71 %    100 %   100 %
 *
 * So it is slow to accuse: near rho = 1 a short window cannot tell, and the latency then
 * given is that of the window. Where parts are not complete because a limit ended the run,
 * those before the first incomplete one are looked at; fewer than five say nothing.
 */
#ifndef ENGINE_ANALYSIS_OPEN_LOOP_H
#define ENGINE_ANALYSIS_OPEN_LOOP_H

#include "engine/python/unit.h"

struct open_loop_verdict {
    bool unstable;
    double growth;    /* of latency per time: seconds more for each second of arrivals */
    uint64_t waiting; /* jobs that had arrived and not ended when the window ended */
};

/* Of a run that has ended, at `now`. */
struct open_loop_verdict open_loop_judge(const struct open_loop *loop);

/* Units that left the system in the window, per second; `now`: when the run ended. NaN
 * when it ended before the window began. */
double open_loop_throughput(const struct open_loop *loop, sim_ns now);

#endif
