#include "datasets/formats/readers.h"
#include "datasets/io/unpack.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PANDAS(read) "python3 -c \"import pandas as pd; pd." read ".to_csv('FILE.csv', index=False)\""
#define NUMPY "python3 -c \"import numpy as np; "
#define SAVE(x) "np.savetxt('FILE.csv', " x ", delimiter=',', fmt='%.17g')\""

struct magic {
	const char *name, *bytes;
	size_t n, at;            /* their place */
	const char *convert;     /* NULL: there is no table in it */
	bool control;            /* text could begin so too: control characters must follow */
};
#define MAGIC_AT(name, at, bytes, convert) { name, bytes, sizeof bytes - 1, at, convert, false }
#define MAGIC(name, bytes, convert) MAGIC_AT(name, 0, bytes, convert)
#define MAGIC_WORD(name, bytes, convert) { name, bytes, sizeof bytes - 1, 0, convert, true }

static const char xlsx_convert[] = "save the sheet as CSV (UTF-8) in the spreadsheet program, or\n" PANDAS("read_excel('FILE')");
static const char unpack_convert[] = "unpack it (unzip FILE) and name the data file";

/* Parquet, Arrow: Debian 12 has no library with a C interface to them (looked for: Arrow and its
 * GLib binding, nanoarrow, DuckDB), so they are converted by the programs that have one. */
static const struct magic magics[] = {
	MAGIC_WORD("Parquet", "PAR1", PANDAS("read_parquet('FILE')")),
	MAGIC_WORD("Parquet (encrypted)", "PARE", PANDAS("read_parquet('FILE')") "   (with its key)"),
	MAGIC_WORD("Arrow IPC (Feather)", "ARROW1", PANDAS("read_feather('FILE')")),
	MAGIC("Arrow IPC as a stream", "\xFF\xFF\xFF\xFF",
	      "python3 -c \"import pyarrow as pa; pa.ipc.open_stream('FILE').read_pandas().to_csv('FILE.csv', index=False)\""),
	MAGIC_WORD("Feather of version 1", "FEA1", PANDAS("read_feather('FILE')")),
	MAGIC_WORD("ORC", "ORC", PANDAS("read_orc('FILE')")),
	MAGIC("Avro", "Obj\1", "python3 -c \"import fastavro, pandas as pd; pd.DataFrame(fastavro.reader(open('FILE', 'rb'))).to_csv('FILE.csv', index=False)\""),
	MAGIC("HDF5", "\211HDF\r\n\032\n", "python3 -c \"import h5py, numpy as np; a = h5py.File('FILE')['NAME'][:]\n" SAVE("a.reshape(len(a), -1)")),
	MAGIC("MATLAB 7.3 (HDF5)", "MATLAB 7.3 MAT-fil",
	      "python3 -c \"import h5py, numpy as np; a = h5py.File('FILE')['NAME'][:].T\n" SAVE("a")),
	MAGIC("MATLAB 5", "MATLAB 5.0 MAT-fil",
	      "python3 -c \"import numpy as np, scipy.io; a = scipy.io.loadmat('FILE')['NAME']\n" SAVE("a")),
	MAGIC("a SQLite database", "SQLite format 3\0", "sqlite3 -header -csv FILE 'SELECT * FROM TABLE' > FILE.csv"),
	MAGIC("Stata", "<stata_dta>", PANDAS("read_stata('FILE')")),
	MAGIC("SPSS", "$FL2@(#)", PANDAS("read_spss('FILE')")),
	MAGIC("SAS", "\0\0\0\0\0\0\0\0\0\0\0\0\xC2\xEA\x81\x60", PANDAS("read_sas('FILE', format='sas7bdat')")),
	MAGIC("an old Excel workbook", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", xlsx_convert),
	MAGIC("a Git LFS pointer, not the data themselves", "version https://git-lfs", "git lfs pull"),
	MAGIC("R data (RData)", "RDX2\n", "write.csv(get(load('FILE')), 'FILE.csv', row.names = FALSE) in R"),
	MAGIC("R data (RData)", "RDX3\n", "write.csv(get(load('FILE')), 'FILE.csv', row.names = FALSE) in R"),
	MAGIC("R data (RDS)", "X\n\0\0", "write.csv(readRDS('FILE'), 'FILE.csv', row.names = FALSE) in R"),
	MAGIC_AT("a tar archive", 257, "ustar", "unpack it (tar xf FILE) and name the data file"),
	MAGIC("a 7-Zip archive", "7z\xBC\xAF\x27\x1C", "unpack it (7z x FILE) and name the data file"),
	MAGIC("a RAR archive", "Rar!\x1A\x07", "unpack it (unrar x FILE) and name the data file"),
	MAGIC("compressed with compress (.Z)", "\x1F\x9D", "uncompress it (gunzip reads it: gunzip -c FILE > FILE.txt)"),
	MAGIC("compressed with lz4", "\x04\x22\x4D\x18", "unlz4 FILE"),
	MAGIC("a PNG image", "\x89PNG\r\n", NULL),
	MAGIC("a JPEG image", "\xFF\xD8\xFF", NULL),
	MAGIC("a PDF", "%PDF-", NULL),
};

static bool has_control(const unsigned char *s, size_t n)
{
	while (n && (*s >= ' ' || isspace(*s)))
		s++, n--;
	return n > 0;
}

/* A magic word of letters that is followed by a delimiter is the name of a column. */
static bool has_magic(const struct magic *m, const unsigned char *s, size_t n)
{
	if (n < m->at + m->n || memcmp(s + m->at, m->bytes, m->n))
		return false;
	if (m->control && n > m->n && !has_control(s, n))
		return false;
	return m->at || n == m->n || !isalpha((unsigned char)m->bytes[0]) || !memchr(",;\t \r\n", s[m->n], 6);
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

/* A list or an object, which no other text begins with: [ or { and then what JSON allows there. */
static bool is_json_of(const unsigned char *s, size_t n, char first, const char *second)
{
	if (!n || *s != (unsigned char)first)
		return false;
	for (s++, n--; n && isspace(*s); n--)
		s++;
	return n && *s && strchr(second, *s);
}

static const unsigned char *skip_space(const unsigned char *s, size_t *n)
{
	for (; *n && isspace(*s); --*n)
		s++;
	return s;
}

static bool is_json(const unsigned char *s, size_t n)
{
	s = skip_space(s, &n);
	return is_json_of(s, n, '[', "[{");
}

/* An object: the only one, or one a line. */
static bool is_json_object(const unsigned char *s, size_t n)
{
	s = skip_space(s, &n);
	return is_json_of(s, n, '{', "\"");
}

static bool is_json_lines(const unsigned char *s, size_t n)
{
	const unsigned char *nl = n ? memchr(s, '\n', n) : NULL;

	return is_json_object(s, n) && (!nl || (nl > s && (nl[-1] == '}' || (nl[-1] == '\r' && nl - s > 1 && nl[-2] == '}'))));
}

/* Pickle protocols 2 to 5 begin with 80 0x; in text, no first byte is above 7F without one above 7F
 * after it. */
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

/* torch.save: NAME/data.pkl comes first. */
static bool is_torch(const unsigned char *s, size_t n)
{
	return is_zip(s, n) && has_name(s, n, "/data.pkl");
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
	{ is_torch, "a PyTorch file", "python3 -c \"import numpy as np, torch; np.save('FILE.npy', torch.load('FILE')['NAME'].numpy())\"" },
	{ is_other_zip, "a ZIP archive", unpack_convert },
	{ is_json, "JSON", PANDAS("read_json('FILE')") },
	{ is_json_lines, "JSON lines", PANDAS("read_json('FILE', lines=True)") },
	{ is_json_object, "JSON", PANDAS("read_json('FILE')") },
	{ is_html, "HTML or XML", "download the data file itself, not the page that leads to it" },
	{ is_pickle, "a Python pickle", PANDAS("read_pickle('FILE')") "   (only if you trust who made it: it runs code)" },
};

static int refuse(const char *path, const char *name, const char *convert, struct lb_err *err)
{
	if (!convert)
		return lb_fail(err, LB_DATA, "%s: is %s, which holds no table; name the file with the data", path, name);
	return lb_fail(err, LB_DATA,
		       "%s: is %s, which this version does not read; convert it first (FILE is its name):\n%s", path, name, convert);
}

int lb_unsupported_check(const char *path, const unsigned char *head, size_t n, struct lb_err *err)
{
	const struct lb_unpacker *inner = lb_unpacker_of(head, n);

	if (inner)
		return lb_fail(err, LB_DATA, "%s: is compressed twice, and holds %s data; unpack it once (for a .gz file: gunzip FILE)", path,
			       inner->name);
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (has_magic(&magics[i], head, n))
			return refuse(path, magics[i].name, magics[i].convert, err);
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
		if (probes[i].probe(head, n))
			return refuse(path, probes[i].name, probes[i].convert, err);
	return 0;
}
