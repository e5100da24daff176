/* SPDX-License-Identifier: ISC */

#include "inject/fault.h"

#include <errno.h>

#include "inject/limits.h"

enum { PERMANENT = 100, TEMPORARY = 111 };

typedef struct saying
{
	char const *before;
	char const *after;      /* the fault's text, which goes between */
	int code;
} saying;

#define LIMIT_TEXT_(n) #n
#define LIMIT_TEXT(n) LIMIT_TEXT_(n)

static saying const sayings[] = {
	[FAULT_NONE] = { "internal bug\n", "", TEMPORARY },
	[FAULT_NOMEM] = { "out of memory\n", "", TEMPORARY },
	[FAULT_READ] = { "read error\n", "", TEMPORARY },
	[FAULT_WRITE] = { "write error\n", "", TEMPORARY },
	[FAULT_HOME] = { "internal bug\n", "", TEMPORARY },
	[FAULT_CONTROL] = { "", "\n", TEMPORARY },
	[FAULT_VARIABLE] = { "", "\n", PERMANENT },
	/* what cannot be parsed is shown as it is; a field brings its own line end */
	[FAULT_LINE] = { "unable to parse this line:\n", "", PERMANENT },
	[FAULT_NOBODY] = { "empty recipient address in this line:\n", "", PERMANENT },
	[FAULT_BYTE] = { "control character in an address of this line:\n", "", PERMANENT },
	[FAULT_ADDRESS] = { "unable to parse address: ", "\n", PERMANENT },
	[FAULT_HEADER_LONG] = { "header is longer than " LIMIT_TEXT(LIMIT_HEADER) " bytes\n", "", PERMANENT },
	[FAULT_FIELD_LONG] = { "address field is longer than " LIMIT_TEXT(LIMIT_FIELD)
		" bytes; split it into several fields\n", "", PERMANENT },
	[FAULT_RECIPIENTS_LONG] = { "recipients take more than " LIMIT_TEXT(LIMIT_RECIPIENTS)
		" bytes; send to them in several messages\n", "", PERMANENT },
	[FAULT_RUN] = { "unable to run qmail-queue\n", "", TEMPORARY },
	[FAULT_QUEUE] = { "", "\n", TEMPORARY },
};

int fault_set(fault *f, fault_kind kind, char const *s, size_t n)
{
	if (f->kind != FAULT_NONE)
		return 0;
	f->kind = kind;
	if (!stralloc_copyb(&f->text, s, n))
		f->kind = FAULT_NOMEM;
	return 0;
}

int fault_errno(fault *f, fault_kind kind)
{
	return fault_set(f, errno == ENOMEM ? FAULT_NOMEM : kind, "", 0);
}

int fault_text(stralloc *sa, fault const *f)
{
	saying const *say = &sayings[f->kind];
	size_t skip = f->kind == FAULT_QUEUE;

	return stralloc_cats(sa, "qmail-inject: fatal: ")
		&& stralloc_cats(sa, say->before)
		&& (f->text.len <= skip || stralloc_catb(sa, f->text.s + skip, f->text.len - skip))
		&& stralloc_cats(sa, say->after);
}

int fault_code(fault const *f)
{
	if (f->kind == FAULT_QUEUE)
		return f->text.len && f->text.s[0] == 'D' ? PERMANENT : TEMPORARY;
	return sayings[f->kind].code;
}
