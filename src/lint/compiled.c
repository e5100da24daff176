/* SPDX-License-Identifier: ISC */

#include "compiled.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>

#include "base/newer.h"
#include "base/text.h"
#include "proto/users.h"

static char const assign_file[] = "users/assign";
static char const assign_cdb[] = "users/cdb";
static char const hosts_cdb[] = "control/morercpthosts.cdb";

typedef struct compiled
{
	findings *f;
	char const *text;
	char const *cdb;
	char const *program;
	struct cdb c;
	unsigned int at;        /* of the next record */
	int told;               /* that they differ */
} compiled;

static void tell(compiled *c, char const *file, size_t line, char const *what)
{
	if (!c->told)
		findings_add(c->f, FINDING_ERROR, file, line, what, findings_cure, "run ", c->program, (char *)0);
	c->told = 1;
}

/* Whether the next record is this one; tables are made line by line. Data null: whatever they are. */
static int is_next(compiled *c, char const *key, size_t n, stralloc const *data)
{
	if (cdb_seqnext(&c->at, &c->c) <= 0 || cdb_keylen(&c->c) != n || (n && memcmp(cdb_getkey(&c->c), key, n) != 0))
		return 0;
	return !data || (cdb_datalen(&c->c) == data->len && memcmp(cdb_getdata(&c->c), data->s, data->len) == 0);
}

/* 1 if both are there to be compared. */
static int start(compiled *c, int fd, int have_text)
{
	if (fd < 0 && errno == ENOENT) {
		if (have_text)
			findings_add(c->f, FINDING_ERROR, c->text, 0, "was never compiled, so nothing of it counts", findings_cure, "run ", c->program,
				(char *)0);
		return 0;
	}
	if (fd < 0) {
		findings_unreadable(c->f, c->cdb);
		return 0;
	}
	if (!have_text)
		findings_add(c->f, FINDING_WARNING, c->cdb, 0, "there is no ", c->text, " that it could have been made of, but it counts",
			findings_cure, "write the text anew, or remove the table", (char *)0);
	if (have_text && cdb_init(&c->c, fd) < 0)
		tell(c, c->cdb, 0, "damaged, so mail waits");
	if (!have_text || c->told)
		return 0;
	cdb_seqinit(&c->at, &c->c);
	return 1;
}

static void finish(compiled *c, int fd)
{
	if (!c->told && newer_file(AT_FDCWD, c->text, c->cdb))
		findings_add(c->f, FINDING_WARNING, c->cdb, 0, "older than ", c->text, ", though it says the same", findings_cure, "run ",
			c->program, (char *)0);
	cdb_free(&c->c);
	close(fd);
}

void compiled_assign(findings *f, stralloc const *assign)
{
	compiled c = { .f = f, .text = assign_file, .cdb = assign_cdb, .program = "qmail-newu" };
	users_text t = { .s = assign->s, .n = assign->len };
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	size_t line;
	int fd = users_open();

	/* what cannot be compiled has been told, and is not to be compared */
	if (!start(&c, fd, access(assign_file, F_OK) == 0) || users_text_mistake(assign->s, assign->len, &line)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (users_text_next(&t) && !c.told) {
		key.len = data.len = 0;
		if (t.status != USERS_LINE_OK)
			continue;
		if (!users_line_record(&t.entry, &key, &data))
			f->failed = 1;
		else if (!is_next(&c, key.s, key.len, &data))
			tell(&c, assign_file, t.line, "users/cdb, which counts, is older and says otherwise from this line on");
	}
	if (!c.told && !is_next(&c, "", 0, 0))
		tell(&c, assign_cdb, 0, "has lines that users/assign has no more");
	finish(&c, fd);
	stralloc_free(&key);
	stralloc_free(&data);
}

void compiled_hosts(findings *f, setup_list const *more)
{
	compiled c = { .f = f, .text = more->file, .cdb = hosts_cdb, .program = "qmail-newmrh" };
	char const *s = more->list.entries.s;
	stralloc key = STRALLOC_ZERO;
	int fd = open(hosts_cdb, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	size_t i;

	if (!start(&c, fd, more->present)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (i = 0; i < more->list.n && !c.told; i++, s += strlen(s) + 1) {
		size_t n = strlen(s);

		while (n && (s[n - 1] == '\r' || s[n - 1] == ' ' || s[n - 1] == '\t'))
			n--;
		if (!n)
			continue;
		if (!stralloc_copyb(&key, s, n))
			f->failed = 1;
		text_lowerb(key.s, key.len);
		if (!is_next(&c, key.s, n, 0))
			tell(&c, more->file, control_line(&more->list, i), "morercpthosts.cdb, which counts, is older and says otherwise from this "
				"line on");
	}
	if (!c.told && cdb_seqnext(&c.at, &c.c) > 0)
		tell(&c, hosts_cdb, 0, "has hosts that morercpthosts has no more");
	finish(&c, fd);
	stralloc_free(&key);
}
