#include "core/run/probe.h"

#include "core/base/clock.h"
#include "core/base/interrupt.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBED = 3, TOGETHER = 16, LOOKED_AT = 256 };

/* Of one trial, its share: before its first epoch, and of an epoch. */
struct measured {
	double prepare, epoch;
};

/* Trials that a worker would train together with the first of `among`, up to TOGETHER. */
static size_t cohort_of(const struct lb_trial *among, size_t n, const struct lb_trial *out[TOGETHER], struct lb_err *err)
{
	struct lb_spec spec = { 0 };
	char *first = lb_cohort_key(among, &spec, err);
	size_t k = 1;

	out[0] = among;
	for (size_t i = 1; first && i < n && i < LOOKED_AT && k < TOGETHER; i++) {
		char *key = lb_cohort_key(&among[i], &spec, err);
		if (key && !strcmp(first, key))
			out[k++] = &among[i];
		free(key);
	}
	free(first);
	lb_spec_free(&spec);
	return k;
}

/* An epoch of k trials together. */
static bool train(const struct lb_prepared *leader, struct lb_prepared *p, size_t k, int threads, double *seconds, struct lb_err *err)
{
	struct lb_train_result *result = lb_alloc(k, sizeof *result, err);
	struct lb_setup *setup = lb_alloc(k, sizeof *setup, err);
	struct lb_prepared one = *leader;
	double start = lb_seconds();

	for (size_t i = 0; setup && i < k; i++) {
		setup[i] = p[i].setup;
		setup[i].checkpoint = NULL;
		setup[i].keep_scores = setup[i].keep_model = false;
	}
	const double whole = lb_full_batch(&leader->setup) && leader->cohort.epochs ? (double)leader->cohort.epochs : 1;
	one.cohort.epochs = 1;
	one.cohort.threads = (size_t)threads;
	one.cohort.keep_seconds = 0;
	const bool trained = result && setup && !lb_prepared_train(&one, setup, k, result, err);
	*seconds = (lb_seconds() - start) / whole;
	for (size_t i = 0; result && i < k; i++)
		lb_train_result_free(&result[i]);
	free(result);
	free(setup);
	return trained;
}

/* Measures the cohort of the first of n trials. Returns whether it could be trained. */
static bool measure(const struct lb_trial *trials, size_t n, int threads, struct measured *out, struct lb_err *err)
{
	const struct lb_trial *together[TOGETHER];
	const size_t k = cohort_of(trials, n, together, err);
	struct lb_prepared *p = lb_alloc(k, sizeof *p, err);
	const double start = lb_seconds();
	size_t ready = 0;

	while (p && ready < k && !lb_prepare(together[ready], ready ? &p[0] : NULL, &p[ready], err))
		ready++;
	out->prepare = (lb_seconds() - start) / (double)k;
	const bool trained = p && ready == k && train(&p[0], p, k, threads, &out->epoch, err);
	out->epoch /= (double)k;
	for (size_t i = ready; i-- > 0;)
		lb_prepared_free(&p[i]);
	free(p);
	return trained;
}

/* The child tells each measurement as soon as it has it. */
static _Noreturn void child(const struct lb_trial *trials, size_t n, int threads, int to)
{
	static struct lb_err err;
	size_t some = PROBED;
	struct measured m;

	lb_log_quiet(true);
	if (n < some)
		some = n;
	for (size_t i = 0; i < some; i++) {
		const size_t at = i * n / some;
		if (measure(&trials[at], n - at, threads, &m, &err) && write(to, &m, sizeof m) != (ssize_t)sizeof m)
			break;
	}
	_exit(0);
}

/* Waits for the child's next measurement: 1; 0 at its end; -1 when time is up, or a signal came. */
static int next(int from, double until, struct measured *m)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	const double left = until - lb_seconds();
	const int ready = left > 0 && !lb_stop_requested ? poll(&p, 1, (int)(1000 * left) + 1) : 0;

	if (ready <= 0)
		return ready < 0 && errno == EINTR && !lb_stop_requested ? next(from, until, m) : -1;
	return read(from, m, sizeof *m) == (ssize_t)sizeof *m;
}

void lb_probe(const struct lb_trial *trials, size_t n, int threads, double budget, struct lb_probe *out)
{
	const double start = lb_seconds();
	double prepare = 0, epoch = 0, epochs = 0;
	struct measured m;
	int ends[2], more;

	*out = (struct lb_probe){ 0 };
	if (!n || pipe(ends))
		return;
	const pid_t pid = fork();
	if (pid == 0)
		child(trials, n, threads, ends[1]);
	close(ends[1]);
	while (pid > 0 && (more = next(ends[0], start + budget, &m)) > 0) {
		prepare += m.prepare;
		epoch += m.epoch;
		out->trials++;
	}
	if (pid > 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		out->more = more < 0 && !out->trials && !lb_stop_requested;
	}
	close(ends[0]);
	for (size_t i = 0; i < n; i++)
		epochs += trials[i].epochs ? trials[i].epochs : 1;
	if (out->trials)
		out->seconds = ((double)n * prepare + epochs * epoch) / (double)out->trials;
	else if (out->more)
		out->seconds = epochs * budget;
}
