/* SPDX-License-Identifier: ISC */

#include "known.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>

#include "base/conf.h"
#include "base/notes.h"
#include "base/table.h"
#include "base/text.h"
#include "program.h"
#include "recipient/fresh.h"
#include "route/recipients.h"

/* A cdb with no more in it than its header is one that nobody has filled yet: s/qmail takes everybody by it. */
enum { EMPTY_CDB = 2048 };

/* What a list or program says. */
typedef enum { SAYS_YES, SAYS_NO, SAYS_WAIT, SAYS_NOTHING } answer;

static char const file[] = "control/recipients";

/* The address in question, as its key; and as that of a list, if it may be one. */
typedef struct question
{
	stralloc key;
	stralloc list_key;
	stralloc *notes;
} question;

/* ---- lists */

static answer look_up(struct cdb *c, stralloc const *key)
{
	int r = key->len ? table_find(c, key->s, key->len) : 0;

	return r < 0 ? SAYS_NOTHING : r ? SAYS_YES : SAYS_NO;
}

static answer trouble(question *q, char const *name, char const *what)
{
	notes_add(q->notes, name, what, "recipients that it may know are taken; mend it, or control/recipients");
	return SAYS_NOTHING;
}

static int is_fresh(int fd)
{
	struct timespec now;
	struct stat st;

	return fstat(fd, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0 || fresh_at(&st, now);
}

static answer ask_list(question *q, char const *name)
{
	struct stat st;
	struct cdb c;
	int fd = openc_read(name);
	int fresh;
	answer a;

	if (fd < 0)
		return trouble(q, name, strerror(errno));
	if (fstat(fd, &st) < 0 || st.st_size <= EMPTY_CDB) {
		fd_close(fd);
		return SAYS_YES;
	}
	if (cdb_init(&c, fd) < 0) {
		fd_close(fd);
		return trouble(q, name, "damaged");
	}
	a = look_up(&c, &q->key);
	if (a == SAYS_NO)
		a = look_up(&c, &q->list_key);
	/* Asked afterwards: one that is written in place while we look is fresh then. */
	fresh = is_fresh(fd);
	cdb_free(&c);
	fd_close(fd);
	if (a == SAYS_NOTHING)
		return trouble(q, name, "damaged");
	return a == SAYS_NO && fresh ? SAYS_NOTHING : a;
}

/* ---- programs */

/* A program may be written as ~user/... */
static int expand_home(stralloc *path, char const *name)
{
	size_t n = strcspn(name, "/");
	struct passwd const *pw;

	if (name[0] != '~')
		return stralloc_copys(path, name) && stralloc_0(path);
	if (!stralloc_copyb(path, name + 1, n - 1) || !stralloc_0(path))
		return 0;
	pw = getpwnam(path->s);
	return pw && stralloc_copys(path, pw->pw_dir) && stralloc_cats(path, name + n) && stralloc_0(path);
}

static answer ask_program_for(question *q, stralloc const *key, char *const *argv)
{
	stralloc input = STRALLOC_ZERO;
	stralloc text = STRALLOC_ZERO;
	int code = PROGRAM_UNSTARTED;

	if (!key->len)
		return SAYS_NO;
	if (stralloc_copyb(&input, key->s + 1, key->len - 1) && stralloc_catb(&input, "\0\0", 3))
		code = program_ask(argv, environ, input.s, input.len, &text);
	stralloc_free(&input);
	stralloc_free(&text);
	switch (code) {
	case 0:
		return SAYS_YES;
	case 1:
		return SAYS_NO;
	case 111:
		return SAYS_WAIT;
	case PROGRAM_UNSTARTED:
		return trouble(q, argv[0], strerror(errno));
	default:
		return trouble(q, argv[0], "ended with neither 0, 1 nor 111");
	}
}

static answer ask_program(question *q, char const *command)
{
	stralloc words = STRALLOC_ZERO;
	stralloc path = STRALLOC_ZERO;
	char *argv[RECIPIENTS_WORDS + 1];
	size_t n = recipients_command(&words, command);
	size_t i;
	char *p = words.s;
	answer a;

	if (n == 0 || !expand_home(&path, words.s)) {
		a = trouble(q, file, n ? "a program's user is unknown" : "a line has no program, or more than five arguments");
	} else {
		argv[0] = path.s;
		for (i = 1; i < n; i++)
			argv[i] = p += strlen(p) + 1;
		argv[n] = 0;
		a = ask_program_for(q, &q->key, argv);
		if (a == SAYS_NO)
			a = ask_program_for(q, &q->list_key, argv);
	}
	stralloc_free(&words);
	stralloc_free(&path);
	return a;
}

/* ---- the lines */

static answer ask(question *q, char const *line, char const *domain, size_t n)
{
	char const *arg;

	switch (recipients_line(line, domain, n, &arg)) {
	case RECIPIENTS_PASS:
		return SAYS_YES;
	case RECIPIENTS_CDB:
		return ask_list(q, arg);
	case RECIPIENTS_PROGRAM:
		return ask_program(q, arg);
	case RECIPIENTS_OTHER:
		break;
	}
	return SAYS_NO;
}

/* Somebody who knows the address ends it, and one who asks for another try; one who cannot tell leaves a doubt. */
static known_verdict ask_all(known_lists const *k, question *q)
{
	size_t at = text_rchr(q->key.s, q->key.len, '@') + 1;
	char const *line = k->lines.entries.s;
	known_verdict v = KNOWN_NO;
	size_t i;

	for (i = 0; i < k->lines.n; i++, line += strlen(line) + 1)
		switch (ask(q, line, q->key.s + at, q->key.len - at)) {
		case SAYS_YES:
			return KNOWN_YES;
		case SAYS_WAIT:
			return KNOWN_WAIT;
		case SAYS_NOTHING:
			v = KNOWN_YES;
			break;
		case SAYS_NO:
			break;
		}
	return v;
}

static void load(known_lists *k, stralloc *notes)
{
	control_status status = control_readlist(&k->lines, file, 0);

	k->present = status == CONTROL_READ;
	/* Asked afterwards, as below. Half a list refuses whom the other half knows: it is read again. */
	k->ready = !k->present || !fresh_file(file);
	if (status == CONTROL_ERROR)
		notes_add(notes, file, strerror(errno),
			"every recipient is taken, as far as this file is concerned; make it readable");
}

known_verdict known_check(known_lists *k, char const *address, size_t n, stralloc *notes)
{
	question q = { .key = STRALLOC_ZERO, .list_key = STRALLOC_ZERO, .notes = notes };
	known_verdict v = KNOWN_YES;

	if (!k->ready)
		load(k, notes);
	if (!k->present || !k->ready)
		return KNOWN_YES;
	if (recipients_key(&q.key, address, n) && recipients_list_key(&q.list_key, address, n, conf_break) >= 0)
		v = ask_all(k, &q);
	stralloc_free(&q.key);
	stralloc_free(&q.list_key);
	return v;
}

void known_free(known_lists *k)
{
	control_list_free(&k->lines);
	*k = (known_lists)KNOWN_LISTS_ZERO;
}
