/* SPDX-License-Identifier: ISC */

#include "proto/todo.h"

#include <skalibs/types.h>

size_t todo_start(char *s, uint64_t uid, uint64_t pid)
{
	size_t n = 0;

	s[n++] = 'u';
	n += uint64_fmt(s + n, uid);
	s[n++] = 0;
	s[n++] = 'p';
	n += uint64_fmt(s + n, pid);
	s[n++] = 0;
	return n;
}

static todo_status number(todo_reader *t, todo_status what)
{
	if (!uint64_scan(t->records.s + 1, &t->number))
		t->number = 0;
	return what;
}

static todo_status address(todo_reader *t, todo_status what)
{
	t->address = t->records.s + 1;
	t->len = t->records.n - 1;
	return what;
}

todo_status todo_next(todo_reader *t, char const *block, size_t n, size_t *pos)
{
	switch (record_next(&t->records, block, n, pos)) {
	case RECORD_NOMEM: return TODO_NOMEM;
	case RECORD_LONG: return TODO_BAD;
	case RECORD_MORE: return TODO_MORE;
	case RECORD_READY: break;
	}
	switch (t->records.s[0]) {
	case 'u': return number(t, TODO_UID);
	case 'p': return number(t, TODO_PID);
	case 'T': return address(t, TODO_RECIPIENT);
	case 'F':
		if (t->sender_seen)
			return TODO_BAD;
		t->sender_seen = 1;
		return address(t, TODO_SENDER);
	default: return TODO_BAD;
	}
}

int todo_whole(todo_reader const *t)
{
	return t->sender_seen && !record_cut(&t->records);
}

void todo_reset(todo_reader *t)
{
	record_rewind(&t->records, 0);
	t->sender_seen = 0;
	t->address = 0;
	t->len = 0;
	t->number = 0;
}

void todo_free(todo_reader *t)
{
	todo_reset(t);
	record_free(&t->records);
}
