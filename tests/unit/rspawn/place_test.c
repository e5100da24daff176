/* SPDX-License-Identifier: ISC */

#include "rspawn/place.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char file[] = "/tmp/placeXXXXXX";
static char const *identities = "/nonexistent/file";
static char const *sender = "S@Sender.Example";

static void put(char const *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void expect(char const *host, char const *place)
{
	stralloc sa = STRALLOC_ZERO;
	place_files const f = { .routes = file, .identities = identities };

	assert_int_equal(place_find(&sa, &f, host, sender), place != 0);
	if (place)
		assert_string_equal(sa.s, place);
	stralloc_free(&sa);
}

static void places(void **state)
{
	(void)state;
	unlink(file);
	expect("Far.Example", "far.example");
	expect("", "");
	put("a.example:Relay.Example\nb.example:relay.example:25\nc.example:relay.example:26\nd.example:[192.0.2.1]\n"
		"e.example:\nf.example:relay.example|user|password\ng.example:relay:x\n");
	expect("A.example", ":relay.example:25");
	expect("b.example", ":relay.example:25");
	expect("c.example", ":relay.example:26");
	expect("d.example", ":[192.0.2.1]:25");
	expect("e.example", "e.example");
	expect("f.example", 0);
	expect("g.example", 0);
	expect("other.example", "other.example");
	/* longer, so that a clock that stands still does not matter */
	put(":all.example:2525\na.example:Relay.Example\nb.example:relay.example:25\nc.example:relay.example:26\n"
		"d.example:[192.0.2.1]\ne.example:\nf.example:relay.example|user|password\ng.example:relay:x\n");
	expect("other.example", ":all.example:2525");
	identities = "/dev/null";
	expect("other.example", ":all.example:2525 @sender.example");
	expect("e.example", "e.example @sender.example");
	sender = "";
	expect("e.example", "e.example ");
	identities = "/nonexistent/file";
	unlink(file);
	expect("other.example", "other.example");
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(places),
	};
	int fd = mkstemp(file);

	if (fd < 0)
		return 1;
	close(fd);
	return cmocka_run_group_tests(tests, 0, 0);
}
