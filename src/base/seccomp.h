/* SPDX-License-Identifier: ISC */

#ifndef BASE_SECCOMP_H
#define BASE_SECCOMP_H

/* Which system calls a process can still make. The filters are made when the suite is built (src/filters);
 * starting a program costs no more than handing one to the kernel. */

struct sock_filter;

typedef struct seccomp_filter
{
	struct sock_filter const *code;
	unsigned short n;               /* 0: no filter for this profile, or none for this kind of machine */
} seccomp_filter;

/* By sandbox_profile; written by the build. */
extern seccomp_filter const seccomp_filters[];

/* seccomp_known: whether the kernel has filters. */
extern int seccomp_known(void);

/* seccomp_load: no_new_privs must be set. 1, also where the kernel has no filters; 0 with errno. */
extern int seccomp_load(seccomp_filter const *f);

#endif
