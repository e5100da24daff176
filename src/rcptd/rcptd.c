/* SPDX-License-Identifier: ISC */

/* qmail-rcptd: tells qmail-smtpd whether there is anybody at an address, by the tables and the functions by which mail
 * to it is delivered.
 *
 * Two processes: one hears the clients, as qmaild; one is root, hears the first alone, and has children look, who become
 * the user before they enter a home. */

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/drop.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/option.h"
#include "base/sandbox.h"
#include "front.h"
#include "looker.h"
#include "proto/rcptd.h"
#include "recipient/powers.h"

#define USAGE "qmail-rcptd [ -u user ] ..."
#define LOCK "rcptd/lock"
#define FRESH "rcptd/socket.new"

enum { EXIT_USAGE = 100, EXIT_TEMP = 111, USERS_MAX = 16, BACKLOG = 128 };

char const *PROG = "qmail-rcptd";

static char const letters[] = "u:";

/* Who may ask: root, qmaild, and whom the administrator names. */
typedef struct askers
{
	uid_t users[USERS_MAX];
	size_t n;
} askers;

static void usage(char const *name, subgetopt const *options)
{
	stralloc text = STRALLOC_ZERO;

	if (options && option_mistake(&text, name, letters, options))
		io_writeall(2, text.s, text.len);
	strerr_dieusage(EXIT_USAGE, USAGE);
}

static void add_user(askers *a, char const *name)
{
	struct passwd const *pw = getpwnam(name);

	if (!pw)
		strerr_dief(EXIT_TEMP, "unable to find user ", name);
	if (a->n == USERS_MAX)
		strerr_dief(EXIT_USAGE, "too many users");
	a->users[a->n++] = pw->pw_uid;
}

static void arguments(int argc, char const *const *argv, askers *a)
{
	subgetopt options = SUBGETOPT_ZERO;
	int c;

	while ((c = option_next(argc, argv, letters, &options)) != -1)
		if (c == 'u')
			add_user(a, options.arg);
		else
			usage(argv[0], &options);
	if (options.ind != argc)
		usage(PROG, 0);
}

/* The directory is root's: who finds a socket there knows whose it is. */
static void make_directory(void)
{
	struct stat st;

	if (mkdir(rcptd_directory, 0755) < 0 && lstat(rcptd_directory, &st) < 0)
		strerr_diefusys(EXIT_TEMP, "make ", conf_home, "/", rcptd_directory);
	if (lstat(rcptd_directory, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022)
		strerr_dief(EXIT_TEMP, conf_home, "/", rcptd_directory, " is not a directory that root alone can write to:"
			" remove it, or change its owner and mode");
}

/* A lock of this process alone: its children may hang for long. */
static void lock(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(LOCK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		strerr_diefusys(EXIT_TEMP, "open ", conf_home, "/" LOCK);
	if (fcntl(fd, F_SETLK, &l) < 0)
		strerr_dief(EXIT_TEMP, "another qmail-rcptd is running for ", conf_home);
}

/* Made under another name: a client finds one that listens, or the old one, which does not. */
static int listen_there(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, FRESH, sizeof FRESH);
	unlink(FRESH);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || chmod(FRESH, 0666) < 0 || listen(fd, BACKLOG) < 0
	 || rename(FRESH, rcptd_socket) < 0)
		strerr_diefusys(EXIT_TEMP, "listen at ", conf_home, "/", rcptd_socket);
	return fd;
}

static _Noreturn void be_front(int listener, int socket, askers const *a)
{
	uid_t uid;
	gid_t gid;

	if (!conf_uid(CONF_QMAILD, &uid) || !conf_gid(CONF_NOFILES, &gid) || !drop_to(uid, gid, &gid, 1))
		strerr_diefusys(EXIT_TEMP, "become user ", conf_username(CONF_QMAILD));
	if (!sandbox_enter(SANDBOX_RCPTD))
		strerr_diefusys(EXIT_TEMP, "give up rights");
	_exit(front_run(listener, socket, a->users, a->n));
}

static void start_front(int listener, int *pair, askers const *a)
{
	pid_t pid = fork();

	if (pid < 0)
		strerr_diefusys(EXIT_TEMP, "fork");
	if (pid == 0) {
		close(pair[0]);
		be_front(listener, pair[1], a);
	}
	close(listener);
	close(pair[1]);
}

int main(int argc, char const *const *argv)
{
	askers a = { .n = 1 };          /* root */
	int listener;
	int pair[2];

	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	fds_close_from(3);
	sig_restore(SIGCHLD);
	sig_ignore(SIGPIPE);
	umask(022);
	arguments(argc, argv, &a);
	add_user(&a, conf_username(CONF_QMAILD));
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "switch to ", conf_home);
	make_directory();
	lock();
	listener = listen_there();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		strerr_diefusys(EXIT_TEMP, "make a pair of sockets");
	start_front(listener, pair, &a);
	powers_limit(1);
	return looker_run(pair[0]);
}
