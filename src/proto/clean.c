/* SPDX-License-Identifier: ISC */

#include "proto/clean.h"

#include <string.h>

#include <skalibs/types.h>

#include "proto/qpath.h"

enum { VERB_LENGTH = 5 };

static char const verbs[][VERB_LENGTH + 1] = { [CLEAN_FOOP] = "foop/", [CLEAN_TODO] = "todo/" };

size_t clean_fmt(char *s, clean_verb verb, uint64_t id)
{
	size_t n = VERB_LENGTH;

	memcpy(s, verbs[verb], VERB_LENGTH);
	n += uint64_fmt(s + n, id);
	s[n++] = 0;
	return n;
}

/* Zeros in front have always been taken: a request is no file name. */
static int number(uint64_t *id, char const *s)
{
	size_t n = strlen(s);

	return n > 0 && strspn(s, "0123456789") == n && uint640_scan(s, id) == n;
}

/* The whole request is judged before any of it is believed: s[0..n), the last byte its only NUL. */
static clean_status parse(clean_request *r, size_t n)
{
	if (n < CLEAN_REQUEST_MIN || n > CLEAN_REQUEST_MAX || !number(&r->id, r->s + VERB_LENGTH))
		return CLEAN_MALFORMED;
	if (memcmp(r->s, verbs[CLEAN_FOOP], VERB_LENGTH) == 0)
		r->verb = CLEAN_FOOP;
	else if (memcmp(r->s, verbs[CLEAN_TODO], VERB_LENGTH) == 0)
		r->verb = CLEAN_TODO;
	else
		return CLEAN_MALFORMED;
	return CLEAN_READY;
}

clean_status clean_next(clean_request *r, char const *block, size_t n, size_t *pos)
{
	while (*pos < n) {
		char c = block[(*pos)++];

		if (r->n < CLEAN_REQUEST_MAX)
			r->s[r->n] = c;
		if (r->n <= CLEAN_REQUEST_MAX)
			r->n++;
		if (c == 0) {
			size_t length = r->n;

			r->n = 0;
			return parse(r, length);
		}
	}
	return CLEAN_MORE;
}
