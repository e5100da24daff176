/* SPDX-License-Identifier: ISC */

#include "send/finish.h"

#include "send/bounce.h"
#include "send/cleaner.h"
#include "send/log.h"
#include "send/queuefile.h"
#include "send/schedule.h"

/* Requests that others may still want to make of qmail-clean in the same turn. */
enum { ROOM_LEFT = 64 };

/* Messages in a turn of the loop. */
enum { STEPS_MAX = 16 };

static void later(uint64_t id, int64_t now)
{
	schedule_add(SCHEDULE_DONE, now + SCHEDULE_TROUBLE, id);
}

/* Whether a file is there; trouble puts the message off and counts as yes. */
static int is_there(qpath_kind k, uint64_t id, int64_t now, int *trouble)
{
	int r = queuefile_exists(k, id, 0);

	if (r < 0) {
		log_line("warning: unable to stat ", queuefile_name(k, id), "; will try again later");
		later(id, now);
		*trouble = 1;
	}
	return r != 0;
}

/* The order is that of the message's states: info goes while mess is still there, so that whatever a crash
 * leaves is a message that is done, or one that nobody refers to (which the sweep finds). */
static void remove_message(uint64_t id, int64_t now)
{
	log_text("end msg ");
	log_number(id);
	log_end();
	if (!queuefile_remove(QPATH_INFO, id)) {
		log_line("warning: unable to unlink ", queuefile_name(QPATH_INFO, id), "; will try again later");
		later(id, now);
		return;
	}
	cleaner_ask(CLEAN_FOOP, id, 0);
}

static void bounced(uint64_t id, int ok, int64_t now)
{
	if (ok)
		remove_message(id, now);
	else
		later(id, now);
}

static void send_bounce(uint64_t id, int64_t now)
{
	static stralloc sender = STRALLOC_ZERO;
	int64_t birth;

	if (!queuefile_info(&sender, &birth, id)) {
		log_line("warning: trouble opening ", queuefile_name(QPATH_INFO, id), "; will try again later");
		later(id, now);
		return;
	}
	bounce_inject(id, sender.s, sender.len, bounced, now);
}

/* One bounce at a time; none is begun once we are to stop, or thousands of them would keep us: the next
 * start finds them again. */
static int may_bounce(void)
{
	return !bounce_busy() && !turn_stopping();
}

static void finish(uint64_t id, int64_t now)
{
	int trouble = 0;

	/* A false alarm: somebody works on it, or will. */
	if (cleaner_has(id) || is_there(QPATH_LOCAL, id, now, &trouble) || is_there(QPATH_REMOTE, id, now, &trouble)
	 || is_there(QPATH_TODO, id, now, &trouble) || !is_there(QPATH_INFO, id, now, &trouble) || trouble)
		return;
	if (!is_there(QPATH_BOUNCE, id, now, &trouble))
		remove_message(id, now);
	else if (!trouble && !may_bounce())
		schedule_add(SCHEDULE_BOUNCE, now, id);
	else if (!trouble)
		send_bounce(id, now);
}

static int has_room(void)
{
	return cleaner_room() > ROOM_LEFT;
}

void finish_selprep(turn *t)
{
	int64_t when;

	if (!has_room())
		return;
	if (schedule_first(SCHEDULE_DONE, &when))
		turn_wake(t, when);
	if (may_bounce() && schedule_first(SCHEDULE_BOUNCE, &when))
		turn_wake(t, when);
}

void finish_do(turn const *t)
{
	unsigned int i;
	uint64_t id;

	for (i = 0; i < STEPS_MAX && has_room(); i++) {
		if (!(may_bounce() && schedule_take(SCHEDULE_BOUNCE, t->now, &id))
		 && !schedule_take(SCHEDULE_DONE, t->now, &id))
			break;
		finish(id, t->now);
	}
}
