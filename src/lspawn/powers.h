/* SPDX-License-Identifier: ISC */

#ifndef LSPAWN_POWERS_H
#define LSPAWN_POWERS_H

/* powers_limit: of root's powers keep those that it takes to become a user, to read users/cdb and to open
 * messages, in this process alone: the bounding set stays whole, because users' programs may run set-uid
 * ones. Best effort: where it fails, qmail-lspawn is as powerful as it has always been. */
extern void powers_limit(void);

#endif
