/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_PROGRAM_H
#define SMTPD_PROGRAM_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Asking a program of the admin's about a recipient. It has nothing of the connection: descriptors 0 and 1 lead nowhere, 2
 * is the log, 3 has what it is told, and what it writes to 4 is heard. */

enum { PROGRAM_SECONDS = 30, PROGRAM_TEXT_MAX = 500 };

/* PROGRAM_FAILED: it was ended by a signal, ours after PROGRAM_SECONDS for example. PROGRAM_UNSTARTED: it could not be
 * started, with errno. Else its exit code. */
enum { PROGRAM_UNSTARTED = -2, PROGRAM_FAILED = -1 };

/* program_ask: run argv[0], which is looked for along PATH unless it has a slash, and tell it input[0..n), at most
 * 4096 bytes. What it writes, up to PROGRAM_TEXT_MAX bytes, replaces *text. */
extern int program_ask(char *const *argv, char *const *envp, char const *input, size_t n, stralloc *text);

#endif
