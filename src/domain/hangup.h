/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_HANGUP_H
#define DOMAIN_HANGUP_H

/* Having qmail-send read control/locals and control/virtualdomains again. */

typedef enum
{
	HANGUP_TROUBLE = -1,    /* errno; ETIMEDOUT: one that gives signs gives none within ten seconds */
	HANGUP_NOBODY = 0,      /* no qmail-send runs: the next one will read the files */
	HANGUP_DONE = 1,        /* what the files said when we were called, or later, is in use */
	HANGUP_SILENT = 2,      /* it has the signal, and is a program that never says what it does with it */
	HANGUP_FOREIGN = 3,     /* the qmail-send that works on this queue is another home's; nothing was sent to it */
} hangup_status;

/* hangup_send: send HUP to the qmail-send of this installation, in whose home we are, and to no other, and wait until
 * it uses what it has read then.
 *
 * It is the process that holds the lock on queue/lock/sendmutex. The time of that file, which it alone sets, is when
 * it began to read what it uses (qmail-send(8)): nothing that others do with the files, and no reload that fails or
 * that was under way already, is taken for the sign. *pid is the process, 0 if there is none. */
extern hangup_status hangup_send(int *pid);

#endif
