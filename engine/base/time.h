/* SPDX-License-Identifier: MIT */
/* time - the unit of virtual time. Wall-clock time never enters the engine. */
#ifndef ENGINE_BASE_TIME_H
#define ENGINE_BASE_TIME_H

#include <stdint.h>

typedef int64_t sim_ns; /* nanoseconds of virtual time since the start of the run */

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define SIM_NEVER INT64_MAX

#endif
