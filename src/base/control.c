/* SPDX-License-Identifier: ISC */

#include "base/control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>

/* Nearly every control file fits in here, so what is allocated is as small as the file: memory by the page, for each
 * file anew, is a good part of what a program costs that is started for one message. */
static int slurp_open(stralloc *sa, int fd)
{
	static char small[4096];
	struct stat st;
	ssize_t r;

	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISFIFO(st.st_mode))
		return errno = EINVAL, 0;
	r = fd_read(fd, small, sizeof small);
	if (r < 0 || !stralloc_ready(sa, (size_t)r + 1) || !stralloc_catb(sa, small, (size_t)r))
		return 0;
	return r == st.st_size || slurp(sa, fd);
}

/* Opened without waiting: a FIFO by that name would hold us until somebody writes into it. */
static control_status slurp_file(stralloc *sa, char const *file)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int ok;
	int e;

	sa->len = 0;
	if (fd < 0)
		return errno == ENOENT ? CONTROL_ABSENT : CONTROL_ERROR;
	ok = slurp_open(sa, fd);
	e = errno;
	close(fd);
	errno = e;
	if (ok)
		return CONTROL_READ;
	sa->len = 0;
	return CONTROL_ERROR;
}

static size_t trimmed(char const *s, size_t n)
{
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n;
}

static size_t line_length(char const *s, size_t n)
{
	char const *end = n ? memchr(s, '\n', n) : 0;

	return end ? (size_t)(end - s) : n;
}

size_t control_line_length(char const *s, size_t n)
{
	return trimmed(s, line_length(s, n));
}

control_status control_readline(stralloc *sa, char const *file)
{
	control_status status = slurp_file(sa, file);

	if (status == CONTROL_READ)
		sa->len = control_line_length(sa->s, sa->len);
	return status;
}

control_status control_readdefault(stralloc *sa, char const *file, int use_me, char const *literal)
{
	control_status status = control_readline(sa, file);

	if (status == CONTROL_ABSENT && use_me)
		status = control_readline(sa, "control/me");
	if (status == CONTROL_ABSENT && literal)
		status = stralloc_copys(sa, literal) ? CONTROL_READ : CONTROL_ERROR;
	return status;
}

control_status control_number(unsigned int *value, char const *s, size_t n)
{
	unsigned int v = 0;
	size_t i;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		unsigned int digit = (unsigned int)(s[i] - '0');

		v = v > (UINT_MAX - digit) / 10 ? UINT_MAX : v * 10 + digit;
	}
	if (i == 0)
		return CONTROL_BAD;
	*value = v;
	return CONTROL_READ;
}

control_status control_readint(unsigned int *n, char const *file)
{
	stralloc sa = STRALLOC_ZERO;
	control_status status = control_readline(&sa, file);

	if (status == CONTROL_READ)
		status = control_number(n, sa.s, sa.len);
	stralloc_free(&sa);
	return status;
}

static int add_entry(control_list *l, char const *s, size_t n, size_t lineno)
{
	char const *nul = n ? memchr(s, 0, n) : 0;

	if (nul)
		n = (size_t)(nul - s);
	if (n == 0 || s[0] == '#')
		return 1;
	if (!stralloc_catb(&l->entries, s, n) || !stralloc_0(&l->entries)
	 || !stralloc_catb(&l->lines, (char const *)&lineno, sizeof lineno))
		return 0;
	l->n++;
	return 1;
}

int control_list_parse(control_list *l, char const *s, size_t n)
{
	size_t pos = 0;
	size_t lineno = 1;

	for (; pos < n; lineno++) {
		size_t len = line_length(s + pos, n - pos);

		if (!add_entry(l, s + pos, trimmed(s + pos, len), lineno))
			return 0;
		pos += len + 1;
	}
	return 1;
}

control_status control_readlist(control_list *l, char const *file, int use_me)
{
	stralloc text = STRALLOC_ZERO;
	control_list fresh = CONTROL_LIST_ZERO;
	control_status status = slurp_file(&text, file);
	int ok = 1;

	if (status == CONTROL_READ) {
		ok = control_list_parse(&fresh, text.s, text.len);
	} else if (status == CONTROL_ABSENT && use_me) {
		status = control_readline(&text, "control/me");
		if (status == CONTROL_READ)
			ok = add_entry(&fresh, text.s, text.len, 1);
	}
	stralloc_free(&text);
	if (!ok || status == CONTROL_ERROR) {
		control_list_free(&fresh);
		return CONTROL_ERROR;
	}
	control_list_free(l);
	*l = fresh;
	return status;
}

size_t control_line(control_list const *l, size_t i)
{
	size_t lineno;

	memcpy(&lineno, l->lines.s + i * sizeof lineno, sizeof lineno);
	return lineno;
}

void control_list_free(control_list *l)
{
	stralloc_free(&l->entries);
	stralloc_free(&l->lines);
	l->n = 0;
}
