/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/io.h"
#include "install/layout.h"
#include "install/place.h"
#include "install/verify.h"

static char dir[] = "/tmp/place_test.XXXXXX";
static int home;

static int enter(void **state)
{
	(void)state;
	umask(022);
	if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("home", 0755) < 0)
		return -1;
	home = open("home", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return home >= 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(dir) == 0 ? 0 : -1;
}

static void put(char const *path, char const *s, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(io_writeall(fd, s, n), 1);
	close(fd);
}

static ino_t inode(char const *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_ino;
}

static void expect_text(char const *path, char const *s, size_t n)
{
	char *buf = malloc(n + 2);
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, n + 2), (ssize_t)n);
	assert_memory_equal(buf, s, n);
	close(fd);
	free(buf);
}

static void a_directory_is_made_and_mended(void **state)
{
	hier_entry const e = { HIER_DIR, 0750, CONF_QMAILQ, CONF_QMAIL, "d", 0 };

	(void)state;
	assert_int_equal(verify_entry(home, &e, 0), VERIFY_ABSENT);
	assert_int_equal(place_entry(home, &e, 0), PLACE_MADE);
	assert_int_equal(verify_entry(home, &e, 0), VERIFY_FINE);
	assert_int_equal(chmod("home/d", 0777), 0);
	assert_int_equal(verify_entry(home, &e, 0), VERIFY_MODE);
	assert_int_equal(place_entry(home, &e, 0), PLACE_KEPT);
	assert_int_equal(verify_entry(home, &e, 0), VERIFY_FINE);
}

static void a_file_is_replaced_only_when_it_differs(void **state)
{
	static size_t const sizes[] = { 0, 1, 16383, 16384, 16385, 40000 };
	hier_entry const e = { HIER_FILE, 04711, CONF_QMAILQ, CONF_QMAIL, "prog", "source" };
	static char text[40000];
	ino_t before;
	size_t i = 0;

	(void)state;
	memset(text, 'x', sizeof text);
	for (; i < sizeof sizes / sizeof *sizes; i++) {
		put("source", text, sizes[i]);
		assert_int_equal(place_entry(home, &e, 0), PLACE_MADE);
		expect_text("home/prog", text, sizes[i]);
		assert_int_equal(verify_entry(home, &e, 0), VERIFY_FINE);
		before = inode("home/prog");
		assert_int_equal(place_entry(home, &e, 0), PLACE_KEPT);
		assert_int_equal(inode("home/prog"), before);
	}
	put("source", text, 39999);
	assert_int_equal(place_entry(home, &e, 0), PLACE_MADE);
	assert_true(inode("home/prog") != before);
	assert_int_equal(access("home/.prog.new", F_OK), -1);
}

static void what_a_cut_short_setup_left_is_no_hindrance(void **state)
{
	hier_entry const e = { HIER_FILE, 0755, CONF_ROOT, CONF_QMAIL, "again", "source" };

	(void)state;
	put("source", "new", 3);
	put("home/.again.new", "half", 4);
	assert_int_equal(place_entry(home, &e, 0), PLACE_MADE);
	expect_text("home/again", "new", 3);
}

static void a_program_that_is_a_link_stays_one(void **state)
{
	hier_entry const e = { HIER_FILE, 0755, CONF_ROOT, CONF_QMAIL, "linked", "source" };

	(void)state;
	put("source", "new", 3);
	put("elsewhere", "old", 3);
	assert_int_equal(symlink("../elsewhere", "home/linked"), 0);
	assert_int_equal(place_entry(home, &e, 0), PLACE_LINK);
	expect_text("elsewhere", "old", 3);
}

static void locks_keep_their_contents(void **state)
{
	hier_entry const empty = { HIER_EMPTY, 0600, CONF_QMAILS, CONF_QMAIL, "mutex", 0 };
	hier_entry const zeros = { HIER_ZEROS, 0644, CONF_QMAILR, CONF_QMAIL, "tcpto", 0 };
	static char const nul[HIER_TCPTO_SIZE];
	static char used[HIER_TCPTO_SIZE];
	static char more[16 * HIER_TCPTO_SIZE];
	ino_t before;

	(void)state;
	assert_int_equal(place_entry(home, &empty, 0), PLACE_MADE);
	assert_int_equal(place_entry(home, &empty, 0), PLACE_KEPT);
	assert_int_equal(place_entry(home, &zeros, 0), PLACE_MADE);
	expect_text("home/tcpto", nul, sizeof nul);
	before = inode("home/tcpto");
	memset(used, 7, sizeof used);
	memset(more, 7, sizeof more);
	put("home/tcpto", used, sizeof used);
	assert_int_equal(place_entry(home, &zeros, 0), PLACE_KEPT);
	expect_text("home/tcpto", used, sizeof used);
	/* a longer one is the admin's wish */
	put("home/tcpto", more, sizeof more);
	assert_int_equal(verify_entry(home, &zeros, 0) & VERIFY_SIZE, 0);
	assert_int_equal(place_entry(home, &zeros, 0), PLACE_KEPT);
	expect_text("home/tcpto", more, sizeof more);
	put("home/tcpto", used, 1023);
	assert_int_equal(verify_entry(home, &zeros, 0), VERIFY_SIZE);
	assert_int_equal(place_entry(home, &zeros, 0), PLACE_KEPT);
	expect_text("home/tcpto", nul, sizeof nul);
	assert_int_equal(inode("home/tcpto"), before);
	assert_int_equal(link("home/tcpto", "second"), 0);
	assert_int_equal(place_entry(home, &zeros, 0), PLACE_ERROR);
	assert_int_equal(errno, EMLINK);
}

static void a_fifo_is_kept_and_anything_else_replaced(void **state)
{
	hier_entry const e = { HIER_FIFO, 0622, CONF_QMAILS, CONF_QMAIL, "trigger", 0 };
	ino_t before;

	(void)state;
	put("home/trigger", "x", 1);
	assert_int_equal(verify_entry(home, &e, 0), VERIFY_TYPE);
	assert_int_equal(place_entry(home, &e, 0), PLACE_MADE);
	assert_int_equal(verify_entry(home, &e, 0), VERIFY_FINE);
	before = inode("home/trigger");
	assert_int_equal(chmod("home/trigger", 0600), 0);
	assert_int_equal(place_entry(home, &e, 0), PLACE_KEPT);
	assert_int_equal(inode("home/trigger"), before);
	assert_int_equal(verify_entry(home, &e, 0), VERIFY_FINE);
}

/* Who owns the queue must not be able to send root elsewhere. */
static void links_below_a_strangers_directory_lead_nowhere(void **state)
{
	hier_entry const below = { HIER_DIR, 0700, CONF_QMAILQ, CONF_QMAIL, "theirs/link/d", 0 };
	hier_entry const itself = { HIER_DIR, 0700, CONF_QMAILQ, CONF_QMAIL, "theirs/link", 0 };
	hier_entry const lock = { HIER_EMPTY, 0600, CONF_QMAILQ, CONF_QMAIL, "theirs/lock", 0 };
	hier_entry const ours = { HIER_DIR, 0755, CONF_ROOT, CONF_QMAIL, "link/d", 0 };
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("outside", 0755) | mkdir("home/theirs", 0777), 0);
	assert_int_equal(chmod("home/theirs", 0777), 0);
	put("victim", "x", 1);
	assert_int_equal(symlink("../../outside", "home/theirs/link") | symlink("../../victim", "home/theirs/lock")
		| symlink("../outside", "home/link"), 0);
	assert_int_equal(place_entry(home, &below, 0), PLACE_ERROR);
	assert_int_equal(place_entry(home, &itself, 0), PLACE_ERROR);
	assert_int_equal(place_entry(home, &lock, 0), PLACE_ERROR);
	assert_int_equal(access("outside/d", F_OK), -1);
	assert_int_equal(stat("outside", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(place_entry(home, &ours, 0), PLACE_MADE);
	assert_int_equal(access("outside/d", F_OK), 0);
}

static struct {
	char const *name;
	char const *make[8];            /* directories of the queue, in order */
	layout_status status;
	unsigned int split;             /* 0: what was built in */
	int big_todo;
	unsigned int missing;
} const layouts[] =
{
	{ "no queue", { 0 }, LAYOUT_NEW, 0, 0, 0 },
	{ "empty queue", { "queue", 0 }, LAYOUT_NEW, 0, 0, 0 },
	{ "empty mess", { "queue", "queue/mess", 0 }, LAYOUT_NEW, 0, 0, 0 },
	{ "split 2", { "queue", "queue/mess", "queue/mess/0", "queue/mess/1", 0 }, LAYOUT_FOUND, 2, 0, 0 },
	{ "big todo", { "queue", "queue/mess", "queue/mess/0", "queue/todo", "queue/todo/0", 0 }, LAYOUT_FOUND, 1, 1, 0 },
	{ "a gap", { "queue", "queue/mess", "queue/mess/0", "queue/mess/2", 0 }, LAYOUT_GAP, 0, 0, 1 },
	{ "mess/0 missing, nothing else known", { "queue", "queue/mess", "queue/mess/2", 0 }, LAYOUT_GAP, 0, 0, 0 },
	{ "a gap that info does not share", { "queue", "queue/mess", "queue/mess/0", "queue/mess/2", "queue/info",
		"queue/info/2", 0 }, LAYOUT_FOUND, 3, 0, 0 },
	{ "other names do not count", { "queue", "queue/mess", "queue/mess/0", "queue/mess/9x", 0 }, LAYOUT_FOUND, 1, 0, 0 },
};

static void layout_of_what_is_there(void **state)
{
	size_t i = 0;

	(void)state;
	for (; i < sizeof layouts / sizeof *layouts; i++) {
		char name[] = "q?";
		qpath_layout l;
		unsigned int missing = 99;
		size_t k = 0;
		int fd;

		name[1] = (char)('a' + i);
		assert_int_equal(mkdir(name, 0755), 0);
		fd = open(name, O_RDONLY | O_DIRECTORY);
		for (; layouts[i].make[k]; k++)
			assert_int_equal(mkdirat(fd, layouts[i].make[k], 0755), 0);
		assert_int_equal(layout_detect(&l, fd, &missing), layouts[i].status);
		if (layouts[i].status == LAYOUT_GAP) {
			assert_int_equal(missing, layouts[i].missing);
		} else {
			assert_int_equal(l.split, layouts[i].split ? layouts[i].split : conf_split);
			assert_int_equal(l.big_todo, layouts[i].big_todo);
		}
		close(fd);
	}
	assert_int_equal(access("home", F_OK), 0);
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(a_directory_is_made_and_mended),
		cmocka_unit_test(a_file_is_replaced_only_when_it_differs),
		cmocka_unit_test(what_a_cut_short_setup_left_is_no_hindrance),
		cmocka_unit_test(a_program_that_is_a_link_stays_one),
		cmocka_unit_test(locks_keep_their_contents),
		cmocka_unit_test(a_fifo_is_kept_and_anything_else_replaced),
		cmocka_unit_test(links_below_a_strangers_directory_lead_nowhere),
		cmocka_unit_test(layout_of_what_is_there),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
