#include "core/numeric/thread_team.h"

#include "core/base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Looks at a flag that another core is about to change before sleep is considered. */
enum { PATIENCE = 4000 };

struct member {
	struct lb_team *team;
	pthread_t thread;
	size_t i;
};

/* The next piece of a thread's share, in a cache line of its own. */
struct share {
	atomic_size_t next;
	char apart[64 - sizeof(atomic_size_t)];
};

struct lb_team {
	size_t size;
	void (*part)(void *arg, size_t i, size_t size);
	void *arg;
	atomic_size_t round;             /* raised when there is work; the work is written before */
	atomic_size_t busy;              /* members that have not finished the round */
	atomic_bool over;
	pthread_mutex_t lock;            /* for those that sleep */
	pthread_cond_t wake;
	struct member *member;           /* size - 1 threads in addition to the caller */
	struct share *share;             /* size of them */
	size_t started;
};

static void breathe(void)
{
#if defined __x86_64__
	__builtin_ia32_pause();
#endif
}

static void await_round(struct lb_team *t, size_t seen)
{
	for (int look = 0; look < PATIENCE; look++) {
		if (atomic_load_explicit(&t->round, memory_order_acquire) != seen)
			return;
		breathe();
	}
	pthread_mutex_lock(&t->lock);
	while (atomic_load_explicit(&t->round, memory_order_acquire) == seen)
		pthread_cond_wait(&t->wake, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

static void *work(void *arg)
{
	const struct member *m = arg;
	struct lb_team *t = m->team;

	for (size_t round = 0;; round++) {
		await_round(t, round);
		if (atomic_load(&t->over))
			return NULL;
		t->part(t->arg, m->i, t->size);
		atomic_fetch_sub_explicit(&t->busy, 1, memory_order_release);
	}
}

/* Signals are for the caller's thread. */
static int start_all(struct lb_team *t, struct lb_err *err)
{
	sigset_t all, before;
	int why = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (; t->started + 1 < t->size && !why; t->started += !why) {
		struct member *m = &t->member[t->started];
		*m = (struct member){ .team = t, .i = t->started + 1 };
		why = pthread_create(&m->thread, NULL, work, m);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why ? lb_fail(err, LB_MACHINE, "no thread could be started: %s; use fewer --threads", strerror(why)) : 0;
}

int lb_team_new(size_t threads, struct lb_team **team, struct lb_err *err)
{
	struct lb_team *t;

	*team = NULL;
	if (threads <= 1)
		return 0;
	if (!(t = lb_alloc(1, sizeof *t, err)))
		return -1;
	t->size = threads;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	if (!(t->member = lb_alloc(threads - 1, sizeof *t->member, err)) || !(t->share = lb_alloc(threads, sizeof *t->share, err)) ||
	    start_all(t, err)) {
		lb_team_free(t);
		return -1;
	}
	*team = t;
	return 0;
}

static void next_round(struct lb_team *t)
{
	pthread_mutex_lock(&t->lock);
	atomic_fetch_add_explicit(&t->round, 1, memory_order_release);
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
}

void lb_team_free(struct lb_team *t)
{
	if (!t)
		return;
	atomic_store(&t->over, true);
	next_round(t);
	for (size_t i = 0; i < t->started; i++)
		pthread_join(t->member[i].thread, NULL);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t->member);
	free(t->share);
	free(t);
}

size_t lb_team_size(const struct lb_team *t)
{
	return t ? t->size : 1;
}

void lb_team_run(struct lb_team *t, void (*part)(void *arg, size_t i, size_t size), void *arg)
{
	if (!t) {
		part(arg, 0, 1);
		return;
	}
	t->part = part;
	t->arg = arg;
	atomic_store_explicit(&t->busy, t->size - 1, memory_order_relaxed);
	next_round(t);
	part(arg, 0, t->size);
	for (int look = 0; atomic_load_explicit(&t->busy, memory_order_acquire); look++) {
		breathe();
		if (look > PATIENCE)
			sched_yield();
	}
}

struct pieces {
	struct share *share;
	size_t n;
	void (*piece)(void *arg, size_t k);
	void *arg;
};

static void take_pieces(void *arg, size_t i, size_t size)
{
	const struct pieces *p = arg;

	for (size_t k = i; k < i + size; k++) {
		const size_t end = p->n * (k % size + 1) / size;
		atomic_size_t *next = &p->share[k % size].next;
		for (size_t at; (at = atomic_fetch_add_explicit(next, 1, memory_order_relaxed)) < end;)
			p->piece(p->arg, at);
	}
}

void lb_team_pieces(struct lb_team *t, size_t n, void (*piece)(void *arg, size_t k), void *arg)
{
	struct pieces p = { t ? t->share : NULL, n, piece, arg };

	for (size_t i = 0; t && i < t->size; i++)
		atomic_store_explicit(&t->share[i].next, n * i / t->size, memory_order_relaxed);
	for (size_t k = 0; !t && k < n; k++)
		piece(arg, k);
	if (t)
		lb_team_run(t, take_pieces, &p);
}

size_t lb_team_share(size_t n, size_t grain, size_t i, size_t size, size_t *start)
{
	const size_t blocks = (n + grain - 1) / grain, end = blocks * (i + 1) / size * grain;

	*start = blocks * i / size * grain;
	return end < n ? end : n;
}
