/* SPDX-License-Identifier: ISC */

#include "proto/compiled.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>

#include "base/constmap.h"
#include "base/newer.h"
#include "base/text.h"

enum { NAME_MAX_BYTES = 64, HEADER = 2048, LENGTHS = 8, SUM = 8 };

static uint64_t const SUM_START = 0xcbf29ce484222325u;

static uint64_t add_sum(uint64_t sum, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)s[i]) * 0x100000001b3u;
	return sum;
}

char const *compiled_name(char const *file)
{
	static char name[NAME_MAX_BYTES + sizeof ".cdb"];
	size_t n = strnlen(file, NAME_MAX_BYTES);

	memcpy(name, file, n);
	memcpy(name + n, ".cdb", sizeof ".cdb");
	return name;
}

int compiled_open(char const *file)
{
	int fd = open(compiled_name(file), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int e = errno;
	struct stat text;
	struct stat cdb;

	if (fd < 0 && e == ENOENT)
		return -1;
	if (stat(file, &text) < 0) {
		/* Where the text cannot be looked at it counts: whoever reads it sees why. */
		if (errno == ENOENT)
			return errno = e, fd;
	} else if (fd < 0 ? stat(compiled_name(file), &cdb) == 0 && newer_time(cdb.st_mtim, text.st_mtim)
	 : fstat(fd, &cdb) == 0 && newer_time(cdb.st_mtim, text.st_mtim)) {
		return errno = e, fd;
	}
	if (fd >= 0)
		close(fd);
	return errno = ENOENT, -1;
}

/* ---- reading */

typedef struct record
{
	char const *key;
	size_t keylen;
	char const *data;
	size_t datalen;
	char const *next;
} record;

static int next_record(record *r, char const *s, char const *end)
{
	size_t left = (size_t)(end - s);

	if (left < LENGTHS)
		return 0;
	r->keylen = cdb_unpack((unsigned char const *)s);
	r->datalen = cdb_unpack((unsigned char const *)s + 4);
	left -= LENGTHS;
	if (r->keylen > left || r->datalen > left - r->keylen)
		return 0;
	r->key = s + LENGTHS;
	r->data = r->key + r->keylen;
	r->next = r->data + r->datalen;
	return 1;
}

static int is_sum(record const *r)
{
	return r->keylen == 1 && r->key[0] == 0 && r->datalen == SUM;
}

static uint64_t unpack_sum(char const *s)
{
	return (uint64_t)cdb_unpack((unsigned char const *)s) | (uint64_t)cdb_unpack((unsigned char const *)s + 4) << 32;
}

static int add_entry(control_list *l, record const *r, char sep)
{
	size_t lineno = 0;

	l->n++;
	return stralloc_catb(&l->entries, r->key, r->keylen) && (!sep || stralloc_catb(&l->entries, &sep, 1))
		&& stralloc_catb(&l->entries, r->data, r->datalen) && stralloc_0(&l->entries)
		&& stralloc_catb(&l->lines, (char const *)&lineno, sizeof lineno);
}

/* 1, or 0 with errno. */
static int parse(control_list *l, char const *s, size_t n, char sep)
{
	char const *at = s + HEADER;
	char const *end = s + n;
	record r;

	if (n < HEADER)
		return errno = EPROTO, 0;
	while (next_record(&r, at, end)) {
		if (is_sum(&r))
			return add_sum(SUM_START, s + HEADER, (size_t)(at - s) - HEADER) == unpack_sum(r.data) ? 1 : (errno = EPROTO, 0);
		if (!add_entry(l, &r, sep))
			return 0;
		at = r.next;
	}
	return errno = EPROTO, 0;
}

/* It is read, not mapped: what somebody makes shorter under our hands cannot kill us. */
static int read_cdb(control_list *l, int fd, char sep)
{
	control_list fresh = CONTROL_LIST_ZERO;
	stralloc text = STRALLOC_ZERO;
	struct stat st;
	int ok = fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || (errno = EPROTO, 0)) && slurp(&text, fd)
		&& parse(&fresh, text.s, text.len, sep);
	int e = errno;

	stralloc_free(&text);
	control_list_free(ok ? l : &fresh);
	if (ok)
		*l = fresh;
	errno = e;
	return ok;
}

control_status compiled_readlist(control_list *l, char const *file, int use_me, char sep, compiled_source *from)
{
	int fd = compiled_open(file);
	int e = errno;
	control_status status;

	*from = fd < 0 && e == ENOENT ? COMPILED_TEXT : COMPILED_DAMAGED;
	if (fd >= 0) {
		if (read_cdb(l, fd, sep))
			*from = COMPILED_CDB;
		e = errno;
		close(fd);
	}
	if (*from == COMPILED_CDB)
		return CONTROL_READ;
	status = control_readlist(l, file, use_me && *from == COMPILED_TEXT);
	if (status == CONTROL_ABSENT && *from == COMPILED_DAMAGED)
		return errno = e, CONTROL_ERROR;
	return status;
}

/* ---- writing */

static int put(struct cdb_make *c, uint64_t *sum, char const *key, size_t keylen, char const *data, size_t datalen)
{
	unsigned char lengths[LENGTHS];

	cdb_pack((unsigned int)keylen, lengths);
	cdb_pack((unsigned int)datalen, lengths + 4);
	*sum = add_sum(*sum, (char const *)lengths, sizeof lengths);
	*sum = add_sum(*sum, key, keylen);
	*sum = add_sum(*sum, data, datalen);
	return cdb_make_add(c, key, (unsigned int)keylen, data, (unsigned int)datalen) == 0;
}

static int put_entries(struct cdb_make *c, uint64_t *sum, constmap const *m)
{
	stralloc key = STRALLOC_ZERO;
	int ok = stralloc_ready(&key, 1);
	size_t i;

	for (i = 0; i < m->n && ok; i++) {
		constmap_entry const *e = m->entries + i;

		ok = stralloc_copyb(&key, e->key, e->keylen);
		if (!ok)
			break;
		text_lowerb(key.s, key.len);
		ok = put(c, sum, key.s, key.len, e->value, e->valuelen);
	}
	stralloc_free(&key);
	return ok;
}

int compiled_write(int fd, control_list const *l, char sep)
{
	constmap m = CONSTMAP_ZERO;
	uint64_t sum = SUM_START;
	unsigned char packed[SUM];
	struct cdb_make c;
	int ok;

	if (!(sep ? constmap_map(&m, l, sep) : constmap_set(&m, l)))
		return 0;
	ok = cdb_make_start(&c, fd) == 0 && put_entries(&c, &sum, &m);
	constmap_free(&m);
	if (!ok)
		return 0;
	cdb_pack((unsigned int)(sum & 0xffffffffu), packed);
	cdb_pack((unsigned int)(sum >> 32), packed + 4);
	return cdb_make_add(&c, "", 1, packed, sizeof packed) == 0 && cdb_make_finish(&c) == 0;
}
