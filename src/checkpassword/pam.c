/* SPDX-License-Identifier: ISC */

#include "pam.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

typedef struct answers
{
	char const *name;
	char const *password;
} answers;

int pam_is_set_up(void)
{
	return access("/etc/pam.d/" SYSTEM_SERVICE, F_OK) == 0 || access("/usr/lib/pam.d/" SYSTEM_SERVICE, F_OK) == 0;
}

static char *answer_to(struct pam_message const *m, answers const *a)
{
	return m->msg_style == PAM_PROMPT_ECHO_OFF ? strdup(a->password)
		: m->msg_style == PAM_PROMPT_ECHO_ON ? strdup(a->name) : 0;
}

/* What PAM has to tell nobody would read; what it asks we answer. It frees and wipes the answers. */
static int converse(int n, struct pam_message const **asked, struct pam_response **given, void *data)
{
	struct pam_response *r = n > 0 && n <= PAM_MAX_NUM_MSG ? calloc((size_t)n, sizeof *r) : 0;
	int i;

	if (!r)
		return PAM_CONV_ERR;
	for (i = 0; i < n; i++)
		r[i].resp = answer_to(asked[i], data);
	*given = r;
	return PAM_SUCCESS;
}

static verdict verdict_of(int code, char const **why)
{
	switch (code) {
	case PAM_SUCCESS:
		return VERDICT_YES;
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_CRED_INSUFFICIENT:
	case PAM_MAXTRIES:
	case PAM_ACCT_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD:
	case PAM_AUTHTOK_EXPIRED:
	case PAM_PERM_DENIED:
		return VERDICT_NO;
	default:
		errno = 0;
		*why = pam_strerror(0, code);           /* static */
		return VERDICT_TROUBLE;
	}
}

verdict pam_check(char const *name, char const *password, char const *client, char const **why)
{
	answers a = { name, password };
	struct pam_conv const conversation = { .conv = converse, .appdata_ptr = &a };
	pam_handle_t *h = 0;
	int code = pam_start(SYSTEM_SERVICE, name, &conversation, &h);

	if (code != PAM_SUCCESS)
		return verdict_of(code, why);
	if (client)
		(void)pam_set_item(h, PAM_RHOST, client);
	code = pam_authenticate(h, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(h, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	(void)pam_end(h, code);
	return verdict_of(code, why);
}
