/* SPDX-License-Identifier: ISC */

/* floor PORT QUEUE MAILDIR SINKPORT EXECS SYNC PROGRAM: no mail server, but the least that one which is durable
 * can do: it shows how near a mail system comes to what disk, kernel and load generators allow.
 *
 * EXECS  PROGRAM is started this often for each message, as a process for every job does
 * SYNC   0 nothing; 1 the file in the queue and the one in the Maildir, each after it got its name; 2 the directory
 *        too, as a disk wants it that promises no more than POSIX does */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 24, MESSAGE_MAX = 64 << 20 };

extern char **environ;

static char const *queue, *maildir;
static char *program;
static int execs, sync_level, sink_port, queue_dir, new_dir;
static char in[65536], *message;
static size_t in_pos, in_len, message_len;

static void die(char const *what)
{
	perror(what);
	_exit(111);
}

static void start_program(void)
{
	char *argv[2] = { program, 0 };
	pid_t pid = vfork();

	if (!pid)
	{
		execve(program, argv, environ);
		_exit(1);
	}
	if (pid > 0)
		waitpid(pid, 0, 0);
}

static void save(char const *dir, int dirfd, char const *sub, char const *name)
{
	char from[512], to[512];

	(void)snprintf(from, sizeof from, "%s/tmp/%s", dir, name);
	(void)snprintf(to, sizeof to, "%s/%s/%s", dir, sub, name);
	int fd = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, message, message_len) != (ssize_t)message_len)
		die(from);
	if (rename(from, to) == -1)
		die(to);
	if ((sync_level && fsync(fd) == -1) || (sync_level == 2 && fsync(dirfd) == -1))
		die("fsync");
	close(fd);
}

static int get(int s)
{
	if (in_pos == in_len)
	{
		ssize_t r = read(s, in, sizeof in);
		if (r <= 0)
			return -1;
		in_pos = 0;
		in_len = (size_t)r;
	}
	return (unsigned char)in[in_pos++];
}

/* A command, NUL-terminated; 0 at the end of the connection. */
static int get_line(int s, char *line, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = get(s)) != -1)
	{
		if (n < size - 1)
			line[n++] = (char)c;
		if (c == '\n')
		{
			line[n] = 0;
			return 1;
		}
	}
	return 0;
}

static void get_message(int s)
{
	enum { TEXT, LINE, DOT, DOT_CR } state = LINE;
	int c;

	message_len = 0;
	while ((c = get(s)) != -1 && message_len < MESSAGE_MAX - 2)
	{
		if (state == LINE && c == '.')
		{
			state = DOT;
			continue;
		}
		if (state == DOT && c == '\r')
		{
			state = DOT_CR;
			continue;
		}
		if (state == DOT_CR)
		{
			if (c == '\n')
				return;
			message[message_len++] = '\r';
		}
		message[message_len++] = (char)c;
		state = c == '\n' ? LINE : TEXT;
	}
}

static void say(int s, char const *text)
{
	if (write(s, text, strlen(text)) == -1)
		return;
}

static void ask(int s, char const *text)
{
	char reply[512];

	say(s, text);
	if (read(s, reply, sizeof reply) <= 0)
		return;
}

static void send_on(char const *to)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((unsigned short)sink_port) };
	char rcpt[600];
	int one = 1;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(s, (struct sockaddr *)&a, sizeof a) == 0)
	{
		(void)snprintf(rcpt, sizeof rcpt, "RCPT TO:<%s>\r\n", to);
		ask(s, "");
		ask(s, "HELO floor\r\n");
		ask(s, "MAIL FROM:<x@y>\r\n");
		ask(s, rcpt);
		ask(s, "DATA\r\n");
		if (write(s, message, message_len) == (ssize_t)message_len)
			ask(s, ".\r\n");
		ask(s, "QUIT\r\n");
	}
	close(s);
}

static void take(int s, int worker, char const *to)
{
	static long count;
	char name[64], path[512];

	get_message(s);
	(void)snprintf(name, sizeof name, "%d.%ld", worker, ++count);
	for (int i = 0; i < execs; ++i)
		start_program();
	save(queue, queue_dir, "q", name);
	say(s, "250 ok\r\n");
	if (strstr(to, "bench.local"))
		save(maildir, new_dir, "new", name);
	else
		send_on(to);
	(void)snprintf(path, sizeof path, "%s/q/%s", queue, name);
	unlink(path);
}

static void session(int s, int worker)
{
	char line[2048], to[512] = "";

	in_pos = in_len = 0;
	say(s, "220 floor\r\n");
	while (get_line(s, line, sizeof line))
	{
		if (!strncasecmp(line, "QUIT", 4))
		{
			say(s, "221 bye\r\n");
			return;
		}
		if (!strncasecmp(line, "DATA", 4))
		{
			say(s, "354 go\r\n");
			take(s, worker, to);
			continue;
		}
		if (!strncasecmp(line, "RCPT", 4))
		{
			char *start = strchr(line, '<'), *end = strchr(line, '>');
			if (start && end && end > start)
			{
				*end = 0;
				(void)snprintf(to, sizeof to, "%s", start + 1);
			}
		}
		say(s, "250 ok\r\n");
	}
}

static int open_below(char const *dir, char const *sub)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, sub);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		die(path);
	return fd;
}

static void serve(int listener, int worker)
{
	int one = 1;

	for (;;)
	{
		int s = accept4(listener, 0, 0, SOCK_CLOEXEC);
		if (s == -1)
			continue;
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		session(s, worker);
		close(s);
	}
}

int main(int argc, char **argv)
{
	if (argc != 8)
	{
		(void)fputs("usage: floor PORT QUEUE MAILDIR SINKPORT EXECS SYNC PROGRAM\n", stderr);
		return 100;
	}
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])) };
	queue = argv[2];
	maildir = argv[3];
	sink_port = atoi(argv[4]);
	execs = atoi(argv[5]);
	sync_level = atoi(argv[6]);
	program = argv[7];
	message = malloc(MESSAGE_MAX);
	if (!message)
		die("memory");
	queue_dir = open_below(queue, "q");
	new_dir = open_below(maildir, "new");
	(void)signal(SIGPIPE, SIG_IGN);

	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&a, sizeof a) == -1 || listen(listener, 512) == -1)
		die("listen");
	for (int i = 0; i < WORKERS; ++i)
		if (!fork())
			serve(listener, i);
	while (wait(0) > 0)
		;
	return 0;
}
