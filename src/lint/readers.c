/* SPDX-License-Identifier: ISC */

#include "readers.h"

#include <grp.h>
#include <unistd.h>

#include "base/conf.h"
#include "proto/rcptd.h"

enum { GROUPS_MAX = 256 };

/* tcpserver gives qmail-smtpd the one group it is told, and qmail-start gives qmail-send one as well; what is open to
 * qmailr may be open to a group that qmailr is a member of. */
static int is_member(conf_user u, gid_t own, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;
	int i;

	if (own == gid || u != CONF_QMAILR || getgrouplist(conf_username(u), own, groups, &n) < 0)
		return own == gid;
	for (i = 0; i < n; i++)
		if (groups[i] == gid)
			return 1;
	return 0;
}

static int may_read(struct stat const *st, conf_user u, conf_group g)
{
	uid_t uid;
	gid_t gid;

	/* who cannot be found is spoken of elsewhere */
	if (!conf_uid(u, &uid) || !conf_gid(g, &gid))
		return 1;
	if (st->st_uid == uid)
		return (st->st_mode & S_IRUSR) != 0;
	return (st->st_mode & (is_member(u, gid, st->st_gid) ? S_IRGRP : S_IROTH)) != 0;
}

static void check_writers(findings *f, char const *path, struct stat const *st)
{
	if (st->st_mode & S_IWOTH)
		findings_add(f, FINDING_ERROR, path, 0, "anybody can write to it", findings_cure, "chmod go-w ", path,
			(char *)0);
	else if (st->st_mode & S_IWGRP && st->st_gid != 0)
		findings_add(f, FINDING_WARNING, path, 0, "its group can write to it", findings_cure, "chmod g-w ",
			path, (char *)0);
}

void readers_check(findings *f, char const *path, struct stat const *st, unsigned int readers)
{
	char const *who = 0;

	check_writers(f, path, st);
	if (readers & READERS_EVERYBODY && !(st->st_mode & S_IROTH))
		who = "not everybody who sends mail";
	else if (readers & READERS_QMAILD && !may_read(st, CONF_QMAILD, CONF_NOFILES))
		who = conf_username(CONF_QMAILD);
	else if (readers & READERS_QMAILS && !may_read(st, CONF_QMAILS, CONF_QMAIL))
		who = conf_username(CONF_QMAILS);
	else if (readers & READERS_QMAILR && !may_read(st, CONF_QMAILR, CONF_QMAIL))
		who = conf_username(CONF_QMAILR);
	if (who)
		findings_add(f, FINDING_ERROR, path, 0, who,
			readers & READERS_EVERYBODY ? " can read it" : " cannot read it, so mail waits", findings_cure,
			"chmod a+r ", path, (char *)0);
	else if (readers & READERS_RCPTD && access(rcptd_socket, F_OK) == 0 && !may_read(st, CONF_QMAILD, CONF_NOFILES))
		findings_add(f, FINDING_WARNING, path, 0, conf_username(CONF_QMAILD),
			" cannot read it, so qmail-rcptd takes every recipient", findings_cure, "chmod a+r ", path,
			(char *)0);
}
