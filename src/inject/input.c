/* SPDX-License-Identifier: ISC */

#include "inject/input.h"

#include <string.h>

#include "base/io.h"

void input_init(input *in, int fd)
{
	in->fd = fd;
	in->at_end = 0;
	in->i = 0;
	in->n = 0;
}

/* Have at least one byte in the buffer, if there is one to be had. */
static int fill(input *in)
{
	ssize_t r;

	if (in->i < in->n)
		return 1;
	if (in->at_end)
		return 0;
	r = io_read(in->fd, in->buf, sizeof in->buf, 0);
	if (r <= 0) {
		in->at_end = 1;
		return r < 0 ? -1 : 0;
	}
	in->i = 0;
	in->n = (size_t)r;
	return 1;
}

input_status input_line(input *in, stralloc *sa, size_t max)
{
	sa->len = 0;
	while (sa->len < max) {
		char const *s, *end;
		size_t n;
		int r = fill(in);

		if (r < 0)
			return INPUT_ERROR;
		if (r == 0) {
			if (sa->len == 0)
				return INPUT_END;
			return stralloc_append(sa, '\n') ? INPUT_LINE : INPUT_ERROR;
		}
		s = in->buf + in->i;
		n = in->n - in->i;
		if (n > max - sa->len)
			n = max - sa->len;
		end = memchr(s, '\n', n);
		if (end)
			n = (size_t)(end - s) + 1;
		if (!stralloc_catb(sa, s, n))
			return INPUT_ERROR;
		in->i += n;
		if (end)
			return INPUT_LINE;
	}
	return INPUT_PART;
}

input_status input_some(input *in, char const **s, size_t *n)
{
	int r = fill(in);

	if (r <= 0)
		return r < 0 ? INPUT_ERROR : INPUT_END;
	*s = in->buf + in->i;
	*n = in->n - in->i;
	in->i = in->n;
	return INPUT_PART;
}
