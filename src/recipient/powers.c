/* SPDX-License-Identifier: ISC */

#include "recipient/powers.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library has no wrapper for these two calls. */
void powers_limit(int may_kill)
{
	unsigned int keep = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_DAC_READ_SEARCH
		| (may_kill ? 1U << CAP_KILL : 0);
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0, sizeof data);
	if (syscall(SYS_capget, &head, data) < 0)
		return;
	data[0].permitted &= keep;
	data[0].effective = data[0].permitted;
	data[1].permitted = data[1].effective = 0;
	(void)syscall(SYS_capset, &head, data);
}
