/* SPDX-License-Identifier: ISC */

#include "controls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/constmap.h"
#include "base/control.h"
#include "base/text.h"
#include "mail/dotqmail.h"
#include "pattern.h"
#include "proto/spawn.h"
#include "readers.h"
#include "values.h"

typedef enum { LINE, HOST, NUMBER, LIST, MAP, COUNTS, INSTRUCTIONS, ANYTHING } control_kind;

typedef struct control_file
{
	char const *name;
	control_kind kind;
	unsigned int readers;           /* as of readers.h */
	unsigned int patterns;          /* of a list or map: what its keys may be; ~0u: something else than domains */
	char const *standard;           /* of a number: what holds without it */
} control_file;

enum { DOMAINS = PATTERN_SUFFIX, VIRTUAL = PATTERN_SUFFIX | PATTERN_ADDRESS | PATTERN_EMPTY };

enum { ROUTING = READERS_QMAILS | READERS_RCPTD };

static control_file const files[] =
{
	{ "aliasfallback", NUMBER, READERS_ROOT, 0, "0" },
	{ "badmailfrom", LIST, READERS_QMAILD, PATTERN_ADDRESS | PATTERN_HOST, 0 },
	{ "bouncefrom", LINE, READERS_QMAILS, 0, 0 },
	{ "bouncehost", HOST, READERS_QMAILS, 0, 0 },
	{ "bouncemaxbytes", NUMBER, READERS_QMAILS, 0, "0" },
	{ "brtlimit", NUMBER, READERS_QMAILD, 0, "0" },
	{ "concurrencydomains", COUNTS, READERS_QMAILS, VIRTUAL, 0 },
	{ "concurrencylocal", NUMBER, READERS_QMAILS, 0, "10" },
	{ "concurrencyremote", NUMBER, READERS_QMAILS, 0, "20" },
	{ "databytes", NUMBER, READERS_QMAILD, 0, "0" },
	{ "defaultdelivery", INSTRUCTIONS, READERS_ROOT, 0, 0 },
	{ "defaultdomain", HOST, READERS_EVERYBODY, 0, 0 },
	{ "defaulthost", HOST, READERS_EVERYBODY, 0, 0 },
	{ "domainips", MAP, READERS_QMAILR, VIRTUAL | PATTERN_STAR, 0 },
	{ "doublebouncehost", HOST, READERS_QMAILS, 0, 0 },
	{ "doublebounceto", LINE, READERS_QMAILS, 0, 0 },
	{ "emptyprefixlocal", NUMBER, ROUTING, 0, "0" },
	{ "envnoathost", HOST, ROUTING, 0, 0 },
	{ "helohost", HOST, READERS_QMAILR, 0, 0 },
	{ "idhost", HOST, READERS_EVERYBODY, 0, 0 },
	{ "localiphost", HOST, READERS_QMAILD, 0, 0 },
	{ "locals", LIST, ROUTING, PATTERN_LITERAL, 0 },
	{ "maxrcpt", NUMBER, READERS_QMAILD, 0, "0" },
	{ "maxrecipients", NUMBER, READERS_QMAILD, 0, "0" },
	{ "me", HOST, READERS_EVERYBODY, 0, 0 },
	{ "morercpthosts", LIST, READERS_ROOT, DOMAINS, 0 },
	{ "nosandbox", ANYTHING, READERS_ROOT, 0, 0 },
	{ "percenthack", LIST, ROUTING, PATTERN_LITERAL, 0 },
	{ "plusdomain", HOST, READERS_EVERYBODY, 0, 0 },
	{ "qmqpservers", LIST, READERS_EVERYBODY, ~0u, 0 },
	{ "queuelifetime", NUMBER, READERS_QMAILS, 0, "604800" },
	{ "queuelifetimes", COUNTS, READERS_QMAILS, VIRTUAL, 0 },
	{ "queueroutes", MAP, READERS_EVERYBODY, VIRTUAL, 0 },
	{ "rcpthosts", LIST, READERS_QMAILD, DOMAINS | PATTERN_LITERAL, 0 },
	{ "recipients", LIST, READERS_QMAILD, ~0u, 0 },
	{ "rejectbarecr", NUMBER, READERS_QMAILD, 0, "0" },
	{ "remotekeep", NUMBER, READERS_QMAILR, 0, "2" },
	{ "remoterecipients", NUMBER, READERS_QMAILR, 0, "100" },
	{ "smtpgreeting", LINE, READERS_QMAILD, 0, 0 },
	{ "smtproutes", MAP, READERS_QMAILR, DOMAINS | PATTERN_EMPTY, 0 },
	{ "timeoutconnect", NUMBER, READERS_QMAILR, 0, "60" },
	{ "timeoutremote", NUMBER, READERS_QMAILR, 0, "1200" },
	{ "timeoutsession", NUMBER, READERS_QMAILD, 0, "43200" },
	{ "timeoutsmtpd", NUMBER, READERS_QMAILD, 0, "1200" },
	{ "virtualdomains", MAP, ROUTING, VIRTUAL, 0 },
};
enum { FILES = sizeof files / sizeof *files };

static struct { char const *name; unsigned int readers; } const tables[] =
{
	{ "locals.cdb", ROUTING }, { "morercpthosts.cdb", READERS_QMAILD },
	{ "rcpthosts.cdb", READERS_QMAILD }, { "virtualdomains.cdb", ROUTING },
};

/* ---- text */

typedef struct reading
{
	findings *f;
	control_file const *c;
	char const *path;
	stralloc text;
} reading;

static char const *shown(char const *s, size_t n)
{
	static stralloc sa = STRALLOC_ZERO;

	return stralloc_copyb(&sa, s, n) && stralloc_0(&sa) ? sa.s : "";
}

static size_t line_of(char const *s, char const *at)
{
	size_t line = 1;

	for (; s < at; s++)
		line += *s == '\n';
	return line;
}

/* Bytes that an editor of another system, or another alphabet, has left. */
static void check_bytes(reading const *r)
{
	char const *s = r->text.s;
	size_t n = r->text.len;
	char const *found;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		findings_add(r->f, FINDING_ERROR, r->path, 1, "a byte order mark, which is part of the entry",
			findings_cure,
			"write the line anew", (char *)0);
	found = n ? memchr(s, '\r', n) : 0;
	if (found)
		findings_add(r->f, FINDING_ERROR, r->path, line_of(s, found), "a CR, which is part of the entry",
			findings_cure,
			"sed -i 's/\\r//' ", r->path, (char *)0);
	found = n ? memchr(s, 0, n) : 0;
	if (found)
		findings_add(r->f, FINDING_ERROR, r->path, line_of(s, found), "a NUL byte, which ends the entry",
			findings_cure,
			"write the line anew", (char *)0);
}

/* What stands behind the first line is not read. */
static void check_one_line(reading const *r, size_t n)
{
	char const *end = r->text.len ? memchr(r->text.s, '\n', r->text.len) : 0;
	char const *s;

	if (n > 0 && (r->text.s[0] == '#' || r->text.s[0] == ' ' || r->text.s[0] == '\t'))
		findings_add(r->f, FINDING_ERROR, r->path, 1,
			r->text.s[0] == '#' ? "a comment, which is taken for the value"
			: "a blank at the start, which is part of the value", findings_cure,
			"write the value alone into the first line", (char *)0);
	for (s = end ? end : r->text.s + r->text.len; s < r->text.s + r->text.len; s++)
		if (*s != '\n' && *s != ' ' && *s != '\t') {
			findings_add(r->f, FINDING_WARNING, r->path, line_of(r->text.s, s),
				"only the first line is read", findings_cure,
				"remove this one", (char *)0);
			return;
		}
}

static void check_line(reading const *r)
{
	size_t n = control_line_length(r->text.s, r->text.len);
	char const *cure;
	char const *problem;

	check_one_line(r, n);
	if (r->c->kind != HOST || (n > 0 && r->text.s[0] == '#'))
		return;
	if (n == 0) {
		findings_add(r->f, FINDING_ERROR, r->path, 1, "the name is empty", findings_cure,
			"write a host name, or remove the file", (char *)0);
		return;
	}
	problem = pattern_problem(r->text.s, n, 0, &cure);
	if (problem)
		findings_add(r->f, FINDING_ERROR, r->path, 1, shown(r->text.s, n), " is no host name", findings_cure,
			"write one host name", (char *)0);
}

/* Numbers that say something, and hardly what is wanted. */
static void check_value(reading const *r, unsigned int value)
{
	int concurrency = strncmp(r->c->name, "concurrency", 11) == 0;
	char most[UINT_FMT];

	most[uint_fmt(most, SPAWN_MOST)] = 0;
	if (concurrency && value == 0)
		findings_add(r->f, FINDING_WARNING, r->path, 1, "0 holds all mail of this kind in the queue",
			findings_cure,
			"write how many deliveries there may be at once", (char *)0);
	if (concurrency && value >= SPAWN_MOST)
		findings_add(r->f, FINDING_WARNING, r->path, 1, "there are never so many deliveries at once",
			findings_cure,
			"write a number below ", most, (char *)0);
	if (strncmp(r->c->name, "timeout", 7) == 0 && value == 0)
		findings_add(r->f, FINDING_ERROR, r->path, 1, "0 seconds are too short for any answer", findings_cure,
			"write ", r->c->standard, ", or remove the file", (char *)0);
	if (strcmp(r->c->name, "queuelifetime") == 0 && value < 3600)
		findings_add(r->f, FINDING_WARNING, r->path, 1,
			"mail is returned before a server that is down for an hour is back", findings_cure, "write ",
			r->c->standard, ", or remove the file", (char *)0);
}

static void check_number(reading const *r)
{
	size_t n = control_line_length(r->text.s, r->text.len);
	unsigned int value;
	size_t digits = 0;

	if (control_number(&value, r->text.s, n) == CONTROL_BAD) {
		findings_add(r->f, FINDING_ERROR, r->path, 1, "not a number, so ", r->c->standard, " holds",
			findings_cure,
			"write digits alone", (char *)0);
		return;
	}
	while (digits < n && r->text.s[digits] >= '0' && r->text.s[digits] <= '9')
		digits++;
	if (digits < n)
		findings_add(r->f, FINDING_WARNING, r->path, 1,
			"only the digits it starts with are read, there are no units", findings_cure,
			"write digits alone", (char *)0);
	check_one_line(r, 0);
	check_value(r, value);
}

/* ---- lists and maps */

static void check_key(reading const *r, size_t line, char const *key, size_t n)
{
	char const *cure;
	char const *problem;

	if (r->c->patterns == ~0u)
		return;
	problem = pattern_problem(key, n, r->c->patterns, &cure);
	if (problem)
		findings_add(r->f, FINDING_ERROR, r->path, line, problem, findings_cure, cure, (char *)0);
	else if (strcmp(r->c->name, "badmailfrom") == 0 && !memchr(key, '@', n))
		findings_add(r->f, FINDING_ERROR, r->path, line,
			"a sender without an @, so this pattern can never match", findings_cure,
			"write @", shown(key, n), " for all senders there", (char *)0);
}

static void check_pair(reading const *r, constmap const *m, control_list const *l, size_t i, char const *s)
{
	char const *colon = strchr(s, ':');
	size_t line = control_line(l, i);
	constmap_entry const *e;
	char number[SIZE_FMT];

	if (!colon) {
		findings_add(r->f, FINDING_ERROR, r->path, line, values_lost(r->c->name), findings_cure, "write ", s,
			": and what belongs behind it", (char *)0);
		return;
	}
	check_key(r, line, s, (size_t)(colon - s));
	if (colon[1] == ' ' || colon[1] == '\t')
		findings_add(r->f, FINDING_ERROR, r->path, line,
			"a blank behind the colon, which is part of the value", findings_cure,
			"write ", shown(s, (size_t)(colon - s) + 1), colon + 1 + strspn(colon + 1, " \t"), (char *)0);
	else
		values_check(r->f, r->c->name, r->path, line, colon + 1);
	e = constmap_find(m, s, (size_t)(colon - s));
	if (e && e->index != i) {
		number[size_fmt(number, control_line(l, e->index))] = 0;
		findings_add(r->f, FINDING_WARNING, r->path, line, "line ", number,
			" has the same pattern and comes after it, so this one can "
			"never match", findings_cure, "remove one of them", (char *)0);
	}
}

static void check_list(reading const *r)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	char const *s;
	size_t i;

	if (!control_list_parse(&l, r->text.s, r->text.len) || !constmap_map(&m, &l, ':')) {
		r->f->failed = 1;
		return;
	}
	for (i = 0, s = l.entries.s; i < l.n; i++, s += strlen(s) + 1)
		/* a CR has been spoken of */
		if (!strchr(s, '\r')) {
			if (r->c->kind != LIST)
				check_pair(r, &m, &l, i, s);
			else
				check_key(r, control_line(&l, i), s, strlen(s));
		}
	constmap_free(&m);
	control_list_free(&l);
}

static void check_instructions(reading const *r)
{
	dotqmail_run run = { .line = 0, .forward_only = 0 };
	size_t at = 0;
	dotqmail d;

	while (at < r->text.len) {
		dotqmail_verdict v;

		at += dotqmail_next(&d, r->text.s + at, r->text.len - at);
		v = dotqmail_judge(&run, &d);
		if (v == DOTQMAIL_MISTAKE || v == DOTQMAIL_NOTHING) {
			findings_add(r->f, FINDING_ERROR, r->path, run.line,
				v == DOTQMAIL_MISTAKE ? d.arg : dotqmail_complaint(v), findings_cure,
				"mend it, and restart qmail-send; until then mail waits", (char *)0);
			return;
		}
	}
}

static void check_text(reading const *r)
{
	if (r->c->kind != ANYTHING)
		check_bytes(r);
	switch (r->c->kind) {
	case LINE:
	case HOST:
		check_line(r);
		break;
	case NUMBER:
		check_number(r);
		break;
	case LIST:
	case MAP:
	case COUNTS:
		check_list(r);
		break;
	case INSTRUCTIONS:
		check_instructions(r);
		break;
	case ANYTHING:
		break;
	}
}

/* ---- the directory */

static control_file const *find(char const *name)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		if (strcmp(files[i].name, name) == 0)
			return files + i;
	return 0;
}

static int is_table(char const *name, unsigned int *readers)
{
	size_t i;

	for (i = 0; i < sizeof tables / sizeof *tables; i++)
		if (strcmp(tables[i].name, name) == 0)
			return *readers = tables[i].readers, 1;
	return 0;
}

/* A password in it is not for everybody; qmail-remote reads it as a member of group qmail. */
static void check_secret(reading const *r, struct stat const *st)
{
	char const *bar = r->text.len ? memchr(r->text.s, '|', r->text.len) : 0;

	if (strcmp(r->c->name, "smtproutes") == 0 && bar && st->st_mode & S_IROTH)
		findings_add(r->f, FINDING_WARNING, r->path, line_of(r->text.s, bar),
			"a password that everybody on this host can read", findings_cure, "chgrp ",
			conf_groupname(CONF_QMAIL), " ", r->path, " && chmod 640 ", r->path, (char *)0);
}

static void check_file(findings *f, control_file const *c, char const *path)
{
	reading r = { .f = f, .c = c, .path = path, .text = STRALLOC_ZERO };
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		findings_unreadable(f, path);
	} else if (!S_ISREG(st.st_mode)) {
		findings_add(f, FINDING_ERROR, path, 0, "not a file", findings_cure,
			"make it a text file, or remove it", (char *)0);
	} else {
		readers_check(f, path, &st, c->readers);
		if (!slurp(&r.text, fd)) {
			findings_unreadable(f, path);
		} else {
			check_text(&r);
			check_secret(&r, &st);
		}
	}
	if (fd >= 0)
		close(fd);
	stralloc_free(&r.text);
}

/* A name that almost is one of ours. */
static char const *meant(char const *name)
{
	size_t n = strlen(name);
	size_t i;

	for (i = 0; i < FILES; i++) {
		size_t m = strlen(files[i].name);
		size_t same = 0;
		size_t tail = 0;

		while (same < n && same < m && text_lower(name[same]) == files[i].name[same])
			same++;
		while (tail < n - same && tail < m - same
		 && text_lower(name[n - 1 - tail]) == files[i].name[m - 1 - tail])
			tail++;
		if (same + tail + 1 >= (n > m ? n : m) && m > 2)
			return files[i].name;
	}
	return 0;
}

static void check_name(findings *f, char const *name)
{
	static stralloc path = STRALLOC_ZERO;
	control_file const *c = find(name);
	unsigned int readers;
	struct stat st;

	if (!stralloc_copys(&path, "control/") || !stralloc_cats(&path, name) || !stralloc_0(&path)) {
		f->failed = 1;
		return;
	}
	if (c) {
		check_file(f, c, path.s);
		return;
	}
	if (stat(path.s, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (is_table(name, &readers)) {
		readers_check(f, path.s, &st, readers);
		return;
	}
	/* what editors, packages and locks leave behind */
	if (strpbrk(name, ".~#"))
		return;
	if (meant(name)) {
		findings_add(f, FINDING_WARNING, path.s, 0, "no program reads it", findings_cure, "call it ",
			meant(name),
			" if that is meant", (char *)0);
	} else {
		findings_add(f, FINDING_WARNING, path.s, 0, "no program of ours reads it", findings_cure,
			"see qmail-control(5) for what it may have become, and remove it if nothing else needs it",
			(char *)0);
	}
}

static int by_name(struct dirent const **a, struct dirent const **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void controls_check(findings *f)
{
	struct dirent **found;
	int n = scandir("control", &found, 0, by_name);
	int i;

	if (n < 0)
		findings_unreadable(f, "control");
	for (i = 0; i < n; i++) {
		if (found[i]->d_name[0] != '.')
			check_name(f, found[i]->d_name);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}
