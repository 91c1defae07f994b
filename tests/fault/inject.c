/* Preloaded into lossbench by the fault tests, never linked into it: the n-th call of one kind
 * fails, as on a machine that has run out of something. LB_FAULT=KIND:N or KIND:N+ (that one and
 * all later ones), KIND one of the table below; LB_FAULT_MARK names a file that is then made, with
 * the calls that led there. Calls count in main() of a program named lossbench, so that one that
 * starts it, such as valgrind, is left alone; each process counts for itself, a forked one from
 * what its parent had counted. Allocations of OpenBLAS are not counted: it ends the process where
 * it gets no memory. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum kind { ALLOC, WRITE, FSYNC, RENAME, OPEN, READ, FORK, THREAD, CLOCK, N_KINDS };

static const struct {
	const char *name;
	int reason;
} kinds[N_KINDS] = {
	[ALLOC] = { "alloc", ENOMEM }, [WRITE] = { "write", ENOSPC }, [FSYNC] = { "fsync", EIO },     [RENAME] = { "rename", EACCES },
	[OPEN] = { "open", EMFILE },   [READ] = { "read", EIO },      [FORK] = { "fork", EAGAIN },    [THREAD] = { "thread", EAGAIN },
	[CLOCK] = { "clock", 0 },
};

static enum kind wanted = N_KINDS;
static long nth, counted;
static bool onwards, armed;

/* Who asked, into the file. */
static void mark(void)
{
	const char *path = getenv("LB_FAULT_MARK");
	const int fd = path ? creat(path, 0666) : -1;
	void *frame[32];

	if (fd < 0)
		return;
	backtrace_symbols_fd(frame, backtrace(frame, 32), fd);
	close(fd);
}

/* True, and errno set, when this call is to fail. */
static bool hit(enum kind k)
{
	if (!armed || k != wanted)
		return false;
	const long n = __atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED);
	if (n != nth && !(onwards && n > nth))
		return false;
	if (n == nth) {
		armed = false;
		mark();
		armed = true;
	}
	errno = kinds[k].reason;
	return true;
}

static bool of_blas(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "openblas");
}

static bool no_memory(const void *caller)
{
	return armed && wanted == ALLOC && !of_blas(caller) && hit(ALLOC);
}

#define NEXT(type, name, ...)                                       \
	static type (*next)(__VA_ARGS__);                           \
	if (!next)                                                  \
		*(void **)&next = dlsym(RTLD_NEXT, name)
#define CALLER __builtin_return_address(0)

/* dlsym itself may allocate: what it asks for before the next calloc is known comes from here. */
static char early[4096];
static size_t early_used;

void *malloc(size_t n)
{
	NEXT(void *, "malloc", size_t);
	return no_memory(CALLER) ? NULL : next(n);
}

void *calloc(size_t n, size_t size)
{
	static bool looking;

	if (looking) {
		void *p = early + early_used;
		early_used += (n * size + 15) / 16 * 16;
		return early_used <= sizeof early ? p : NULL;
	}
	looking = true;
	NEXT(void *, "calloc", size_t, size_t);
	looking = false;
	return no_memory(CALLER) ? NULL : next(n, size);
}

void *realloc(void *p, size_t n)
{
	NEXT(void *, "realloc", void *, size_t);
	return no_memory(CALLER) ? NULL : next(p, n);
}

void free(void *p)
{
	NEXT(void, "free", void *);
	if ((char *)p < early || (char *)p >= early + sizeof early)
		next(p);
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
	NEXT(int, "posix_memalign", void **, size_t, size_t);
	return no_memory(CALLER) ? ENOMEM : next(p, alignment, n);
}

char *strdup(const char *s)
{
	char *copy = no_memory(CALLER) ? NULL : malloc(strlen(s) + 1);

	return copy ? strcpy(copy, s) : NULL;
}

ssize_t write(int fd, const void *data, size_t n)
{
	NEXT(ssize_t, "write", int, const void *, size_t);
	return fd > 2 && hit(WRITE) ? -1 : next(fd, data, n);
}

int fsync(int fd)
{
	NEXT(int, "fsync", int);
	return hit(FSYNC) ? -1 : next(fd);
}

int syncfs(int fd)
{
	NEXT(int, "syncfs", int);
	return hit(FSYNC) ? -1 : next(fd);
}

int rename(const char *from, const char *to)
{
	NEXT(int, "rename", const char *, const char *);
	return hit(RENAME) ? -1 : next(from, to);
}

int open(const char *path, int flags, ...)
{
	NEXT(int, "open", const char *, int, ...);
	__builtin_va_list ap;

	__builtin_va_start(ap, flags);
	const int mode = flags & O_CREAT ? __builtin_va_arg(ap, int) : 0;
	__builtin_va_end(ap);
	return hit(OPEN) ? -1 : next(path, flags, mode);
}

ssize_t read(int fd, void *to, size_t n)
{
	NEXT(ssize_t, "read", int, void *, size_t);
	return hit(READ) ? -1 : next(fd, to, n);
}

pid_t fork(void)
{
	NEXT(pid_t, "fork", void);
	return hit(FORK) ? -1 : next();
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	NEXT(int, "pthread_create", pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	return hit(THREAD) ? EAGAIN : next(thread, attr, run, arg);
}

/* Set back by a day from the n-th look on. */
int clock_gettime(clockid_t id, struct timespec *t)
{
	NEXT(int, "clock_gettime", clockid_t, struct timespec *);
	const int rc = next(id, t);

	onwards |= wanted == CLOCK;
	if (!rc && id == CLOCK_REALTIME && hit(CLOCK))
		t->tv_sec -= 86400;
	return rc;
}

time_t time(time_t *to)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	if (to)
		*to = t.tv_sec;
	return t.tv_sec;
}

static void arm(void)
{
	const char *fault = getenv("LB_FAULT"), *colon = fault ? strchr(fault, ':') : NULL;

	for (int k = 0; colon && k < N_KINDS; k++)
		if (!strncmp(fault, kinds[k].name, (size_t)(colon - fault)) && strlen(kinds[k].name) == (size_t)(colon - fault))
			wanted = (enum kind)k;
	if (wanted == N_KINDS || strcmp(program_invocation_short_name, "lossbench"))
		return;
	nth = strtol(colon + 1, NULL, 10);
	onwards = strchr(colon, '+') != NULL;
	armed = true;
}

static int (*real_main)(int, char **, char **);

static int armed_main(int argc, char **argv, char **environment)
{
	arm();
	const int status = real_main(argc, argv, environment);
	armed = false;
	return status;
}

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*loader_fini)(void), void *stack_end);
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*loader_fini)(void), void *stack_end)
{
	NEXT(int, "__libc_start_main", int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
	real_main = program;
	return next(armed_main, argc, argv, init, fini, loader_fini, stack_end);
}
