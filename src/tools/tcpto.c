/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "net/ip.h"
#include "proto/tcpto.h"

char const *PROG = "qmail-tcpto";

/* As its forerunners, it says even this on standard output. */
static int failed(char const *what)
{
	printf("%s: fatal: unable to %s: %s\n", PROG, what, strerror(errno));
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
	printf("%s%s timed out %lld seconds ago; # recent timeouts: %u\n", text, len == 16 ? "/64" : "",
		(long long)now - (long long)when, count);
}

int main(void)
{
	unsigned char t[TCPTO_SIZE];
	uint32_t now = (uint32_t)time(0);
	size_t n;
	size_t i;

	if (chdir(conf_home) < 0)
		return failed("chdir to home");
	if (!tcpto_load("queue/lock/tcpto", t, &n))
		return failed("read queue/lock/tcpto");
	for (i = 0; i + TCPTO_RECORD <= n; i += TCPTO_RECORD)
		print_record(t + i, now);
	return fflush(stdout) == 0 ? 0 : 111;
}
