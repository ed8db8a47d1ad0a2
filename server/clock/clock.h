/* SPDX-License-Identifier: MIT */
/* clock - the monotonic clock of the server's threads: for how long something took, and until
 * when somebody waits. Times since some moment of the system; none goes back. */
#ifndef SERVER_CLOCK_CLOCK_H
#define SERVER_CLOCK_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

int64_t clock_ns(void);
int64_t clock_ms(void);

/* So long from now, for pthread_cond_timedwait() on a condition of clock_condition_init(). */
struct timespec clock_after_ms(int64_t ms);
void clock_condition_init(pthread_cond_t *condition);

#endif
