/* SPDX-License-Identifier: ISC */

#ifndef BASE_DROP_H
#define BASE_DROP_H

#include <stddef.h>
#include <sys/types.h>

/* drop_to: become uid with primary group gid and exactly the n supplementary groups given, for good.
 *
 * The one place where root is given up. Groups go first, uid last, and the result is verified: if any id
 * is not what was asked for, or root can be had back, it fails. 1, or 0 with errno; after a failure the
 * only safe thing to do is to exit. */
extern int drop_to(uid_t uid, gid_t gid, gid_t const *groups, size_t n);

#endif
