/* SPDX-License-Identifier: ISC */

#ifndef SEND_CONTROLS_H
#define SEND_CONTROLS_H

#include <skalibs/stralloc.h>

#include "route/rewrite.h"
#include "send/schedule.h"
#include "send/turn.h"

/* What the administrator has decided (qmail-control(5)). */
typedef struct controls_values
{
	unsigned int queuelifetime;
	unsigned int bouncemaxbytes;    /* of the message in its bounce; 0: all of it */
	unsigned int concurrency[CHANNELS];
	stralloc bouncefrom;            /* none of these with a final NUL */
	stralloc bouncehost;
	stralloc doublebounceto;        /* the whole address */
	rewrite_tables tables;
} controls_values;

extern controls_values controls;

/* controls_load: read everything; the current directory is the home. 1, or 0 with errno: a file could not
 * be read, or there is neither locals nor me. */
extern int controls_load(void);

/* controls_reload: read locals, virtualdomains, emptyprefixlocal and what policy.h has again, from the home: 1 and they are
 * in use, or 0; the old ones stay unless all could be read. Logs what goes wrong, and what to do about it some seconds
 * later. The current directory is the queue, before and after. */
extern int controls_reload(void);

/* Mistakes in these files are remarked on in the log, with file, line and cure, some seconds after the
 * files were read; so is a forgotten qmail-newu, and a SIGHUP for a file that is read at the start only. The lines that a start or a SIGHUP has always logged stay alone. */
extern void controls_selprep(turn *t);
extern void controls_do(turn const *t);

#endif
