/* SPDX-License-Identifier: ISC */

#include "base/conf.h"

#include <errno.h>

#include "settings.h"              /* written by make from conf-qmail, conf-break and its variables */

#if CONF_ASK
#include <grp.h>
#include <pwd.h>
#endif

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

/* Without names to look up there is no name service in any program. */
#if CONF_ASK

static int ask_uid(char const *name, uid_t *id)
{
	struct passwd const *pw = (errno = 0, getpwnam(name));

	if (!pw)
		return errno = errno ? errno : ENOENT, 0;
	return *id = pw->pw_uid, 1;
}

static int ask_gid(char const *name, gid_t *id)
{
	struct group const *gr = (errno = 0, getgrnam(name));

	if (!gr)
		return errno = errno ? errno : ENOENT, 0;
	return *id = gr->gr_gid, 1;
}

#else

static int ask_uid(char const *name, uid_t *id)
{
	(void)name;
	(void)id;
	return errno = ENOENT, 0;
}

static int ask_gid(char const *name, gid_t *id)
{
	(void)name;
	(void)id;
	return errno = ENOENT, 0;
}

#endif

int conf_uid(conf_user u, uid_t *id)
{
	return users[u].id >= 0 ? (*id = (uid_t)users[u].id, 1) : ask_uid(users[u].name, id);
}

int conf_gid(conf_group g, gid_t *id)
{
	return groups[g].id >= 0 ? (*id = (gid_t)groups[g].id, 1) : ask_gid(groups[g].name, id);
}
