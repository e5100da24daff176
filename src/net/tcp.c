/* SPDX-License-Identifier: ISC */

#include "net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "base/io.h"

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

int tcp_socket(ip_address const *ip)
{
	int fd = socket(ip->len == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT))
		errno = 0;
	return fd;
}

int tcp_bind(int fd, ip_address const *ip)
{
	struct sockaddr_storage sa;
	socklen_t len = fill(&sa, ip, 0);
	int const on = 1;

	/* The port is chosen when it is known where the connection goes: there are as many as for any other. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(fd, (struct sockaddr *)&sa, len) == 0;
}

static int finish(int fd, tain const *deadline)
{
	int e = 0;
	socklen_t len = sizeof e;

	if (io_wait(fd, POLLOUT, deadline) < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		return 0;
	if (e && e != ECONNRESET && e != EPIPE)
		return errno = e, 0;
	return 1;
}

int tcp_connect(int fd, ip_address const *ip, unsigned int port, tain const *deadline)
{
	struct sockaddr_storage sa;
	socklen_t len = fill(&sa, ip, port);

	if (connect(fd, (struct sockaddr *)&sa, len) == 0)
		return 1;
	return (errno == EINPROGRESS || errno == EINTR) && finish(fd, deadline);
}

int tcp_address(ip_address *ip, unsigned int *port, struct sockaddr_storage const *sa)
{
	if (sa->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		ip_set(ip, (unsigned char const *)&in.sin_addr, 4);
		*port = ntohs(in.sin_port);
		return 1;
	}
	if (sa->ss_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, sa, sizeof in);
		ip_set(ip, (unsigned char const *)&in.sin6_addr, 16);
		*port = ntohs(in.sin6_port);
		return 1;
	}
	return 0;
}
