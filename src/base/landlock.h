/* SPDX-License-Identifier: ISC */

#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include <stddef.h>

/* Landlock, the kernel's way for a process to restrict itself to some files. */

typedef enum landlock_right
{
	LANDLOCK_READ = 1,              /* files, for reading */
	LANDLOCK_WRITE = 2,             /* files that are there, for writing */
	LANDLOCK_LIST = 4,              /* directories */
	LANDLOCK_MAKE = 8,              /* regular files: create, link, rename */
	LANDLOCK_REMOVE = 16,           /* files */
} landlock_right;

typedef struct landlock_path
{
	char const *path;               /* a file, or a directory and all below it */
	unsigned int rights;
} landlock_path;

/* landlock_version: of the kernel; 0: it has none, or one too old to move files between directories. */
extern int landlock_version(void);

/* landlock_restrict: from now on open nothing for reading, writing, making or removing but as paths[0..n)
 * say, bind no TCP socket and connect none unless connects (then to any port, from one that the kernel chooses), and send signals only to processes that were
 * started after this. What the kernel does not know yet is left out. A path that is not there gives no
 * rights; one that cannot be opened just now is a failure. A symbolic link means what it leads to. What is
 * open stays open.
 * no_new_privs must be set. 1, or 0 with errno. */
extern int landlock_restrict(int version, landlock_path const *paths, size_t n, int connects);

#endif
