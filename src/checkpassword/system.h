/* SPDX-License-Identifier: ISC */

#ifndef CHECKPASSWORD_SYSTEM_H
#define CHECKPASSWORD_SYSTEM_H

#include "account.h"

/* The service that PAM is asked as, where the admin has made a file for it; without one the password file
 * and its shadow are read. */
#define SYSTEM_SERVICE "qmail"

/* system_check: ask the system about name and password; client is the address he comes from, or null. *a is
 * filled for VERDICT_YES. VERDICT_NO and VERDICT_UNKNOWN, which is given for root, too, take the same time.
 * With VERDICT_TROUBLE *why says what the matter is, and errno may. */
extern verdict system_check(account *a, char const *name, char const *password, char const *client,
	char const **why);

#endif
