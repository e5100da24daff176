/* SPDX-License-Identifier: ISC */

#ifndef CHECKPASSWORD_PAM_H
#define CHECKPASSWORD_PAM_H

#include "account.h"

/* pam_is_set_up: whether there is a file for our service. Without one PAM would ask as "other", which is
 * nobody's choice. */
extern int pam_is_set_up(void);

/* pam_check: authentication, and whether the account may be used now. PAM itself takes care that the time
 * tells nothing. */
extern verdict pam_check(char const *name, char const *password, char const *client, char const **why);

#endif
