/* SPDX-License-Identifier: ISC */

#include "net/dns.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>

#include <ares.h>
#include <skalibs/iopause.h>

#include "base/io.h"

enum
{
	CLASS_IN = 1,
	TRY_MILLISECONDS = 5000,        /* doubles with each try */
	TRIES = 3,
	UDP_SIZE = 1232,                /* announced: fits a packet everywhere */
	LATE_SECONDS = 3,               /* how long IPv6 addresses may come after the last IPv4 ones */
};

typedef enum { ASKED_PENDING, ASKED_ANSWERED, ASKED_NODATA, ASKED_NONAME, ASKED_SOFT, ASKED_NOMEM } asked;

struct lookup;

/* A question on its way. */
typedef struct question
{
	struct lookup *lookup;
	unsigned int type;
	unsigned int preference;
	uint32_t rank;
	asked result;
} question;

typedef struct lookup
{
	ares_channel channel;
	tain deadline;
	size_t pending;                 /* questions without a result */
	size_t pending_v6;              /* of which those for IPv6 addresses */
	dns_exchangers exchangers;
	dns_list *list;
	char *name;                     /* of an address */
} lookup;

static asked of_status(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return ASKED_ANSWERED;
	case ARES_ENODATA:
		return ASKED_NODATA;
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
		return ASKED_NONAME;
	case ARES_ENOMEM:
		return ASKED_NOMEM;
	default:
		return ASKED_SOFT;
	}
}

static int read_answer(question *q, unsigned char const *answer, size_t n)
{
	if (q->type == DNS_TYPE_PTR)
		return dns_read_pointer(q->lookup->name, answer, n);
	if (q->type == DNS_TYPE_MX)
		return dns_read_exchangers(&q->lookup->exchangers, answer, n);
	return dns_read_addresses(q->lookup->list, answer, n, q->type, q->preference, q->rank);
}

static void answered(void *data, int status, int timeouts, unsigned char *answer, int n)
{
	question *q = data;

	(void)timeouts;
	q->lookup->pending--;
	if (q->type == DNS_TYPE_AAAA)
		q->lookup->pending_v6--;
	q->result = of_status(status);
	if (q->result == ASKED_ANSWERED && (n < 0 || !read_answer(q, answer, (size_t)n)))
		q->result = ASKED_SOFT;
}

static void ask(lookup *k, question *q, char const *name, unsigned int type)
{
	q->lookup = k;
	q->type = type;
	q->result = ASKED_PENDING;
	k->pending++;
	if (type == DNS_TYPE_AAAA)
		k->pending_v6++;
	ares_query(k->channel, name, CLASS_IN, (int)type, answered, q);
}

/* Sleep until something can be read or written, c-ares wants to try again, or the deadline. 1, or 0 if there is no
 * sleeping: to ask on would be to spin. */
static int wait_for_any(ares_channel channel, tain const *deadline)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	iopause_fd x[ARES_GETSOCK_MAXNUM];
	unsigned int bits = (unsigned int)ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval tv = { .tv_sec = 1 };
	struct timeval *next = ares_timeout(channel, &tv, &tv);
	tain until;
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		int in = (bits >> i & 1U) != 0;
		int out = (bits >> (i + ARES_GETSOCK_MAXNUM) & 1U) != 0;

		if (in || out)
			x[n++] = (iopause_fd){ .fd = sockets[i], .events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0)) };
	}
	tain_now_g();
	if (tain_relative_from_timeval(&until, next))
		tain_add_g(&until, &until);
	else
		until = *deadline;
	if (iopause_g(x, n, io_sooner(&until, deadline)) < 0)
		return errno == EINTR;
	for (i = 0; i < n; i++)
		if (x[i].revents)
			ares_process_fd(channel, x[i].revents & (POLLIN | POLLERR | POLLHUP) ? x[i].fd : ARES_SOCKET_BAD,
				x[i].revents & POLLOUT ? x[i].fd : ARES_SOCKET_BAD);
	ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	return 1;
}

/* Until every question has its result. Name servers that pass over questions for IPv6 addresses are
 * common: once all others are answered and there is where to send, these get little more time. */
static void wait_for_all(lookup *k)
{
	int late = 0;

	while (k->pending > 0) {
		tain_now_g();
		if (!tain_future(&k->deadline) || !wait_for_any(k->channel, &k->deadline)) {
			ares_cancel(k->channel);
			return;
		}
		if (!late && k->pending_v6 > 0 && k->pending == k->pending_v6 && k->list->n > 0) {
			tain soon;

			late = 1;
			io_deadline(&soon, LATE_SECONDS);
			if (tain_less(&soon, &k->deadline))
				k->deadline = soon;
		}
	}
}

static dns_status start(lookup *k, dns_list *l)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
		.timeout = TRY_MILLISECONDS,
		.tries = TRIES,
		.ednspsz = UDP_SIZE,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ;
	int status;

	k->list = l;
	k->pending = 0;
	k->pending_v6 = 0;
	k->exchangers.n = 0;
	io_deadline(&k->deadline, DNS_SECONDS);
	status = ares_init_options(&k->channel, &options, mask);
	if (status == ARES_SUCCESS)
		return DNS_FOUND;
	return status == ARES_ENOMEM ? DNS_NOMEM : DNS_SOFT;
}

static uint32_t random_rank(void)
{
	uint32_t r = 0;

	/* No random numbers: the order of the answer will do. */
	if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
		r = 0;
	return r;
}

/* The order among equals is random, and the low bits say which exchanger it was. */
static void ask_addresses(lookup *k, question q[2], char const *name, unsigned int preference, size_t which)
{
	uint32_t rank = random_rank() / DNS_EXCHANGERS_MAX * DNS_EXCHANGERS_MAX + (uint32_t)which;

	q[0].preference = q[1].preference = preference;
	q[0].rank = q[1].rank = rank;
	ask(k, &q[0], name, DNS_TYPE_A);
	ask(k, &q[1], name, DNS_TYPE_AAAA);
}

/* What no address means. Only "no such name" to the question for IPv4 is believed: there are servers that
 * say so of IPv6 addresses alone. */
static dns_status why_none(question const q[2])
{
	if (q[0].result == ASKED_NOMEM || q[1].result == ASKED_NOMEM)
		return DNS_NOMEM;
	if (q[0].result == ASKED_NONAME)
		return DNS_NOHOST;
	if (q[0].result == ASKED_SOFT || q[1].result == ASKED_SOFT)
		return DNS_SOFT;
	return q[0].result == ASKED_ANSWERED ? DNS_NOADDRESS : DNS_NOHOST;
}

static dns_status find_host(lookup *k, char const *host)
{
	question q[2];

	ask_addresses(k, q, host, 0, 0);
	wait_for_all(k);
	return k->list->n > 0 ? DNS_FOUND : why_none(q);
}

static dns_status find_exchangers(lookup *k)
{
	question q[DNS_EXCHANGERS_MAX][2];
	int asked_for[DNS_EXCHANGERS_MAX] = { 0 };
	int soft = 0;
	size_t i;

	for (i = 0; i < k->exchangers.n; i++) {
		dns_exchanger const *x = &k->exchangers.x[i];
		ip_address ip;

		if (ip_literal(&ip, x->name, strlen(x->name))) {
			dns_add_address(k->list, &ip, 0, 0);
		} else if (x->name[0]) {
			asked_for[i] = 1;
			ask_addresses(k, q[i], x->name, x->preference, i);
		}
	}
	wait_for_all(k);
	if (k->list->n > 0)
		return DNS_FOUND;
	for (i = 0; i < k->exchangers.n; i++)
		if (asked_for[i]) {
			dns_status s = why_none(q[i]);

			if (s == DNS_NOMEM)
				return s;
			soft |= s == DNS_SOFT;
		}
	return soft ? DNS_SOFT : DNS_NOADDRESS;
}

static dns_status find(lookup *k, char const *host, int exchange)
{
	question q;

	if (!exchange)
		return find_host(k, host);
	ask(k, &q, host, DNS_TYPE_MX);
	wait_for_all(k);
	if (q.result == ASKED_SOFT)
		return DNS_SOFT;
	if (q.result == ASKED_NOMEM)
		return DNS_NOMEM;
	return k->exchangers.n > 0 ? find_exchangers(k) : find_host(k, host);
}

static dns_status look_up(dns_list *l, dns_exchangers *x, char const *host, int exchange)
{
	lookup k;
	dns_status status;
	ip_address ip;

	l->n = 0;
	if (x)
		x->n = 0;
	if (ip_literal(&ip, host, strlen(host))) {
		dns_add_address(l, &ip, 0, 0);
		return DNS_FOUND;
	}
	/* Nothing, or what was meant as an address and is none. */
	if (!host[0] || host[0] == '[')
		return DNS_NOHOST;
	status = start(&k, l);
	if (status != DNS_FOUND)
		return status;
	status = find(&k, host, exchange);
	if (x)
		*x = k.exchangers;
	ares_destroy(k.channel);
	if (status == DNS_FOUND)
		dns_sort(l);
	return status;
}

dns_status dns_exchange(dns_list *l, char const *host)
{
	return look_up(l, 0, host, 1);
}

dns_status dns_addresses(dns_list *l, char const *host)
{
	return look_up(l, 0, host, 0);
}

dns_status dns_explain(dns_list *l, dns_exchangers *x, char const *host)
{
	return look_up(l, x, host, 1);
}

char const *dns_exchanger_of(dns_exchangers const *x, dns_address const *a)
{
	size_t which = a->rank % DNS_EXCHANGERS_MAX;

	return which < x->n && x->x[which].preference == a->preference ? x->x[which].name : 0;
}

dns_status dns_name(char name[DNS_NAME_MAX], ip_address const *ip)
{
	char reverse[DNS_REVERSE_FMT];
	lookup k;
	question q;
	dns_status status = start(&k, 0);

	name[0] = 0;
	if (status != DNS_FOUND)
		return status;
	k.name = name;
	dns_reverse(reverse, ip);
	ask(&k, &q, reverse, DNS_TYPE_PTR);
	wait_for_all(&k);
	ares_destroy(k.channel);
	switch (q.result) {
	case ASKED_ANSWERED:
	case ASKED_NODATA:
	case ASKED_NONAME:
		return name[0] ? DNS_FOUND : DNS_NOHOST;
	case ASKED_NOMEM:
		return DNS_NOMEM;
	default:
		return DNS_SOFT;
	}
}
