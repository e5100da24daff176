/* SPDX-License-Identifier: ISC */

/* Input, divided by a form feed: an address, and a cdb, any bytes. Or, if it starts with a +: an address, a number
 * that says which byte of the cdb is damaged and how, and users/assign, of which the cdb is made first. */

#include <cdb.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/table.h"
#include "fuzz.h"
#include "proto/hosts.h"
#include "proto/poppasswd.h"
#include "proto/users.h"
#include "route/assign.h"

enum { LINES_MAX = 64 };

/* ---- a file that is in memory -------------------------------------------------------------------------------- */

static int new_file(void)
{
	int fd = memfd_create("cdb", MFD_CLOEXEC);

	fuzz_memory(fd >= 0);
	return fd;
}

static void write_all(int fd, char const *s, size_t n)
{
	fuzz_memory(pwrite(fd, s, n, 0) == (ssize_t)n);
}

/* ---- any bytes ----------------------------------------------------------------------------------------------- */

/* The record that was found is one of the key that was asked for, and lies in the file. */
static void check_found(struct cdb *c, char const *key, size_t n)
{
	HOLDS(cdb_keylen(c) == n);
	HOLDS(cdb_keypos(c) >= 2048 && cdb_datalen(c) <= c->cdb_fsize && cdb_datapos(c) <= c->cdb_fsize - cdb_datalen(c));
	HOLDS(n == 0 || memcmp(cdb_getkey(c), key, n) == 0);
}

static int find(void *table, char const *key, size_t n, char const **data, size_t *datalen)
{
	int r = assign_cdb(table, key, n, data, datalen);

	HOLDS(r >= -1 && r <= 1);
	if (r == 1)
		check_found(table, key, n);
	return r;
}

static void read_record(stralloc const *record)
{
	users_record u;

	switch (users_record_parse(&u, record->s, record->len)) {
	case USERS_RECORD_OK:
		HOLDS(u.uid != 0 && u.uid != (uid_t)-1 && u.gid != (gid_t)-1 && u.home[0] == '/');
		HOLDS(u.ext + strlen(u.ext) < record->s + record->len);
		break;
	case USERS_RECORD_HOME:
		HOLDS(u.home[0] != '/');
		break;
	default:
		break;
	}
}

static assign_status look_up(struct cdb *c, span local, stralloc *record)
{
	char *exact = fuzz_copy(local);
	assign_status status = assign_lookup(find, c, exact, strlen(exact), record);

	if (status == ASSIGN_FOUND)
		read_record(record);
	free(exact);
	return status;
}

static void look_up_password(struct cdb *c, span name)
{
	stralloc key = STRALLOC_ZERO;
	poppasswd_record p;

	fuzz_memory(poppasswd_key(&key, name.s, name.n));
	if (key.len && table_find(c, key.s, key.len) == 1) {
		check_found(c, key.s, key.len);
		if (cdb_datalen(c) && poppasswd_read(&p, cdb_getdata(c), cdb_datalen(c)))
			HOLDS(p.uid != 0 && p.gid != 0);
	}
	stralloc_free(&key);
}

static void check_any(span key, span file)
{
	stralloc record = STRALLOC_ZERO;
	hosts h = HOSTS_ZERO;
	struct cdb c;
	int fd = new_file();

	write_all(fd, file.s, file.n);
	if (cdb_init(&c, fd) == 0) {
		look_up(&c, key, &record);
		look_up_password(&c, key);
		cdb_free(&c);
	}
	h.more.fd = fd;
	h.present = 1;
	if (hosts_more(&h, key.s, key.n) == 1)
		check_found(&h.more.cdb, key.s, key.n);
	hosts_free(&h);
	stralloc_free(&record);
}

/* ---- a table that was made as it should be -------------------------------------------------------------------- */

typedef struct assigned
{
	users_line lines[LINES_MAX];
	size_t n;
} assigned;

static void read_lines(assigned *a, span text)
{
	a->n = 0;
	while (text.n && a->n < LINES_MAX) {
		span line = fuzz_line(&text);

		if (users_line_parse(&a->lines[a->n], line.s, line.n) == USERS_LINE_OK)
			a->n++;
	}
}

/* As qmail-newu does it: every line, and behind which bytes an address may be cut. */
static int make_table(assigned const *a)
{
	struct cdb_make m;
	stralloc wild = STRALLOC_ZERO;
	int fd = new_file();
	size_t i;

	fuzz_memory(cdb_make_start(&m, fd) == 0);
	for (i = 0; i < a->n; i++) {
		stralloc key = STRALLOC_ZERO;
		stralloc data = STRALLOC_ZERO;
		users_line const *l = &a->lines[i];

		fuzz_memory(users_line_record(l, &key, &data));
		fuzz_memory(cdb_make_add(&m, key.s, (unsigned int)key.len, data.s, (unsigned int)data.len) == 0);
		if (l->sign == '+' && l->locallen)
			fuzz_memory(stralloc_append(&wild, key.s[key.len - 1]));
		stralloc_free(&key);
		stralloc_free(&data);
	}
	fuzz_memory(cdb_make_add(&m, "", 0, wild.len ? wild.s : "", (unsigned int)wild.len) == 0);
	fuzz_memory(cdb_make_finish(&m) == 0);
	stralloc_free(&wild);
	return fd;
}

/* The line for an address: its own, else that of its longest prefix; of two the first. Null: none. */
static users_line const *best(assigned const *a, span local)
{
	users_line const *found = 0;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->lines[i].sign != '+' && fuzz_same_fold((span){ a->lines[i].local, a->lines[i].locallen }, local))
			return &a->lines[i];
	for (i = 0; i < a->n; i++) {
		users_line const *l = &a->lines[i];

		if (l->sign == '+' && l->locallen <= local.n
		 && fuzz_same_fold((span){ l->local, l->locallen }, (span){ local.s, l->locallen })
		 && (!found || l->locallen > found->locallen))
			found = l;
	}
	return found;
}

static void check_record(users_line const *l, span local, stralloc const *record)
{
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	size_t rest = l->sign == '+' ? local.n - l->locallen : 0;

	fuzz_memory(users_line_record(l, &key, &data));
	fuzz_memory(rest == 0 || stralloc_catb(&data, local.s + l->locallen, rest));
	fuzz_memory(stralloc_0(&data));
	HOLDS(fuzz_same((span){ data.s, data.len }, (span){ record->s, record->len }));
	stralloc_free(&key);
	stralloc_free(&data);
}

/* One byte of the file is another. Whoever is in it is still found, or nobody can tell. */
static void check_damaged(int fd, users_line const *l, span local, unsigned long how)
{
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	stralloc record = STRALLOC_ZERO;
	off_t size = lseek(fd, 0, SEEK_END);
	off_t at = (off_t)(how / 255) % size;
	struct cdb c;
	unsigned char byte;

	fuzz_memory(pread(fd, &byte, 1, at) == 1);
	byte ^= (unsigned char)(how % 255 + 1);
	fuzz_memory(pwrite(fd, &byte, 1, at) == 1);
	fuzz_memory(users_line_record(l, &key, &data));
	fuzz_memory(cdb_init(&c, fd) == 0);
	HOLDS(table_find(&c, key.s, key.len) != 0);
	look_up(&c, local, &record);
	cdb_free(&c);
	stralloc_free(&key);
	stralloc_free(&data);
	stralloc_free(&record);
}

static void check_made(span local, unsigned long how, span text)
{
	static assigned a;
	stralloc record = STRALLOC_ZERO;
	struct cdb c;
	users_line const *l;
	int fd;

	local.n = strnlen(local.s, local.n);
	read_lines(&a, text);
	fd = make_table(&a);
	l = best(&a, local);
	fuzz_memory(cdb_init(&c, fd) == 0);
	HOLDS(look_up(&c, local, &record) == (l ? ASSIGN_FOUND : ASSIGN_NONE));
	if (l)
		check_record(l, local, &record);
	cdb_free(&c);
	if (l)
		check_damaged(fd, l, local, how);
	close(fd);
	stralloc_free(&record);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	span key = fuzz_section(&in);

	if (key.n && key.s[0] == '+') {
		span number = fuzz_section(&in);
		char *s = fuzz_copy(number);

		check_made((span){ key.s + 1, key.n - 1 }, strtoul(s, 0, 10), in);
		free(s);
	} else {
		check_any(key, in);
	}
	return 0;
}
