/* SPDX-License-Identifier: ISC */

#include "base/table.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TABLES = 256, ENTRY = 8, HEADER = TABLES * ENTRY };

typedef struct place
{
	uint32_t at;            /* of the table, of the record */
	uint32_t n;             /* slots of the table; in a slot it comes first and is the hash */
} place;

static place pointer(unsigned char const *s)
{
	return (place){ .at = cdb_unpack(s), .n = cdb_unpack(s + 4) };
}

static place slot(unsigned char const *s)
{
	return (place){ .n = cdb_unpack(s), .at = cdb_unpack(s + 4) };
}

/* The tables in their order, without a gap, up to the end of the file. *start is where they begin. */
static int header_is_sound(unsigned char const *header, uint64_t size, uint64_t *start)
{
	uint64_t next = 0;
	unsigned int i;

	for (i = 0; i < TABLES; i++) {
		place t = pointer(header + (size_t)i * ENTRY);

		if (!t.n)
			continue;
		if (!next)
			*start = next = t.at;
		if (t.at != next)
			return 0;
		next += (uint64_t)t.n * ENTRY;
	}
	return next ? next == size && *start >= HEADER : size == HEADER;
}

/* Whether the record at a place has a key of this hash. */
static int has_hash(struct cdb const *c, place s)
{
	unsigned char const *lengths = cdb_get(c, 8, s.at);
	unsigned char const *key;
	uint32_t n;

	if (!lengths || s.at > UINT32_MAX - 8)
		return 0;
	n = cdb_unpack(lengths);
	key = cdb_get(c, n, s.at + 8);
	return key && cdb_hash(key, n) == s.n;
}

/* Every slot of the table belongs into it, and half of them are taken. */
static int slots_are_sound(unsigned char const *slots, uint32_t n, uint32_t table, uint64_t start)
{
	uint32_t taken = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		place s = slot(slots + (size_t)i * ENTRY);

		if (!s.at)
			continue;
		if (s.n % TABLES != table || s.at < HEADER || s.at >= start)
			return 0;
		taken++;
	}
	return n % 2 == 0 && taken == n / 2;
}

/* Where the search for a hash goes: up to the first empty slot. */
static int way_is_sound(struct cdb const *c, unsigned char const *slots, uint32_t n, uint32_t hash)
{
	uint32_t first = hash / TABLES % n;
	uint32_t i;

	for (i = 0; i < n; i++) {
		place s = slot(slots + (size_t)((first + i) % n) * ENTRY);

		if (!s.at)
			return 1;
		if (!has_hash(c, s))
			return 0;
	}
	return 0;
}

static int absence_is_sound(struct cdb const *c, uint32_t hash)
{
	unsigned char header[HEADER];
	unsigned char const *slots;
	uint64_t start = HEADER;
	struct stat st;
	place t;

	if (fstat(cdb_fileno(c), &st) < 0 || pread(cdb_fileno(c), header, sizeof header, 0) != HEADER)
		return 0;
	if (!header_is_sound(header, (uint64_t)st.st_size, &start))
		return 0;
	t = pointer(header + (size_t)(hash % TABLES) * ENTRY);
	if (!t.n)
		return 1;
	slots = t.n > UINT32_MAX / ENTRY ? 0 : cdb_get(c, t.n * ENTRY, t.at);
	return slots && slots_are_sound(slots, t.n, hash % TABLES, start) && way_is_sound(c, slots, t.n, hash);
}

int table_find(struct cdb *c, char const *key, size_t n)
{
	int r;

	if (n > UINT_MAX / 2)
		return 0;
	errno = 0;
	r = cdb_find(c, key, (unsigned int)n);
	if (r > 0 || (r == 0 && absence_is_sound(c, cdb_hash(key, (unsigned int)n))))
		return r;
	if (!errno)
		errno = EPROTO;
	return -1;
}
