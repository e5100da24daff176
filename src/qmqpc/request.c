/* SPDX-License-Identifier: ISC */

#include "request.h"

#include <errno.h>

#include "base/io.h"
#include "net/netstring.h"
#include "proto/envelope.h"

enum { BLOCK = 8192 };

static qq_exit why_not_read(void)
{
	return errno == ETIMEDOUT ? QQ_TIMEOUT : QQ_READ;
}

static qq_exit why_not_written(void)
{
	return errno == ENOMEM ? QQ_NOMEM : QQ_WRITE;
}

qq_exit request_message(request *r, int fd, tain const *deadline)
{
	char buf[BLOCK];
	ssize_t n;

	spool_start(&r->message);
	while ((n = io_read(fd, buf, sizeof buf, deadline)) > 0)
		if (!spool_put(&r->message, buf, (size_t)n))
			return why_not_written();
	return n < 0 ? why_not_read() : QQ_OK;
}

/* ---- the envelope ---------------------------------------------------------------------------------- */

/* An address on its way from a record to a netstring. */
typedef struct address
{
	int inside;             /* behind the letter of a record */
	size_t len;
	char s[ENVELOPE_ADDRESS_MAX];
} address;

static int put_address(spool *sp, address const *a)
{
	char head[NETSTRING_HEAD_FMT];

	return spool_put(sp, head, netstring_head(head, a->len)) && spool_put(sp, a->s, a->len) && spool_put(sp, ",", 1);
}

/* s[0..n) has been checked: letters are where they belong and no address is too long. */
static int put_records(spool *sp, address *a, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!a->inside) {
			a->inside = 1;
			a->len = 0;
		} else if (s[i]) {
			a->s[a->len++] = s[i];
		} else {
			a->inside = 0;
			if (!put_address(sp, a))
				return 0;
		}
	}
	return 1;
}

qq_exit request_envelope(request *r, int fd, tain const *deadline)
{
	envelope check = ENVELOPE_ZERO;
	envelope_status status = ENVELOPE_MORE;
	address a = { .inside = 0 };

	spool_start(&r->envelope);
	while (status == ENVELOPE_MORE) {
		char buf[BLOCK];
		size_t used;
		ssize_t n = io_read(fd, buf, sizeof buf, deadline);

		if (n < 0)
			return why_not_read();
		if (n == 0)
			return QQ_ENVELOPE;
		status = envelope_check(&check, buf, (size_t)n, &used);
		if (!put_records(&r->envelope, &a, buf, used))
			return why_not_written();
	}
	return status == ENVELOPE_DONE ? QQ_OK : status == ENVELOPE_TOOLONG ? QQ_TOOLONG : QQ_ENVELOPE;
}

/* ---- sending --------------------------------------------------------------------------------------- */

static int send_spool(spool const *sp, conn *c)
{
	char buf[BLOCK];
	uint64_t at = 0;

	while (at < sp->size && !c->broken) {
		ssize_t n = spool_get(sp, at, buf, sizeof buf);

		if (n < 0)
			return 0;
		conn_put(c, buf, (size_t)n);
		at += (uint64_t)n;
	}
	return 1;
}

request_status request_send(request const *r, conn *c)
{
	char inner[NETSTRING_HEAD_FMT], outer[NETSTRING_HEAD_FMT];
	size_t n = netstring_head(inner, r->message.size);

	conn_put(c, outer, netstring_head(outer, n + r->message.size + 1 + r->envelope.size));
	conn_put(c, inner, n);
	if (!send_spool(&r->message, c))
		return REQUEST_UNREADABLE;
	conn_put(c, ",", 1);
	if (!send_spool(&r->envelope, c))
		return REQUEST_UNREADABLE;
	conn_put(c, ",", 1);
	return conn_flush(c) ? REQUEST_SENT : REQUEST_CUT;
}
