/* SPDX-License-Identifier: ISC */

#include "inject/header.h"

#include <string.h>

#include "inject/limits.h"
#include "mail/crlf.h"

enum { LINE_WIDTH = 80 };

/* What is done with a field of addresses. */
enum { REWRITE = 1, NORMAL = 2, RESENT = 4, VISIBLE = 8, SENDER = 16, DROP = 32, MARKS_RESENT = 64 };
enum { RECIPIENTS = NORMAL | RESENT };

static unsigned char const treatment[HFIELDS] = {
	[HFIELD_TO] = REWRITE | NORMAL | VISIBLE,
	[HFIELD_CC] = REWRITE | NORMAL | VISIBLE,
	[HFIELD_BCC] = REWRITE | NORMAL | DROP,
	[HFIELD_APPARENTLY_TO] = REWRITE | NORMAL,
	[HFIELD_RESENT_TO] = REWRITE | RESENT | MARKS_RESENT,
	[HFIELD_RESENT_CC] = REWRITE | RESENT | MARKS_RESENT,
	[HFIELD_RESENT_BCC] = REWRITE | RESENT | MARKS_RESENT | DROP,
	[HFIELD_SENDER] = REWRITE,
	[HFIELD_FROM] = REWRITE,
	[HFIELD_REPLY_TO] = REWRITE,
	[HFIELD_RETURN_RECEIPT_TO] = REWRITE,
	[HFIELD_ERRORS_TO] = REWRITE,
	[HFIELD_RESENT_SENDER] = REWRITE | MARKS_RESENT,
	[HFIELD_RESENT_FROM] = REWRITE | MARKS_RESENT,
	[HFIELD_RESENT_REPLY_TO] = REWRITE | MARKS_RESENT,
	[HFIELD_RESENT_DATE] = MARKS_RESENT,
	[HFIELD_RESENT_MESSAGE_ID] = MARKS_RESENT,
	[HFIELD_RETURN_PATH] = REWRITE | SENDER | DROP,
	[HFIELD_CONTENT_LENGTH] = DROP,
};

/* Addresses are being taken from a field, which is the end of the text. */
typedef struct taking
{
	header *h;
	size_t start;
	unsigned int what;
} taking;

static int take_sender(taking const *t, addrlist_address const *a)
{
	header *h = t->h;
	stralloc *sender = h->sender;

	h->sender = 0;
	if (!sender_take(sender, h->identity, a, h->fault))
		return 0;
	return recipients_text_ok(sender->s, sender->len)
		|| fault_set(h->fault, FAULT_BYTE, h->text.s + t->start, h->text.len - t->start);
}

static int add(taking const *t, recipients_list which, addrlist_address const *a)
{
	header *h = t->h;

	return recipients_add(h->recipients, which, a, h->text.s + t->start, h->text.len - t->start, h->fault);
}

static int take(void *data, addrlist_address const *a)
{
	taking *t = data;
	header *h = t->h;

	if (t->what & SENDER && h->sender)
		return take_sender(t, a);
	if (t->what & NORMAL && !add(t, RECIPIENTS_HEADER, a))
		return 0;
	if (t->what & RESENT && !add(t, RECIPIENTS_RESENT, a))
		return 0;
	/* Who sees the message matters only to those who keep a list of lists. */
	if (t->what & VISIBLE && h->controls->list_map.n)
		return add(t, RECIPIENTS_VISIBLE, a);
	return 1;
}

/* Recipients or not: what cannot be parsed is nothing to go by. */
static int refuse(taking const *t)
{
	header *h = t->h;
	char const *field = h->text.s + t->start;
	size_t n = h->text.len - t->start;

	if (!(t->what & RECIPIENTS))
		return fault_set(h->fault, FAULT_LINE, field, n);
	recipients_refuse(h->recipients, t->what & NORMAL ? RECIPIENTS_HEADER : RECIPIENTS_RESENT, FAULT_LINE, field, n);
	return 1;
}

/* Put the field that starts at start back with its addresses complete. */
static int rewrite(header *h, size_t start, token822_list const *l)
{
	stralloc out = STRALLOC_ZERO;
	int ok = 0;

	switch (addrlist_print(&out, l, LINE_WIDTH, LIMIT_HEADER - start, complete_address, &h->controls->rules)) {
	case TOKEN822_OK:
		h->text.len = start;
		ok = stralloc_catb(&h->text, out.s, out.len) || fault_errno(h->fault, FAULT_NOMEM);
		break;
	case TOKEN822_LONG:
		ok = fault_set(h->fault, FAULT_HEADER_LONG, "", 0);
		break;
	default:
		ok = fault_errno(h->fault, FAULT_NOMEM);
	}
	stralloc_free(&out);
	return ok;
}

static int treat_addresses(header *h, size_t start, unsigned int what)
{
	token822_list l = TOKEN822_LIST_ZERO;
	taking t = { .h = h, .start = start, .what = what };
	size_t len = h->text.len - start;
	token822_status status;
	int ok = 1;

	if (len > LIMIT_FIELD)
		return fault_set(h->fault, FAULT_FIELD_LONG, "", 0);
	status = token822_parse(&l, h->text.s + start, len);
	if (status == TOKEN822_OK)
		status = addrlist_walk(&l, 2, complete_address, &h->controls->rules, take, &t);
	if (status == TOKEN822_FAILED)
		ok = fault_errno(h->fault, FAULT_NOMEM);
	else if (status == TOKEN822_OK && !(what & DROP))
		ok = rewrite(h, start, &l);
	else if (status != TOKEN822_OK && !(status == TOKEN822_LOOSE && what & RECIPIENTS))
		ok = refuse(&t);
	token822_free(&l);
	return ok;
}

static int is_unwanted(identity const *id, hfield which)
{
	return (which == HFIELD_FROM && id->replace_from)
		|| (which == HFIELD_MESSAGE_ID && id->replace_message_id)
		|| (which == HFIELD_RETURN_PATH && id->ignore_return_path);
}

int header_field(header *h, size_t n)
{
	size_t start = h->text.len - n;
	hfield which = hfield_known(h->text.s + start, n);
	unsigned int what = treatment[which];

	if (is_unwanted(h->identity, which)) {
		h->text.len = start;
		return 1;
	}
	h->seen |= 1UL << which;
	if (what & REWRITE && !treat_addresses(h, start, what))
		return 0;
	if (what & DROP)
		h->text.len = start;
	return h->text.len <= LIMIT_HEADER || fault_set(h->fault, FAULT_HEADER_LONG, "", 0);
}

static int is_mbox_line(stralloc const *line)
{
	return line->len >= 5 && memcmp(line->s, "From ", 5) == 0;
}

static int decode_text(header *h)
{
	stralloc text = STRALLOC_ZERO;
	crlf t = CRLF_ZERO;

	if (!stralloc_ready(&text, h->text.len + 1))
		return fault_errno(h->fault, FAULT_NOMEM);
	text.len = crlf_decode(&t, text.s, h->text.s, h->text.len);
	stralloc_free(&h->text);
	h->text = text;
	return 1;
}

static int end_header(header *h, stralloc const *line)
{
	int blank = line->len == 1 && line->s[0] == '\n';

	if (line->len == 2 && memcmp(line->s, "\r\n", 2) == 0) {
		if (!decode_text(h))
			return 0;
		blank = 1;
	}
	if (!stralloc_copys(&h->body, "\n") || (!blank && !stralloc_catb(&h->body, line->s, line->len)))
		return fault_errno(h->fault, FAULT_NOMEM);
	return 1;
}

/* Take what is field or continuation into the text; *field is the length of the field it ends with. */
static int add_line(header *h, stralloc const *line, size_t *field)
{
	size_t before = h->text.len;

	if (before > LIMIT_HEADER || line->len > LIMIT_HEADER - before)
		return fault_set(h->fault, FAULT_HEADER_LONG, "", 0);
	if (*field == 0 && is_mbox_line(line) && !stralloc_cats(&h->text, "MBOX-Line: "))
		return fault_errno(h->fault, FAULT_NOMEM);
	if (!stralloc_catb(&h->text, line->s, line->len))
		return fault_errno(h->fault, FAULT_NOMEM);
	*field += h->text.len - before;
	return 1;
}

static int finish_field(header *h, size_t *field)
{
	size_t n = *field;

	*field = 0;
	return n == 0 || header_field(h, n);
}

/* A line is taken up to the limit of the whole header, and if it has no colon until then it is no field. */
static int read_lines(header *h, input *in, stralloc *line)
{
	size_t field = 0;

	for (;;) {
		input_status status = input_line(in, line, LIMIT_HEADER);

		if (status == INPUT_ERROR)
			return fault_errno(h->fault, FAULT_READ);
		if (status == INPUT_END)
			return finish_field(h, &field);
		if (field == 0 || (line->s[0] != ' ' && line->s[0] != '\t')) {
			if (!finish_field(h, &field))
				return 0;
			if (!hfield_starts(line->s, line->len))
				return end_header(h, line);
		}
		if (status == INPUT_PART)
			return fault_set(h->fault, FAULT_HEADER_LONG, "", 0);
		if (!add_line(h, line, &field))
			return 0;
	}
}

int header_read(header *h, input *in)
{
	stralloc line = STRALLOC_ZERO;
	int ok = read_lines(h, in, &line);

	stralloc_free(&line);
	return ok;
}

int header_has(header const *h, hfield which)
{
	return (h->seen >> which & 1) != 0;
}

int header_is_resent(header const *h)
{
	int i;

	for (i = 0; i < HFIELDS; i++)
		if (treatment[i] & MARKS_RESENT && header_has(h, (hfield)i))
			return 1;
	return 0;
}
