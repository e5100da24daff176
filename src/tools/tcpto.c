/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/errtext.h"
#include "net/ip.h"
#include "proto/tcpto.h"

char const *PROG = "qmail-tcpto";

static void put(char const *s)
{
	buffer_puts(buffer_1, s);
}

static void put_number(uint32_t n)
{
	char s[UINT32_FMT];

	buffer_put(buffer_1, s, uint32_fmt(s, n));
}

/* As its forerunners, this program says even this on standard output. */
static int failed(char const *what)
{
	int e = errno;

	put(PROG);
	put(": fatal: unable to ");
	put(what);
	put(": ");
	put(errtext(e));
	put("\n");
	buffer_flush(buffer_1);
	return 111;
}

static void print_record(unsigned char const *record, uint32_t now)
{
	unsigned char address[16];
	char text[IP_FMT];
	uint32_t when;
	size_t len;
	unsigned int count = tcpto_record(record, &when, address, &len);
	ip_address ip;

	if (count == 0)
		return;
	ip_set(&ip, address, len);
	ip_format(text, &ip);
	put(text);
	put(len == 16 ? "/64 timed out " : " timed out ");
	put_number(when < now ? now - when : 0);
	put(" seconds ago; # recent timeouts: ");
	put_number(count);
	put("\n");
}

int main(void)
{
	static unsigned char t[TCPTO_MAX];
	uint32_t now = (uint32_t)time(0);
	size_t n;
	size_t i;

	if (chdir(conf_home) < 0)
		return failed("chdir to home");
	if (!tcpto_load("queue/lock/tcpto", t, &n))
		return failed("read queue/lock/tcpto");
	for (i = 0; i + TCPTO_RECORD <= n; i += TCPTO_RECORD)
		print_record(t + i, now);
	return buffer_flush(buffer_1) ? 0 : 111;
}
