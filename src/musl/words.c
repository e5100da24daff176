/* SPDX-License-Identifier: ISC */

/* words: writes strerror as C, with the words of the C library that this is compiled with. Runs when the suite is
 * built: a program says the same about an error whichever C library it was linked with. One string without pointers
 * into it, which would have to be adjusted each time a program starts. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ERRORS = 134 };

int main(void)
{
	int e;

	dprintf(1, "/* written by src/musl/words */\n#include <string.h>\n\nenum { ERRORS = %d };\n\nstatic char const words[] =\n", ERRORS);
	for (e = 0; e < ERRORS; e++)
		dprintf(1, "\t\"%s\\0\"\n", strerror(e));
	dprintf(1, "\t\"Unknown error\";\n\nchar *strerror(int e)\n{\n\tchar const *s = words;\n\n"
		"\tif (e < 0 || e > ERRORS)\n\t\te = ERRORS;\n\twhile (e-- > 0)\n\t\ts += strlen(s) + 1;\n\treturn (char *)s;\n}\n");
	return 0;
}
