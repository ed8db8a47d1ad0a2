/* SPDX-License-Identifier: MIT */
/*
 * commands - the functions behind the rows of the command table in main.c. Each gets its
 * own arguments (argv[0] is its name) and returns an exit code of cli.h.
 */
#ifndef SERVER_CLI_COMMANDS_H
#define SERVER_CLI_COMMANDS_H

int serve_command(int argc, char **argv);
int run_command(int argc, char **argv);
int findings_command(int argc, char **argv);
int compare_command(int argc, char **argv);
int speedup_command(int argc, char **argv);
int sql_command(int argc, char **argv);
int export_command(int argc, char **argv);
int backup_command(int argc, char **argv);
int doctor_command(int argc, char **argv);
int prune_command(int argc, char **argv);
int vacuum_command(int argc, char **argv);
int schema_command(int argc, char **argv);
int models_command(int argc, char **argv);
int examples_command(int argc, char **argv);

#endif
