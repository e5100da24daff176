/* SPDX-License-Identifier: ISC */

#ifndef BASE_SYNC_H
#define BASE_SYNC_H

/* Making things durable. None of these is ever called again after it failed: the kernel may have
 * dropped the pages, and a second try would report a success that is none. */

/* sync_start: begin writing fd's dirty pages out, so that several flushes share one wait. sync_wait: and wait until
 * they are written; the names and sizes of several files are then flushed together. Neither makes anything durable:
 * that is what the flush is for. 1, or 0 with errno: a write has failed, and the flush may not tell it again. Where
 * there is no such thing 1. */
extern int sync_start(int fd);
extern int sync_wait(int fd);

/* sync_file: data and size of fd are on disk. 1, or 0 with errno. */
extern int sync_file(int fd);

/* sync_dir: the names in the directory at path are on disk. 1, or 0 with errno. */
extern int sync_dir(char const *path);

/* sync_names: as sync_dir, for directories that others made. fd is a file in it: when the directory may be
 * written but not read, and so cannot be opened to be flushed by itself, its whole file system is flushed
 * instead. A file system that knows no flushing of directories (EINVAL) counts as flushed. */
extern int sync_names(char const *path, int fd);

#endif
