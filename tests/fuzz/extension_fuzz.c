/* SPDX-License-Identifier: ISC */

/* Input, divided by form feeds: dash, extension, host, sender. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "route/extension.h"
#include "route/verp.h"

static void put_name(stralloc *sa, span dash, span safe, size_t keep, char const *end)
{
	sa->len = 0;
	fuzz_memory(stralloc_cats(sa, ".qmail") && stralloc_catb(sa, dash.s, dash.n) && stralloc_catb(sa, safe.s, keep)
		&& stralloc_cats(sa, end) && stralloc_0(sa));
	sa->len--;
}

/* The next name is this one. *keep: as much of the extension as DEFAULT does not have. */
static void check_next(extension_search *x, stralloc const *name, size_t keep, int is_default)
{
	stralloc file = STRALLOC_ZERO;
	size_t offset;

	HOLDS(extension_next(x));
	fuzz_memory(extension_file(x, &file));
	HOLDS(fuzz_same((span){ file.s, file.len }, (span){ name->s, name->len }));
	HOLDS(file.s[file.len] == 0);
	if (is_default)
		HOLDS(extension_default(x, &offset) && offset == keep);
	else if (extension_default(x, &offset))
		HOLDS(offset + 7 == x->safelen);
	stralloc_free(&file);
}

/* The table of dot-qmail(5): the whole name, then default in place of what is behind each dash, and of all. */
static void check_search(span dash, span safe)
{
	extension_search x;
	stralloc name = STRALLOC_ZERO;
	size_t i;

	extension_start(&x, dash.s, dash.n, safe.s, safe.n);
	put_name(&name, dash, safe, safe.n, "");
	check_next(&x, &name, 0, 0);
	for (i = safe.n + 1; i > 0; i--)
		if (i == 1 || safe.s[i - 2] == '-') {
			put_name(&name, dash, safe, i - 1, "default");
			check_next(&x, &name, i - 1, 1);
		}
	HOLDS(!extension_next(&x));
	stralloc_free(&name);
}

static void check_safe(span dash, span ext)
{
	stralloc safe = STRALLOC_ZERO;
	size_t i;

	fuzz_memory(extension_safe(&safe, ext.s, ext.n));
	HOLDS(safe.len == ext.n);
	for (i = 0; i < safe.len; i++) {
		HOLDS(safe.s[i] != '.' && (safe.s[i] < 'A' || safe.s[i] > 'Z'));
		HOLDS(fuzz_same_fold((span){ safe.s + i, 1 }, (span){ ext.s + i, 1 }) || (ext.s[i] == '.' && safe.s[i] == ':'));
	}
	check_search(dash, (span){ safe.s, safe.len });
	stralloc_free(&safe);
}

/* EXT2 to EXT4, HOST2 to HOST4. */
static void check_parts(span ext, span host)
{
	unsigned int k;
	size_t before = 0;
	size_t left = host.n;

	for (k = 1; k <= 3; k++) {
		size_t after = extension_after(ext.s, ext.n, k);
		char const *dash = before < ext.n ? memchr(ext.s + before, '-', ext.n - before) : 0;
		char const *dot = left ? memrchr(host.s, '.', left) : 0;

		before = dash ? (size_t)(dash - ext.s) + 1 : ext.n;
		HOLDS(after == before);
		left = dot ? (size_t)(dot - host.s) : left;
		HOLDS(extension_host(host.s, host.n, k) == left);
	}
}

/* The sender that a forwarding list has for a subscriber leads back to the list, and tells the subscriber. */
static void check_verp(char const *local, char const *host, span recipient)
{
	stralloc list = STRALLOC_ZERO;
	stralloc sender = STRALLOC_ZERO;
	stralloc expected = STRALLOC_ZERO;
	char const *at = recipient.n ? memrchr(recipient.s, '@', recipient.n) : 0;

	fuzz_memory(extension_newsender(&list, local, host, 1));
	HOLDS(verp_owner(list.s, list.len) == list.len - 4);
	fuzz_memory(verp_sender(&sender, list.s, list.len, recipient.s, recipient.n));
	if (at && !strchr(host, '@')) {
		size_t box = (size_t)(at - recipient.s);

		fuzz_memory(stralloc_cats(&expected, local) && stralloc_cats(&expected, "-owner-")
			&& stralloc_catb(&expected, recipient.s, box) && stralloc_cats(&expected, "=")
			&& stralloc_catb(&expected, at + 1, recipient.n - box - 1)
			&& stralloc_cats(&expected, "@") && stralloc_cats(&expected, host));
		HOLDS(fuzz_same((span){ sender.s, sender.len }, (span){ expected.s, expected.len }));
	}
	stralloc_free(&list);
	stralloc_free(&sender);
	stralloc_free(&expected);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	span dash = fuzz_section(&in);
	span ext = fuzz_section(&in);
	span host = fuzz_section(&in);
	char *local = fuzz_copy(ext);
	char *hostname = fuzz_copy(host);

	check_safe(dash, ext);
	check_parts(ext, host);
	check_verp(local, hostname, in);
	free(local);
	free(hostname);
	return 0;
}
