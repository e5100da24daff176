/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_POWERS_H
#define RECIPIENT_POWERS_H

/* powers_limit: of root's powers keep those that it takes to become a user, to read users/cdb and to open messages,
 * and with may_kill to end what runs as another user. In this process alone: the bounding set stays whole, because
 * users' programs may run set-uid ones. Best effort: where it fails, the process is as powerful as root has always
 * been. */
extern void powers_limit(int may_kill);

#endif
