/* SPDX-License-Identifier: ISC */

#include "connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "net/tcp.h"
#include "proto/tcpto.h"

static char const table[] = "queue/lock/tcpto";

static int connect_one(identity const *from, ip_address const *ip, unsigned int port, tain const *deadline)
{
	int const on = 1;
	int fd = tcp_socket(ip);
	tcpto_status listed;
	int ok;

	if (fd < 0)
		return -1;
	listed = tcpto_check(table, ip->bytes, ip->len);
	ok = listed != TCPTO_SKIP && identity_bind(from, fd, ip) && tcp_connect(fd, ip, port, deadline);
	if (listed != TCPTO_SKIP && (listed == TCPTO_LISTED || (!ok && errno == ETIMEDOUT)))
		tcpto_note(table, ip->bytes, ip->len, !ok && errno == ETIMEDOUT);
	if (!ok) {
		close(fd);
		return errno = 0, -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

int connect_next(connect_search *c, ip_address *which)
{
	tain last;

	io_deadline(&last, c->timeout * CONNECT_ROUNDS);
	last = *io_sooner(&last, &c->until);
	while (c->next < c->n && tain_future(&last)) {
		ip_address const *ip = &c->a[c->next++].ip;
		tain deadline;
		int fd;

		io_deadline(&deadline, c->timeout);
		fd = connect_one(c->from, ip, c->port, io_sooner(&deadline, &last));
		if (fd >= 0)
			return *which = *ip, fd;
		if (errno)
			return -1;
		tain_now_g();
	}
	return errno = 0, -1;
}
