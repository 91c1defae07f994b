/* Linked into the coverage build (make coverage): a worker ends with _exit and a new start with
 * execv, neither of which writes the counts of lines. */
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
int __real_execv(const char *path, char *const argv[]);
int __wrap_execv(const char *path, char *const argv[]);

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

int __wrap_execv(const char *path, char *const argv[])
{
	__gcov_dump();
	__gcov_reset();
	return __real_execv(path, argv);
}
