/* SPDX-License-Identifier: ISC */

/* qmail-start: starts the queue manager's helpers and becomes the queue manager.
 *
 *             uid     gid      0           1            2, 3       4, 5       6
 * logger      qmaill  nofiles  qmail-send  ours
 * lspawn      root    qmail    send's 1    send's 2
 * rspawn      qmailr  qmail    send's 3    send's 4
 * clean       qmailq  qmail    send's 5    send's 6
 * send        qmails  qmail    the log     to lspawn    ...and from it, then the same for rspawn, clean
 *
 * Nothing else is open in any of them. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/exec.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/drop.h"
#include "base/fds.h"
#include "base/io.h"

#define DELIVERY "control/defaultdelivery"

enum { GROUPS_MAX = 256, SEND_FDS = 7, DELIVERY_MAX = 65536 };

char const *PROG = "qmail-start";

/* ---- who */

typedef struct identity
{
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int n;
} identity;

static identity qmaill, root, qmailr, qmailq, qmails;

static void lookup(identity *id, conf_user u, conf_group g)
{
	if (!conf_uid(u, &id->uid))
		strerr_dief(111, "unable to find user ", conf_username(u));
	if (!conf_gid(g, &id->gid))
		strerr_dief(111, "unable to find group ", conf_groupname(g));
	id->groups[0] = id->gid;
	id->n = 1;
}

static void lookup_all(void)
{
	lookup(&qmaill, CONF_QMAILL, CONF_NOFILES);
	lookup(&root, CONF_ROOT, CONF_QMAIL);
	lookup(&qmailr, CONF_QMAILR, CONF_QMAIL);
	lookup(&qmailq, CONF_QMAILQ, CONF_QMAIL);
	lookup(&qmails, CONF_QMAILS, CONF_QMAIL);
	/* What qmail-remote reads beyond control/, keys and tables, may be open to a group of its own. */
	qmailr.n = GROUPS_MAX;
	if (getgrouplist(conf_username(CONF_QMAILR), qmailr.gid, qmailr.groups, &qmailr.n) < 0)
		strerr_dief(111, "too many groups for user ", conf_username(CONF_QMAILR));
}

/* ---- descriptors */

/* Above everything that a child will need at a fixed number. */
static int lift(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, SEND_FDS);

	if (up < 0)
		strerr_diefusys(111, "copy a descriptor");
	return up;
}

static void pipe_lifted(int *p)
{
	int q[2];

	if (pipecoe(q) < 0)
		strerr_diefusys(111, "create a pipe");
	p[0] = lift(q[0]);
	p[1] = lift(q[1]);
	close(q[0]);
	close(q[1]);
}

/* ---- processes */

static void become(identity const *id, int const *fds, int n, char const *const *argv)
{
	int i;

	for (i = 0; i < n; i++)
		if (dup2(fds[i], i) < 0)
			_exit(111);
	for (; i < SEND_FDS; i++)
		close(i);
	if (drop_to(id->uid, id->gid, id->groups, (size_t)id->n))
		exec(argv);
	_exit(111);
}

/* One that cannot be run does not hold up the others: qmail-send will find its pipe closed. */
static void start(identity const *id, int in, int out, char const *const *argv)
{
	int const fds[2] = { in, out };
	pid_t pid = fork();

	if (pid < 0)
		strerr_diefusys(111, "fork");
	if (pid == 0)
		become(id, fds, 2, argv);
}

/* Starts a helper with a pipe each way; *to and *from are our ends. */
static void start_helper(identity const *id, char const *const *argv, int *to, int *from)
{
	int in[2];
	int out[2];

	pipe_lifted(in);
	pipe_lifted(out);
	start(id, in[0], out[1], argv);
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
}

static int start_logger(char const *const *argv, int log)
{
	int p[2];

	pipe_lifted(p);
	start(&qmaill, p[0], log, argv);
	close(p[0]);
	close(log);
	return p[1];
}

/* ---- default delivery */

/* The text of control/defaultdelivery without its final newlines: what the usual rc script passes. */
static char const *defaultdelivery(void)
{
	static stralloc sa = STRALLOC_ZERO;
	char buf[1024];
	ssize_t r;
	int fd = chdir(conf_home) == 0 ? open(DELIVERY, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 && errno == ENOENT)
		return "./Mailbox";
	if (fd < 0)
		strerr_diefusys(111, "open ", conf_home, "/" DELIVERY);
	while ((r = io_read(fd, buf, sizeof buf, 0)) > 0) {
		if (!stralloc_catb(&sa, buf, (size_t)r))
			strerr_dief(111, "out of memory");
		if (sa.len > DELIVERY_MAX)
			strerr_dief(111, conf_home, "/" DELIVERY " is too long for an argument: shorten it");
	}
	if (r < 0)
		strerr_diefusys(111, "read ", conf_home, "/" DELIVERY);
	close(fd);
	while (sa.len > 0 && sa.s[sa.len - 1] == '\n')
		sa.len--;
	if (!stralloc_0(&sa))
		strerr_dief(111, "out of memory");
	return sa.len > 1 ? sa.s : "./Mailbox";
}

/* ---- what keeps qmail-send from starting */

static int is_there(char const *name)
{
	struct stat st;

	int r = stat(name, &st);

	if (r < 0 && errno == ENOENT)
		return 0;
	if (r < 0 || !S_ISREG(st.st_mode))
		strerr_warnw(conf_home, "/", name, " is not a file that can be read: qmail-send will not start without it;"
			" make it a text file, or remove it");
	return 1;
}

static int is_file(char const *name)
{
	struct stat st;

	return stat(name, &st) == 0 && S_ISREG(st.st_mode);
}

/* Its log has no more to say than "unable to read controls"; here is room to tell which, and what to do. */
static void remark_controls(void)
{
	static char const *const others[] = { "control/virtualdomains", "control/percenthack", "control/envnoathost",
		"control/bouncefrom", "control/bouncehost", "control/bouncemaxbytes", "control/doublebounceto", "control/doublebouncehost",
		"control/queuelifetime", "control/concurrencylocal", "control/concurrencyremote" };
	size_t i;

	if (chdir(conf_home) < 0)
		return;
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		is_there(others[i]);
	if (is_there("control/locals") + is_there("control/me") == 0 && !is_file("control/locals.cdb"))
		strerr_warnw(conf_home, "/control/me does not exist: qmail-send will not start without it;"
			" write the name of this host into it, on a line of its own");
}

int main(int argc, char const *const *argv)
{
	char const *lspawn[] = { "qmail-lspawn", argc > 1 ? argv[1] : 0, 0 };
	static char const *const rspawn[] = { "qmail-rspawn", 0 };
	static char const *const clean[] = { "qmail-clean", 0 };
	static char const *const send[] = { "qmail-send", 0 };
	int fds[SEND_FDS];

	if (!fds_sane(2))
		strerr_diefusys(111, "open descriptors 0 to 2");
	fds_close_from(3);
	if (argc < 2)
		lspawn[1] = defaultdelivery();
	remark_controls();
	if (chdir("/") < 0)
		strerr_diefusys(111, "chdir to /");
	umask(077);
	lookup_all();
	fds[0] = lift(1);
	if (argc > 2)
		fds[0] = start_logger(argv + 2, fds[0]);
	start_helper(&root, lspawn, fds + 1, fds + 2);
	start_helper(&qmailr, rspawn, fds + 3, fds + 4);
	start_helper(&qmailq, clean, fds + 5, fds + 6);
	become(&qmails, fds, SEND_FDS, send);
}
