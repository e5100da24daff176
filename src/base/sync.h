/* SPDX-License-Identifier: ISC */

#ifndef BASE_SYNC_H
#define BASE_SYNC_H

/* Making things durable. None of these is ever called again after it failed: the kernel may have
 * dropped the pages, and a second try would report a success that is none. */

/* sync_start: begin writing fd's dirty pages out, so that several flushes share one wait. Best effort. */
extern void sync_start(int fd);

/* sync_file: data and size of fd are on disk. 1, or 0 with errno. */
extern int sync_file(int fd);

/* sync_dir: the names in the directory at path are on disk. 1, or 0 with errno. */
extern int sync_dir(char const *path);

#endif
