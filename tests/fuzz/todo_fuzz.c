/* SPDX-License-Identifier: ISC */

/* Input: an envelope file as it lies in the queue, read by all three readers; and, again, addresses divided by form
 * feeds, of which files are written. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/info.h"
#include "proto/recips.h"
#include "proto/todo.h"

/* Every prefix of a file is looked at: that costs its length squared. */
enum { PREFIXES_MAX = 600 };

/* ---- any bytes --------------------------------------------------------------------------------------------- */

static void read_todo(stralloc *notes, span in, cut c)
{
	todo_reader t = TODO_READER_ZERO;
	todo_status status = TODO_MORE;
	pieces p = PIECES(in, c);
	size_t senders = 0;

	while (status != TODO_BAD && fuzz_next(&p)) {
		size_t pos = 0;

		while ((status = todo_next(&t, p.block, p.n, &pos)) > TODO_MORE) {
			fuzz_putn(notes, (uint64_t)status);
			HOLDS(status != TODO_SENDER || ++senders == 1);
			if (status == TODO_UID || status == TODO_PID)
				fuzz_putn(notes, t.number);
			else
				fuzz_put(notes, t.address, t.len + 1);
		}
		HOLDS(status == TODO_BAD || pos == p.n);
	}
	fuzz_done(&p);
	fuzz_putn(notes, status == TODO_BAD ? 2 : (uint64_t)todo_whole(&t));
	todo_free(&t);
}

static void read_recips(stralloc *notes, span in, cut c)
{
	recips_reader r = RECIPS_READER_ZERO;
	recips_status status;
	pieces p = PIECES(in, c);

	while (fuzz_next(&p)) {
		size_t pos = 0;

		while ((status = recips_next(&r, p.block, p.n, &pos)) != RECIPS_MORE) {
			HOLDS(status == RECIPS_TODO || status == RECIPS_DONE || status == RECIPS_BAD);
			/* The letter is where the mark would go. */
			HOLDS(r.offset < in.n);
			HOLDS(status != RECIPS_TODO || in.s[r.offset] == 'T');
			HOLDS(status != RECIPS_DONE || in.s[r.offset] == 'D');
			fuzz_putn(notes, (uint64_t)(status + 10));
			fuzz_putn(notes, r.offset);
			fuzz_put(notes, r.recipient, r.len + 1);
		}
		HOLDS(pos == p.n);
	}
	fuzz_done(&p);
	fuzz_putn(notes, (uint64_t)recips_cut(&r));
	recips_free(&r);
}

static void check_any(void (*read)(stralloc *, span, cut), span in)
{
	stralloc known = STRALLOC_ZERO;
	cut c;

	read(&known, in, CUT_NOT);
	for (c = CUT_BYTES; c < CUTS; c++) {
		stralloc notes = STRALLOC_ZERO;

		read(&notes, in, c);
		fuzz_agree(&known, &notes);
	}
	stralloc_free(&known);
}

static void check_info(span in)
{
	char *copy = fuzz_copy(in);
	char const *sender;
	size_t len;
	info_status status = info_scan(copy, in.n, &sender, &len);

	if (status == INFO_BAD) {
		HOLDS(in.n > 0 && in.s[0] != 'F');
	} else {
		HOLDS(len <= in.n && (in.n == 0 || sender == copy + 1));
		HOLDS((status == INFO_OK) == (in.n > 0 && memchr(in.s, 0, in.n) != 0));
		HOLDS(status != INFO_OK || strlen(sender) == len);
	}
	free(copy);
}

/* ---- written files --------------------------------------------------------------------------------------------- */

typedef struct files
{
	stralloc todo;
	stralloc info;
	stralloc recips;
	stralloc ends;          /* offsets in todo behind each of its records */
	stralloc addresses;     /* as read_todo will note them */
	uint64_t uid, pid;
} files;

static void note_end(files *f)
{
	fuzz_putn(&f->ends, f->todo.len);
}

static void write_address(files *f, int first, span x)
{
	stralloc record = STRALLOC_ZERO;
	int ok = first ? info_put(&record, x.s, x.n) : recips_put(&record, x.s, x.n);

	/* What no reader would take is not written. */
	HOLDS(ok == !(x.n && memchr(x.s, 0, x.n)));
	if (!ok) {
		HOLDS(record.len == 0);
		x.n = strnlen(x.s, x.n);
		fuzz_memory(first ? info_put(&record, x.s, x.n) : recips_put(&record, x.s, x.n));
	}
	HOLDS(record.len == x.n + 2);
	fuzz_memory(stralloc_cat(&f->todo, &record) && stralloc_cat(first ? &f->info : &f->recips, &record));
	note_end(f);
	fuzz_putn(&f->addresses, first ? TODO_SENDER : TODO_RECIPIENT);
	fuzz_put(&f->addresses, record.s + 1, x.n + 1);
	stralloc_free(&record);
}

static void write_files(files *f, span in)
{
	char start[TODO_START_FMT];
	size_t n;
	int first = 1;

	f->uid = in.n;
	f->pid = in.n > 7 ? UINT64_MAX : 0;
	n = todo_start(start, f->uid, f->pid);
	HOLDS(n <= sizeof start);
	fuzz_memory(stralloc_catb(&f->todo, start, n));
	fuzz_putn(&f->addresses, TODO_UID);
	fuzz_putn(&f->addresses, f->uid);
	fuzz_putn(&f->addresses, TODO_PID);
	fuzz_putn(&f->addresses, f->pid);
	do {
		write_address(f, first, fuzz_section(&in));
		first = 0;
	} while (in.n);
}

static int is_end(files const *f, size_t n)
{
	size_t i;
	uint64_t end;

	for (i = 0; i < f->ends.len; i += sizeof end) {
		memcpy(&end, f->ends.s + i, sizeof end);
		if (end == n)
			return 1;
	}
	return 0;
}

static int todo_prefix_whole(files const *f, size_t n)
{
	char *copy = fuzz_copy((span){ f->todo.s, n });
	todo_reader t = TODO_READER_ZERO;
	size_t pos = 0;
	int whole;

	while (todo_next(&t, copy, n, &pos) > TODO_MORE)
		;
	whole = todo_whole(&t);
	todo_free(&t);
	free(copy);
	return whole;
}

static int recips_prefix_cut(files const *f, size_t n)
{
	char *copy = fuzz_copy((span){ f->recips.s, n });
	recips_reader r = RECIPS_READER_ZERO;
	size_t pos = 0;
	int is_cut;

	while (recips_next(&r, copy, n, &pos) != RECIPS_MORE)
		;
	is_cut = recips_cut(&r);
	recips_free(&r);
	free(copy);
	return is_cut;
}

static info_status info_prefix(files const *f, size_t n)
{
	char *copy = fuzz_copy((span){ f->info.s, n });
	char const *sender;
	size_t len;
	info_status status = info_scan(copy, n, &sender, &len);

	free(copy);
	return status;
}

/* A file that was cut off is incomplete. The one cut that a reader of qmail's format cannot see is exactly behind
 * a record; that is why todo/N gets its name when it is on disk, and not before. */
static void check_prefixes(files const *f)
{
	size_t n;

	for (n = 0; n <= f->todo.len && n <= PREFIXES_MAX; n++)
		HOLDS(todo_prefix_whole(f, n) == is_end(f, n));
	for (n = 0; n <= f->info.len && n <= PREFIXES_MAX; n++)
		HOLDS(info_prefix(f, n) == (n == f->info.len ? INFO_OK : INFO_CUT));
	for (n = 1; n <= f->recips.len && n <= PREFIXES_MAX; n++)
		HOLDS(recips_prefix_cut(f, n) == (f->recips.s[n - 1] != 0));
}

static void check_written(span in)
{
	files f = { .todo = STRALLOC_ZERO };
	stralloc notes = STRALLOC_ZERO;

	write_files(&f, in);
	read_todo(&notes, (span){ f.todo.s, f.todo.len }, CUT_PIECES);
	fuzz_putn(&f.addresses, 1);
	fuzz_agree(&f.addresses, &notes);
	check_prefixes(&f);
	stralloc_free(&f.todo);
	stralloc_free(&f.info);
	stralloc_free(&f.recips);
	stralloc_free(&f.ends);
	stralloc_free(&f.addresses);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);

	check_any(read_todo, in);
	check_any(read_recips, in);
	check_info(in);
	check_written(in);
	return 0;
}
