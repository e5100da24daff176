/* SPDX-License-Identifier: ISC */

/* What smuggling.py runs as QMAILQUEUE: adds each message that has an envelope to the file that KEEP names,
 * the two as their lengths, a line, and their bytes. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROOM = 1 << 20 };

static size_t take(int fd, char *s)
{
	size_t n = 0;
	ssize_t r;

	while (n < ROOM && (r = read(fd, s + n, ROOM - n)) > 0)
		n += (size_t)r;
	return n;
}

int main(void)
{
	static char message[ROOM], envelope[ROOM];
	char const *name = getenv("KEEP");
	size_t m = take(0, message);
	size_t e = take(1, envelope);
	FILE *f;

	if (e < 2 || envelope[e - 1] || envelope[e - 2])
		return 91;
	f = name ? fopen(name, "a") : 0;
	if (!f || fprintf(f, "%zu %zu\n", m, e) < 0 || fwrite(message, 1, m, f) != m || fwrite(envelope, 1, e, f) != e)
		return 53;
	return fclose(f) ? 53 : 0;
}
