/* SPDX-License-Identifier: ISC */

#include "connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "proto/tcpto.h"

static char const table[] = "queue/lock/tcpto";

static socklen_t fill(struct sockaddr_storage *sa, ip_address const *ip, unsigned int port)
{
	memset(sa, 0, sizeof *sa);
	if (ip->len == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

		memcpy(&in.sin_addr, ip->bytes, 4);
		memcpy(sa, &in, sizeof in);
		return sizeof in;
	} else {
		struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

		memcpy(&in.sin6_addr, ip->bytes, 16);
		memcpy(sa, &in, sizeof in);
		return sizeof in;
	}
}

static int finish(int fd, tain const *deadline)
{
	int e = 0;
	socklen_t len = sizeof e;

	if (io_wait(fd, POLLOUT, deadline) < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		return 0;
	/* Reset, and not refused: it stood and was cut at once. The dialogue will find out. */
	if (e && e != ECONNRESET && e != EPIPE)
		return errno = e, 0;
	return 1;
}

static int try_connect(int fd, ip_address const *ip, unsigned int port, tain const *deadline)
{
	struct sockaddr_storage sa;
	socklen_t len = fill(&sa, ip, port);

	if (connect(fd, (struct sockaddr *)&sa, len) == 0)
		return 1;
	return (errno == EINPROGRESS || errno == EINTR) && finish(fd, deadline);
}

/* An address family the kernel does not have is a host out of reach, not a lack of resources. */
static int open_socket(ip_address const *ip)
{
	int fd = socket(ip->len == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT))
		errno = 0;
	return fd;
}

static int connect_one(ip_address const *ip, unsigned int port, tain const *deadline)
{
	int const on = 1;
	int fd = open_socket(ip);
	tcpto_status listed;
	int ok;

	if (fd < 0)
		return -1;
	listed = tcpto_check(table, ip->bytes, ip->len);
	ok = listed != TCPTO_SKIP && try_connect(fd, ip, port, deadline);
	if (listed != TCPTO_SKIP && (listed == TCPTO_LISTED || (!ok && errno == ETIMEDOUT)))
		tcpto_note(table, ip->bytes, ip->len, !ok && errno == ETIMEDOUT);
	if (!ok) {
		close(fd);
		return errno = 0, -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

int connect_any(dns_address const *a, size_t n, unsigned int port, unsigned int timeout, ip_address *which)
{
	tain last;
	size_t i;

	io_deadline(&last, timeout * CONNECT_ROUNDS);
	for (i = 0; i < n && tain_future(&last); i++) {
		tain deadline;
		int fd;

		io_deadline(&deadline, timeout);
		fd = connect_one(&a[i].ip, port, io_sooner(&deadline, &last));
		if (fd >= 0)
			return *which = a[i].ip, fd;
		if (errno)
			return -1;
		tain_now_g();
	}
	return errno = 0, -1;
}
