/* Files read and written whole, folders, and what stderr shows. */
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "tests/unit/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[400];

static void make_room(void)
{
	snprintf(dir, sizeof dir, "/tmp/test_file_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/result.json", dir);
}

/* Removes what the tests make and says how many entries there were. */
static int clear_room(void)
{
	DIR *d = opendir(dir);
	char name[512];
	int n = 0;

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(name, sizeof name, "%s/%s", dir, e->d_name);
		ck_assert_int_eq(remove(name), 0);
		n++;
	}
	closedir(d);
	ck_assert_int_eq(rmdir(dir), 0);
	return n;
}

START_TEST(write_and_read)
{
	static const char data[] = "a\0b\n";
	struct lb_err err = { 0 };
	size_t n;

	make_room();
	ck_assert(!lb_file_exists(path));
	for (size_t size = 0; size <= 4; size += 4) {
		ck_assert_int_eq(lb_write_file(path, data, size, &err), 0);
		ck_assert(lb_file_exists(path));
		char *back = lb_read_file(path, 4, &n, LB_DATA, &err);
		ck_assert_ptr_nonnull(back);
		ck_assert_uint_eq(n, size);
		ck_assert_mem_eq(back, data, size);
		ck_assert_int_eq(back[n], 0);
		free(back);
	}
	ck_assert_ptr_null(lb_read_file(path, 3, &n, LB_DATA, &err));
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_ptr_nonnull(strstr(err.text, "larger than"));
	ck_assert(!lb_file_exists(dir));
	ck_assert_int_eq(clear_room(), 1);
}
END_TEST

START_TEST(a_name_without_folder)
{
	char *data, *home = getcwd(NULL, 0);
	size_t n;

	make_room();
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(lb_write_file("x", "1", 1, NULL), 0);
	data = lb_read_file("x", 10, &n, LB_DATA, NULL);
	ck_assert_str_eq(data, "1");
	free(data);
	ck_assert_int_eq(chdir(home), 0);
	free(home);
	ck_assert_int_eq(clear_room(), 1);
}
END_TEST

START_TEST(write_refused)
{
	struct lb_err err = { 0 };

	make_room();
	ck_assert_int_eq(lb_write_file(dir, "1", 1, &err), -1);
	ck_assert_int_eq(err.code, LB_MACHINE);
	ck_assert_ptr_nonnull(strstr(err.text, ": cannot be written: Is a directory; name a file"));
	snprintf(path, sizeof path, "%s/no/x", dir);
	ck_assert_int_eq(lb_write_file(path, "1", 1, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "/no/x: cannot be written: No such file or directory"));
	if (geteuid() != 0) {
		snprintf(path, sizeof path, "%s/x", dir);
		chmod(dir, 0500);
		ck_assert_int_eq(lb_write_file(path, "1", 1, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.text, "Permission denied; change its permissions"));
		chmod(dir, 0700);
	}
	ck_assert_int_eq(clear_room(), 0);
}
END_TEST

/* A write that fails half-way leaves the file as it was and no temporary. */
START_TEST(write_cut_short)
{
	struct lb_err err = { 0 };
	char *data = lb_alloc(100000, 1, NULL), *back;
	size_t n;

	make_room();
	ck_assert_int_eq(lb_write_file(path, "old", 3, &err), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ .rlim_cur = 50000, .rlim_max = 50000 }), 0);
	ck_assert_int_eq(lb_write_file(path, data, 100000, &err), -1);
	ck_assert_int_eq(err.code, LB_MACHINE);
	ck_assert_ptr_nonnull(strstr(err.text, "result.json: cannot be written: File too large; "));
	back = lb_read_file(path, 10, &n, LB_DATA, &err);
	ck_assert_str_eq(back, "old");
	free(back);
	free(data);
	ck_assert_int_eq(clear_room(), 1);
}
END_TEST

START_TEST(temporary_names)
{
	char long_name[256], name[300];
	long pid = 0;

	ck_assert(lb_temporary_name(".a.json.tmp-12-0123456789abcdef", "a.json", &pid));
	ck_assert_int_eq(pid, 12);
	ck_assert(!lb_temporary_name(".a.json.tmp-12", "a.json", &pid));
	ck_assert(!lb_temporary_name("a.json.tmp-12-0123456789abcdef", "a.json", &pid));
	ck_assert(!lb_temporary_name(".a.json.tmp-12-0123456789abcdef.b", "a.json", &pid));
	ck_assert(!lb_temporary_name(".a.json.tmp-12-0123456789ABCDEF", "a.json", &pid));
	ck_assert(!lb_temporary_name(".a.json.tmp--2-0123456789abcdef", "a.json", &pid));
	ck_assert(!lb_temporary_name(".a.json.tmp-0-0123456789abcdef", "a.json", &pid));
	ck_assert(!lb_temporary_name(".a.json.tmp-12345678901-0123456789abcdef", "a.json", &pid));
	ck_assert(!lb_temporary_name(".b.json.tmp-12-0123456789abcdef", "a.json", &pid));
	ck_assert(!lb_temporary_name("", "a.json", &pid));
	memset(long_name, 'n', 255);
	long_name[255] = '\0';
	snprintf(name, sizeof name, ".%.200s.tmp-7-0123456789abcdef", long_name);
	ck_assert(lb_temporary_name(name, long_name, &pid));
	make_room();
	snprintf(path, sizeof path, "%s/%s", dir, long_name);
	struct lb_err err = { 0 };
	ck_assert_msg(!lb_write_file(path, "text", 4, &err), "%s", err.text);
	ck_assert_int_eq(clear_room(), 1);
}
END_TEST

/* Files of a batch have their names after the commit and not before; what is dropped leaves
 * nothing. */
START_TEST(batches)
{
	struct lb_err err = { 0 };
	struct lb_file_group b = { 0 };
	char other[300], *text;
	size_t n;

	make_room();
	snprintf(other, sizeof other, "%s/other", dir);
	ck_assert_int_eq(lb_write_file(path, "old", 3, &err), 0);
	ck_assert_int_eq(lb_file_group_add(&b, path, "new", 3, &err), 0);
	const int fd = lb_open_file(path, LB_DATA, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(lb_file_group_copy(&b, other, fd, 3, &err), 0);
	close(fd);
	text = lb_read_file(path, 10, &n, LB_DATA, &err);
	ck_assert_str_eq(text, "old");
	free(text);
	ck_assert(!lb_file_exists(other));
	ck_assert_int_eq(lb_file_group_commit(&b, &err), 0);
	text = lb_read_file(path, 10, &n, LB_DATA, &err);
	ck_assert_str_eq(text, "new");
	free(text);
	text = lb_read_file(other, 10, &n, LB_DATA, &err);
	ck_assert_str_eq(text, "old");
	free(text);
	ck_assert_int_eq(lb_file_group_add(&b, other, "lost", 4, &err), 0);
	lb_file_group_drop(&b);
	ck_assert_int_eq(lb_file_group_commit(&b, &err), 0);
	unlink(other);
	ck_assert_int_eq(mkdir(other, 0700), 0);
	ck_assert_int_eq(lb_file_group_add(&b, other, "text", 4, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "other: is a folder, expected a regular file; "));
	lb_file_group_drop(&b);
	rmdir(other);
	ck_assert_int_eq(clear_room(), 1);
}
END_TEST

/* What is no regular file is refused without being waited for, and links where they are not
 * followed. */
START_TEST(other_kinds)
{
	struct lb_err err = { 0 };
	size_t n;

	make_room();
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_ptr_null(lb_read_file(path, 10, &n, LB_CONFIG, &err));
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "result.json: is a FIFO (named pipe), expected a regular file; store"));
	ck_assert_int_eq(lb_write_file(path, "text", 4, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "result.json: is a FIFO (named pipe), expected a regular file; name another path"));
	ck_assert_int_eq(err.code, LB_MACHINE);
	unlink(path);
	ck_assert_int_eq(symlink("nothing", path), 0);
	ck_assert_int_eq(lb_write_file(path, "text", 4, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is a symbolic link to nothing, expected"));
	unlink(path);
	ck_assert_int_eq(symlink("result.json", path), 0);
	ck_assert_int_eq(lb_check_place(path, LB_DATA, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is a symbolic link that leads to itself, expected"));
	unlink(path);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	const int folder = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(lb_open_entry(folder, "result.json", "somewhere/result.json", LB_DATA, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "somewhere/result.json: is a symbolic link, expected a regular file; links are not followed here"));
	close(folder);
	unlink(path);
	ck_assert_int_eq(lb_check_place(path, LB_DATA, &err), 0);
	ck_assert_int_eq(clear_room(), 0);
}
END_TEST

START_TEST(folders)
{
	struct lb_err err = { 0 };
	char deep[200];

	make_room();
	snprintf(deep, sizeof deep, "%s/a//b/c/", dir);
	ck_assert_int_eq(lb_make_dirs(deep, &err), 0);
	ck_assert_int_eq(lb_make_dirs(deep, &err), 0);
	ck_assert_int_eq(lb_make_dirs("/", &err), 0);
	ck_assert_int_eq(lb_make_dirs(".", &err), 0);
	ck_assert_int_eq(rmdir(deep), 0);
	snprintf(deep, sizeof deep, "%s/a/b", dir);
	ck_assert_int_eq(rmdir(deep), 0);
	ck_assert_int_eq(lb_write_file(deep, "", 0, &err), 0);
	ck_assert_int_eq(lb_make_dirs(deep, &err), -1);
	ck_assert_int_eq(err.code, LB_MACHINE);
	ck_assert_ptr_nonnull(strstr(err.text, "/a/b: the folder cannot be made: Not a directory; "));
	ck_assert_int_eq(lb_make_dirs("", &err), -1);
	unlink(deep);
	ck_assert_int_eq(clear_room(), 1);
}
END_TEST

START_TEST(places)
{
	static const char text[] = "a\xC3\xA9z\nbc";
	size_t line, column;

	lb_file_place(text, 3, &line, &column);
	ck_assert_uint_eq(line, 1);
	ck_assert_uint_eq(column, 3);
	lb_file_place(text, 6, &line, &column);
	ck_assert_uint_eq(line, 2);
	ck_assert_uint_eq(column, 2);
}
END_TEST

/* What `say` writes to a stderr that is no terminal. Each test is a process of its own, so stderr
 * need not be put back. */
static char *stderr_of(void (*say)(void))
{
	size_t n;

	make_room();
	ck_assert_ptr_nonnull(freopen(path, "w", stderr));
	say();
	fflush(stderr);
	char *text = lb_read_file(path, 1 << 20, &n, LB_DATA, NULL);
	ck_assert_ptr_nonnull(text);
	clear_room();
	return text;
}

static void say_things(void)
{
	struct lb_progress p;

	lb_warn("%d rows", 3);
	lb_note("a note");
	lb_progress_start(&p, 36, 30);
	for (int i = 0; i < 6; i++) {
		p.shown -= i == 3 ? 10 : 0;
		p.start -= i == 3 ? 10 : 0;
		lb_progress_step(&p, "gce seed 3");
	}
	lb_progress_end(&p);
	lb_progress_start(&p, 4, 0);
	lb_progress_step(&p, "x");
	lb_progress_end(&p);
}

START_TEST(log_lines)
{
	char *text = stderr_of(say_things);

	ck_assert_str_eq(text, "lossbench: warning: 3 rows\na note\n[34/36] gce seed 3  0.4/s  eta 0:05\n[36/36] done in 0:10\n"
			       "[1/4] stopped after 0:00\n");
	free(text);
}
END_TEST

START_TEST(log_quiet)
{
	lb_log_quiet(true);
	char *text = stderr_of(say_things);

	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("file_and_log");
	TCase *t = tcase_create("file");

	tcase_add_test(t, write_and_read);
	tcase_add_test(t, a_name_without_folder);
	tcase_add_test(t, write_refused);
	tcase_add_test(t, write_cut_short);
	tcase_add_test(t, temporary_names);
	tcase_add_test(t, batches);
	tcase_add_test(t, other_kinds);
	tcase_add_test(t, folders);
	tcase_add_test(t, places);
	tcase_add_test(t, log_lines);
	tcase_add_test(t, log_quiet);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("file_and_log")
