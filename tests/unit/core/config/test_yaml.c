/* YAML trees with places, and every trap of libyaml that the reader guards against. */
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/config/yaml.h"
#include "tests/unit/suite.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct lb_node *parse(const char *text)
{
	struct lb_err err = { 0 };
	struct lb_node *root = lb_yaml_parse("a.yaml", text, strlen(text), &err);

	ck_assert_msg(root, "%s", err.text);
	return root;
}

START_TEST(tree_and_places)
{
	struct lb_node *root = parse("name: x\nmodel: {kind: mlp, hidden: [64, \"32\"]}\nempty:\nlong: |\n  a\n  b\n'on': on\n");
	const struct lb_node *hidden = lb_node_get(lb_node_get(root, "model"), "hidden");

	ck_assert_int_eq(root->type, LB_MAPPING);
	ck_assert_uint_eq(root->n, 5);
	ck_assert_str_eq(root->location.file, "a.yaml");
	ck_assert_str_eq(lb_node_get(root, "name")->text, "x");
	ck_assert_int_eq(hidden->type, LB_SEQUENCE);
	ck_assert_uint_eq(hidden->n, 2);
	ck_assert_uint_eq(hidden->location.line, 2);
	ck_assert_uint_eq(hidden->location.column, 28);
	ck_assert_str_eq(hidden->item[0]->text, "64");
	ck_assert(!hidden->item[0]->quoted);
	ck_assert(hidden->item[1]->quoted);
	ck_assert_str_eq(hidden->item[1]->location.file, "a.yaml");
	ck_assert_str_eq(lb_node_get(root, "empty")->text, "");
	ck_assert(!lb_node_get(root, "empty")->quoted);
	ck_assert_str_eq(lb_node_get(root, "long")->text, "a\nb\n");
	ck_assert(lb_node_get(root, "long")->quoted);
	ck_assert_str_eq(lb_node_get(root, "on")->text, "on");
	ck_assert_ptr_null(lb_node_get(root, "Name"));
	ck_assert_ptr_null(lb_node_get(NULL, "name"));
	ck_assert_ptr_null(lb_node_get(hidden, "name"));
	lb_node_free(root);
	lb_node_free(NULL);
}
END_TEST

START_TEST(empty_is_a_mapping)
{
	static const char *const texts[] = { "", "\n\n", "# nothing\n", "\xEF\xBB\xBF" };

	for (size_t i = 0; i < 4; i++) {
		struct lb_node *root = parse(texts[i]);
		ck_assert_int_eq(root->type, LB_MAPPING);
		ck_assert_uint_eq(root->n, 0);
		lb_node_free(root);
	}
}
END_TEST

START_TEST(accepted)
{
	static const struct {
		const char *text, *value;
		bool quoted;
	} cases[] = {
		{ "0.3", "0.3", false },
		{ "\"0.3\"", "0.3", true },
		{ "'it''s'", "it's", true },
		{ "--- x\n...\n", "x", false },
		{ "%YAML 1.1\n--- x\n", "x", false },
		{ "\xEF\xBB\xBFx", "x", false },
		{ "x\r\n", "x", false },
		{ "\xC3\xA9\xF0\x9F\x98\x80", "\xC3\xA9\xF0\x9F\x98\x80", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lb_node *root = parse(cases[i].text);
		ck_assert_int_eq(root->type, LB_SCALAR);
		ck_assert_str_eq(root->text, cases[i].value);
		ck_assert_int_eq(root->quoted, cases[i].quoted);
		lb_node_free(root);
	}
}
END_TEST

START_TEST(refused)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "a: 1\nb: 2\na: 3\n", "a.yaml:3:1: the key \"a\" stands twice, here and on line 1" },
		{ "m:\n  x: 1\n  'x': 2\n", "a.yaml:3:3: the key \"x\" stands twice, here and on line 2" },
		{ "a: 1\nb: [1, 2\nc: 3\n", "a.yaml:2:4: the list in [ ] that begins here is not closed" },
		{ "b: {x: 1\nc: 3\n", "a.yaml:1:4: the block in { } that begins here is not closed" },
		{ "b: \"abc\nc: 3\n", "a.yaml:1:4: the text in quotes that begins here is not closed" },
		{ "b: 'abc\nc: 3\n", "a.yaml:1:4: the text in quotes that begins here is not closed" },
		{ "a: &x 1\nb: 2\n", "a.yaml:1:4: found the anchor \"&x\"" },
		{ "a: &x {b: 1}\n", "a.yaml:1:4: found the anchor \"&x\"" },
		{ "a: *x\n", "a.yaml:1:4: found the alias \"*x\"" },
		{ "a: !!str 1\n", "a.yaml:1:4: found the tag \"tag:yaml.org,2002:str\"" },
		{ "a: !mine [1]\n", "a.yaml:1:4: found the tag \"!mine\"" },
		{ "a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here" },
		{ "a: 1\n...\n---\n", "a.yaml:3:1: a second document begins here" },
		{ "? [a]\n: 1\n", "a.yaml:1:3: a key is a list" },
		{ "{a: 1}: 2\n", "a.yaml:1:1: a key is a block" },
		{ "a: 1\n\tb: 2\n", "a.yaml:2:1: found a tab character" },
		{ "a: \"x\\q\"\n", "a.yaml:1:6: found unknown escape character" },
		{ "- a\nb: 1\n", "a.yaml:2:1: did not find expected '-' indicator" },
		{ "a: b: c\n", "a.yaml:1:5: mapping values are not allowed" },
		{ "a:\n  b: 1\n c: 2\n", "a.yaml:3:2: " },
		{ "a: @x\n", "a.yaml:1:4: found character that cannot start any token" },
		{ "a: \"\\0\"\n", "a.yaml:1:4: found a NUL" },
		{ "a: 1\nb: \x01\n", "a.yaml:2:4: " },
		{ "a: 1\nb: \xE4\n", "a.yaml:2:4: found what is not UTF-8 (byte 0xE4)" },
		{ "b: \xC3\xA9\xC3\n", "a.yaml:1:5: found what is not UTF-8 (byte 0xC3)" },
		{ "\xFF\xFE" "a", "a.yaml:1:1: found what is not UTF-8 (byte 0xFF)" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lb_err err = { 0 };
		ck_assert_ptr_null(lb_yaml_parse("a.yaml", cases[i].text, strlen(cases[i].text), &err));
		ck_assert_int_eq(err.code, LB_CONFIG);
		ck_assert_msg(strstr(err.text, cases[i].message) == err.text, "case %zu: %s", i, err.text);
		ck_assert_ptr_null(lb_yaml_parse("a.yaml", cases[i].text, strlen(cases[i].text), NULL));
	}
}
END_TEST

START_TEST(nul_byte)
{
	struct lb_err err = { 0 };

	ck_assert_ptr_null(lb_yaml_parse("a.yaml", "a: 1\nb\0: 2\n", 11, &err));
	ck_assert_str_eq(err.text, "a.yaml:2:2: found a NUL (byte 0x00), allowed: text in UTF-8; save the file as UTF-8");
}
END_TEST

START_TEST(several_errors_at_once)
{
	static const char text[] = "a: 1\na: 2\nb: *x\nc: !t 1\nd: [1\n";
	struct lb_err err = { 0 };

	ck_assert_ptr_null(lb_yaml_parse("a.yaml", text, strlen(text), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "a.yaml:3:4: found the alias"));
	ck_assert_ptr_nonnull(strstr(err.text, "\na.yaml:4:4: found the tag"));
	ck_assert_ptr_nonnull(strstr(err.text, "\na.yaml:5:4: the list in [ ]"));
}
END_TEST

static struct lb_node *parse_nested(size_t depth, struct lb_err *err)
{
	char text[256];

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return lb_yaml_parse("a.yaml", text, 2 * depth, err);
}

START_TEST(depth)
{
	struct lb_err err = { 0 };
	struct lb_node *root = parse_nested(32, &err);

	ck_assert_msg(root, "%s", err.text);
	lb_node_free(root);
	ck_assert_ptr_null(parse_nested(33, &err));
	ck_assert_str_eq(err.text, "a.yaml:1:33: nested more than 32 deep; flatten it");
}
END_TEST

/* Hostile sizes end quickly: 1 MiB of brackets, of keys, of one line. */
START_TEST(large)
{
	enum { SIZE = 1 << 20 };
	char *text = malloc(SIZE + 1);
	struct lb_err err = { 0 };
	struct lb_node *root;
	size_t n = 0;

	ck_assert_ptr_nonnull(text);
	memset(text, '[', SIZE + 1);
	ck_assert_ptr_null(lb_yaml_parse("a.yaml", text, SIZE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "32 deep"));
	err = (struct lb_err){ 0 };
	ck_assert_ptr_null(lb_yaml_parse("a.yaml", text, SIZE + 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "larger than the 1024 KiB allowed"));
	for (unsigned i = 0; n < SIZE - 16; i++)
		n += (size_t)sprintf(text + n, "k%u: 1\n", i);
	root = lb_yaml_parse("a.yaml", text, n, &err);
	ck_assert_ptr_nonnull(root);
	lb_node_free(root);
	free(text);
}
END_TEST

START_TEST(every_prefix_is_safe)
{
	static const char text[] = "a: [1, {b: \"x\\u00e9\"}]\n\"c d\": |\n  text\n? e\n: - f\n  - 'g'\n# end\nh: &i *j\n";

	for (size_t n = 0; n <= strlen(text); n++) {
		struct lb_err err = { 0 };
		struct lb_node *root = lb_yaml_parse("a.yaml", text, n, &err);
		ck_assert((root == NULL) == (err.code != LB_OK));
		ck_assert(err.code == LB_OK || err.code == LB_CONFIG);
		lb_node_free(root);
	}
}
END_TEST

START_TEST(files)
{
	char dir[] = "/tmp/test_yaml_XXXXXX", path[64];
	struct lb_err err = { 0 };
	struct lb_node *root;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.yaml", dir);
	ck_assert_ptr_null(lb_yaml_read(path, &err));
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "x.yaml: cannot be read: No such file or directory; check the path"));
	ck_assert_ptr_null(lb_yaml_read(dir, &err));
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "is a folder, expected a regular file; name the file in it"));
	ck_assert_int_eq(lb_write_file(path, "a: 1\n", 5, &err), 0);
	root = lb_yaml_read(path, &err);
	ck_assert_ptr_nonnull(root);
	ck_assert_str_eq(root->location.file, path);
	lb_node_free(root);
	chmod(path, 0);
	if (geteuid() != 0) {
		ck_assert_ptr_null(lb_yaml_read(path, &err));
		ck_assert_ptr_nonnull(strstr(err.text, "Permission denied"));
	}
	unlink(path);
	rmdir(dir);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("yaml");
	TCase *t = tcase_create("yaml");

	tcase_add_test(t, tree_and_places);
	tcase_add_test(t, empty_is_a_mapping);
	tcase_add_test(t, accepted);
	tcase_add_test(t, refused);
	tcase_add_test(t, nul_byte);
	tcase_add_test(t, several_errors_at_once);
	tcase_add_test(t, depth);
	tcase_add_test(t, large);
	tcase_add_test(t, every_prefix_is_safe);
	tcase_add_test(t, files);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("yaml")
