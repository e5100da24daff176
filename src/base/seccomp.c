/* SPDX-License-Identifier: ISC */

#include "base/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

int seccomp_known(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 || (errno != ENOSYS && errno != EINVAL);
}

int seccomp_load(seccomp_filter const *f)
{
	/* The kernel copies it. */
	struct sock_fprog const program = { .len = f->n, .filter = (struct sock_filter *)(uintptr_t)f->code };

	if (f->n == 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 1;
	return errno == ENOSYS || (errno == EINVAL && !seccomp_known());
}
