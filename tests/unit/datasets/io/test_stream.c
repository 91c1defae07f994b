#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "datasets/io/stream.h"
#include "datasets/io/unpack.h"
#include "tests/unit/datasets/one_file.h"

#ifdef LB_BZIP2
#include <bzlib.h>
#endif
#ifdef LB_XZ
#include <lzma.h>
#endif
#ifdef LB_ZSTD
#include <zstd.h>
#endif

/* ---- SHA-256 ---- */

START_TEST(sha256)
{
	static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct lb_sha256 h = { 0 };
	char hex[65];

	lb_sha256_hex("abc", 3, hex);
	ck_assert_str_eq(hex, abc);
	lb_sha256_hex("", 0, hex);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	lb_sha256_start(&h);
	lb_sha256_add(&h, "a", 1);
	lb_sha256_add(&h, "bc", 2);
	lb_sha256_end(&h, hex);
	ck_assert_str_eq(hex, abc);
	lb_sha256_end(&h, hex);
	ck_assert_str_eq(hex, "");
}
END_TEST

/* ---- gzip: every test with each inflating library of the build ---- */

static struct lb_buf table_text(int rows)
{
	struct lb_buf b = { 0 };

	lb_buf_puts(&b, "a,b\n");
	for (int i = 0; i < rows; i++)
		lb_buf_printf(&b, "%d,%d\n", i, (i * 7919) % 10007);
	return b;
}

START_TEST(gzip_forms)
{
	gz_header header = { .text = 1, .name = (Bytef *)(uintptr_t)"n.csv", .comment = (Bytef *)(uintptr_t)"c",
			     .extra = (Bytef *)(uintptr_t)"ex", .extra_len = 2, .hcrc = 1 };
	lb_inflater = lb_inflaters[_i];
	struct lb_buf text = table_text(200000), gz = { 0 };
	const size_t half = text.n / 2, zeros = 700000;
	char hex[65], *padding = lb_alloc(zeros, 1, &err);

	lb_sha256_hex(text.s, text.n, hex);
	gzip_add(&gz, "", 0, NULL, 6);
	gzip_add(&gz, text.s, half, &header, 9);
	gzip_add(&gz, "", 0, NULL, 6);
	gzip_add(&gz, text.s + half, text.n - half, NULL, 0);
	for (int padded = 0; padded < 3; padded++) {
		ck_assert_msg(!read_bytes(gz.s, gz.n, NULL), "%s", err.text);
		ck_assert_uint_eq(t.n, 200000);
		ck_assert_uint_eq(t.bytes, text.n);
		ck_assert_str_eq(t.sha256, hex);
		ck_assert_double_eq(t.col[1].num[199999], (199999 * 7919) % 10007);
		lb_buf_add(&gz, padding, padded ? zeros : 1);
	}
	lb_buf_add(&gz, "x", 1);
	ck_refused(read_bytes(gz.s, gz.n, NULL), "something_else");
	free(padding);
	lb_buf_free(&gz);
	lb_buf_free(&text);
}
END_TEST

START_TEST(gzip_damage)
{
	static const struct {
		long at;         /* from the end when negative */
		int flip;        /* the byte at it is changed by this; 0: the file is cut there */
		const char *words;
	} damage[] = {
		{ 3, 0, "byte_3: ends_in_the_middle" },
		{ 10, 0, "byte_10: ends_in_the_middle" },
		{ 2000, 0, "byte_2000: ends_in_the_middle" },
		{ -8, 0, "ends_in_the_middle" },
		{ -4, 0, "ends_in_the_middle" },
		{ -1, 0, "ends_in_the_middle" },
		{ 2, 0x01, "damaged compression_method" },
		{ 3, 0x80, "damaged header_flags" },
		{ 3000, 0x10, "damaged" },
		{ -5, 0x01, "damaged incorrect_data_check" },
		{ -1, 0x01, "damaged incorrect_length_check" },
	};
	lb_inflater = lb_inflaters[_i];
	struct lb_buf text = table_text(5000), one = { 0 }, gz = { 0 };

	gzip_add(&one, text.s, text.n, NULL, 6);
	for (size_t members = 1; members <= 2; members++)
		for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
			if (members == 2 && damage[i].at > 0 && damage[i].at < 4 && damage[i].flip == 0)
				continue;
			const size_t at = damage[i].at < 0 ? one.n - (size_t)-damage[i].at : (size_t)damage[i].at;
			gz.n = 0;
			for (size_t m = 0; m < members; m++)
				lb_buf_add(&gz, one.s, one.n);
			const size_t where = (members - 1) * one.n + at;
			gz.s[where] = (char)(gz.s[where] ^ damage[i].flip);
			ck_refused(read_bytes(gz.s, damage[i].flip ? gz.n : where, NULL), members == 1 ? damage[i].words : "damaged");
		}
	gz.n = 0;
	lb_buf_add(&gz, one.s, one.n);
	lb_buf_add(&gz, "garbage", 7);
	char words[64];
	snprintf(words, sizeof words, "byte_%zu: something_else", one.n);
	ck_refused(read_bytes(gz.s, gz.n, NULL), words);
	ck_refused(read_bytes("\x1f\x8b", 2, NULL), "ends_in_the_middle");
	gz.n = 0;
	gzip_add(&gz, "", 0, NULL, 6);
	ck_refused(read_bytes(gz.s, gz.n, NULL), "empty");
	lb_buf_free(&gz);
	lb_buf_free(&one);
	lb_buf_free(&text);
}
END_TEST

START_TEST(stream_parts_and_limit)
{
	lb_inflater = lb_inflaters[_i];
	struct lb_buf text = table_text(3000), gz = { 0 }, again = { 0 };
	char part[257], hex[65], want[65];
	size_t got;
	uint64_t bytes;

	gzip_add(&gz, text.s, text.n, NULL, 6);
	put(gz.s, gz.n);
	struct lb_stream *s = lb_stream_open(file, text.n, &err);
	ck_assert_ptr_nonnull(s);
	do {
		ck_assert_int_eq(lb_stream_read(s, part, sizeof part, &got, &err), 0);
		lb_buf_add(&again, part, got);
	} while (got);
	lb_stream_digest(s, hex, &bytes);
	lb_stream_close(s);
	ck_assert_uint_eq(bytes, text.n);
	ck_assert_mem_eq(again.s, text.s, text.n);
	lb_sha256_hex(text.s, text.n, want);
	ck_assert_str_eq(hex, want);
	s = lb_stream_open(file, text.n - 1, &err);
	ck_assert_ptr_nonnull(s);
	while (!lb_stream_read(s, part, sizeof part, &got, &err))
		ck_assert_uint_gt(got, 0);
	ck_assert_ptr_nonnull(strstr(err.text, "limit"));
	lb_stream_close(s);
	lb_stream_close(NULL);
	lb_buf_free(&again);
	lb_buf_free(&gz);
	lb_buf_free(&text);
}
END_TEST

/* A second member whose header lies across the end of what is read from the file at once (128 KiB),
 * at every place. */
START_TEST(header_in_two_reads)
{
	gz_header header = { .name = (Bytef *)(uintptr_t)"name.csv", .comment = (Bytef *)(uintptr_t)"comment", .hcrc = 1 };
	struct lb_buf first = { 0 }, gz = { 0 }, text = table_text(20000);

	lb_inflater = lb_inflaters[_i];
	for (size_t before = 0; before <= 40; before++) {
		first.n = gz.n = 0;
		lb_buf_add(&first, text.s, (128 << 10) - before - 28); /* stored: 18 bytes of wrapper, two blocks of 5 */
		gzip_add(&gz, first.s, first.n, NULL, 0);
		ck_assert_uint_le(gz.n, 128 << 10);
		ck_assert_uint_ge(gz.n + 64, 128 << 10);
		gzip_add(&gz, text.s + first.n, text.n - first.n, &header, 6);
		ck_assert_msg(!read_bytes(gz.s, gz.n, NULL), "%zu: %s", before, err.text);
		ck_assert_uint_eq(t.n, 20000);
	}
	lb_buf_free(&first);
	lb_buf_free(&gz);
	lb_buf_free(&text);
}
END_TEST

/* A member of a zip file: the same bytes, however small the parts. */
START_TEST(bare_deflate_in_parts)
{
	const struct lb_inflater *in = lb_inflaters[_i];
	static const int strategies[] = { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE };
	struct lb_buf text = table_text(8000);
	unsigned char *packed = lb_alloc(text.n + 4096, 1, &err), *out = lb_alloc(text.n, 1, &err);
	const char *what = "";

	for (size_t k = 0; k < 8; k++) {
		z_stream z = { .next_in = (Bytef *)text.s, .avail_in = (uInt)text.n, .next_out = packed, .avail_out = (uInt)text.n + 4096 };
		ck_assert_int_eq(deflateInit2(&z, k < 4 ? 6 : 0, Z_DEFLATED, -15, 8, strategies[k % 4]), Z_OK);
		ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		const size_t n = z.total_out;
		deflateEnd(&z);
		void *state = in->open(false, &err);
		ck_assert_ptr_nonnull(state);
		for (size_t piece = 3; piece < 100000; piece = piece * 7 + 2) {
			size_t used = 0, made = 0;
			enum lb_inflate_status status = LB_INFLATE_ON;
			while (status == LB_INFLATE_ON) {
				const size_t n_in = n - used < piece ? n - used : piece, n_out = text.n - made < piece ? text.n - made : piece;
				struct lb_inflate_part part = { packed + used, out + made, n_in, n_out };
				status = in->run(state, &part, &what);
				used = (size_t)(part.in - packed);
				made = (size_t)(part.out - out);
				ck_assert(status != LB_INFLATE_ON || part.n_in < n_in || part.n_out < n_out);
			}
			ck_assert_msg(status == LB_INFLATE_END, "%s, strategy %zu, parts of %zu", in->name, k, piece);
			ck_assert_uint_eq(made, text.n);
			ck_assert_mem_eq(out, text.s, text.n);
			in->again(state);
		}
		in->close(state);
	}
	free(packed);
	free(out);
	lb_buf_free(&text);
}
END_TEST

/* ---- every compression of the build ---- */

/* Appends a member (stream, frame) with a check of its content. */
static void pack_add(const struct lb_unpacker *u, struct lb_buf *out, const char *data, size_t n)
{
	char *room = lb_alloc(n + n / 50 + 4096, 1, &err);
	size_t made = 0;

	ck_assert_ptr_nonnull(room);
	if (!strcmp(u->name, "gzip"))
		gzip_add(out, data, n, NULL, 6);
#ifdef LB_BZIP2
	if (!strcmp(u->name, "bzip2")) {
		unsigned size = (unsigned)(n + n / 50 + 4096);
		ck_assert_int_eq(BZ2_bzBuffToBuffCompress(room, &size, (char *)(uintptr_t)data, (unsigned)n, 1, 0, 0), BZ_OK);
		made = size;
	}
#endif
#ifdef LB_XZ
	if (!strcmp(u->name, "xz"))
		ck_assert_int_eq(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, (const uint8_t *)data, n, (uint8_t *)room, &made,
							 n + n / 50 + 4096), LZMA_OK);
#endif
#ifdef LB_ZSTD
	if (!strcmp(u->name, "zstd")) {
		ZSTD_CCtx *z = ZSTD_createCCtx();
		ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
		made = ZSTD_compress2(z, room, n + n / 50 + 4096, data, n);
		ck_assert(!ZSTD_isError(made));
		ZSTD_freeCCtx(z);
	}
#endif
	lb_buf_add(out, room, made);
	free(room);
}

START_TEST(members)
{
	const struct lb_unpacker *u = &lb_unpackers[_i];
	struct lb_buf text = table_text(150000), packed = { 0 };
	const size_t half = text.n / 2;
	char hex[65], zeros[8] = { 0 };

	if (!u->open)
		return;
	lb_sha256_hex(text.s, text.n, hex);
	pack_add(u, &packed, text.s, half);
	pack_add(u, &packed, "", 0);
	pack_add(u, &packed, text.s + half, text.n - half);
	ck_assert_msg(!read_bytes(packed.s, packed.n, NULL), "%s", err.text);
	ck_assert_uint_eq(t.n, 150000);
	ck_assert_uint_eq(t.bytes, text.n);
	ck_assert_str_eq(t.sha256, hex);
	struct lb_read_options opt = { .max_bytes = text.n - 1 };
	ck_refused(read_bytes(packed.s, packed.n, &opt), "bytes_uncompressed limit");
	lb_buf_add(&packed, zeros, sizeof zeros);
	if (u->padded)
		ck_assert_msg(!read_bytes(packed.s, packed.n, NULL), "%s", err.text);
	else
		ck_refused(read_bytes(packed.s, packed.n, NULL), "something_else_after_the_end");
	lb_buf_add(&packed, "x", 1);
	ck_refused(read_bytes(packed.s, packed.n, NULL), "damaged something_else_after_the_end");
	lb_buf_free(&packed);
	lb_buf_free(&text);
}
END_TEST

/* Cut anywhere it is refused, and with any byte changed it is refused or gives the same bytes. */
START_TEST(member_damage)
{
	const struct lb_unpacker *u = &lb_unpackers[_i];
	struct lb_buf text = table_text(3000), packed = { 0 };
	char hex[65], name[32];

	if (!u->open)
		return;
	snprintf(name, sizeof name, "the_%s_data_are_damaged", u->name);
	lb_sha256_hex(text.s, text.n, hex);
	pack_add(u, &packed, text.s, text.n);
	for (size_t k = 4; k < packed.n; k += 1 + packed.n / 300)
		ck_refused(read_bytes(packed.s, k, NULL), "damaged ends_in_the_middle");
	for (size_t k = LB_UNPACK_HEAD; k < packed.n; k += 1 + packed.n / 1500) {
		packed.s[k] = (char)(packed.s[k] ^ (1 << k % 8));
		if (read_bytes(packed.s, packed.n, NULL))
			ck_assert_msg(strstr(err.text, " data are damaged at byte ") != NULL, "%s", err.text);
		else
			ck_assert_str_eq(t.sha256, hex);
		packed.s[k] = (char)(packed.s[k] ^ (1 << k % 8));
	}
	packed.n -= 9;
	lb_buf_add(&packed, "garbage.", 9);
	ck_refused(read_bytes(packed.s, packed.n, NULL), name);
	lb_buf_free(&packed);
	lb_buf_free(&text);
}
END_TEST

#ifdef LB_ZSTD
/* A frame whose header says 16 MiB, with a block of 8 bytes and an empty one, which libzstd takes
 * for its end. */
START_TEST(zstd_frame_size)
{
	static const char joined[] = "\x28\xB5\x2F\xFD\xA0\x00\x00\x00\x01\x40\x00\x00" "a,b\n1,2\n" "\x01\x00\x00";
	static const char right[] = "\x28\xB5\x2F\xFD\xA0\x08\x00\x00\x00\x40\x00\x00" "a,b\n1,2\n" "\x01\x00\x00";

	ck_refused(read_bytes(joined, sizeof joined - 1, NULL), "the_zstd_data_are_damaged shorter_or_longer_than_its_header_says");
	ck_assert_msg(!read_bytes(right, sizeof right - 1, NULL), "%s", err.text);
}
END_TEST
#endif

START_TEST(packed_twice)
{
	const struct lb_unpacker *u = &lb_unpackers[_i];
	struct lb_buf once = { 0 }, twice = { 0 };
	char words[64];

	if (!u->open)
		return;
	snprintf(words, sizeof words, "is_compressed_twice holds_%s_data", u->name);
	pack_add(u, &once, "a,b\n1,2\n", 8);
	gzip_add(&twice, once.s, once.n, NULL, 6);
	ck_refused(read_bytes(twice.s, twice.n, NULL), words);
	lb_buf_free(&once);
	lb_buf_free(&twice);
}
END_TEST

/* What begins like a magic number and is text. */
START_TEST(no_member)
{
	static const char *const text[] = { "BZh9,b\n1,2\n", "BZh9\n1\n2\n", "P*M,b\n1,2\n", "(1,b\n1,2\n" };

	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		ck_assert_msg(!read_bytes(text[i], strlen(text[i]), NULL), "%s", err.text);
		ck_assert_str_eq(t.format, "csv");
	}
}
END_TEST

/* A build without a library says which; the others have none to try it on. */
START_TEST(without_library)
{
	static const char *const magic[] = { "\x1f\x8b\x08", "BZh91AY&SY", "\xFD" "7zXZ\0\0\0\0", "\x28\xB5\x2F\xFD\0\0" };
	char words[96];

	ck_assert_ptr_eq(lb_unpacker_of((const unsigned char *)magic[_i], 10), &lb_unpackers[_i]);
	if (lb_unpackers[_i].open)
		return;
	snprintf(words, sizeof words, "compressed_with_%s without_%s %s", lb_unpackers[_i].name, lb_unpackers[_i].library, lb_unpackers[_i].package);
	ck_refused(read_bytes(magic[_i], 10, NULL), words);
}
END_TEST

static Suite *suite(void)
{
	int n = 0;
	Suite *s = suite_create("stream");
	TCase *c = tcase_create("stream");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_at_least(c, 60);
	tcase_add_test(c, sha256);
	while (lb_inflaters[n])
		n++;
	tcase_add_loop_test(c, gzip_forms, 0, n);
	tcase_add_loop_test(c, gzip_damage, 0, n);
	tcase_add_loop_test(c, stream_parts_and_limit, 0, n);
	tcase_add_loop_test(c, header_in_two_reads, 0, n);
	tcase_add_loop_test(c, bare_deflate_in_parts, 0, n);
	for (n = 0; lb_unpackers[n].name;)
		n++;
	tcase_add_loop_test(c, members, 0, n);
	tcase_add_loop_test(c, member_damage, 0, n);
	tcase_add_loop_test(c, packed_twice, 0, n);
#ifdef LB_ZSTD
	tcase_add_test(c, zstd_frame_size);
#endif
	tcase_add_test(c, no_member);
	tcase_add_loop_test(c, without_library, 0, n);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("stream")
