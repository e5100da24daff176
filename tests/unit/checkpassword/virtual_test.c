/* SPDX-License-Identifier: ISC */

#include "checkpassword/virtual.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>

#include "checkpassword/secret.h"
#include "proto/poppasswd.h"
#include "unit.h"

/* "secret" and "geheim" by three methods of crypt(5). */
static char const md5[] = "$1$salt$";
static char const sha512[] = "$6$rounds=1000$salt$";
static char const yescrypt[] = "$y$j75$saltsaltsalt$";

static char home[] = "/tmp/virtual_test.XXXXXX";

static char *hash_of(char const *password, char const *setting)
{
	static struct crypt_data work[3];
	static unsigned int next;

	return crypt_r(password, setting, &work[next++ % 3]);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(home) && chdir(home) == 0 && mkdir("users", 0700) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(POPPASSWD_CDB);
	rmdir("users");
	return chdir("/") == 0 && rmdir(home) == 0 ? 0 : -1;
}

static void put(struct cdb_make *c, char const *key, char const *hash, char const *rest, size_t restlen)
{
	stralloc sa = STRALLOC_ZERO;

	assert_true(stralloc_cats(&sa, hash) && stralloc_0(&sa) && stralloc_catb(&sa, rest, restlen));
	assert_int_equal(cdb_make_add(c, key, (unsigned int)strlen(key), sa.s, (unsigned int)sa.len), 0);
	stralloc_free(&sa);
}

static void make_table(void)
{
	static char const rest[] = "7\0" "8\0" "/home\0" "start";
	struct cdb_make c;
	int fd = open(POPPASSWD_CDB, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(cdb_make_start(&c, fd), 0);
	put(&c, "joe@a.example", hash_of("secret", sha512), rest, sizeof rest);
	put(&c, "ann@a.example", hash_of("geheim", yescrypt), rest, sizeof rest);
	put(&c, "off@a.example", "*", rest, sizeof rest);
	put(&c, "odd@a.example", hash_of("secret", md5), rest, 3);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
}

static void answers(void **state)
{
	static struct { char const *name; char const *password; verdict verdict; } const cases[] = {
		{ "joe@a.example", "secret", VERDICT_YES },
		{ "JOE@A.Example", "secret", VERDICT_YES },
		{ "joe@a.example", "Secret", VERDICT_NO },
		{ "joe@a.example", "secret ", VERDICT_NO },
		{ "joe@a.example", "", VERDICT_NO },
		{ "ann@a.example", "geheim", VERDICT_YES },
		{ "ann@a.example", "secret", VERDICT_NO },
		{ "off@a.example", "*", VERDICT_NO },
		{ "off@a.example", "", VERDICT_NO },
		{ "odd@a.example", "secret", VERDICT_TROUBLE },
		{ "joe", "secret", VERDICT_UNKNOWN },
		{ "", "", VERDICT_UNKNOWN },
	};
	account a = ACCOUNT_ZERO;
	char const *why;
	size_t i;

	(void)state;
	assert_int_equal(virtual_check(&a, home, "joe@a.example", "secret", &why), VERDICT_UNKNOWN);
	make_table();
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		a.n = 0;
		assert_int_equal(virtual_check(&a, home, cases[i].name, cases[i].password, &why), cases[i].verdict);
		assert_int_equal(a.n, cases[i].verdict == VERDICT_YES);
	}
	assert_int_equal(virtual_check(&a, home, "Joe@a.example", "secret", &why), VERDICT_YES);
	assert_string_equal(a.name.s, "joe@a.example");
	assert_string_equal(a.home.s, "/home");
	assert_string_equal(a.start.s, "start");
	assert_int_equal(a.uid, 7);
	assert_int_equal(a.gid, 8);
	assert_int_equal(a.groups[0], 8);
	stralloc_free(&a.name);
	stralloc_free(&a.home);
	stralloc_free(&a.start);
	stralloc_free(&a.shell);
}

static void flip(off_t at)
{
	int fd = open(POPPASSWD_CDB, O_RDWR | O_CLOEXEC);
	char b;

	assert_int_equal(pread(fd, &b, 1, at), 1);
	b = (char)(b ^ 0x20);
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

/* Every way to be damaged is trouble, and never "no such account" for one that is there. */
static void damage(void **state)
{
	account a = ACCOUNT_ZERO;
	char const *why = 0;
	struct stat st;
	off_t n;

	(void)state;
	make_table();
	assert_int_equal(stat(POPPASSWD_CDB, &st), 0);
	for (n = 0; n < st.st_size; n++) {
		flip(n);
		assert_int_not_equal(virtual_check(&a, home, "joe@a.example", "wrong", &why), VERDICT_UNKNOWN);
		flip(n);
	}
	for (n = st.st_size - 1; n >= 0; n -= n > 64 ? 61 : 1) {
		assert_int_equal(truncate(POPPASSWD_CDB, n), 0);
		assert_int_not_equal(virtual_check(&a, home, "joe@a.example", "wrong", &why), VERDICT_UNKNOWN);
	}
	assert_non_null(why);
}

static void secrets(void **state)
{
	static char const *const none[] = { "", "*", "!", "!!", "x", "$", "$99$x$y" };
	char locked[CRYPT_OUTPUT_SIZE + 1] = "!";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof none / sizeof none[0]; i++) {
		assert_int_equal(secret_matches(none[i], ""), 0);
		assert_int_equal(secret_matches(none[i], none[i]), 0);
	}
	assert_int_equal(secret_matches(hash_of("secret", md5), "secret"), 1);
	assert_int_equal(secret_matches(hash_of("secret", md5), "secre"), 0);
	strncpy(locked + 1, hash_of("secret", sha512), sizeof locked - 2);
	assert_int_equal(secret_matches(locked, "secret"), 0);
	assert_int_equal(secret_matches(locked + 1, "secret"), 1);
	/* a hash that was cut is no prefix match */
	locked[strlen(locked) - 1] = 0;
	assert_int_equal(secret_matches(locked + 1, "secret"), 0);
	secret_waste("secret");
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(damage),
		cmocka_unit_test(secrets),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
