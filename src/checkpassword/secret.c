/* SPDX-License-Identifier: ISC */

#include "secret.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Other than strcmp it takes as long whatever the strings have in common. */
static int equal(char const *a, char const *b)
{
	size_t n = strlen(a);
	unsigned char different = 0;
	size_t i;

	if (strlen(b) != n)
		return 0;
	for (i = 0; i < n; i++)
		different |= (unsigned char)(a[i] ^ b[i]);
	return different == 0;
}

static int try(char const *hash, char const *password)
{
	void *work = 0;
	int size = 0;
	char *made = crypt_ra(password, hash, &work, &size);
	int answer;

	if (!made)
		answer = errno == ENOMEM ? -1 : 0;
	else
		answer = made[0] != '*' && equal(made, hash);
	if (work)
		explicit_bzero(work, (size_t)size);
	free(work);
	return answer;
}

int secret_matches(char const *hash, char const *password)
{
	int doubt = crypt_checksalt(hash);

	if (doubt == CRYPT_SALT_INVALID || doubt == CRYPT_SALT_METHOD_DISABLED) {
		secret_waste(password);
		return 0;
	}
	return try(hash, password);
}

void secret_waste(char const *password)
{
	char *setting = crypt_gensalt_ra(0, 0, 0, 0);

	if (setting)
		(void)try(setting, password);
	free(setting);
}
