/* SPDX-License-Identifier: ISC */

#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skalibs/iopause.h>

/* A pipe or terminal takes this much without blocking once poll says it is writable (PIPE_BUF). */
enum { WRITE_AT_ONCE = 4096 };

int io_start(void)
{
	return tain_now_set_stopwatch_g();
}

void io_deadline(tain *d, unsigned int seconds)
{
	tain_now_g();
	tain_addsec_g(d, (int)seconds);
}

tain const *io_sooner(tain const *a, tain const *b)
{
	if (!a || !b)
		return a ? a : b;
	return tain_less(b, a) ? b : a;
}

int io_wait(int fd, short events, tain const *deadline)
{
	iopause_fd x = { .fd = fd, .events = events };
	tain const *until = deadline ? deadline : &tain_infinite;
	int r;

	tain_now_g();
	do
		r = iopause_g(&x, 1, until);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return errno = ETIMEDOUT, -1;
	return r < 0 ? -1 : 1;
}

/* With all the time in the world there is nothing to ask first: the read waits by itself, unless the
 * descriptor came to us non-blocking. */
ssize_t io_read(int fd, char *buf, size_t n, tain const *deadline)
{
	int wait = deadline != 0;

	for (;;) {
		ssize_t r;

		if (wait && io_wait(fd, POLLIN, deadline) < 0)
			return -1;
		r = read(fd, buf, n);
		if (r >= 0 || (errno != EINTR && errno != EAGAIN))
			return r;
		wait = deadline || errno == EAGAIN;
	}
}

static ssize_t send_some(int fd, char const *s, size_t n)
{
	return send(fd, s, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A socket nearly always has room, so it is asked by sending. */
static ssize_t write_some(int fd, char const *s, size_t n, tain const *deadline)
{
	ssize_t r = send_some(fd, s, n);
	int is_socket = errno != ENOTSOCK;

	if (r >= 0 || (errno != EAGAIN && is_socket))
		return r;
	if (io_wait(fd, POLLOUT, deadline) < 0)
		return -1;
	return is_socket ? send_some(fd, s, n) : write(fd, s, n < WRITE_AT_ONCE ? n : WRITE_AT_ONCE);
}

int io_write(int fd, char const *s, size_t n, tain const *deadline)
{
	while (n > 0) {
		ssize_t r = write_some(fd, s, n, deadline);

		if (r < 0 && errno != EINTR && errno != EAGAIN)
			return 0;
		if (r > 0) {
			s += r;
			n -= (size_t)r;
		}
	}
	return 1;
}

int io_writeall(int fd, char const *s, size_t n)
{
	while (n > 0) {
		ssize_t r = write(fd, s, n);

		if (r > 0) {
			s += r;
			n -= (size_t)r;
		} else if (r == 0) {
			return errno = EIO, 0;
		} else if (errno != EINTR) {
			return 0;
		}
	}
	return 1;
}

int io_has_reader(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) <= 0 || !(p.revents & POLLERR);
}
