/* SPDX-License-Identifier: ISC */

#ifndef MAIL_TOKEN822_H
#define MAIL_TOKEN822_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* Address fields as tokens (RFC 5322 3.2, 3.4; addresses(5)).
 *
 * A list is read from right to left, because only then one knows what a word is when one meets it: an
 * address, a phrase before <...>, or a group name before a colon. Nothing here recurses, time is linear
 * in the text, and a token takes four bytes beside the text it points into. */

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
	TOKEN822_LONG,          /* over TOKEN822_MAX bytes, or over the caller's limit */
	TOKEN822_FAILED,        /* no memory, or the taker said so: errno */
} token822_status;

enum { TOKEN822_MAX = 0xffffff };

typedef struct token822_list
{
	char const *s;          /* the caller's text: it must live and stay as it is */
	size_t n;
	uint32_t *tokens;       /* each with offset, type and marks */
	size_t count, room;
} token822_list;
#define TOKEN822_LIST_ZERO { .s = 0, .n = 0, .tokens = 0, .count = 0, .room = 0 }

/* Tokens from .. to-1 of a list, with or without the comments among them; chop: the last byte of the last
 * token (an atom) is left out. */
typedef struct token822_run
{
	token822_list const *list;
	size_t from, to;
	int comments;
	int chop;
} token822_run;

/* An address: the tokens of the field that make it up, then what was appended to complete it. */
enum { TOKEN822_RUNS = 3 };
typedef struct token822_address
{
	token822_run run[TOKEN822_RUNS];
	size_t n;
} token822_address;

/* What is to become of each address of a field before it is used; no failure. */
typedef void token822_rewriter(token822_address *a, void const *rules);

/* Who gets each address, already rewritten. 1, or 0 with errno to stop. */
typedef int token822_taker(void *data, token822_address const *a);

/* token822_parse: the tokens of s[0..n) into *l, replacing what was there. TOKEN822_BAD for a quoted
 * string, comment or literal without its end and for ) or ] at the start of a word. Any byte may occur. */
extern token822_status token822_parse(token822_list *l, char const *s, size_t n);

extern size_t token822_count(token822_list const *l);
extern token822_type token822_at(token822_list const *l, size_t i);

/* token822_cat: append the text of token i to *sa, without delimiters and backslashes. 0: no memory. */
extern int token822_cat(stralloc *sa, token822_list const *l, size_t i);

/* token822_empty: whether token i, a word, has no text. token822_ends: whether its text ends in c. */
extern int token822_empty(token822_list const *l, size_t i);
extern int token822_ends(token822_list const *l, size_t i, char c);

/* token822_walk: find the addresses in the tokens from first on, from right to left, and give each,
 * rewritten, to the taker (if not null). TOKEN822_BAD comes for > without <, a colon without a semicolon
 * behind it, and a group inside a group, after the taker has seen the addresses to the right of that. */
extern token822_status token822_walk(token822_list *l, size_t first, token822_rewriter *rewrite, void const *rules,
	token822_taker *take, void *data);

/* token822_unparse: append *l, which token822_walk found good, to *sa with each address rewritten, comments
 * moved behind it, commas put between addresses that had none, and a line end. Lines are folded after
 * commas so that none is longer than width where that is possible. TOKEN822_LONG if that takes more than max
 * bytes (it is noticed after a token or two more), TOKEN822_FAILED if there is no memory. */
extern token822_status token822_unparse(stralloc *sa, token822_list const *l, size_t width, size_t max,
	token822_rewriter *rewrite, void const *rules);

/* token822_text: append an address as it goes into an envelope: no quotes, no comments. 0: no memory. */
extern int token822_text(stralloc *sa, token822_address const *a);

/* token822_escape: append s[0..n) with a backslash before each byte that needs one in a quoted string or a
 * comment. 0: no memory. */
extern int token822_escape(stralloc *sa, char const *s, size_t n);

extern void token822_free(token822_list *l);

#endif
