/* SPDX-License-Identifier: ISC */

/* qreceipt: tell the sender of a message that it was delivered, if he asked for it. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/sig.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/fds.h"
#include "base/io.h"
#include "mail/addrlist.h"
#include "mail/hfield.h"
#include "mail/hsplit.h"
#include "mail/quote.h"
#include "proto/qq.h"

#define USAGE "qreceipt deliveryaddress"

char const *PROG = "qreceipt";

enum
{
	EXIT_PERM = 100,
	EXIT_TEMP = 111,
	FIELD_MAX = 1048576,    /* in a longer one no address is looked for */
	BLOCK = 32768,
};

typedef struct request
{
	char const *address;    /* the one that we answer for */
	int made;
	stralloc message_id;    /* the whole field */
} request;

static _Noreturn void die_nomem(void)
{
	strerr_dief(EXIT_TEMP, "out of memory");
}

/* An address is completed nowhere: it is ours if it is written as in our argument. */
static void keep(addrlist_address *a, void const *rules)
{
	(void)a;
	(void)rules;
}

static int compare(void *data, addrlist_address const *a)
{
	request *r = data;
	stralloc sa = STRALLOC_ZERO;
	size_t n = strlen(r->address);

	if (!addrlist_text(&sa, a))
		return 0;
	if (sa.len == n && memcmp(sa.s, r->address, n) == 0)
		r->made = 1;
	stralloc_free(&sa);
	return 1;
}

static void read_request(request *r, char const *s, size_t n)
{
	token822_list l = TOKEN822_LIST_ZERO;
	token822_status status = token822_parse(&l, s, n);

	/* the first two tokens are the name of the field and its colon */
	if (status == TOKEN822_OK)
		status = addrlist_walk(&l, 2, keep, 0, compare, r);
	token822_free(&l);
	if (status == TOKEN822_FAILED)
		die_nomem();
	if (status != TOKEN822_OK) {
		stralloc field = STRALLOC_ZERO;

		if (!stralloc_catb(&field, s, n - 1) || !stralloc_0(&field))
			die_nomem();
		strerr_dief(EXIT_PERM, "unable to parse this: ", field.s);
	}
}

static int take_field(void *data, char const *s, size_t n)
{
	request *r = data;

	if (n >= FIELD_MAX)
		return 1;
	switch (hfield_known(s, n)) {
	case HFIELD_NOTICE_REQUESTED:
		read_request(r, s, n);
		return 1;
	case HFIELD_MESSAGE_ID:
		return stralloc_copyb(&r->message_id, s, n);
	default:
		return 1;
	}
}

static void read_header(request *r)
{
	hsplit h = HSPLIT_INIT(FIELD_MAX);
	char block[BLOCK];

	while (!h.body) {
		ssize_t n = io_read(0, block, sizeof block, 0);

		if (n < 0)
			strerr_diefusys(EXIT_TEMP, "read message");
		if (n == 0)
			break;
		if (hsplit_feed(&h, block, (size_t)n, take_field, r) < 0)
			die_nomem();
	}
	if (!hsplit_end(&h, take_field, r))
		die_nomem();
	hsplit_free(&h);
}

static void puts_to(qq *q, char const *s)
{
	qq_put(q, s, strlen(s));
}

static void put_receipt(qq *q, request const *r, stralloc const *sender)
{
	puts_to(q, "From: DELIVERY NOTICE SYSTEM <");
	qq_put(q, sender->s, sender->len);
	puts_to(q, ">\nTo: <");
	qq_put(q, sender->s, sender->len);
	puts_to(q, ">\nSubject: success notice\n\n"
		"Hi! This is the qreceipt program. Your message was delivered to the\n"
		"following address: ");
	puts_to(q, r->address);
	puts_to(q, ". Thanks for asking.\n");
	if (r->message_id.len > 0) {
		puts_to(q, "Your ");
		qq_put(q, r->message_id.s, r->message_id.len);
	}
}

/* As it may stand in a header: a line end in an address shall not write fields of its own. */
static void quote(stralloc *sa, char const *sender)
{
	size_t i;

	if (!quote_address(sa, sender, strlen(sender)))
		die_nomem();
	for (i = 0; i < sa->len; i++)
		if (sa->s[i] == '\n')
			sa->s[i] = '_';
}

static void send_receipt(request const *r, char const *sender)
{
	static qq q;
	stralloc quoted = STRALLOC_ZERO;
	char const *trouble;

	quote(&quoted, sender);
	if (!qq_open(&q))
		strerr_diefusys(EXIT_TEMP, "fork");
	put_receipt(&q, r, &quoted);
	qq_from(&q, "", 0);
	qq_to(&q, sender, strlen(sender));
	trouble = qq_close(&q);
	if (*trouble == 'D')
		strerr_dief(EXIT_PERM, "permanent qmail-queue error");
	if (*trouble)
		strerr_dief(EXIT_TEMP, "temporary qmail-queue error");
}

/* What was sent without a sender is a bounce, and its sender asked for nothing. */
static int can_be_answered(char const *sender)
{
	return *sender && strcmp(sender, "#@[]") != 0;
}

int main(int argc, char const *const *argv)
{
	char const *sender = getenv("SENDER");
	request r = { .message_id = STRALLOC_ZERO };

	if (argc < 2 || !sender)
		strerr_dieusage(EXIT_PERM, USAGE);
	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	fds_cloexec_from(3);
	sig_ignore(SIGPIPE);
	r.address = argv[1];
	read_header(&r);
	if (r.made && can_be_answered(sender))
		send_receipt(&r, sender);
	return 0;
}
