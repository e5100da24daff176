/* SPDX-License-Identifier: ISC */

#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "mail/received.h"

/* client_known: what the super-server knows of the client and has put into the environment
 * (tcp-environ(5)), for the Received field of a message that comes by that protocol. *r points into the
 * environment; helo is null. */
extern void client_known(received *r, char const *protocol);

#endif
