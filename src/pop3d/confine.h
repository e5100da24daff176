/* SPDX-License-Identifier: ISC */

#ifndef POP3D_CONFINE_H
#define POP3D_CONFINE_H

/* confine_to_maildir: from now on this process, whoever may come to steer it, gets at no file but those in
 * new, cur and tmp below the current directory, makes none but there, writes to none, and starts no program
 * with more rights. As far as the kernel can do that (Landlock since Linux 5.19). */
extern void confine_to_maildir(void);

#endif
