/* SPDX-License-Identifier: ISC */

/* filters: writes the seccomp filters of base/sandbox as C, for every kind of machine that we know. Runs when
 * the suite is built, and is no part of it: libseccomp is not needed where the programs run.
 *
 * Calls that a profile does not name fail with ENOSYS, as they would on an older kernel, so that the C library
 * falls back where it can and the program reports trouble where it cannot. */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>
#include <skalibs/strerr.h>

#include "base/sandbox.h"

char const *PROG = "filters";

enum { CODE_MAX = 4096, NARROW_MAX = 3 };

/* ---- calls */

/* What qmail-rspawn refuses, to the programs that it starts as well: they may need all else. */
static char const *const administering[] = {
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
	"mount", "umount", "umount2", "pivot_root", "chroot", "unshare", "setns", "fsopen", "fsmount", "move_mount",
	"open_tree", "mount_setattr", "bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module",
	"delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "keyctl", "add_key",
	"request_key", "open_by_handle_at", "iopl", "ioperm", "modify_ldt", "personality", "io_uring_setup",
	"io_uring_enter", "io_uring_register", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "acct",
	"quotactl", "vhangup", "syslog", "sethostname", "setdomainname", "mknod", "mknodat", 0
};

/* What a running C program needs whatever it does: memory, descriptors that it has, clocks, signals that come.
 * The kernel spends time on each line of a filter when it is loaded, which is once a message. */
static char const *const everybody[] = {
	"read", "write", "readv", "writev", "close", "fstat", "fstat64", "lseek", "_llseek", "brk", "munmap", "mremap",
	"madvise", "futex", "futex_time64", "getrandom", "clock_gettime", "clock_gettime64", "gettimeofday", "time",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "exit", "exit_group", "getpid", "gettid", "getuid", "geteuid",
	"restart_syscall", "alarm", "poll", "ppoll", "ppoll_time64", "newfstatat", "fstatat64", "statx", 0
};

static char const *const living_longer[] = {
	"pread64", "pwrite64", "close_range", "dup", "dup2", "dup3", "select", "_newselect", "pselect6", "pselect6_time64",
	"set_robust_list", "rseq", "membarrier", "clock_getres", "times", "nanosleep", "clock_nanosleep", "setitimer",
	"getitimer", "rt_sigpending", "sigaltstack", "getppid", "getgid", "getegid", "getgroups", "uname", "sysinfo",
	"getrlimit", "getrusage", "umask", "sched_yield", "sched_getaffinity", 0
};

static char const *const queueing[] = {
	"open", "openat", "stat", "stat64", "lstat", "lstat64", "link", "linkat", "fsync",
	"sync_file_range", "sync_file_range2", "syncfs", 0
};

static char const *const looking[] = {
	"stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2",
	"readlink", "readlinkat", "getdents", "getdents64", "getcwd", "fstatfs", "fstatfs64", "statfs", "statfs64", 0
};

static char const *const opening[] = { "open", "openat", "openat2", "chdir", "fchdir", 0 };

static char const *const removing[] = { "unlink", "unlinkat", 0 };

static char const *const storing[] = {
	"link", "linkat", "rename", "renameat", "renameat2", "fsync", "fdatasync", "sync_file_range", "sync_file_range2",
	"syncfs", "ftruncate", "ftruncate64", "fallocate", "fadvise64", "fadvise64_64", "fchmod", "flock",
	"utimensat", "copy_file_range", "sendfile", "sendfile64", 0
};

static char const *const keeping[] = {
	"fsync", "syncfs", "ftruncate", "ftruncate64", "sync_file_range", "sync_file_range2", "flock", "utimensat", "utimensat_time64", 0
};

/* A process that is there, over a socket that is: with descriptors. */
static char const *const asking[] = { "sendmsg", "recvfrom", 0 };

/* Over a connection that is there; with an address sendto would need a socket that has none. */
static char const *const talking[] = { "sendto", "recvfrom", "shutdown", 0 };

static char const *const networking[] = {
	"connect", "bind", "getsockname", "getpeername", "getsockopt", "setsockopt", "sendmsg", "sendmmsg",
	"recvmsg", "recvmmsg", "flock", "fsync", 0
};

/* Calls that are allowed for some arguments. Several lines for one call: any of them. */
typedef struct narrow
{
	char const *call;
	unsigned int n;
	struct scmp_arg_cmp args[NARROW_MAX];
} narrow;

#define EQUALS(i, value) { (i), SCMP_CMP_EQ, (value), 0 }
#define MASKED(i, mask, value) { (i), SCMP_CMP_MASKED_EQ, (mask), (value) }
#define FCNTL(command) { "fcntl", 1, { EQUALS(1, (command)) } }, { "fcntl64", 1, { EQUALS(1, (command)) } }
#define SOCKET(domain, type) { "socket", 2, { EQUALS(0, (domain)), MASKED(1, SOCKET_TYPES, (type)) } }

/* No writable memory becomes code or is shared (the limit on data does not count that), no one gets signals
 * through a descriptor, limits are only read. */
static narrow const everybody_narrowly[] = {
	{ "mmap", 2, { MASKED(2, PROT_EXEC, 0), MASKED(3, MAP_SHARED, 0) } },
	{ "mmap2", 2, { MASKED(2, PROT_EXEC, 0), MASKED(3, MAP_SHARED, 0) } },
	{ "mprotect", 1, { MASKED(2, PROT_EXEC, 0) } },
	{ "prlimit64", 2, { EQUALS(0, 0), EQUALS(2, 0) } },
	FCNTL(F_DUPFD), FCNTL(F_DUPFD_CLOEXEC), FCNTL(F_GETFD), FCNTL(F_SETFD), FCNTL(F_GETFL), FCNTL(F_SETFL),
	FCNTL(F_GETLK), FCNTL(F_SETLK), FCNTL(F_SETLKW),
	{ .call = 0 }
};

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)
static narrow const opening_to_read[] = {
	{ "open", 1, { MASKED(1, WRITING, 0) } },
	{ "openat", 1, { MASKED(2, WRITING, 0) } },
	{ .call = 0 }
};

enum { SOCKET_TYPES = 0xf };
static narrow const networking_narrowly[] = {
	SOCKET(AF_INET, SOCK_STREAM), SOCKET(AF_INET, SOCK_DGRAM),
	SOCKET(AF_INET6, SOCK_STREAM), SOCKET(AF_INET6, SOCK_DGRAM),
	/* the addresses of this host */
	{ "socket", 2, { EQUALS(0, AF_NETLINK), EQUALS(2, NETLINK_ROUTE) } },
	{ .call = 0 }
};

/* Unix sockets, of which the process has those that listen. */
static char const *const answering[] = { "accept4", "getsockopt", "sendto", "recvfrom", 0 };

static char const *const entering[] = { "chdir", 0 };

/* ---- profiles */

typedef struct filter
{
	char const *const *allowed[8];
	narrow const *narrowed[4];
} filter;

static filter const filters[SANDBOX_PROFILES] = {
	[SANDBOX_SEND] = { { everybody, living_longer, looking, opening, removing, keeping, asking }, { everybody_narrowly } },
	[SANDBOX_QUEUE] = { { everybody, queueing, removing }, { everybody_narrowly } },
	[SANDBOX_CLEAN] = { { everybody, living_longer, looking, removing }, { everybody_narrowly, opening_to_read } },
	[SANDBOX_REMOTE] = { { everybody, living_longer, looking, opening, talking, networking },
		{ everybody_narrowly, networking_narrowly } },
	[SANDBOX_POP3D] = { { everybody, living_longer, looking, opening, removing, storing, talking },
		{ everybody_narrowly } },
	[SANDBOX_RCPTD] = { { everybody, living_longer, looking, answering }, { everybody_narrowly, opening_to_read } },
	[SANDBOX_LOOK] = { { everybody, looking, entering }, { everybody_narrowly, opening_to_read } },
};

static char const *const names[SANDBOX_PROFILES] = {
	[SANDBOX_SEND] = "send", [SANDBOX_QUEUE] = "queue", [SANDBOX_CLEAN] = "clean", [SANDBOX_RSPAWN] = "rspawn",
	[SANDBOX_REMOTE] = "remote", [SANDBOX_POP3D] = "pop3d",
	[SANDBOX_RCPTD] = "rcptd", [SANDBOX_LOOK] = "look",
};

typedef struct machine
{
	uint32_t arch;
	char const *macro;
} machine;

static machine const machines[] = {
	{ SCMP_ARCH_X86_64, "defined(__x86_64__) && !defined(__ILP32__)" },
	{ SCMP_ARCH_AARCH64, "defined(__aarch64__)" },
};

/* ---- making them */

static void check(int r, char const *what)
{
	if (r >= 0)
		return;
	errno = -r;
	strerr_diefusys(111, "make a rule for ", what);
}

/* 1 with *number, or 0: this machine has no such call (others have it). */
static int number_of(int *number, machine const *m, char const *call)
{
	*number = seccomp_syscall_resolve_name_arch(m->arch, call);
	if (*number == __NR_SCMP_ERROR)
		strerr_dief(100, "libseccomp knows no system call ", call);
	return *number >= 0;
}

static void rule(scmp_filter_ctx ctx, machine const *m, uint32_t action, char const *call)
{
	int number;

	if (number_of(&number, m, call))
		check(seccomp_rule_add(ctx, action, number, 0), call);
}

static scmp_filter_ctx start(machine const *m, uint32_t otherwise)
{
	scmp_filter_ctx ctx = seccomp_init(otherwise);

	if (!ctx)
		strerr_dief(111, "out of memory");
	if (seccomp_arch_native() != m->arch) {
		check(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), m->macro);
		check(seccomp_arch_add(ctx, m->arch), m->macro);
	}
	check(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "other machines");
	check(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "speed");
	return ctx;
}

static scmp_filter_ctx refusals(machine const *m)
{
	scmp_filter_ctx ctx = start(m, SCMP_ACT_ALLOW);
	size_t i;

	for (i = 0; administering[i]; i++)
		rule(ctx, m, SCMP_ACT_ERRNO(EPERM), administering[i]);
	return ctx;
}

static scmp_filter_ctx allowances(machine const *m, filter const *f)
{
	scmp_filter_ctx ctx = start(m, SCMP_ACT_ERRNO(ENOSYS));
	char const *const *const *set;
	narrow const *const *list;
	size_t i;

	for (set = f->allowed; *set; set++)
		for (i = 0; (*set)[i]; i++)
			rule(ctx, m, SCMP_ACT_ALLOW, (*set)[i]);
	for (list = f->narrowed; *list; list++) {
		narrow const *w;
		int number;

		for (w = *list; w->call; w++)
			if (number_of(&number, m, w->call))
				check(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, number, w->n, w->args), w->call);
	}
	return ctx;
}

/* ---- writing them */

/* When it takes a filter the kernel (5.11 or later) walks through it for each number that a call may have, of each
 * kind of program that it runs, to know which calls it need not ask about: half of what a start of qmail-queue
 * pays for its filter. It stops at the first step that it does not follow, and then asks at each call. That is the better
 * bargain for who makes some dozen calls in all. */
static int is_brief(sandbox_profile p)
{
	return p == SANDBOX_QUEUE || p == SANDBOX_REMOTE;
}

static struct sock_filter const unfollowed = BPF_STMT(BPF_MISC | BPF_TAX, 0);

static void put_step(struct sock_filter const *s)
{
	dprintf(1, "\t{ 0x%x, %u, %u, 0x%x },\n", (unsigned int)s->code, (unsigned int)s->jt, (unsigned int)s->jf, (unsigned int)s->k);
}

static size_t compile(struct sock_filter *code, scmp_filter_ctx ctx)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		strerr_diefusys(111, "make a file in memory");
	check(seccomp_export_bpf(ctx, fd), "the filter");
	n = pread(fd, code, CODE_MAX * sizeof *code, 0);
	if (n <= 0 || (size_t)n % sizeof *code || (size_t)n == CODE_MAX * sizeof *code)
		strerr_dief(111, "unable to read the filter back");
	close(fd);
	seccomp_release(ctx);
	return (size_t)n / sizeof *code;
}

static void put_machine(machine const *m)
{
	static struct sock_filter code[CODE_MAX];
	sandbox_profile p;

	for (p = 0; p < SANDBOX_PROFILES; p++) {
		size_t n;
		size_t i;

		if (!names[p])
			continue;
		n = compile(code, p == SANDBOX_RSPAWN ? refusals(m) : allowances(m, filters + p));
		dprintf(1, "static struct sock_filter const %s[] = {\n", names[p]);
		if (is_brief(p))
			put_step(&unfollowed);
		for (i = 0; i < n; i++)
			put_step(code + i);
		dprintf(1, "};\n");
	}
	dprintf(1, "#define FILTER(x) { (x), sizeof (x) / sizeof (x)[0] }\n");
}

static void put_table(void)
{
	sandbox_profile p;

	dprintf(1, "seccomp_filter const seccomp_filters[SANDBOX_PROFILES] = {\n");
	for (p = 0; p < SANDBOX_PROFILES; p++)
		if (names[p])
			dprintf(1, "\t[%u] = FILTER(%s),\n", (unsigned int)p, names[p]);
	dprintf(1, "};\n");
}

int main(void)
{
	size_t i;

	dprintf(1, "/* written by src/filters */\n#include \"base/seccomp.h\"\n#include <linux/filter.h>\n"
		"#include \"base/sandbox.h\"\n");
	for (i = 0; i < sizeof machines / sizeof machines[0]; i++) {
		dprintf(1, "#%s %s\n", i ? "elif" : "if", machines[i].macro);
		put_machine(machines + i);
	}
	/* Elsewhere there is everything but filters. */
	dprintf(1, "#else\n#define FILTER(x) { 0, 0 }\n#endif\n");
	put_table();
	return 0;
}
