/* SPDX-License-Identifier: ISC */

#include "route/account.h"

#include "base/errtemp.h"

int account_next(size_t *e, char const *local, size_t n, char separator)
{
	while (*e > 0) {
		--*e;
		if ((*e == n || local[*e] == separator) && *e <= ACCOUNT_NAME_MAX)
			return 1;
	}
	return 0;
}

account_verdict account_judge(uid_t uid, int error, uid_t owner)
{
	if (uid == 0)
		return ACCOUNT_ROOT;
	if (error)
		return errtemp(error) ? ACCOUNT_UNKNOWN : ACCOUNT_HOMELESS;
	return owner == uid ? ACCOUNT_GETS : ACCOUNT_STRANGER;
}
