/* SPDX-License-Identifier: ISC */

#ifndef CHECKPASSWORD_VIRTUAL_H
#define CHECKPASSWORD_VIRTUAL_H

#include "account.h"

/* virtual_check: ask users/poppasswd.cdb in directory home about name and password. *a is filled for
 * VERDICT_YES. VERDICT_UNKNOWN costs no hashing. With VERDICT_TROUBLE *why says what the matter is, and
 * errno may. */
extern verdict virtual_check(account *a, char const *home, char const *name, char const *password, char const **why);

#endif
