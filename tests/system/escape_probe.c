/* SPDX-License-Identifier: ISC */

/* escape_probe PROFILE ACT ARGUMENT: enters a profile of base/sandbox as a program does, and tries what the
 * program would not. Says "done", or "refused" and the error; or is killed for it. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

static char const *argument;

static int opened(int flags)
{
	int fd = open(argument, flags | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int read_file(void) { return opened(O_RDONLY); }
static int write_file(void) { return opened(O_WRONLY | O_NONBLOCK); }
static int make_file(void) { return opened(O_WRONLY | O_CREAT | O_EXCL); }
static int list_dir(void) { return opened(O_RDONLY | O_DIRECTORY); }
static int remove_file(void) { return unlink(argument); }
static int make_dir(void) { return mkdir(argument, 0700); }
static int change_mode(void) { return chmod(argument, 0777); }
static int set_uid(void) { return setuid(getuid()); }

/* argument: from:to */
static int link_file(void)
{
	char *s = strdup(argument);
	char *to = strchr(s, ':');

	*to++ = 0;
	return link(s, to);
}

static int address(int use(int, struct sockaddr const *, socklen_t), int type)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, type, 0);

	sa.sin_port = htons((unsigned short)atoi(argument));
	return fd < 0 ? -1 : use(fd, (struct sockaddr *)&sa, sizeof sa);
}

static int connect_tcp(void) { return address(connect, SOCK_STREAM); }
static int bind_tcp(void) { return address(bind, SOCK_STREAM); }
static int connect_udp(void) { return address(connect, SOCK_DGRAM); }

static int socket_unix(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static int socket_raw(void) { return socket(AF_PACKET, SOCK_RAW, 0); }

static int start_program(void)
{
	execl(argument, argument, (char *)0);
	return -1;
}

static int forked(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static int trace(void) { return (int)ptrace(PTRACE_TRACEME, 0, 0, 0); }
static int kill_parent(void) { return kill(getppid(), 0); }
static int signal_other_call(void) { return (int)syscall(SYS_tgkill, getppid(), getppid(), 0); }
static int mounted(void) { return mount("none", "/mnt", "tmpfs", 0, 0); }
static int unshared(void) { return unshare(CLONE_NEWUSER); }
static int bpf(void) { return (int)syscall(SYS_bpf, 0, 0, 0); }
static int keys(void) { return (int)syscall(SYS_add_key, "user", "probe", "x", 1, -3); }
static int rings(void) { return (int)syscall(SYS_io_uring_setup, 1, 0) < 0 && errno == EFAULT ? 0 : -1; }

static int reads_memory(void)
{
	char c;
	struct iovec here = { &c, 1 };
	struct iovec there = { &there, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}

static int mapped(int prot, int flags)
{
	return mmap(0, 4096, prot, flags | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int code_memory(void) { return mapped(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE); }
static int shared_memory(void) { return mapped(PROT_READ | PROT_WRITE, MAP_SHARED); }
static int much_memory(void) { return malloc((size_t)1 << 30) ? 0 : -1; }

static int more_files(void)
{
	struct rlimit r = { 65536, 65536 };

	return setrlimit(RLIMIT_NOFILE, &r);
}

static int flush(void)
{
	int fd = open(argument, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? -1 : fsync(fd);
}

static struct { char const *name; int (*act)(void); } const acts[] = {
	{ "read", read_file }, { "write", write_file }, { "make", make_file }, { "list", list_dir }, { "remove", remove_file },
	{ "mkdir", make_dir }, { "chmod", change_mode }, { "setuid", set_uid }, { "link", link_file }, { "connect", connect_tcp },
	{ "bind", bind_tcp }, { "udp", connect_udp }, { "unix", socket_unix }, { "packet", socket_raw }, { "exec", start_program },
	{ "fork", forked }, { "ptrace", trace }, { "kill", kill_parent }, { "tgkill", signal_other_call }, { "mount", mounted },
	{ "unshare", unshared }, { "bpf", bpf }, { "keys", keys }, { "rings", rings }, { "peek", reads_memory }, { "code", code_memory },
	{ "shared", shared_memory }, { "much", much_memory }, { "files", more_files }, { "flush", flush },
};

static struct { char const *name; sandbox_profile profile; } const profiles[] = {
	{ "send", SANDBOX_SEND }, { "queue", SANDBOX_QUEUE }, { "clean", SANDBOX_CLEAN }, { "rspawn", SANDBOX_RSPAWN }, { "remote", SANDBOX_REMOTE },
	{ "pop3d", SANDBOX_POP3D }, { "rcptd", SANDBOX_RCPTD }, { "look", SANDBOX_LOOK }, { "getpw", SANDBOX_GETPW }, { "newu", SANDBOX_NEWU }, { "splogger", SANDBOX_SPLOGGER },
};

int main(int argc, char **argv)
{
	size_t p = 0;
	size_t a = 0;
	int r;

	if (argc != 4)
		return 100;
	argument = argv[3];
	while (p < sizeof profiles / sizeof profiles[0] && strcmp(profiles[p].name, argv[1]) != 0)
		p++;
	while (a < sizeof acts / sizeof acts[0] && strcmp(acts[a].name, argv[2]) != 0)
		a++;
	if (p == sizeof profiles / sizeof profiles[0] || a == sizeof acts / sizeof acts[0])
		return 100;
	if (!sandbox_enter(profiles[p].profile))
		return 111;
	r = acts[a].act();
	if (r < 0)
		dprintf(1, "refused %d\n", errno);
	else
		dprintf(1, "done\n");
	return 0;
}
