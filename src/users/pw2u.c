/* SPDX-License-Identifier: ISC */

/* qmail-pw2u: makes lines for users/assign of the lines of passwd(5).
 *
 * What is printed without the last line, a dot, is no users/assign: qmail-newu refuses it. Before some of
 * its errors qmail's printed what it had got so far, and a program that reads a pipe still gets that; a file
 * or a terminal gets everything or nothing. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/skamisc.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/constmap.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/notes.h"
#include "base/option.h"
#include "base/passwd.h"

enum { EXIT_PERM = 100, EXIT_TEMP = 111, LINE_LIMIT = 65536 };

#define SUBUSERS "users/subusers"
#define APPEND "users/append"
#define OPTIONS "/ohHuUc:C"

char const *PROG = "qmail-pw2u";

/* ---- what the options and the files in users/ say */

typedef enum { HOME_OWNED, HOME_THERE, HOME_ANY } home_rule;

static home_rule rule = HOME_OWNED;
static int upper_case;
static char const *dash = "-";
static char separator;          /* 0: no addresses with extensions */

static constmap include, exclude, mailnames;
static int have_include, have_mailnames;

/* ---- output */

static stralloc out = STRALLOC_ZERO;

static void need(int ok)
{
	if (!ok)
		strerr_dief(EXIT_TEMP, "out of memory");
}

static void put(char const *s, size_t n)
{
	need(stralloc_catb(&out, s, n));
}

static void puts_out(char const *s)
{
	put(s, strlen(s));
}

static void put_field(passwd_field const *f)
{
	put(f->s, f->n);
	puts_out(":");
}

static void flush(void)
{
	if (!io_writeall(1, out.s, out.len))
		strerr_diefusys(EXIT_TEMP, "write the output");
	out.len = 0;
}

/* Before an error. */
static void flush_part(void)
{
	struct stat st;

	if (fstat(1, &st) == 0 && S_ISFIFO(st.st_mode))
		flush();
	out.len = 0;
}

/* An account, or what users/subusers needs of it. */
static void put_account(passwd_account const *a)
{
	put_field(&a->name);
	put_field(&a->uid);
	put_field(&a->gid);
	put_field(&a->home);
}

/* The mail to name and, with a separator, to name-anything. sub is null, or the prefix of a subuser. */
static void put_name(passwd_field const *name, passwd_account const *a, passwd_field const *sub)
{
	puts_out("=");
	put_field(name);
	put_account(a);
	if (sub)
		puts_out(dash);
	puts_out(":");
	if (sub)
		put(sub->s, sub->n);
	puts_out(":\n");
	if (!separator)
		return;
	puts_out("+");
	put(name->s, name->n);
	put(&separator, 1);
	puts_out(":");
	put_account(a);
	puts_out(dash);
	puts_out(":");
	if (sub) {
		put(sub->s, sub->n);
		puts_out("-");
	}
	puts_out(":\n");
}

/* ---- accounts */

/* Those that were printed, for users/subusers: each as its line of users/assign has it. */
static control_list printed = CONTROL_LIST_ZERO;
static int have_alias;

static void remember(passwd_account const *a)
{
	size_t start = out.len;

	put_account(a);
	need(stralloc_catb(&printed.entries, out.s + start, out.len - start) && stralloc_0(&printed.entries));
	need(stralloc_catb(&printed.lines, (char const *)&printed.n, sizeof printed.n));
	printed.n++;
	out.len = start;
}

static int home_will_do(passwd_account const *a)
{
	static stralloc path = STRALLOC_ZERO;
	struct stat st;

	if (rule == HOME_ANY)
		return 1;
	need(stralloc_copyb(&path, a->home.s, a->home.n) && stralloc_0(&path));
	if (stat(path.s, &st) == 0)
		return st.st_uid == a->uid_number;
	if (errno != ENOENT)
		strerr_diefusys(EXIT_TEMP, "stat ", path.s);
	if (rule == HOME_THERE)
		strerr_dief(EXIT_TEMP, "unable to stat ", path.s);
	return 0;
}

static int has_upper_case(passwd_field const *name)
{
	size_t i;

	for (i = 0; i < name->n; i++)
		if (name->s[i] >= 'A' && name->s[i] <= 'Z')
			return 1;
	return 0;
}

static int wanted(passwd_account const *a)
{
	if (a->uid_number == 0 || (!upper_case && has_upper_case(&a->name)))
		return 0;
	if (have_include && !constmap_find(&include, a->name.s, a->name.n))
		return 0;
	return !constmap_find(&exclude, a->name.s, a->name.n) && home_will_do(a);
}

static int is_alias(passwd_account const *a)
{
	char const *alias = conf_username(CONF_ALIAS);

	return a->name.n == strlen(alias) && memcmp(a->name.s, alias, a->name.n) == 0;
}

/* Mail that is nobody else's. */
static void put_alias(passwd_account const *a)
{
	puts_out("+:");
	put_account(a);
	puts_out(dash);
	puts_out("::\n");
	have_alias = 1;
}

static void do_account(char const *line, size_t n)
{
	constmap_entry const *names;
	passwd_account a;
	passwd_field name;
	size_t i = 0;

	if (!passwd_parse(&a, line, n) || !wanted(&a))
		return;
	remember(&a);
	if (is_alias(&a))
		put_alias(&a);
	names = have_mailnames ? constmap_find(&mailnames, a.name.s, a.name.n) : 0;
	if (!names)
		put_name(&a.name, &a, 0);
	while (names && passwd_split(&name, names->value, names->valuelen, &i))
		if (name.n > 0)
			put_name(&name, &a, 0);
}

/* ---- files */

/* 1 and the next line without its newline, or 0 at the end. */
static int next_line(buffer *b, stralloc *line, char const *file, unsigned long *number)
{
	int r;

	line->len = 0;
	++*number;
	errno = 0;
	r = skagetlnmaxsep(b, line, LINE_LIMIT, "\n", 1);
	if (line->len > LINE_LIMIT || (r < 0 && errno == EMSGSIZE)) {
		char fmt[ULONG_FMT];

		fmt[ulong_fmt(fmt, *number)] = 0;
		strerr_dief(EXIT_TEMP, "line ", fmt, " of ", file, " is longer than any account; shorten it");
	}
	/* EPIPE: the end of the file, and no newline before it */
	if (r < 0 && errno != EPIPE)
		strerr_diefusys(EXIT_TEMP, "read ", file);
	if (r > 0)
		line->len--;
	return r > 0 || line->len > 0;
}

static void do_passwd(void)
{
	static stralloc line = STRALLOC_ZERO;
	unsigned long number = 0;

	while (next_line(buffer_0, &line, "standard input", &number))
		do_account(line.s, line.len);
}

static void do_subuser(constmap const *accounts, stralloc const *line, unsigned long number)
{
	passwd_field sub, user, prefix, rest;
	constmap_entry const *e;
	passwd_account a;
	size_t i = 0;

	if (!passwd_split(&sub, line->s, line->len, &i) || !passwd_split(&user, line->s, line->len, &i)
	 || !passwd_split(&prefix, line->s, line->len, &i) || !passwd_split(&rest, line->s, line->len, &i)
	 || memchr(line->s, 0, line->len)) {
		char fmt[ULONG_FMT];

		fmt[ulong_fmt(fmt, number)] = 0;
		flush_part();
		strerr_dief(EXIT_TEMP, SUBUSERS " line ", fmt, ": not a subuser; write subuser:user:prefix: with all three colons");
	}
	e = constmap_find(accounts, user.s, user.n);
	if (!e) {
		flush_part();
		need(stralloc_catb(&out, user.s, user.n) && stralloc_0(&out));
		strerr_dief(EXIT_TEMP, "unable to find ", out.s, " user for subuser");
	}
	a.name = (passwd_field){ .s = e->key, .n = e->keylen };
	i = 0;
	passwd_split(&a.uid, e->value, e->valuelen, &i);
	passwd_split(&a.gid, e->value, e->valuelen, &i);
	passwd_split(&a.home, e->value, e->valuelen, &i);
	put_name(&sub, &a, &prefix);
}

static void do_subusers(void)
{
	static stralloc line = STRALLOC_ZERO;
	static char space[BUFFER_INSIZE];
	constmap accounts = CONSTMAP_ZERO;
	unsigned long number = 0;
	int fd = openc_read(SUBUSERS);
	buffer b = BUFFER_INIT(&buffer_read, fd, space, sizeof space);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0)
		strerr_diefusys(EXIT_TEMP, "read ", SUBUSERS);
	need(constmap_map(&accounts, &printed, ':'));
	while (next_line(&b, &line, SUBUSERS, &number))
		if (line.len > 0 && line.s[0] != '#')
			do_subuser(&accounts, &line, number);
	fd_close(fd);
}

static void do_append(void)
{
	size_t start = out.len;
	int fd = openc_read(APPEND);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || !slurp(&out, fd))
		strerr_diefusys(EXIT_TEMP, "read ", APPEND);
	if (out.len > start && out.s[out.len - 1] != '\n')
		puts_out("\n");
	fd_close(fd);
}

/* ---- the start */

static int read_list(control_list *l, char const *file)
{
	control_status status = control_readlist(l, file, 0);

	if (status == CONTROL_ERROR)
		strerr_diefusys(EXIT_TEMP, "read ", file);
	return status == CONTROL_READ;
}

static void tell_misfits(control_list const *names)
{
	stralloc notes = STRALLOC_ZERO;
	constmap_place p = CONSTMAP_PLACE_ZERO;

	while (constmap_misfit(names, ':', &p)) {
		char where[64];

		snprintf(where, sizeof where, "users/mailnames: line %zu", control_line(names, p.index));
		notes_add(&notes, where, "no colon", "it is not looked at; write account:name:name:");
	}
	notes_tell(&notes);
	stralloc_free(&notes);
}

/* The lists live as long as we do: the maps point into them. */
static void read_files(void)
{
	static control_list list[3] = { CONTROL_LIST_ZERO, CONTROL_LIST_ZERO, CONTROL_LIST_ZERO };

	have_include = read_list(&list[0], "users/include");
	read_list(&list[1], "users/exclude");
	have_mailnames = read_list(&list[2], "users/mailnames");
	tell_misfits(&list[2]);
	need(constmap_set(&include, &list[0]) && constmap_set(&exclude, &list[1]) && constmap_map(&mailnames, &list[2], ':'));
}

static void mistake(char const *name, subgetopt const *l)
{
	stralloc sa = STRALLOC_ZERO;

	if (option_mistake(&sa, name, OPTIONS, l))
		io_writeall(2, sa.s, sa.len);
	_exit(EXIT_PERM);
}

static void read_options(int argc, char const *const *argv)
{
	subgetopt l = SUBGETOPT_ZERO;
	int opt;

	separator = conf_break;
	while ((opt = option_next(argc, argv, OPTIONS, &l)) != -1)
		switch (opt) {
		case 'o': rule = HOME_OWNED; break;
		case 'h': rule = HOME_THERE; break;
		case 'H': rule = HOME_ANY; break;
		case 'u': upper_case = 1; break;
		case 'U': upper_case = 0; break;
		case '/': dash = "-/"; break;
		case 'c': separator = *l.arg; break;
		case 'C': separator = 0; break;
		default: mistake(argv[0], &l);
		}
}

int main(int argc, char const *const *argv)
{
	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	read_options(argc, argv);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "chdir to ", conf_home);
	read_files();
	do_passwd();
	if (!have_alias) {
		flush_part();
		strerr_dief(EXIT_TEMP, "unable to find alias user");
	}
	do_subusers();
	do_append();
	puts_out(".\n");
	flush();
	return 0;
}
