/* SPDX-License-Identifier: ISC */

#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <sys/types.h>

/* What was fixed when this installation was built. The texts live in conf.o alone, so that a change
 * of home or break character costs one compilation and a link. */

extern char const conf_home[];          /* absolute, without a final slash */
extern char const conf_break;           /* between user name and extension (qmail-getpw only) */
extern unsigned int const conf_split;   /* subdirectories of a new queue; an existing queue tells itself */
extern unsigned int const conf_spawn;   /* deliveries at once per spawner, 1 to 255 */
extern mode_t const conf_patrn;         /* mode bits that make a home or a .qmail file unsafe */

typedef enum { CONF_ALIAS, CONF_QMAILD, CONF_QMAILL, CONF_ROOT, CONF_QMAILP, CONF_QMAILQ, CONF_QMAILR, CONF_QMAILS } conf_user;
typedef enum { CONF_QMAIL, CONF_NOFILES } conf_group;

enum { CONF_USERS_MAX = 8, CONF_GROUPS_MAX = 2 };

extern char const *conf_username(conf_user u);
extern char const *conf_groupname(conf_group g);

/* conf_uid, conf_gid: the number of one of the suite's users or groups.
 *
 * Known since the build where the account existed then; looked up otherwise. Returns 1 and sets *id,
 * or 0 with errno (ENOENT: no such account). The programs that serve one message call this only for
 * ids they compare with, and touch no name service when the build knew them. */
extern int conf_uid(conf_user u, uid_t *id);
extern int conf_gid(conf_group g, gid_t *id);

#endif
