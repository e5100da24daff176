/* SPDX-License-Identifier: ISC */

#ifndef MAIL_TOKEN822_H
#define MAIL_TOKEN822_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* Address fields as tokens (RFC 5322 3.2; addresses(5)). Nothing here recurses, time is linear in the text,
 * and a token takes four bytes beside the text it points into. */

typedef enum token822_type
{
	TOKEN822_ATOM,
	TOKEN822_QUOTE,         /* "...", and an atom with bytes that cannot stand outside quotes */
	TOKEN822_LITERAL,       /* [...] */
	TOKEN822_COMMENT,       /* (...), inner parentheses included */
	TOKEN822_COMMA,
	TOKEN822_AT,
	TOKEN822_DOT,
	TOKEN822_LEFT,          /* < */
	TOKEN822_RIGHT,         /* > */
	TOKEN822_SEMICOLON,
	TOKEN822_COLON,
} token822_type;

typedef enum token822_status
{
	TOKEN822_OK,
	TOKEN822_BAD,           /* cannot be parsed */
	TOKEN822_LOOSE,         /* of a list of addresses: see addrlist_walk */
	TOKEN822_LONG,          /* over TOKEN822_MAX bytes, or over the caller's limit */
	TOKEN822_FAILED,        /* no memory, or the caller's function said so: errno */
} token822_status;

enum { TOKEN822_MAX = 0xffffff };

typedef struct token822_list
{
	char const *s;          /* the caller's text: it must live and stay as it is */
	size_t n;
	uint32_t *tokens;       /* each with offset, type, and four marks that are its user's */
	size_t count, room;
} token822_list;
#define TOKEN822_LIST_ZERO { .s = 0, .n = 0, .tokens = 0, .count = 0, .room = 0 }

/* token822_parse: the tokens of s[0..n) into *l, replacing what was there. TOKEN822_BAD for a quoted
 * string, comment or literal without its end, for ) or ] at the start of a word, and for a backslash
 * outside quotes at the end of a line. Any byte may occur. */
extern token822_status token822_parse(token822_list *l, char const *s, size_t n);

extern token822_type token822_at(token822_list const *l, size_t i);

/* token822_is_word: whether a token of this type has a text: atom, quoted string, literal or comment. */
extern int token822_is_word(token822_type type);

/* token822_is_spaced: whether a blank or a line break stands before token i. */
extern int token822_is_spaced(token822_list const *l, size_t i);

/* token822_cat: append the text of token i to *sa, without delimiters, backslashes and the line breaks of
 * folding. token822_print: append it so that it can be read again, comments in comments and lines folded as they
 * were. 0: no memory. */
extern int token822_cat(stralloc *sa, token822_list const *l, size_t i);
extern int token822_print(stralloc *sa, token822_list const *l, size_t i);

/* token822_empty: whether token i, a word, has no text. token822_ends: whether its text ends in c. */
extern int token822_empty(token822_list const *l, size_t i);
extern int token822_ends(token822_list const *l, size_t i, char c);

/* token822_escape: append s[0..n) with a backslash before each byte that needs one in a quoted string or a
 * comment. 0: no memory. */
extern int token822_escape(stralloc *sa, char const *s, size_t n);

extern void token822_free(token822_list *l);

#endif
