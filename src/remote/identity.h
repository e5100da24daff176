/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_IDENTITY_H
#define REMOTE_IDENTITY_H

#include <stddef.h>

#include "base/constmap.h"
#include "net/identity.h"

/* control/domainips: the address that mail of a sender comes from, and the name it says HELO with.
 *
 *	pattern:address|helohost        and what else net/identity.h has
 *
 * route/pattern.h says what a pattern fits; * fits every sender that no other one fits, also those without a domain. */

/* identity_find: the line about a sender, of the lines l and the map m of them. Not NOTOURS. Pure. */
extern identity_status identity_find(identity *id, control_list const *l, constmap const *m, char const *sender, size_t n);

/* identity_load: read the file below the current directory for a sender, and try the addresses. Replaces *id. */
extern identity_status identity_load(identity *id, char const *sender);

/* identity_bind: a socket for connections to an address. 1, or 0 with errno. */
extern int identity_bind(identity const *id, int fd, ip_address const *to);

#endif
