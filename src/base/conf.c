/* SPDX-License-Identifier: ISC */

#include "base/conf.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "settings.h"              /* written by make from conf-qmail, conf-break and its variables */

_Static_assert(CONF_SPAWN >= 1 && CONF_SPAWN <= 255, "SPAWN is a byte on the spawners' pipes: 1 to 255");
_Static_assert(CONF_SPLIT >= 1, "SPLIT must be at least 1");

typedef struct conf_id
{
	char const *name;
	long id;
} conf_id;

static conf_id const users[CONF_USERS_MAX] = CONF_USERS;
static conf_id const groups[CONF_GROUPS_MAX] = CONF_GROUPS;

char const conf_home[] = CONF_HOME;
char const conf_break = CONF_BREAK;
unsigned int const conf_split = CONF_SPLIT;
unsigned int const conf_spawn = CONF_SPAWN;
mode_t const conf_patrn = CONF_PATRN;

char const *conf_username(conf_user u)
{
	return users[u].name;
}

char const *conf_groupname(conf_group g)
{
	return groups[g].name;
}

int conf_uid(conf_user u, uid_t *id)
{
	struct passwd *pw;

	if (users[u].id >= 0)
		return *id = (uid_t)users[u].id, 1;
	errno = 0;
	pw = getpwnam(users[u].name);
	if (!pw)
		return errno = errno ? errno : ENOENT, 0;
	*id = pw->pw_uid;
	return 1;
}

int conf_gid(conf_group g, gid_t *id)
{
	struct group *gr;

	if (groups[g].id >= 0)
		return *id = (gid_t)groups[g].id, 1;
	errno = 0;
	gr = getgrnam(groups[g].name);
	if (!gr)
		return errno = errno ? errno : ENOENT, 0;
	*id = gr->gr_gid;
	return 1;
}
