/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io.h"
#include "net/tcp.h"

static ip_address loopback(char const *literal)
{
	ip_address ip;

	assert_true(ip_literal(&ip, literal, strlen(literal)));
	return ip;
}

/* A socket that listens at ip, and its port. */
static int listener(ip_address const *ip, unsigned int *port)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	ip_address bound;
	int fd = tcp_socket(ip);

	assert_true(fd >= 0 && tcp_bind(fd, ip));
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_true(tcp_address(&bound, port, &sa));
	assert_memory_equal(&bound, ip, sizeof bound);
	assert_true(*port > 0);
	return fd;
}

static void one_family(char const *literal)
{
	ip_address ip = loopback(literal);
	unsigned int port;
	tain deadline;
	int l = listener(&ip, &port);
	int fd = tcp_socket(&ip);

	io_deadline(&deadline, 5);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(tcp_connect(fd, &ip, port, &deadline));
	close(fd);
	close(l);
	fd = tcp_socket(&ip);
	errno = 0;
	assert_false(tcp_connect(fd, &ip, port, &deadline));
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
}

static void connections(void **state)
{
	(void)state;
	one_family("127.0.0.1");
	/* not every kernel has it */
	if (access("/proc/net/if_inet6", F_OK) == 0)
		one_family("[::1]");
}

/* A listener whose queue is full answers nobody. */
static void too_late(void **state)
{
	ip_address ip = loopback("127.0.0.1");
	unsigned int port;
	tain deadline;
	int l = listener(&ip, &port);
	int fd[10];
	int n = 0;
	int ok;

	(void)state;
	do {
		fd[n] = tcp_socket(&ip);
		io_deadline(&deadline, 0);
		errno = 0;
		ok = tcp_connect(fd[n++], &ip, port, &deadline);
	} while (ok && n < 10);
	assert_int_equal(errno, ETIMEDOUT);
	while (n > 0)
		close(fd[--n]);
	close(l);
}

static void addresses(void **state)
{
	struct sockaddr_storage sa;
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(25) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	unsigned int port = 1;
	ip_address ip;

	(void)state;
	memset(&sa, 0, sizeof sa);
	memcpy(&sa, &un, sizeof un);
	assert_false(tcp_address(&ip, &port, &sa));
	/* IPv4 through a socket for both */
	memcpy(&in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
	memcpy(&sa, &in6, sizeof in6);
	assert_true(tcp_address(&ip, &port, &sa));
	assert_int_equal(port, 25);
	assert_int_equal(ip.len, 4);
	assert_memory_equal(ip.bytes, "\xc0\0\2\1", 4);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(connections),
		cmocka_unit_test(too_late),
		cmocka_unit_test(addresses),
	};

	io_start();
	return cmocka_run_group_tests(tests, 0, 0);
}
