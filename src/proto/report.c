/* SPDX-License-Identifier: ISC */

#include "proto/report.h"

#include <string.h>
#include <sys/wait.h>

#include "proto/spawn.h"

enum { UNLOADED = 127 };
enum { LOCAL_CUT = REPORT_LOCAL_MAX - 34 };     /* what is kept before the note */
static char const cut_note[] = "\nError report too long, sorry.\n";

/* ---- qmail-local */

void report_local_feed(report *r, char const *s, size_t n)
{
	size_t room = REPORT_LOCAL_MAX + 1 - r->seen;

	if (n > room)
		n = room;
	if (n && stralloc_catb(&r->text, s, n))
		r->seen += n;
}

/* The texts of exit codes that speak for themselves; null for the others. */
static char const *local_fixed(int code)
{
	switch (code) {
	case REPORT_BUG:
		return "ZInternal qmail-lspawn bug.\n";
	case REPORT_ROOT:
		return "ZNot allowed to perform deliveries as root.\n";
	case REPORT_NFS:
		return "ZNFS failure in qmail-local.\n";
	case REPORT_NOALIAS:
		return "ZUnable to find alias user!\n";
	case REPORT_CDB:
		return "ZTrouble reading users/cdb in qmail-lspawn.\n";
	case REPORT_TEMP:
		return "ZTemporary failure in qmail-lspawn.\n";
	case REPORT_NOMEM:
		return "ZOut of memory in qmail-lspawn.\n";
	case REPORT_EXEC_TEMP:
		return "ZUnable to run qmail-local.\n";
	case REPORT_EXEC_GETPW:
		return "ZUnable to run qmail-getpw.\n";
	case REPORT_EXEC_PERM:
		return "DUnable to run qmail-local.\n";
	default:
		return 0;
	}
}

static char local_letter(int code)
{
	switch (code) {
	case 0:
		return 'K';
	case 71: case 74: case 75: case 111:
		return 'Z';
	default:
		return 'D';
	}
}

static int put_fixed(stralloc *out, unsigned int number, char const *text)
{
	return spawn_report_put(out, number, text[0], text + 1, strlen(text + 1));
}

/* The dynamic loader's words, behind which it exits 127. What it lacked, memory mostly, may be there later. */
static int is_unloaded(int code, stralloc const *text)
{
	static char const words[] = "error while loading shared libraries: ";

	return code == UNLOADED && text->len && memmem(text->s, text->len, words, sizeof words - 1);
}

int report_local_put(report const *r, int status, unsigned int number, stralloc *out)
{
	char text[LOCAL_CUT + sizeof cut_note];
	char const *fixed;
	char letter;

	if (!WIFEXITED(status))
		return put_fixed(out, number, "Zqmail-local crashed.\n");
	fixed = local_fixed(WEXITSTATUS(status));
	if (fixed)
		return put_fixed(out, number, fixed);
	letter = is_unloaded(WEXITSTATUS(status), &r->text) ? 'Z' : local_letter(WEXITSTATUS(status));
	if (r->text.len <= REPORT_LOCAL_MAX)
		return spawn_report_put(out, number, letter, r->text.s, r->text.len);
	memcpy(text, r->text.s, LOCAL_CUT);
	memcpy(text + LOCAL_CUT, cut_note, sizeof cut_note);
	return spawn_report_put(out, number, letter, text, sizeof text - 1);
}

/* ---- qmail-remote */

static void keep(stralloc *sa, char c)
{
	if (sa->len < REPORT_REMOTE_MAX)
		(void)stralloc_catb(sa, &c, 1);
}

static int is_result(char c)
{
	return c == 'K' || c == 'Z' || c == 'D';
}

static void start(report *r, char c)
{
	r->first = c;
	r->stray = c && !is_result(c) && c != 'r' && c != 'h' && c != 's';
	if (r->stray)
		keep(&r->text, c);
}

/* A NUL as the very first byte is the letter of the first report and not its end, as qmail has it:
 * the text of that report goes on to the next NUL. It does end a report without a result. */
void report_remote_feed(report *r, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char c = s[i];

		if (r->at_letter)
			r->letter = c;
		if (c == 0 && !r->result && is_result(r->letter))
			r->result = r->letter;
		r->at_letter = c == 0;
		if (r->seen == 0)
			start(r, c);
		else if (r->part == 0 && c)
			keep(&r->text, c);
		else if (r->part == 1 && !r->second && c)
			r->second = c;
		else if (r->part == 1 && c)
			keep(&r->more, c);
		else if (r->part < 2)
			r->part++;
		r->seen = 1;
	}
}

static int order(char letter)
{
	return letter == 'K' ? 1 : letter == 'Z' ? 0 : -1;
}

int report_remote_put(report const *r, int status, unsigned int number, stralloc *out)
{
	stralloc text = STRALLOC_ZERO;
	char letter = r->result ? r->result : 'Z';
	int ok;

	if (!WIFEXITED(status))
		return put_fixed(out, number, "Zqmail-remote crashed.\n");
	if (WEXITSTATUS(status) == 111 || is_unloaded(WEXITSTATUS(status), &r->text))
		return put_fixed(out, number, "ZUnable to run qmail-remote.\n");
	if (WEXITSTATUS(status) != 0)
		return put_fixed(out, number, "DUnable to run qmail-remote.\n");
	if (r->seen == 0)
		return put_fixed(out, number, "Zqmail-remote produced no output.\n");
	if (r->first == 's')
		letter = 'Z';
	else if (r->first == 'h')
		letter = 'D';
	/* A first report that is not ended has no text, but what is no report has. */
	ok = (r->part == 0 && !r->stray) || !r->text.len || stralloc_catb(&text, r->text.s, r->text.len);
	if (ok && order(r->result) <= order(letter) && is_result(r->second) && r->more.len)
		ok = stralloc_catb(&text, r->more.s, r->more.len);
	if (ok && !r->result && letter == 'Z' && !text.len)
		ok = put_fixed(out, number, "Zqmail-remote printed no result.\n");
	else
		ok = ok && spawn_report_put(out, number, letter, text.s, text.len);
	stralloc_free(&text);
	return ok;
}

void report_reset(report *r)
{
	static report const zero = REPORT_ZERO;

	stralloc_free(&r->text);
	stralloc_free(&r->more);
	*r = zero;
}
