/* SPDX-License-Identifier: ISC */

#ifndef DOMAIN_HANGUP_H
#define DOMAIN_HANGUP_H

typedef enum
{
	HANGUP_TROUBLE = -1,    /* errno; ETIMEDOUT: it does not read the file */
	HANGUP_NOBODY = 0,      /* no qmail-send runs: the next one will read the files */
	HANGUP_DONE = 1,        /* it has read them */
} hangup_status;

/* hangup_send: have the qmail-send of this installation, in whose home we are, and no other read control/locals and
 * control/virtualdomains again, and wait until it has. It is the process that holds the lock on
 * queue/lock/sendmutex. */
extern hangup_status hangup_send(void);

#endif
