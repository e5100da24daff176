/* SPDX-License-Identifier: ISC */

#include "report.h"

#include <string.h>

#include "base/io.h"

static char space[8192];
static size_t used;

void report_flush(void)
{
	io_writeall(1, space, used);
	used = 0;
}

void report_drop(void)
{
	used = 0;
}

static void put_byte(char c)
{
	if (used == sizeof space)
		report_flush();
	space[used++] = c;
}

void report_put(char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put_byte(s[i] ? s[i] : '?');
}

void report_puts(char const *s)
{
	report_put(s, strlen(s));
}

void report_end(void)
{
	put_byte(0);
}

void report_message(char const *text)
{
	report_puts(text);
	report_puts("\n");
	report_end();
}
