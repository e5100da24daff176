/* SPDX-License-Identifier: ISC */

#include "talk.h"

#include <errno.h>
#include <unistd.h>

#include "base/io.h"
#include "net/tcp.h"

static conn wire;

static talk_status read_reply(reply *r)
{
	reply_status status = REPLY_MORE;

	while (status == REPLY_MORE && conn_fill(&wire))
		status = reply_feed(r, wire.inbuf[wire.pos++]);
	return status != REPLY_BAD && r->verdict ? TALK_ANSWERED : TALK_LOST;
}

static talk_status exchange(int fd, request const *q, reply *r)
{
	conn_open(&wire, fd, fd, TALK_SECONDS);
	conn_within(&wire, TALK_SECONDS_ALL);
	switch (request_send(q, &wire)) {
	case REQUEST_SENT:
		return read_reply(r);
	case REQUEST_CUT:
		return TALK_CUT;
	default:
		return TALK_UNREADABLE;
	}
}

talk_status talk(server const *v, request const *q, reply *r)
{
	talk_status status;
	tain deadline;
	int fd = tcp_socket(&v->ip);

	*r = (reply)REPLY_ZERO;
	if (fd < 0)
		return errno ? TALK_NO_SOCKET : TALK_REFUSED;
	io_deadline(&deadline, TALK_CONNECT_SECONDS);
	if (tcp_connect(fd, &v->ip, v->port, &deadline))
		status = exchange(fd, q, r);
	else
		status = errno == ETIMEDOUT ? TALK_TIMEOUT : TALK_REFUSED;
	close(fd);
	return status;
}
