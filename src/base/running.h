/* SPDX-License-Identifier: ISC */

#ifndef BASE_RUNNING_H
#define BASE_RUNNING_H

#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The processes of this machine, one after another, by /proc: to find those of this installation. Those of others
 * show themselves to root alone. */

typedef struct running
{
	DIR *proc;
	int dir;                /* of the present process: /proc/PID */
	pid_t pid;
} running;

/* running_start: 1, or 0 with errno. running_next: 1 and the next process, or 0 when all have been; what ends
 * meanwhile is passed over. running_open: one alone, that is known already; 1, or 0 with errno. running_end: always
 * after one that gave 1. */
extern int running_start(running *r);
extern int running_open(running *r, pid_t pid);
extern int running_next(running *r);
extern void running_end(running *r);

/* running_is: whether the present process runs a program of this installation, or did before the program was
 * replaced; name is "/bin/qmail-x". The current directory is the home. */
extern int running_is(running const *r, char const *name);

/* running_locks: whether it holds a flock on the file of which st is. What has merely inherited or opened the file
 * does not count. */
extern int running_locks(running const *r, struct stat const *st);

/* running_since: when it began, in milliseconds of CLOCK_BOOTTIME, to a tick of the kernel's (10 ms) and never too
 * late. 1, or 0 when that cannot be told, as when it has ended. */
extern int running_since(running const *r, int64_t *milliseconds);

/* running_began: the same on the clock by which files are dated (CLOCK_REALTIME), as that is set now. */
enum { RUNNING_TICK = 10 };     /* milliseconds: how exactly that is known */
extern int running_began(running const *r, int64_t *milliseconds);

/* running_since_parse: the same of the text of /proc/PID/stat, which ends with a NUL; *ticks. */
extern int running_since_parse(char const *stat, uint64_t *ticks);

#endif
