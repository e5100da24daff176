/* SPDX-License-Identifier: ISC */

#include "proto/rcptd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/types.h>
#include <skalibs/uint32.h>

#include "base/io.h"

char const rcptd_directory[] = "rcptd";
char const rcptd_socket[] = "rcptd/socket";

/* Whether s[0..n) can be a text of at most max bytes. */
static int is_text(char const *s, size_t n, size_t max)
{
	return n > 0 && n <= max && !memchr(s, 0, n);
}

size_t rcptd_question(char packet[RCPTD_QUESTION_MAX], char const *address, size_t n)
{
	if (!is_text(address, n, RCPTD_ADDRESS_MAX))
		return 0;
	packet[0] = 'R';
	memcpy(packet + 1, address, n);
	return n + 1;
}

int rcptd_question_read(char const *s, size_t n, char const **address, size_t *len)
{
	if (n == 0 || s[0] != 'R' || !is_text(s + 1, n - 1, RCPTD_ADDRESS_MAX))
		return 0;
	*address = s + 1;
	*len = n - 1;
	return 1;
}

size_t rcptd_look(char packet[RCPTD_LOOK_MAX], uint32_t number, char const *local, size_t n)
{
	if (!is_text(local, n, RCPTD_LOCAL_MAX))
		return 0;
	uint32_pack(packet, number);
	memcpy(packet + RCPTD_NUMBER, local, n);
	packet[RCPTD_NUMBER + n] = 0;
	return RCPTD_NUMBER + n + 1;
}

int rcptd_look_read(char const *s, size_t n, uint32_t *number, char const **local)
{
	if (n < RCPTD_NUMBER + 2 || s[n - 1] || !is_text(s + RCPTD_NUMBER, n - RCPTD_NUMBER - 1, RCPTD_LOCAL_MAX))
		return 0;
	uint32_unpack(s, number);
	*local = s + RCPTD_NUMBER;
	return 1;
}

rcptd_answer rcptd_answer_read(char c)
{
	return c == RCPTD_YES ? RCPTD_YES : c == RCPTD_NO ? RCPTD_NO : RCPTD_DOUBT;
}

void rcptd_found(char packet[RCPTD_FOUND], uint32_t number, rcptd_answer answer)
{
	uint32_pack(packet, number);
	packet[RCPTD_NUMBER] = (char)answer;
}

int rcptd_found_read(char const *s, size_t n, uint32_t *number, rcptd_answer *answer)
{
	if (n != RCPTD_FOUND)
		return 0;
	uint32_unpack(s, number);
	*answer = rcptd_answer_read(s[RCPTD_NUMBER]);
	return 1;
}

/* ---- the side that asks */

int rcptd_connect(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	/* Most homes have none: that is found out with one call. */
	if (access(rcptd_socket, F_OK) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	memcpy(a.sun_path, rcptd_socket, sizeof rcptd_socket);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	fd_close(fd);
	return -1;
}

/* One byte back, and no more. */
static rcptd_answer hear(int fd, unsigned int seconds, int *gone)
{
	char answer[2];
	tain deadline;

	io_deadline(&deadline, seconds);
	*gone = io_wait(fd, POLLIN, &deadline) < 0;
	if (*gone)
		return RCPTD_DOUBT;
	*gone = recv(fd, answer, sizeof answer, MSG_DONTWAIT) != 1;
	if (*gone)
		return errno = EPIPE, RCPTD_DOUBT;
	return rcptd_answer_read(answer[0]);
}

rcptd_answer rcptd_ask(int fd, char const *address, size_t n, unsigned int seconds, int *gone)
{
	char packet[RCPTD_QUESTION_MAX];
	size_t len = rcptd_question(packet, address, n);

	*gone = 0;
	if (!len)
		return RCPTD_DOUBT;
	/* There is one question at a time: it fits, or nobody reads them. */
	if (send(fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
		return *gone = 1, errno = EPIPE, RCPTD_DOUBT;
	return hear(fd, seconds, gone);
}
