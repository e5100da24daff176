/* SPDX-License-Identifier: ISC */

#include "send/damage.h"

#include <string.h>
#include <time.h>

#include "send/log.h"
#include "send/queuefile.h"

enum { REMARK_AFTER = 15, NAME_SIZE = 96 };

typedef struct remark
{
	char name[NAME_SIZE];   /* NUL-terminated; a longer one is cut */
	char const *what;
	int made;
} remark;

static remark remarks[DAMAGE_FILES];    /* a ring: the next goes to place at */
static unsigned int at;
static int64_t due;                     /* 0: nothing to say */

static int is_known(char const *name, char const *what)
{
	unsigned int i;

	for (i = 0; i < DAMAGE_FILES; i++)
		if (remarks[i].what == what && strcmp(remarks[i].name, name) == 0)
			return 1;
	return 0;
}

static void remember(char const *name, char const *what)
{
	remark *r = &remarks[at];

	/* The oldest has not had its turn: enough are broken for one quarter of a minute. */
	if (r->what && !r->made)
		return;
	at = (at + 1) % DAMAGE_FILES;
	memcpy(r->name, name, strlen(name) + 1);
	r->what = what;
	r->made = 0;
	if (!due)
		due = time(0) + REMARK_AFTER;
}

void damage_note(qpath_kind k, uint64_t id, char const *what)
{
	char const *name = queuefile_name(k, id);

	if (!is_known(name, what))
		remember(name, what);
}

void damage_note_name(char const *directory, char const *name, char const *what)
{
	char s[NAME_SIZE];
	size_t n = strlen(directory);
	size_t len = strlen(name);

	if (n > sizeof s - 2)
		n = sizeof s - 2;
	if (len > sizeof s - n - 2)
		len = sizeof s - n - 2;
	memcpy(s, directory, n);
	if (n)
		s[n++] = '/';
	memcpy(s + n, name, len);
	s[n + len] = 0;
	if (!is_known(s, what))
		remember(s, what);
}

void damage_selprep(turn *t)
{
	if (due)
		turn_wake(t, due);
}

void damage_do(turn const *t)
{
	unsigned int i;

	if (!due || t->now < due)
		return;
	due = 0;
	for (i = 0; i < DAMAGE_FILES; i++) {
		remark *r = &remarks[(at + i) % DAMAGE_FILES];

		if (!r->what || r->made)
			continue;
		log_text("warning: queue/");
		log_safe(r->name, strlen(r->name));
		log_text(" ");
		log_text(r->what);
		log_end();
		r->made = 1;
	}
}
