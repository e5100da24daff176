/* SPDX-License-Identifier: ISC */

#include "proto/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ARGS_MIN = 3, FDS = 2 };

static char const done = 'd';

int kept_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
}

int kept_is(int fd)
{
	int domain;
	int type;
	socklen_t n = sizeof domain;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0 || domain != AF_UNIX)
		return 0;
	n = sizeof type;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
}

static int say(int fd, struct msghdr const *m, size_t n)
{
	ssize_t r;

	do
		r = sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r >= 0 && (size_t)r == n;
}

static int add(stralloc *sa, char const *s)
{
	size_t n = strlen(s) + 1;

	if (n > KEPT_MAX - sa->len)
		return errno = EMSGSIZE, 0;
	return stralloc_catb(sa, s, n);
}

int kept_put(int fd, char const *host, char const *sender, char *const *recipients, int message, int output)
{
	static stralloc text = STRALLOC_ZERO;
	union { struct cmsghdr head; char space[CMSG_SPACE(FDS * sizeof(int))]; } control;
	int const fds[FDS] = { message, output };
	struct iovec v;
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.space,
		.msg_controllen = sizeof control.space };
	struct cmsghdr *c;

	text.len = 0;
	if (!add(&text, host) || !add(&text, sender))
		return 0;
	for (; *recipients; recipients++)
		if (!add(&text, *recipients))
			return 0;
	v = (struct iovec){ .iov_base = text.s, .iov_len = text.len };
	memset(&control, 0, sizeof control);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(c), fds, sizeof fds);
	return say(fd, &m, text.len);
}

int kept_split(kept_request *r, char const *s, size_t n)
{
	size_t count = 0;
	size_t i;

	r->n = 0;
	for (i = 0; i < n; i++)
		count += s[i] == 0;
	if (count < ARGS_MIN || s[n - 1])
		return 0;
	free(r->args);
	r->args = calloc(count + 1, sizeof *r->args);
	if (!r->args || !stralloc_copyb(&r->text, s, n))
		return 0;
	for (i = 0; i < n; i += strlen(r->text.s + i) + 1)
		r->args[r->n++] = r->text.s + i;
	return 1;
}

/* Both descriptors or none. */
static int take_fds(kept_request *r, struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fds[FDS];

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fds))
		return 0;
	memcpy(fds, CMSG_DATA(c), sizeof fds);
	r->message = fds[0];
	r->output = fds[1];
	return 1;
}

int kept_get(int fd, kept_request *r)
{
	static char text[KEPT_MAX];
	union { struct cmsghdr head; char space[CMSG_SPACE(FDS * sizeof(int))]; } control;
	struct iovec v = { .iov_base = text, .iov_len = sizeof text };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.space,
		.msg_controllen = sizeof control.space };
	ssize_t n;

	r->message = r->output = -1;
	do
		n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0 || !take_fds(r, &m))
		return 0;
	if (!(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && kept_split(r, text, (size_t)n))
		return 1;
	close(r->message);
	close(r->output);
	return 0;
}

int kept_done_put(int fd)
{
	struct iovec v = { .iov_base = (char *)&done, .iov_len = 1 };
	struct msghdr const m = { .msg_iov = &v, .msg_iovlen = 1 };

	return say(fd, &m, 1);
}

int kept_done_get(int fd)
{
	char c = 0;
	ssize_t n;

	do
		n = recv(fd, &c, 1, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n == 1 && c == done;
}

void kept_free(kept_request *r)
{
	stralloc_free(&r->text);
	free(r->args);
	*r = (kept_request)KEPT_REQUEST_ZERO;
}
