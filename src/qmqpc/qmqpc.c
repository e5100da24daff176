/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/sig.h>

#include "base/conf.h"
#include "base/control.h"
#include "base/fds.h"
#include "base/io.h"
#include "complaint.h"
#include "proto/qq.h"
#include "request.h"
#include "server.h"
#include "talk.h"

char const *PROG = "qmail-qmqpc";

static request mail;

/* The servers, in order. */
typedef struct list
{
	char const *const *args;        /* from the command line, or null: */
	control_list file;              /* from control/qmqpservers */
} list;

static int list_load(list *l, char const *const *args)
{
	l->args = *args ? args : 0;
	return l->args || control_readlist(&l->file, "control/qmqpservers", 0) == CONTROL_READ;
}

/* The next entry of the list, or null; *at starts as null. */
static char const *list_next(list *l, char const **at, size_t *i)
{
	if (l->args)
		return l->args[(*i)++];
	if (*i == l->file.n)
		return 0;
	*at = *at ? *at + strlen(*at) + 1 : l->file.entries.s;
	++*i;
	return *at;
}

/* What the server said, for the sender, if our caller takes a text; else the codes that say least. */
static qq_exit verdict(reply const *r, int complaint)
{
	if (r->verdict == 'K')
		return QQ_OK;
	if (complaint_make(complaint, r->verdict, r->text, r->len))
		return QQ_CUSTOM;
	return r->verdict == 'D' ? QQ_REFUSED : QQ_DEFERRED;
}

static qq_exit no_server(int complaint)
{
	static char const text[] = "no line of control/qmqpservers is the IP address of a server (#4.3.5)";

	return complaint_make(complaint, 'Z', text, sizeof text - 1) ? QQ_CUSTOM : QQ_CONTROL;
}

/* One server after another, as long as it is certain that none of them has the message. A server that has it
 * and does not say what it did with it may have queued it: that ends the search, and the caller tries
 * again later. */
static qq_exit deliver(list *l, int complaint)
{
	qq_exit code = QQ_OK;
	int cut = 0;
	char const *at = 0;
	char const *s;
	size_t i = 0;

	while ((s = list_next(l, &at, &i))) {
		server v;
		reply r;

		if (!server_parse(&v, s, strlen(s)))
			continue;
		switch (talk(&v, &mail, &r)) {
		case TALK_ANSWERED:
			return verdict(&r, complaint);
		case TALK_LOST:
			return QQ_CONNECTION_LOST;
		case TALK_UNREADABLE:
			return QQ_READ;
		case TALK_CUT:
			cut = 1;
			break;
		case TALK_REFUSED:
			code = QQ_CONNECT_REFUSED;
			break;
		case TALK_TIMEOUT:
			code = QQ_CONNECT_TIMEOUT;
			break;
		case TALK_NO_SOCKET:
			code = QQ_NETWORK;
			break;
		}
	}
	if (cut)
		return QQ_CONNECTION_LOST;
	return code == QQ_OK ? no_server(complaint) : code;
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Runs once per message; what it allocates is left to the exit. */
int main(int argc, char const *const *argv)
{
	int complaint = complaint_find();
	int complete = is_open(0) && is_open(1);
	list servers = { .file = CONTROL_LIST_ZERO };
	tain deadline;
	qq_exit code;

	(void)argc;
	if (!fds_sane(2))
		return QQ_READ;
	sig_ignore(SIGPIPE);
	sig_ignore(SIGXFSZ);
	io_start();
	if (chdir(conf_home) < 0)
		return QQ_HOME;
	if (!list_load(&servers, argv + 1))
		return QQ_CONTROL;
	if (!complete)
		return QQ_READ;
	io_deadline(&deadline, REQUEST_SECONDS);
	code = request_message(&mail, 0, &deadline);
	if (code == QQ_OK)
		code = request_envelope(&mail, 1, &deadline);
	if (code == QQ_OK)
		code = deliver(&servers, complaint);
	return (int)code;
}
