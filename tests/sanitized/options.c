/* SPDX-License-Identifier: ISC */

/* What the sanitizers do in the programs of tests/sanitized/run. It is linked in: most of them are started with an
 * environment of their own, and qmail-queue is setuid. REPORTS is a folder that everyone may write to.
 *
 * Leaks are not looked for: programs that live for one message leave freeing to exit, the unit tests look at the
 * modules of those that do not, and tests/valgrind/run at the daemons. */

extern char const *__asan_default_options(void);
extern char const *__ubsan_default_options(void);

char const *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:exitcode=99:log_path=" REPORTS "/address";
}

char const *__ubsan_default_options(void)
{
	return "print_stacktrace=1:halt_on_error=1:exitcode=99:log_path=" REPORTS "/undefined";
}
