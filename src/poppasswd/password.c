/* SPDX-License-Identifier: ISC */

#include "password.h"

#include <crypt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include "base/io.h"

password_status password_check(password *p)
{
	char const *lf = p->len ? memchr(p->text, '\n', p->len) : 0;

	if (lf)
		p->len = (size_t)(lf - p->text);
	if (p->len == 0)
		return PASSWORD_EMPTY;
	if (p->len > PASSWORD_MAX)
		return PASSWORD_TOO_LONG;
	if (memchr(p->text, 0, p->len))
		return PASSWORD_NUL;
	p->text[p->len] = 0;
	return PASSWORD_OK;
}

static password_status read_line(password *p, int fd)
{
	p->len = 0;
	while (p->len < sizeof p->text && !(p->len && memchr(p->text, '\n', p->len))) {
		ssize_t r = fd_read(fd, p->text + p->len, sizeof p->text - p->len);

		if (r < 0)
			return PASSWORD_ERROR;
		if (r == 0)
			break;
		p->len += (size_t)r;
	}
	return password_check(p);
}

password_status password_read(password *p, int fd)
{
	struct termios usual;
	struct termios quiet;
	sigset_t held;
	sigset_t before;
	password_status status;

	if (tcgetattr(fd, &usual) < 0)
		return read_line(p, fd);
	quiet = usual;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* Whoever interrupts us gets his terminal back as it was. */
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGQUIT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGTSTP);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	(void)io_writeall(2, "Password: ", 10);
	(void)tcsetattr(fd, TCSAFLUSH, &quiet);
	status = read_line(p, fd);
	(void)tcsetattr(fd, TCSAFLUSH, &usual);
	(void)io_writeall(2, "\n", 1);
	(void)sigprocmask(SIG_SETMASK, &before, 0);
	return status;
}

char *password_hash(password const *p)
{
	char *setting = crypt_gensalt_ra(0, 0, 0, 0);
	void *work = 0;
	int size = 0;
	char *made = setting ? crypt_ra(p->text, setting, &work, &size) : 0;

	made = made && made[0] != '*' ? strdup(made) : 0;
	if (work)
		explicit_bzero(work, (size_t)size);
	free(work);
	free(setting);
	return made;
}
