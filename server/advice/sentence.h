/* SPDX-License-Identifier: MIT */
/*
 * sentence - a finding in English, with its numbers. Everything that a sentence says is in
 * the finding, too: who shows it in another language needs nothing from here.
 */
#ifndef SERVER_ADVICE_SENTENCE_H
#define SERVER_ADVICE_SENTENCE_H

#include "server/advice/advice.h"

enum { SENTENCE_SIZE = 640 };

/* Always terminated; what does not fit is cut. */
void sentence_of_finding(const struct advice *advice, const struct finding *finding,
                         char out[SENTENCE_SIZE]);

/* "3.1 ms", "42 us", "1.2 s" */
enum { SENTENCE_TIME_SIZE = 32 };
void sentence_time(double us, char out[SENTENCE_TIME_SIZE]);

#endif
