#include "datasets/readers.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PANDAS(read) "python3 -c \"import pandas as pd; pd." read ".to_csv('FILE.csv', index=False)\""
#define NUMPY "python3 -c \"import numpy as np; "
#define SAVE(x) "np.savetxt('FILE.csv', " x ", delimiter=',', fmt='%.17g')\""

struct magic {
	const char *name, *bytes;
	size_t n;
	const char *convert;
};
#define MAGIC(name, bytes, convert) { name, bytes, sizeof bytes - 1, convert }

static const char xlsx_convert[] = "save the sheet as CSV (UTF-8) in the spreadsheet program";
static const char unpack_convert[] = "unpack it (unzip FILE) and name the data file";
static const struct magic magics[] = {
	MAGIC("Parquet", "PAR1", PANDAS("read_parquet('FILE')")),
	MAGIC("Arrow (Feather)", "ARROW1", PANDAS("read_feather('FILE')")),
	MAGIC("HDF5", "\211HDF", "python3 -c \"import h5py, numpy as np; a = h5py.File('FILE')['NAME'][:]\n" SAVE("a.reshape(len(a), -1)")),
	MAGIC("MATLAB 5", "MATLAB 5.0 MAT-file",
	      "python3 -c \"import numpy as np, scipy.io; a = scipy.io.loadmat('FILE')['NAME']\n" SAVE("a")),
	MAGIC("a Git LFS pointer, not the data themselves", "version https://git-lfs", "git lfs pull"),
	MAGIC("R data (RDS or RData)", "RDX", "write.csv(get(load('FILE')), 'FILE.csv', row.names = FALSE) in R"),
	MAGIC("R data (RDS)", "X\n\0\0", "write.csv(readRDS('FILE'), 'FILE.csv', row.names = FALSE) in R"),
	MAGIC("JSON", "[{", PANDAS("read_json('FILE')")),
	MAGIC("JSON lines", "{\"", PANDAS("read_json('FILE', lines=True)")),
};

/* A magic word of letters that is followed by a delimiter is the name of a column. */
static bool has_magic(const struct magic *m, const unsigned char *s, size_t n)
{
	if (n < m->n || memcmp(s, m->bytes, m->n))
		return false;
	return n == m->n || !isalpha((unsigned char)m->bytes[0]) || !memchr(",;\t \r\n", s[m->n], 6);
}

static bool starts(const unsigned char *s, size_t n, const char *word)
{
	return n >= strlen(word) && !strncasecmp((const char *)s, word, strlen(word));
}

static bool is_html(const unsigned char *s, size_t n)
{
	while (n && isspace(*s))
		s++, n--;
	return starts(s, n, "<!doctype") || starts(s, n, "<html") || starts(s, n, "<?xml") || starts(s, n, "<head");
}

/* Pickle protocols 2 to 5 begin with 80 0x; in text, no first byte is above 7F without one above 7F after it. */
static bool is_pickle(const unsigned char *s, size_t n)
{
	return n >= 2 && s[0] == 0x80 && s[1] <= 5;
}

static bool has_name(const unsigned char *s, size_t n, const char *ending)
{
	const size_t length = n > 30 ? (size_t)s[26] | (size_t)s[27] << 8 : 0, k = strlen(ending);

	return length >= k && 30 + length <= n && !memcmp(s + 30 + length - k, ending, k);
}

static bool is_zip(const unsigned char *s, size_t n)
{
	return n >= 4 && !memcmp(s, "PK\3\4", 4);
}

static bool is_xlsx(const unsigned char *s, size_t n)
{
	return is_zip(s, n) && (has_name(s, n, "[Content_Types].xml") || has_name(s, n, ".rels") || has_name(s, n, "mimetype"));
}

static bool is_other_zip(const unsigned char *s, size_t n)
{
	return is_zip(s, n) && !has_name(s, n, ".npy");
}

static const struct {
	bool (*probe)(const unsigned char *s, size_t n);
	const char *name, *convert;
} probes[] = {
	{ is_xlsx, "a spreadsheet", xlsx_convert },
	{ is_other_zip, "a ZIP archive", unpack_convert },
	{ is_html, "HTML or XML", "download the data file itself, not the page that leads to it" },
	{ is_pickle, "a Python pickle", PANDAS("read_pickle('FILE')") "   (only if you trust who made it: it runs code)" },
};

static int refuse(const char *path, const char *name, const char *convert, struct lb_err *err)
{
	return lb_fail(err, LB_DATA,
		       "%s: is %s, which this version does not read; convert it first (FILE is its name):\n%s", path, name, convert);
}

int lb_foreign_check(const char *path, const unsigned char *head, size_t n, struct lb_err *err)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (has_magic(&magics[i], head, n))
			return refuse(path, magics[i].name, magics[i].convert, err);
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
		if (probes[i].probe(head, n))
			return refuse(path, probes[i].name, probes[i].convert, err);
	return 0;
}
