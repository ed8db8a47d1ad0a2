/* SPDX-License-Identifier: MIT */
/*
 * junit - an experiment as JUnit XML, the form in which CI servers read test results:
 * a test case for each cell (that it ran) and one for each gate in each cell it covers.
 *
 * Attributes as Jenkins' schema has them: testsuites > testsuite (name, tests, failures,
 * errors, skipped, timestamp) > testcase (classname, name) > failure | error | skipped.
 */
#ifndef SERVER_GATE_JUNIT_H
#define SERVER_GATE_JUNIT_H

#include "db/experiment_store.h"
#include "server/gate/gate_check.h"

#include <stdio.h>

/* Text of the document that XML cannot hold is written as U+FFFD. Errors of `out` are the
 * caller's to look for. */
void junit_write(FILE *out, const struct experiment_row *row,
                 const struct document *document, const struct cell_list *cells,
                 const struct gate_report *gates);

#endif
