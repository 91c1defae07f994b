#include "core/base/json.h"
#include "core/base/sha256.h"
#include "datasets/formats/readers.h"
#include "tests/unit/datasets/one_file.h"

#include <math.h>
#include <sys/stat.h>

static int read_text(const char *text, const struct lb_read_options *opt)
{
	return read_bytes(text, strlen(text), opt);
}

/* A table as text: names, then the rows; '~' missing, text in quotes, cells divided by '|', rows by
 * '/'. */
static const char *shown(void)
{
	static char s[4096];
	size_t at = 0;

	for (size_t j = 0; j < t.n_cols; j++)
		at += (size_t)snprintf(s + at, sizeof s - at, "%s%s", j ? "|" : "", t.has_header ? t.col[j].name : "-");
	for (size_t i = 0; i < t.n; i++)
		for (size_t j = 0; j < t.n_cols && at < sizeof s; j++) {
			const struct lb_column *c = &t.col[j];
			const char *sep = j ? "|" : "/";
			if (c->type == LB_TEXT ? c->code[i] < 0 : isnan(c->num[i]))
				at += (size_t)snprintf(s + at, sizeof s - at, "%s~", sep);
			else if (c->type == LB_TEXT)
				at += (size_t)snprintf(s + at, sizeof s - at, "%s'%s'", sep, c->level[c->code[i]]);
			else
				at += (size_t)snprintf(s + at, sizeof s - at, "%s%.17g", sep, c->num[i]);
		}
	return s;
}

/* ---- delimited text: what is read ---- */

#define HEADER_YES { .header = 1 }
#define HEADER_NO { .header = -1 }

static const struct {
	const char *text, *want;
	struct lb_read_options opt;
} good[] = {
	{ "a,b\n1,2\n3,4\n", "a|b/1|2/3|4", { 0 } },
	{ "1,2\n3,4", "-|-/1|2/3|4", { 0 } },
	{ "\xEF\xBB\xBF" "a,b\r\n1,2\r\n", "a|b/1|2", { 0 } },
	{ "a,b\r1,2\r3,4\r", "a|b/1|2/3|4", { 0 } },
	{ "\n\n a , b \n\n 1 ,\t2\t\n \n\r\n3,4\n\n", "a|b/1|2/3|4", { 0 } },
	{ "5\n6\n", "-/5/6", { 0 } },
	{ "cat\ndog\ncat\n", "-/'cat'/'dog'/'cat'", { 0 } },
	{ "New York\nRome\nLos Angeles\n", "-/'New York'/'Rome'/'Los Angeles'", { 0 } },
	/* delimiters */
	{ "a\tb\n1\t\n\t4\n", "a|b/1|~/~|4", { 0 } },
	{ "a;b\n1,5;2\n2,5;3\n", "a|b/'1,5'|2/'2,5'|3", { 0 } },
	{ "  a   b\n 1 \t 2 \n3 4\n", "a|b/1|2/3|4", { 0 } },
	{ "a b\t5\nc\t6\n", "-|-/'a b'|5/'c'|6", { 0 } },
	{ "1;2 3\n4;5 6\n", "-|-/'1;2'|3/'4;5'|6", { .delimiter = ' ' } },
	{ "\"x,y\";2\n\"z\";3\n", "-|-/'x,y'|2/'z'|3", { 0 } },
	{ "\"x y\" 2\n\"z\" 3\n", "-|-/'x y'|2/'z'|3", { 0 } },
	/* quotes */
	{ "a,b\n\"x\ny\",1\n\"say \"\"hi\"\"\", 2\n", "a|b/'x\ny'|1/'say \"hi\"'|2", { 0 } },
	{ "a,b\n\"1\",\" 2 \"\n3,4\n", "a|b/1|2/3|4", { 0 } },
	{ "a,b\n \" x \" ,1\n x ,2\n", "a|b/' x '|1/'x'|2", { 0 } },
	{ "a,b\n5\" pipe,1\n", "a|b/'5\" pipe'|1", { 0 } },
	{ "\"a\"\"b\",\"c,d\"\n1,2\n", "a\"b|c,d/1|2", { 0 } },
	{ "a,b\n\"\",1\n\"\"\"\",2\n", "a|b/~|1/'\"'|2", { 0 } },
	{ "a,b\n\"x\"\"y\",1\nx,2\n\"x\"\"y\",3\nx\"y,4\n", "a|b/'x\"y'|1/'x'|2/'x\"y'|3/'x\"y'|4", { 0 } },
	/* header */
	{ "a,b\nx,y\n", "-|-/'a'|'b'/'x'|'y'", { 0 } },
	{ "a,b\nx,y\n", "a|b/'x'|'y'", HEADER_YES },
	{ "1,2\n3,4\n", "1|2/3|4", HEADER_YES },
	{ "a,b\n1,2\n", "-|-/'a'|'b'/'1'|'2'", HEADER_NO },
	{ ",a\n0,1\n", "column 1|a/0|1", { 0 } },
	{ "1,,3\n4,5,6\n", "-|-|-/1|~|3/4|5|6", { 0 } },
	{ "1,nan,-inf\n4,5,6\n", "-|-|-/1|~|'-inf'/4|5|'6'", { 0 } },
	{ "a,b\n,\n1,x\n", "a|b/~|~/1|'x'", { 0 } },
	{ "x,1\ny,2\n", "-|-/'x'|1/'y'|2", { 0 } },
	{ "b,b\n1,2\n", "b|b/1|2", { 0 } },
	/* numbers, and what is none */
	{ "1e3,-.5,+2.,1E-400\n0,0,0,0\n", "-|-|-|-/1000|-0.5|2|0/0|0|0|0", { 0 } },
	{ "123456789012345,1234567890123456,12 ,1 2\n0,0,0,0\n", "-|-|-|-/123456789012345|1234567890123456|12|'1 2'/0|0|0|'0'", HEADER_NO },
	{ "1\n0x10\n", "-/'1'/'0x10'", { 0 } },
	{ "v\n1.50\ninf\n", "v/'1.50'/'inf'", HEADER_YES },
	{ "v\n1e999\n", "v/'1e999'", HEADER_YES },
	{ "v\n1d5\n", "v/'1d5'", HEADER_YES },
	{ "v\n1_000\n", "v/'1_000'", HEADER_YES },
	{ "v\n01\n1\n1.0\nx\n1\n", "v/'01'/'1'/'1.0'/'x'/'1'", HEADER_YES },
	/* missing */
	{ "v,w\n1,NA\nNaN,NA\nnan,x\nnull,NA\nNULL,NA\nNone,NA\n?,\n", "v|w/1|~/~|~/~|'x'/~|~/~|~/~|~/~|~", { 0 } },
	{ "v,w\nNA,1\n,2\n", "v|w/~|1/~|2", { 0 } },
	{ "v,w\nNAN,1\n-,2\n", "v|w/'NAN'|1/'-'|2", { 0 } },
	{ "v,w\n1,-\n-,2\n.,3\n4,.\n", "v|w/1|~/~|2/~|3/4|~", { 0 } },
	{ "v,w\n-,1\n+,2\n-,3\n,4\n", "v|w/'-'|1/'+'|2/'-'|3/~|4", { 0 } },
	{ "v,w\nN/A,1\nn/a,2\n#N/A,3\n<NA>,4\n-nan,5\nNaT,6\n7,8\n", "v|w/~|1/~|2/~|3/~|4/~|5/~|6/7|8", { 0 } },
	/* a header of numbers */
	{ "0,1,2,3\n1,0,3,1\n5,11,4,0\n", "0|1|2|3/1|0|3|1/5|11|4|0", { 0 } },
	{ "1,2,3,4\n1,0,3,1\n5,11,4,0\n", "1|2|3|4/1|0|3|1/5|11|4|0", { 0 } },
	{ "0,1,2,4\n1,0,3,1\n", "-|-|-|-/0|1|2|4/1|0|3|1", { 0 } },
	{ "1,2,3,4\n2,3,4,5\n3,4,5,6\n", "-|-|-|-/1|2|3|4/2|3|4|5/3|4|5|6", { 0 } },
	{ "0,1,2\n0.5,1.5,3\n2.5,0.25,4\n", "0|1|2/0.5|1.5|3/2.5|0.25|4", { 0 } },
	{ "0,1,2\n5,6,x\n7,8,y\n", "0|1|2/5|6|'x'/7|8|'y'", { 0 } },
	{ "0,1,2\n5,6,1\n7,8,2\n", "-|-|-/0|1|2/5|6|1/7|8|2", { 0 } },
	{ "0,1,2\n5,6,1\n7,8,2\n", "0|1|2/5|6|1/7|8|2", HEADER_YES },
	{ ",0,1\n0,5,9\n1,7,8\n2,7,9\n", "column 1|0|1/0|5|9/1|7|8/2|7|9", { 0 } },
	{ "2001,2002,2003\n5.5,4.5,3\n5.25,4,3.5\n", "2001|2002|2003/5.5|4.5|3/5.25|4|3.5", { 0 } },
	{ "5,6,7\n6,7,8\n7,8,9\n", "-|-|-/5|6|7/6|7|8/7|8|9", { 0 } },
	/* a header of words over words */
	{ "cap,odor\nx,n\ny,n\nx,m\ny,m\nx,n\ny,m\n", "cap|odor/'x'|'n'/'y'|'n'/'x'|'m'/'y'|'m'/'x'|'n'/'y'|'m'", { 0 } },
	{ "class,cap\np,x\ne,y\n", "class|cap/'p'|'x'/'e'|'y'", { 0 } },
	{ "p,x\ne,y\np,z\ne,x\n", "-|-/'p'|'x'/'e'|'y'/'p'|'z'/'e'|'x'", { 0 } },
	/* files of R's write.table */
	{ "\"a\" \"b\"\n\"r1\" 1 \"x\"\n\"r2\" 2 \"y\"\n", "a|b/1|'x'/2|'y'", { 0 } },
	{ "a,b\n1,2,3\n2,2,4\n", "a|b/2|3/2|4", { 0 } },
	/* delimiters: pipes, a first line that names one, decimals */
	{ "a|b\n1|x y\n2|z\n", "a|b/1|'x y'/2|'z'", { 0 } },
	{ "sep=;\na;b,c\n1;2\n", "a|b,c/1|2", { 0 } },
	{ "\"sep=^\"\r\na^b\r\n1^2\r\n", "a|b/1|2", { 0 } },
	{ "sep=x,b\n1,2\n", "sep=x|b/1|2", { 0 } },
	{ "0,5;-0,25\n0,75;0,125\n", "-|-/0.5|-0.25/0.75|0.125", { .decimal = ',', .thousands = '.' } },
	{ "0,5;-0,25\n0,75;0,125\n", "-|-/'0,5'|'-0,25'/'0,75'|'0,125'", { 0 } },
	{ "1,5 2,5\n3,5 4,5\n", "-|-/'1,5'|'2,5'/'3,5'|'4,5'", { 0 } },
	{ "1, 2, 3\n4, 5, 6\n", "-|-|-/1|2|3/4|5|6", HEADER_NO },
	/* notations */
	{ "a;b\n1.234,5;1e3\n-12.345.678,25;,5\n", "a|b/1234.5|1000/-12345678.25|0.5", { .decimal = ',', .thousands = '.' } },
	{ "a;b\n1.23;2\n0.123;2\n", "a|b/'1.23'|2/'0.123'|2", { .header = 1, .decimal = ',', .thousands = '.' } },
	{ "a,b\n\"1,234.5\",1\n\"12,34\",2\n", "a|b/'1,234.5'|1/'12,34'|2", { .header = 1, .thousands = ',' } },
	{ "a,b\n\"1,234.5\",1\n\"-1,234,567\",2\n", "a|b/1234.5|1/-1234567|2", { .thousands = ',' } },
	{ "a;b\n1 234,5;1\n12\xC2\xA0""000;2\n", "a|b/1234.5|1/12000|2", { .decimal = ',', .thousands = ' ' } },
	{ "a;b\n1'234.5;1\n12'000;2\n", "a|b/1234.5|1/12000|2", { .thousands = '\'' } },
	/* whole numbers that a double rounds keep their digits */
	{ "a,b\n9007199254740993,1\n9007199254740992,2\n+009007199254740993.0,3\n7,4\n", "a|b/'9007199254740993'|1/'9007199254740992'|2/"
	  "'9007199254740993'|3/'7'|4", { 0 } },
	{ "a,b\n9007199254740993,1\nx,2\n09,3\n", "a|b/'9007199254740993'|1/'x'|2/'09'|3", { 0 } },
	{ "a,b\n9007199254740991,1\n1e300,2\n", "a|b/9007199254740991|1/1.0000000000000001e+300|2", { 0 } },
	{ "PAR1,BZh\n1,2\n", "PAR1|BZh/1|2", { 0 } },
	{ "%fat,age\n1,2\n", "%fat|age/1|2", { 0 } },
	{ "\xC3\xA9t\xC3\xA9,b\n1,\xE2\x82\xAC\n", "\xC3\xA9t\xC3\xA9|b/1|'\xE2\x82\xAC'", { 0 } },
};

START_TEST(csv_reads)
{
	char hex[65];

	ck_assert_msg(!read_text(good[_i].text, &good[_i].opt), "%s", err.text);
	ck_assert_str_eq(shown(), good[_i].want);
	ck_assert_str_eq(t.format, "csv");
	ck_assert_uint_eq(t.bytes, strlen(good[_i].text));
	lb_sha256_hex(good[_i].text, strlen(good[_i].text), hex);
	ck_assert_str_eq(t.sha256, hex);
}
END_TEST

START_TEST(own_markers)
{
	static const char *const words[] = { "N/A", "-200" };
	cJSON *list = cJSON_CreateStringArray(words, 2), *none = cJSON_CreateArray();
	struct lb_read_options opt = { .missing = list };

	ck_assert_msg(!read_text("a,b,c\n-200,N/A,None\n1,x,\n-200.0,NA,y\n\"-2e2\",?,z\n", &opt), "%s", err.text);
	ck_assert_str_eq(shown(), "a|b|c/~|~|'None'/1|'x'|~/~|'NA'|'y'/~|'?'|'z'");
	ck_assert_uint_eq(t.col[0].n_missing, 3);
	ck_assert_uint_eq(t.col[0].first_missing_line, 2);
	opt.missing = none;
	ck_assert_msg(!read_text("a,b\n1,None\n,NA\n-,\n", &opt), "%s", err.text);
	ck_assert_str_eq(shown(), "a|b/'1'|'None'/~|'NA'/'-'|~");
	cJSON_Delete(list);
	cJSON_Delete(none);
}
END_TEST

static bool is_ring(const void *config, const char *name)
{
	return !strcmp(config, name);
}

/* A first line of words is a header where one of them is asked for. */
START_TEST(wanted_names)
{
	const char text[] = "cap,ring\nx,y\nz,w\n";
	struct lb_read_options opt = { .wants = is_ring, .config = "ring" };

	ck_assert_int_eq(read_text(text, &opt), 0);
	ck_assert(t.has_header && t.n == 2 && t.n_warnings == 0);
	opt.config = "x";
	ck_assert_int_eq(read_text(text, &opt), 0);
	ck_assert(!t.has_header && t.n == 3 && t.n_warnings == 1);
	ck_assert_ptr_nonnull(strstr(t.warning[0], "data.header: true"));
	opt.header = -1;
	opt.config = "ring";
	ck_assert_int_eq(read_text(text, &opt), 0);
	ck_assert(!t.has_header && t.n_warnings == 0);
}
END_TEST

/* What is guessed is said; what is certain is not. */
START_TEST(guesses_are_told)
{
	static const struct {
		const char *text, *part;
	} guess[] = {
		{ "0,1,2,3\n1,0,3,1\n5,11,4,0\n", "count the columns" },
		{ "0,1,2\n5,6,1\n7,8,2\n", "set data.header: true if it is a header" },
		{ "2001,2002,2003\n5.5,4.5,3\n5.25,4,3.5\n", "rise evenly" },
		{ "class,cap\np,x\ne,y\n", "names a label" },
		{ "a,b\nx,y\n", "data.header: true" },
		{ "a,b\n1,2,3\n2,2,4\n", "write.table" },
		{ "a,b\n1,2\n", NULL },
		{ "5,1\n1,2\n", NULL },
	};

	for (size_t i = 0; i < sizeof guess / sizeof *guess; i++) {
		ck_assert_msg(!read_text(guess[i].text, NULL), "%s", err.text);
		ck_assert_uint_eq(t.n_warnings, guess[i].part != NULL);
		ck_assert(!guess[i].part || strstr(t.warning[0], guess[i].part));
	}
}
END_TEST

/* ---- delimited text: what is refused ---- */

static const struct {
	const char *text, *words;
	struct lb_read_options opt;
} bad[] = {
	{ "", "empty", { 0 } },
	{ "\n \n\r\n", "blank_lines", { 0 } },
	{ "\xEF\xBB\xBF", "blank_lines", { 0 } },
	{ "a,b\n", "no_rows", HEADER_YES },
	{ "u,v,label\n", "has_a_header_but_no_rows", { 0 } },
	{ "# a\n# b\n", "nothing_but_comments", { 0 } },
	{ "a,b\n1,2,\n3,4,\n", ":2: 3_fields 2_in_line_1 ends_with_a_delimiter", { 0 } },
	{ "title,x\n1,2,3\n1,3,4\n", ":2: 3_fields 2_in_line_1 delete_it", { 0 } },
	{ "a,b\n1,2\n3\n", ":3: 1_field 2_in_line_1 comma", { 0 } },
	{ "a,b\n\"x\n\ny\",2\n\n3,4,5\n", ":6: 3_fields 2_in_line_1", { 0 } },
	{ "title,x,y\n1,2\n3,4\n", ":2: 2_fields 3_in_line_1 the_rows_lack_cells", { 0 } },
	{ "\n1\t2\n3\t4\t5\n", ":3: 3_fields 2_in_line_2 tab", { 0 } },
	{ "a,b\n1,\"x\n2,3\n", ":2: never_closed", { 0 } },
	{ "a,b\n1,2\n\"x\"y,2\n", ":3: closing_quote", { 0 } },
	{ "a,b\nx\xE9,2\n", ":2: field_1 UTF-8", { 0 } },
	{ "\xE9,b\n1,2\n", ":1: field_1 UTF-8", { 0 } },
	{ "\xFF\xFE" "a,b", "UTF-16", { 0 } },
	{ "a,b\n1,2\n", "'cvs' auto,_idx,_npy,_npz,_arff,_svmlight,_csv did_you_mean_'csv'", { .format = "cvs" } },
	{ "a,b\n1,2\n", "not_IDX", { .format = "idx" } },
	{ "<!DOCTYPE html>\n<html>", "HTML", { 0 } },
	{ "\n <HTML>", "HTML", { 0 } },
	{ "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "LFS", { 0 } },
	{ "% weka\n\n@RELATION x\n@data\n", "@attribute", { 0 } },
	{ " 2:1\n", "index label", { 0 } },
	{ "3,5 1:0.25\n", "several_labels", { 0 } },
	{ "\223NUMPY\1", "NPY_header ends_after_7", { 0 } },
	{ "PAR1\x15", "Parquet pd.read", { 0 } },
	{ "ARROW1", "Arrow", { 0 } },
	{ "\211HDF\r\n\x1a\n", "HDF5", { 0 } },
	{ "BZh91AY", "bzip2_data_are_damaged", { 0 } },
	{ "\x28\xB5\x2F\xFD\x20", "zstd", { 0 } },
	{ "\x80\x04\x95", "pickle", { 0 } },
	{ "PK\3\4", "ZIP", { 0 } },
	{ "{\"a\": 1}\n", "JSON", { 0 } },
};

START_TEST(csv_refuses)
{
	ck_refused(read_text(bad[_i].text, &bad[_i].opt), bad[_i].words);
}
END_TEST

START_TEST(nul_bytes)
{
	static const char zip[] = "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0X.npy";

	ck_refused(read_bytes("a,b\n1,\0002\n", 9, NULL), ":2: NUL byte_6");
	ck_refused(read_bytes("\xFD" "7zXZ\0", 6, NULL), "xz");
	ck_refused(read_bytes("a\0,\0", 4, NULL), ":1: UTF-16");
	ck_refused(read_bytes(zip, sizeof zip - 1, NULL), "ZIP damaged end_record");
}
END_TEST

START_TEST(places)
{
	const struct lb_column *c;

	ck_assert_int_eq(read_text("a,b\n\n1,x\n\n\"2\",\"y\nz\"\n,q\n4,\nNA,y\n", NULL), 0);
	static const size_t lines[] = { 3, 5, 7, 8, 9 };
	ck_assert_uint_eq(t.n, 5);
	for (size_t i = 0; i < t.n; i++)
		ck_assert_uint_eq(t.line[i], lines[i]);
	c = &t.col[0];
	ck_assert(c->type == LB_NUMBER && c->n_missing == 2 && c->first_missing_line == 7 && !c->code && !c->level);
	c = &t.col[1];
	ck_assert(c->type == LB_TEXT && c->n_missing == 1 && c->first_missing_line == 8 && !c->num);
	ck_assert_uint_eq(c->n_levels, 4);
	ck_assert_str_eq(c->level[3], "y");
	/* missing cells before the text that makes a column text are counted once */
	ck_assert_int_eq(read_text("a,b\n,1\n5,1\nx,1\n,1\n", NULL), 0);
	c = &t.col[0];
	ck_assert(c->n_missing == 2 && c->first_missing_line == 2 && c->n_levels == 2);
	ck_assert_str_eq(t.col[1].name, "b");
}
END_TEST

static struct lb_buf repeated(const char *before, char c, size_t n, const char *after)
{
	struct lb_buf b = { 0 };

	lb_buf_puts(&b, before);
	for (size_t i = 0; i < n; i++)
		lb_buf_add(&b, &c, 1);
	lb_buf_puts(&b, after);
	ck_assert(!b.bad);
	return b;
}

START_TEST(limits)
{
	struct lb_buf b = repeated("a,b\n", 'x', 65536, ",1\n");

	ck_assert_int_eq(read_bytes(b.s, b.n, NULL), 0);
	lb_buf_free(&b);
	b = repeated("a,b\n2,2\n", 'x', 65537, ",1\n");
	ck_refused(read_bytes(b.s, b.n, NULL), ":3: 65537_bytes 65536");
	lb_buf_free(&b);
	b = repeated("a,b\n0.", '1', 70000, ",1\n");
	ck_assert_int_eq(read_bytes(b.s, b.n, NULL), 0);
	ck_assert_double_eq_tol(t.col[0].num[0], 1.0 / 9, 1e-15);
	lb_buf_free(&b);
	b = repeated("a,b\n1,\"", 'x', (64 << 20) + 1, "\"\n");
	ck_refused(read_bytes(b.s, b.n, NULL), ":2: longer 1048576_bytes");
	lb_buf_free(&b);
	b = repeated("", '7', 0, ""); /* a wide line, which is one long cell by every other delimiter */
	for (int i = 0; i < 300000; i++)
		lb_buf_puts(&b, i ? ",7.25" : "7.25");
	lb_buf_puts(&b, "\n");
	ck_assert_msg(!read_bytes(b.s, b.n, NULL), "%s", err.text);
	ck_assert_uint_eq(t.n_cols, 300000);
	lb_buf_free(&b);
	b = repeated("", ',', 1000000, "\n");
	ck_refused(read_bytes(b.s, b.n, NULL), ":1: 1000000_columns");
	lb_buf_free(&b);
}
END_TEST

START_TEST(many_levels)
{
	struct lb_buf b = { 0 };

	lb_buf_puts(&b, "id,v\n");
	for (int i = 0; i < 100000; i++)
		lb_buf_printf(&b, "k%d,%d.25\n", i % 30000, i);
	ck_assert_int_eq(read_bytes(b.s, b.n, NULL), 0);
	lb_buf_free(&b);
	ck_assert_uint_eq(t.n, 100000);
	ck_assert_uint_eq(t.col[0].n_levels, 30000);
	for (int i = 0; i < 100000; i++) {
		ck_assert_int_eq(t.col[0].code[i], i % 30000);
		ck_assert_double_eq(t.col[1].num[i], i + 0.25);
		ck_assert_uint_eq(t.line[i], (size_t)i + 2);
	}
	ck_assert_str_eq(t.col[0].level[29999], "k29999");
}
END_TEST

/* ---- files ---- */

START_TEST(unreadable_files)
{
	put("1\n", 2);
	ck_assert_int_eq(lb_table_read(dir, NULL, &t, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is a folder"));
	ck_assert_int_eq(err.code, LB_DATA);
	if (geteuid() != 0) {
		ck_assert_int_eq(chmod(file, 0), 0);
		ck_refused(lb_table_read(file, NULL, &t, &err), "cannot_be_opened Permission_denied");
	}
	unlink(file);
	err = (struct lb_err){ 0 };
	ck_refused(lb_table_read(file, NULL, &t, &err), "cannot_be_opened No_such_file");
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	ck_refused(lb_table_read(file, NULL, &t, &err), "pipe");
	lb_table_free(NULL);
}
END_TEST

START_TEST(registry)
{
	ck_assert_uint_ge(lb_reader_count(), 2);
	for (size_t i = 0; i < lb_reader_count(); i++) {
		const struct lb_reader *r = lb_reader_at(i);
		ck_assert(r->base.name && r->base.title && r->base.cite && r->probe && r->read);
	}
	ck_assert_str_eq(lb_reader_at(lb_reader_count() - 1)->base.name, "csv");
}
END_TEST

/* ---- IDX ---- */

#define IDX(type, dims) "\0\0" type dims
#define SIZE(n) "\0\0\0" n

static const struct {
	const char *bytes;
	size_t n_bytes;
	enum lb_dtype dtype;
	size_t n, d;
	double x[4];
} idx_good[] = {
#define CASE(bytes, ...) { bytes, sizeof bytes - 1, __VA_ARGS__ }
	CASE(IDX("\x08", "\1") SIZE("\3") "\0\x7F\xFF", LB_U8, 3, 1, { 0, 127, 255 }),
	CASE(IDX("\x08", "\3") SIZE("\1") SIZE("\2") SIZE("\2") "\1\2\3\4", LB_U8, 1, 4, { 1, 2, 3, 4 }),
	CASE(IDX("\x08", "\10") SIZE("\2") SIZE("\1") SIZE("\1") SIZE("\1") SIZE("\1") SIZE("\1") SIZE("\1") SIZE("\2") "\1\2\3\4",
	     LB_U8, 2, 2, { 1, 2, 3, 4 }),
	CASE(IDX("\x09", "\2") SIZE("\2") SIZE("\1") "\x80\x7F", LB_F32, 2, 1, { -128, 127 }),
	CASE(IDX("\x0B", "\2") SIZE("\1") SIZE("\2") "\x80\0\1\2", LB_F32, 1, 2, { -32768, 258 }),
	CASE(IDX("\x0C", "\1") SIZE("\2") "\x80\0\0\0\x7F\xFF\xFF\xFF", LB_F64, 2, 1, { -2147483648.0, 2147483647 }),
	CASE(IDX("\x0D", "\1") SIZE("\2") "\x3F\xC0\0\0\xC0\x20\0\0", LB_F32, 2, 1, { 1.5, -2.5 }),
	CASE(IDX("\x0D", "\1") SIZE("\2") "\x7F\xC0\0\0\0\0\0\0", LB_F32, 2, 1, { (double)NAN, 0 }),
	CASE(IDX("\x0E", "\1") SIZE("\1") "\x3F\xB9\x99\x99\x99\x99\x99\x9A", LB_F64, 1, 1, { 0.1 }),
};

static double value(const struct lb_matrix *m, size_t i)
{
	return m->dtype == LB_U8 ? ((unsigned char *)m->x)[i] : m->dtype == LB_F32 ? (double)((float *)m->x)[i] : ((double *)m->x)[i];
}

START_TEST(idx_reads)
{
	struct lb_buf gz = { 0 };

	gzip_add(&gz, idx_good[_i].bytes, idx_good[_i].n_bytes, NULL, 6);
	for (int zipped = 0; zipped < 2; zipped++) {
		ck_assert_msg(!(zipped ? read_bytes(gz.s, gz.n, NULL) : read_bytes(idx_good[_i].bytes, idx_good[_i].n_bytes, NULL)), "%s",
			      err.text);
		ck_assert(t.block.dtype == idx_good[_i].dtype && !t.col && !t.n_cols && !t.line);
		ck_assert_uint_eq(t.n, idx_good[_i].n);
		ck_assert_uint_eq(t.block.n, idx_good[_i].n);
		ck_assert_uint_eq(t.block.d, idx_good[_i].d);
		for (size_t i = 0; i < t.n * t.block.d; i++) {
			const double want = idx_good[_i].x[i], found = value(&t.block, i);
			ck_assert(isnan(want) ? isnan(found) : want == found);
		}
		ck_assert_str_eq(t.format, "idx");
		ck_assert_uint_eq(t.bytes, idx_good[_i].n_bytes);
		ck_assert_uint_eq(strlen(t.sha256), 64);
	}
	lb_buf_free(&gz);
}
END_TEST

static const struct {
	const char *bytes;
	size_t n_bytes;
	const char *words;
} idx_bad[] = {
	CASE("\0\0\x08", "header 8_bytes 3_of_them"),
	CASE(IDX("\x08", "\3") SIZE("\1"), "header 16_bytes 8_of_them"),
	CASE(IDX("\x0A", "\1") SIZE("\1") "\1", "type 0a"),
	CASE(IDX("\x08", "\0") SIZE("\1"), "dimensions is_0"),
	CASE(IDX("\x08", "\11") SIZE("\1"), "dimensions is_9"),
	CASE(IDX("\x08", "\2") SIZE("\1") SIZE("\0"), "dimension_2 size_0"),
	CASE(IDX("\x08", "\2") SIZE("\2") SIZE("\3") "\1\2\3\4\5", "6_bytes 5_of_them"),
	CASE(IDX("\x08", "\2") SIZE("\2") SIZE("\3") "\1\2\3\4\5\6\7\10", "2_bytes_follow 6_bytes"),
	CASE(IDX("\x08", "\2") "\x7F\xFF\xFF\xFF\0\0\0\4" "\1", "8589934588_bytes 1_of_them"),
	CASE(IDX("\x0E", "\2") "\x7F\xFF\xFF\xFF\0\1\0\0" "\1", "promises 2147483647 limits"),
	CASE(IDX("\x08", "\3") "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "promises limits"),
	CASE(IDX("\x08", "\1") "\x80\0\0\0" "\1", "limits 2147483647_rows"),
	CASE(IDX("\x0D", "\2") SIZE("\1") SIZE("\2") "\0\0\0\0\x7F\x80\0\0", "row_1,_value_2 infinite"),
	CASE(IDX("\x0E", "\1") SIZE("\1") "\xFF\xF0\0\0\0\0\0\0", "row_1,_value_1 infinite"),
};

START_TEST(idx_refuses)
{
	ck_refused(read_bytes(idx_bad[_i].bytes, idx_bad[_i].n_bytes, &(struct lb_read_options){ .format = "idx" }), idx_bad[_i].words);
}
END_TEST

/* ---- the shipped sets ---- */

START_TEST(real_letter)
{
	static const char path[] = "datasets/samples/letter.csv.gz";

	if (access(path, R_OK))
		return;
	ck_assert_msg(!lb_table_read(path, NULL, &t, &err), "%s", err.text);
	ck_assert(t.n == 20000 && t.n_cols == 17 && t.has_header);
	const struct lb_column *label = &t.col[16];
	ck_assert(label->type == LB_TEXT && label->n_levels == 26 && !label->n_missing);
	for (size_t j = 0; j < 16; j++) {
		ck_assert(t.col[j].type == LB_NUMBER && !t.col[j].n_missing);
		for (size_t i = 0; i < t.n; i++)
			ck_assert(t.col[j].num[i] >= 0 && t.col[j].num[i] <= 15);
	}
	size_t count[26] = { 0 };
	for (size_t i = 0; i < t.n; i++)
		count[label->code[i]]++;
	for (size_t c = 0; c < 26; c++)
		ck_assert(count[c] >= 734 && count[c] <= 813);
	ck_assert_uint_eq(t.line[19999], 20001);
	ck_assert_uint_eq(t.bytes, 712666);
	ck_assert_str_eq(t.sha256, "702895c420c2674133c40f605c59d17a9be45158bdfc00a59fc14f13be4ec39b");
}
END_TEST

START_TEST(real_penguins)
{
	static const char path[] = "datasets/samples/penguins.csv.gz";
	size_t missing = 0, text = 0;

	if (access(path, R_OK))
		return;
	ck_assert_msg(!lb_table_read(path, NULL, &t, &err), "%s", err.text);
	ck_assert(t.n == 344 && t.n_cols == 7 && t.has_header);
	for (size_t j = 0; j < t.n_cols; j++) {
		missing += t.col[j].n_missing;
		text += t.col[j].type == LB_TEXT;
	}
	ck_assert(missing == 19 && text == 3 && t.col[6].n_levels == 3);
}
END_TEST

START_TEST(real_fashion)
{
	static const char x[] = "datasets/samples/fashion_mnist_train2000-images-idx3-ubyte.gz";
	static const char y[] = "datasets/samples/fashion_mnist_train2000-labels-idx1-ubyte.gz";
	static const unsigned char first[] = { 9, 0, 0, 3, 0, 2, 7, 2 };

	if (access(x, R_OK) || access(y, R_OK))
		return;
	ck_assert_msg(!lb_table_read(x, NULL, &t, &err), "%s", err.text);
	ck_assert(t.n == 2000 && t.block.n == 2000 && t.block.d == 784 && t.block.dtype == LB_U8);
	ck_assert_uint_eq(t.bytes, 16 + 2000 * 784);
	lb_table_free(&t);
	ck_assert_msg(!lb_table_read(y, NULL, &t, &err), "%s", err.text);
	ck_assert(t.n == 2000 && t.block.d == 1);
	ck_assert_mem_eq(t.block.x, first, sizeof first);
}
END_TEST

#define N_OF(table) ((int)(sizeof(table) / sizeof *(table)))

static Suite *suite(void)
{
	Suite *s = suite_create("readers");
	TCase *c = tcase_create("readers");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_at_least(c, 60);
	tcase_add_loop_test(c, csv_reads, 0, N_OF(good));
	tcase_add_loop_test(c, csv_refuses, 0, N_OF(bad));
	tcase_add_test(c, own_markers);
	tcase_add_test(c, wanted_names);
	tcase_add_test(c, guesses_are_told);
	tcase_add_test(c, nul_bytes);
	tcase_add_test(c, places);
	tcase_add_test(c, limits);
	tcase_add_test(c, many_levels);
	tcase_add_test(c, unreadable_files);
	tcase_add_test(c, registry);
	tcase_add_loop_test(c, idx_reads, 0, N_OF(idx_good));
	tcase_add_loop_test(c, idx_refuses, 0, N_OF(idx_bad));
	tcase_add_test(c, real_letter);
	tcase_add_test(c, real_penguins);
	tcase_add_test(c, real_fashion);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("readers")
