/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_INUSE_H
#define RECIPIENT_INUSE_H

#include <stddef.h>
#include <time.h>

/* Whether the qmail-send that runs knows the control files as they are now.
 *
 * The time of queue/lock/sendmutex is when it began to read those that it reads again after HUP; the others it has read
 * when it was started. A qmail-send of another make does not keep that time, and of one nobody but root can tell that
 * it runs: then nothing is known, and no file counts as changed. That a file was removed is not seen. */
typedef struct inuse
{
	int known;
	struct timespec started;
	struct timespec read;
} inuse;

/* inuse_find: of the home that is the current directory. */
extern void inuse_find(inuse *u);

typedef enum
{
	INUSE_CURRENT,
	INUSE_HUP,              /* has changed; HUP makes it count */
	INUSE_RESTART,          /* has changed, and is read at the start only */
} inuse_status;

/* inuse_look: of a file that qmail-send reads, by its name below the home; others are current. */
extern inuse_status inuse_look(inuse const *u, char const *file);

/* inuse_file: the names of the files that qmail-send reads, compiled ones too; null behind the last. */
extern char const *inuse_file(size_t i);

/* inuse_problem, inuse_cure: in words; of INUSE_CURRENT the empty string. */
extern char const *inuse_problem(inuse_status st);
extern char const *inuse_cure(inuse_status st);

#endif
