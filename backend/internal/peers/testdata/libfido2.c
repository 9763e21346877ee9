/* libfido2 as a client of our authenticator, over a Unix socket that carries HID
 * reports of 64 bytes. Everything that comes back is checked by libfido2 itself.
 * The last line is "content" when all is as it should be. */
#include <fido.h>
#include <fido/credman.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPORT = 64 };

static const char rp[] = "keyferry.internal";
static const char waits[] = "waits.keyferry.internal";
static const char pin[] = "2468";
static const unsigned char hash[32] = "thirty-two bytes of client data";
static const unsigned char salt[32] = "thirty-two bytes that are a salt";

static fido_dev_t *dev;
static int cancel_when_it_blinks;

/* --- the wire --- */

static void *wire_open(const char *path) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int *fd = malloc(sizeof *fd);
	if (strlen(path) >= sizeof at.sun_path || (*fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0) exit(2);
	strcpy(at.sun_path, path);
	if (connect(*fd, (struct sockaddr *)&at, sizeof at) != 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

static void wire_close(void *handle) {
	close(*(int *)handle);
	free(handle);
}

static int wire_read(void *handle, unsigned char *buf, size_t len, int ms) {
	int fd = *(int *)handle;
	size_t got = 0;
	if (len != REPORT) return -1;
	while (got < len) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;
		if (poll(&p, 1, ms) != 1 || (n = read(fd, buf + got, len - got)) <= 0) return -1;
		got += (size_t)n;
	}
	int keepalive = buf[4] == (0x80 | 0x3b), touch_needed = buf[7] == 2;
	if (cancel_when_it_blinks && keepalive && touch_needed) {
		cancel_when_it_blinks = 0;
		fido_dev_cancel(dev);
	}
	return (int)len;
}

static int wire_write(void *handle, const unsigned char *buf, size_t len) {
	/* the first byte is the report number, which is not on the wire */
	if (len != REPORT + 1 || write(*(int *)handle, buf + 1, REPORT) != REPORT) return -1;
	return (int)len;
}

/* --- what is expected --- */

static int failures;

static int is(const char *what, int got, int want) {
	if (got != want) {
		printf("FAILED %s: %s (%d), not %s\n", what, fido_strerr(got), got, fido_strerr(want));
		failures++;
		return 0;
	}
	printf("%s: %s\n", what, fido_strerr(got));
	return 1;
}

static void equal(const char *what, long got, long want) {
	printf("%s%s: %ld\n", got == want ? "" : "FAILED ", what, got);
	failures += got != want;
}

/* --- steps --- */

static fido_cred_t *new_cred(const char *id, int alg, fido_opt_t rk) {
	fido_cred_t *c = fido_cred_new();
	if (fido_cred_set_type(c, alg) || fido_cred_set_clientdata_hash(c, hash, sizeof hash) || fido_cred_set_rp(c, id, "Keyferry") ||
	    fido_cred_set_user(c, (const unsigned char *)"ada", 3, "ada", "Ada", NULL) || fido_cred_set_rk(c, rk)) exit(2);
	return c;
}

static fido_assert_t *new_assert(const fido_cred_t *c) {
	fido_assert_t *a = fido_assert_new();
	if (fido_assert_set_clientdata_hash(a, hash, sizeof hash) || fido_assert_set_rp(a, rp) ||
	    (c != NULL && fido_assert_allow_cred(a, fido_cred_id_ptr(c), fido_cred_id_len(c)))) exit(2);
	return a;
}

/* verified checks the assertion's signature with the credential's key. */
static void verified(const char *what, const fido_assert_t *a, const fido_cred_t *c) {
	if (fido_cred_type(c) == COSE_ES256) {
		es256_pk_t *pk = es256_pk_new();
		es256_pk_from_ptr(pk, fido_cred_pubkey_ptr(c), fido_cred_pubkey_len(c));
		is(what, fido_assert_verify(a, 0, COSE_ES256, pk), FIDO_OK);
		es256_pk_free(&pk);
	} else {
		eddsa_pk_t *pk = eddsa_pk_new();
		eddsa_pk_from_ptr(pk, fido_cred_pubkey_ptr(c), fido_cred_pubkey_len(c));
		is(what, fido_assert_verify(a, 0, COSE_EDDSA, pk), FIDO_OK);
		eddsa_pk_free(&pk);
	}
}

static void sign(const char *what, const fido_cred_t *c, const char *with) {
	fido_assert_t *a = new_assert(c);
	if (is(what, fido_dev_get_assert(dev, a, with), FIDO_OK)) {
		fido_assert_set_uv(a, with != NULL ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);
		verified("  its signature", a, c);
	}
	fido_assert_free(&a);
}

static void show_info(void) {
	fido_cbor_info_t *info = fido_cbor_info_new();
	if (!is("get info", fido_dev_get_cbor_info(dev, info), FIDO_OK)) exit(1);
	for (size_t i = 0; i < fido_cbor_info_versions_len(info); i++) printf("  version %s\n", fido_cbor_info_versions_ptr(info)[i]);
	for (size_t i = 0; i < fido_cbor_info_extensions_len(info); i++) printf("  extension %s\n", fido_cbor_info_extensions_ptr(info)[i]);
	for (size_t i = 0; i < fido_cbor_info_options_len(info); i++)
		printf("  option %s %d\n", fido_cbor_info_options_name_ptr(info)[i], fido_cbor_info_options_value_ptr(info)[i]);
	equal("  AAGUID", memcmp(fido_cbor_info_aaguid_ptr(info), "\1\2\3", 4), 0);
	fido_cbor_info_free(&info);
}

static void retries(const char *what, int want) {
	int left = -1;
	is(what, fido_dev_get_retry_count(dev, &left), FIDO_OK);
	equal("  left", left, want);
}

/* secrets makes a passkey with hmac-secret and uses it. */
static void secrets(void) {
	fido_cred_t *c = new_cred(rp, COSE_ES256, FIDO_OPT_TRUE);
	unsigned char first[32];
	fido_cred_set_extensions(c, FIDO_EXT_HMAC_SECRET | FIDO_EXT_CRED_PROTECT);
	fido_cred_set_prot(c, FIDO_CRED_PROT_UV_OPTIONAL_WITH_ID);
	if (!is("make a passkey", fido_dev_make_cred(dev, c, pin), FIDO_OK)) exit(1);
	fido_cred_set_uv(c, FIDO_OPT_TRUE);
	is("  its attestation", fido_cred_verify(c), FIDO_OK);
	equal("  user verified", fido_cred_flags(c) & 4, 4);
	for (int i = 0; i < 2; i++) {
		fido_assert_t *a = new_assert(NULL);
		fido_assert_set_extensions(a, FIDO_EXT_HMAC_SECRET);
		fido_assert_set_hmac_salt(a, salt, sizeof salt);
		if (is("use it", fido_dev_get_assert(dev, a, pin), FIDO_OK)) {
			equal("  how many", (long)fido_assert_count(a), 1);
			verified("  its signature", a, c);
			equal("  its secret", (long)fido_assert_hmac_secret_len(a, 0), 32);
			if (i == 0 && fido_assert_hmac_secret_ptr(a, 0)) memcpy(first, fido_assert_hmac_secret_ptr(a, 0), 32);
			if (i == 1) equal("  the same as before", memcmp(first, fido_assert_hmac_secret_ptr(a, 0), 32), 0);
		}
		fido_assert_free(&a);
	}
	sign("use it without a PIN", c, NULL);
	fido_cred_t *again = new_cred(rp, COSE_ES256, FIDO_OPT_TRUE);
	fido_cred_exclude(again, fido_cred_id_ptr(c), fido_cred_id_len(c));
	is("make it again", fido_dev_make_cred(dev, again, pin), FIDO_ERR_CREDENTIAL_EXCLUDED);
	fido_cred_free(&again);
	fido_cred_free(&c);
}

static void manage(void) {
	fido_credman_metadata_t *m = fido_credman_metadata_new();
	fido_credman_rp_t *rps = fido_credman_rp_new();
	fido_credman_rk_t *rks = fido_credman_rk_new();
	is("metadata", fido_credman_get_dev_metadata(dev, m, pin), FIDO_OK);
	equal("  passkeys", (long)fido_credman_rk_existing(m), 1);
	if (is("relying parties", fido_credman_get_dev_rp(dev, rps, pin), FIDO_OK)) {
		equal("  how many", (long)fido_credman_rp_count(rps), 1);
		equal("  whose", strcmp(fido_credman_rp_id(rps, 0), rp), 0);
	}
	if (is("passkeys", fido_credman_get_dev_rk(dev, rp, rks, pin), FIDO_OK)) {
		const fido_cred_t *c = fido_credman_rk(rks, 0);
		equal("  how many", (long)fido_credman_rk_count(rks), 1);
		equal("  whose", strcmp(fido_cred_user_name(c), "ada"), 0);
		equal("  protection", fido_cred_prot(c), FIDO_CRED_PROT_UV_OPTIONAL_WITH_ID);
		is("delete it", fido_credman_del_dev_rk(dev, fido_cred_id_ptr(c), fido_cred_id_len(c), pin), FIDO_OK);
	}
	is("metadata", fido_credman_get_dev_metadata(dev, m, pin), FIDO_OK);
	equal("  passkeys", (long)fido_credman_rk_existing(m), 0);
	fido_credman_rk_free(&rks);
	fido_credman_rp_free(&rps);
	fido_credman_metadata_free(&m);
}

static void wrong_pin(void) {
	fido_cred_t *c = new_cred(rp, COSE_ES256, FIDO_OPT_OMIT);
	is("a wrong PIN", fido_dev_make_cred(dev, c, "1357"), FIDO_ERR_PIN_INVALID);
	retries("retries after it", 7);
	is("another", fido_dev_make_cred(dev, c, "1357"), FIDO_ERR_PIN_INVALID);
	is("the third", fido_dev_make_cred(dev, c, "1357"), FIDO_ERR_PIN_AUTH_BLOCKED);
	is("the right one, while it is locked", fido_dev_make_cred(dev, c, pin), FIDO_ERR_PIN_AUTH_BLOCKED);
	retries("retries after that", 5);
	fido_cred_free(&c);
}

static void cancelled(void) {
	fido_cred_t *c = new_cred(waits, COSE_ES256, FIDO_OPT_OMIT);
	cancel_when_it_blinks = 1;
	is("cancel", fido_dev_make_cred(dev, c, pin), FIDO_ERR_KEEPALIVE_CANCEL);
	fido_cred_free(&c);
	retries("and it still answers", 8);
}

static void ed25519(void) {
	fido_cred_t *c = new_cred(rp, COSE_EDDSA, FIDO_OPT_OMIT);
	if (is("make one of Ed25519", fido_dev_make_cred(dev, c, pin), FIDO_OK)) {
		fido_cred_set_uv(c, FIDO_OPT_TRUE);
		is("  its attestation", fido_cred_verify(c), FIDO_OK);
		sign("use it", c, pin);
	}
	fido_cred_free(&c);
}

static void u2f(void) {
	fido_cred_t *c = new_cred(rp, COSE_ES256, FIDO_OPT_OMIT);
	if (!is("register by U2F", fido_dev_make_cred(dev, c, NULL), FIDO_OK)) exit(1);
	printf("  %s\n", fido_cred_fmt(c));
	equal("  its format", strcmp(fido_cred_fmt(c), "fido-u2f"), 0);
	is("  its attestation", fido_cred_verify(c), FIDO_OK);
	sign("authenticate by U2F", c, NULL);
	fido_cred_t *again = new_cred(rp, COSE_ES256, FIDO_OPT_OMIT);
	fido_cred_exclude(again, fido_cred_id_ptr(c), fido_cred_id_len(c));
	is("register again", fido_dev_make_cred(dev, again, NULL), FIDO_ERR_CREDENTIAL_EXCLUDED);
	fido_cred_free(&again);
	fido_cred_free(&c);
}

int main(int argc, char **argv) {
	const fido_dev_io_t io = {wire_open, wire_close, wire_read, wire_write};
	if (argc != 2) return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	fido_init(FIDO_DISABLE_U2F_FALLBACK);
	dev = fido_dev_new();
	if (fido_dev_set_io_functions(dev, &io) || !is("open", fido_dev_open(dev, argv[1]), FIDO_OK)) return 1;
	if (fido_dev_is_fido2(dev)) {
		show_info();
		is("set a PIN", fido_dev_set_pin(dev, pin, NULL), FIDO_OK);
		retries("retries", 8);
		secrets();
		manage();
		ed25519();
		cancelled();
		is("change the PIN", fido_dev_set_pin(dev, "97531", pin), FIDO_OK);
		is("change it back", fido_dev_set_pin(dev, pin, "97531"), FIDO_OK);
		wrong_pin();
		is("reset", fido_dev_reset(dev), FIDO_OK);
		is("a PIN after it", fido_dev_set_pin(dev, pin, NULL), FIDO_OK);
	}
	fido_dev_force_u2f(dev);
	u2f();
	fido_dev_close(dev);
	fido_dev_free(&dev);
	if (failures) printf("%d failures\n", failures);
	else printf("content\n");
	return failures != 0;
}
