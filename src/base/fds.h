/* SPDX-License-Identifier: ISC */

#ifndef BASE_FDS_H
#define BASE_FDS_H

/* fds_sane: make sure that 0 .. last are open (on /dev/null where they were not), so that no file we open
 * later can be mistaken for one of them. 1, or 0 with errno. */
extern int fds_sane(int last);

/* fds_cloexec_from: mark every descriptor from first on close-on-exec. fds_close_from: close them.
 * Best effort: what a caller leaked to us shall not leak further. */
extern void fds_cloexec_from(int first);
extern void fds_close_from(int first);

#endif
