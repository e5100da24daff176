/* SPDX-License-Identifier: ISC */

#ifndef LSPAWN_DELIVER_H
#define LSPAWN_DELIVER_H

#include "spawn/loop.h"

/* deliver_run: the life of a new child of qmail-lspawn: find the user, become the user, become qmail-local.
 * Exits with the codes of proto/report.h. program is $QMAILLOCAL or null. */
extern void deliver_run(loop_job const *job, char const *program, char const *defaultdelivery)
	__attribute__((noreturn));

#endif
