/* SPDX-License-Identifier: MIT */
/*
 * verify - the command `gilscope verify`: how far the model is from real Python.
 *
 *     gilscope verify --measured FILE [--all] [--json | --errors]
 *     gilscope verify --published [--json]
 *
 * FILE is JSON Lines as tests/fidelity/measure.py writes them. Prints a row for every
 * group that is no primitive, also for those that cannot be predicted, and summaries over
 * all, by stratum, by family and by build, the model beside a naive predictor.
 *
 * --errors prints the table of server/fidelity/error_table.h instead: how
 * tests/fidelity/errors.csv is made.
 *
 * --published runs the documents of server/fidelity/published/ and prints what others have
 * published beside what the model says.
 */
#ifndef SERVER_FIDELITY_VERIFY_H
#define SERVER_FIDELITY_VERIFY_H

/* The exit code: 0, 1 when the file cannot be read or a run fails, 2 on wrong usage. */
int fidelity_command(int argc, char **argv);

#endif
