/* SPDX-License-Identifier: ISC */

#include "policy.h"

#include <stdlib.h>

#include "base/setting.h"
#include "route/rcpthosts.h"

int policy_load(policy *p)
{
	p->relayclient = getenv("RELAYCLIENT");
	return hosts_load(&p->hosts, &p->notes)
	 && setting_override(&p->notes, &p->databytes, "DATABYTES", getenv("DATABYTES"), "control/databytes",
		"messages of any size are taken; write the limit in bytes, 0 for none");
}

int policy_recipient(policy *p, char const *recipient, size_t n)
{
	rcpthosts_status status;

	if (p->relayclient || !p->hosts.present)
		return 1;
	status = rcpthosts_allows(&p->hosts.few, hosts_more, &p->hosts, recipient, n);
	if (status == RCPTHOSTS_ERROR)
		hosts_damaged(&p->hosts);
	return status;
}
