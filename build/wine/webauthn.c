/* A webauthn.dll that asks nobody. It writes what it was given to standard error, in
   lines "fake: KEY=VALUE", and does what KEYFERRY_FAKE says, in words with a space
   between them:

     api=N        version of the interface, 1 to 9; without the export when built with
                  NO_VERSION
     hr=0xN       the answer of the calls
     wait         the calls wait until they are cancelled
     deaf=N       that many cancellations are lost
     authdata=HEX authenticator data to answer with
     echo         client data comes back
     garbage=W    one length or version of the result cannot be: version, authdata,
                  object, clientdata, signature, credential, user, or none for no result
     hello        Windows Hello is set up

   Results end where a page ends behind which nothing is: whoever reads more than is
   there does not live on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api.h"

#define API __declspec(dllexport)

/* setting gives the value of a word, empty for one without, NULL where it is not there. */
static const char *setting(const char *key)
{
    static char all[2048], found[2048];
    if (!GetEnvironmentVariableA("KEYFERRY_FAKE", all, sizeof all))
        return NULL;
    for (char *word = strtok(all, " "); word; word = strtok(NULL, " ")) {
        size_t n = strlen(key);
        if (strncmp(word, key, n) == 0 && (word[n] == 0 || word[n] == '=')) {
            strcpy(found, word[n] ? word + n + 1 : "");
            return found;
        }
    }
    return NULL;
}

static DWORD number(const char *key, DWORD otherwise)
{
    const char *value = setting(key);
    return value ? strtoul(value, NULL, 0) : otherwise;
}

static BOOL garbage(const char *what)
{
    const char *value = setting("garbage");
    return value && strcmp(value, what) == 0;
}

static DWORD api(void)
{
    DWORD n = number("api", 9);
    return n < 1 || n > 9 ? 9 : n;
}

/* --- what was given ------------------------------------------------------- */

static void say(const char *key, const char *value)
{
    fprintf(stderr, "fake: %s=%s\n", key, value);
    fflush(stderr);
}

static void say_number(const char *key, long long value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", value);
    say(key, text);
}

static void say_text(const char *key, LPCWSTR value)
{
    char text[1024] = "<null>";
    if (value && !WideCharToMultiByte(CP_UTF8, 0, value, -1, text, sizeof text, NULL, NULL))
        strcpy(text, "<bad>");
    say(key, text);
}

static void say_bytes(const char *key, const BYTE *data, DWORD size)
{
    static char text[2 * 4096 + 1];
    text[0] = 0;
    for (DWORD i = 0; i < size && i < 4096; i++)
        sprintf(text + 2 * i, "%02x", data[i]);
    say(key, text);
}

static void say_guid(const char *key, const GUID *id)
{
    if (id)
        say_bytes(key, (const BYTE *)id, sizeof *id);
    else
        say(key, "<null>");
}

static void say_data(const client_data *data)
{
    say_number("data.version", data->version);
    say_bytes("data.json", data->json, data->json_size);
    say_text("data.hash", data->hash);
}

static void say_old(const char *key, const credentials *list)
{
    char name[64];
    snprintf(name, sizeof name, "%s.old.count", key);
    say_number(name, list->count);
    snprintf(name, sizeof name, "%s.old", key);
    for (DWORD i = 0; i < list->count; i++)
        say_bytes(name, list->first[i].id, list->first[i].id_size);
}

static void say_list(const char *key, const credential_list *list)
{
    char name[64];
    if (!list) {
        say(key, "<null>");
        return;
    }
    for (DWORD i = 0; i < list->count; i++) {
        const credential_ex *c = list->first[i];
        snprintf(name, sizeof name, "%s.version", key);
        say_number(name, c->version);
        snprintf(name, sizeof name, "%s.id", key);
        say_bytes(name, c->id, c->id_size);
        snprintf(name, sizeof name, "%s.type", key);
        say_text(name, c->type);
        snprintf(name, sizeof name, "%s.transports", key);
        say_number(name, c->transports);
    }
}

static void say_hints(DWORD count, LPCWSTR *hints)
{
    say_number("hints", count);
    for (DWORD i = 0; i < count; i++)
        say_text("hint", hints[i]);
}

/* --- what is answered ----------------------------------------------------- */

static BYTE *pages[32];
static void *given;
static int page_count;

/* edge gives memory that ends with its page, and copies data there. */
static void *edge(const void *data, DWORD size)
{
    const DWORD page = 0x1000;
    DWORD whole = (size + page - 1) / page * page;
    DWORD before;
    BYTE *base = VirtualAlloc(NULL, whole + page, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    VirtualProtect(base + whole, page, PAGE_NOACCESS, &before);
    pages[page_count++] = base;
    memcpy(base + whole - size, data, size);
    return base + whole - size;
}

static void put(const void *data, DWORD size, DWORD *to_size, BYTE **to, const char *part)
{
    *to = edge(data, size);
    *to_size = garbage(part) ? 0xFFFFFFFF : size;
}

static void put_auth_data(DWORD *to_size, BYTE **to)
{
    static BYTE data[512];
    DWORD size = 0;
    const char *hex = setting("authdata");
    for (; hex && hex[0] && hex[1] && size < sizeof data; hex += 2) {
        char byte[3] = {hex[0], hex[1], 0};
        data[size++] = (BYTE)strtoul(byte, NULL, 16);
    }
    put(data, size, to_size, to, "authdata");
}

static void freed(const char *what, void *p)
{
    say("freed", p && p == given ? what : "wrong");
    while (page_count > 0)
        VirtualFree(pages[--page_count], 0, MEM_RELEASE);
    given = NULL;
}

/* --- cancelling ----------------------------------------------------------- */

static const GUID an_id = {0x01020304, 0x0506, 0x0708, {0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10}};
static volatile LONG cancelled;

/* answer is what a call comes to. It takes its time, so that memory that is not held
   can go. */
static HRESULT answer(const GUID *id)
{
    Sleep(50);
    if (!setting("wait"))
        return (HRESULT)number("hr", 0);
    say("waiting", "");
    for (int i = 0; i < 2000; i++) {
        if (id && cancelled > (LONG)number("deaf", 0))
            return (HRESULT)0x80090036;
        Sleep(10);
    }
    return (HRESULT)0x800705B4;
}

API HRESULT WINAPI WebAuthNGetCancellationId(GUID *id)
{
    *id = an_id;
    cancelled = 0;
    return S_OK;
}

API HRESULT WINAPI WebAuthNCancelCurrentOperation(const GUID *id)
{
    say_guid("cancelled", id);
    if (memcmp(id, &an_id, sizeof an_id) == 0)
        InterlockedIncrement(&cancelled);
    return S_OK;
}

/* --- the calls ------------------------------------------------------------ */

#ifndef NO_VERSION
API DWORD WINAPI WebAuthNGetApiVersionNumber(void)
{
    return api();
}
#endif

API HRESULT WINAPI WebAuthNIsUserVerifyingPlatformAuthenticatorAvailable(BOOL *is)
{
    *is = setting("hello") != NULL;
    return (HRESULT)number("hr", 0);
}

API LPCWSTR WINAPI WebAuthNGetErrorName(HRESULT hr)
{
    return hr == (HRESULT)0x80090036 ? L"NotAllowedError" : L"UnknownError";
}

API HRESULT WINAPI WebAuthNAuthenticatorMakeCredential(HWND window, const rp_info *rp, const user_info *user,
    const cose_parameters *parameters, const client_data *data, const make_options *o, attestation **out)
{
    HRESULT hr = answer(o->cancellation);
    say_number("window", (long long)(ULONG_PTR)window);
    say_number("rp.version", rp->version);
    say_text("rp.id", rp->id);
    say_text("rp.name", rp->name);
    say_text("rp.icon", rp->icon);
    say_number("user.version", user->version);
    say_bytes("user.id", user->id, user->id_size);
    say_text("user.name", user->name);
    say_text("user.icon", user->icon);
    say_text("user.display", user->display_name);
    for (DWORD i = 0; i < parameters->count; i++) {
        say_text("alg.type", parameters->first[i].type);
        say_number("alg", parameters->first[i].alg);
    }
    say_data(data);
    say_number("options.version", o->version);
    say_number("timeout", o->timeout);
    say_old("exclude", &o->old_exclude);
    say_number("extensions", o->extensions.count);
    say_number("attachment", o->attachment);
    say_number("require-resident-key", o->require_resident_key);
    say_number("user-verification", o->user_verification);
    say_number("attestation", o->attestation);
    say_number("flags", o->flags);
    if (o->version > make_version[api()])
        return (HRESULT)0x80090027;
    say_guid("cancellation", o->cancellation);
    say_list("exclude", o->exclude);
    if (o->version >= 4) {
        say_number("enterprise", o->enterprise);
        say_number("large-blob", o->large_blob);
        say_number("prefer-resident-key", o->prefer_resident_key);
    }
    if (o->version >= 5)
        say_number("private", o->private_mode);
    if (o->version >= 6)
        say_number("prf", o->enable_prf);
    if (o->version >= 7)
        say_number("json-ext", o->json_ext_size);
    if (o->version >= 8) {
        say_hints(o->hint_count, o->hints);
        say_number("payment", o->payment);
    }
    if (o->version >= 9) {
        say_text("remote-origin", o->remote_origin);
        say_number("options-json", o->options_json_size);
        say_number("authenticator", o->authenticator_size);
    }
    *out = NULL;
    if (hr != S_OK || garbage("none"))
        return hr;

    static const DWORD reach[] = {0, 96, 112, 116, 128, 132, 144, 156, 192};
    attestation a = {.version = attestation_version[api()], .format = L"none"};
    put_auth_data(&a.auth_data_size, &a.auth_data);
    put("object of the fake", 18, &a.object_size, &a.object, "object");
    put("made", 4, &a.credential_id_size, &a.credential_id, "credential");
    a.used_transport = 2;
    a.resident_key = TRUE;
    a.transports = 3;
    if (setting("echo"))
        put(data->json, data->json_size, &a.client_data_size, &a.client_data, "clientdata");
    else
        put("{}", 2, &a.client_data_size, &a.client_data, "clientdata");
    DWORD size = reach[a.version];
    if (garbage("version"))
        a.version = 0;
    *out = given = edge(&a, size);
    return S_OK;
}

API HRESULT WINAPI WebAuthNAuthenticatorGetAssertion(HWND window, LPCWSTR rp_id, const client_data *data,
    const get_options *o, assertion **out)
{
    HRESULT hr = answer(o->cancellation);
    say_number("window", (long long)(ULONG_PTR)window);
    say_text("rp.id", rp_id);
    say_data(data);
    say_number("options.version", o->version);
    say_number("timeout", o->timeout);
    say_old("allow", &o->old_allow);
    say_number("extensions", o->extensions.count);
    say_number("attachment", o->attachment);
    say_number("user-verification", o->user_verification);
    say_number("flags", o->flags);
    if (o->version > get_version[api()])
        return (HRESULT)0x80090027;
    say_text("u2f-app-id", o->u2f_app_id);
    say_guid("cancellation", o->cancellation);
    say_list("allow", o->allow);
    if (o->version >= 5)
        say_number("large-blob", o->large_blob_operation);
    if (o->version >= 6)
        say_number("private", o->private_mode);
    if (o->version >= 7) {
        say_number("auto-fill", o->auto_fill);
        say_number("json-ext", o->json_ext_size);
    }
    if (o->version >= 8)
        say_hints(o->hint_count, o->hints);
    if (o->version >= 9) {
        say_text("remote-origin", o->remote_origin);
        say_number("options-json", o->options_json_size);
        say_number("authenticator", o->authenticator_size);
    }
    *out = NULL;
    if (hr != S_OK || garbage("none"))
        return hr;

    static const DWORD reach[] = {0, 72, 108, 120, 124, 136, 168};
    assertion a = {.version = assertion_version[api()], .credential = {.version = 1, .type = L"public-key"}};
    put_auth_data(&a.auth_data_size, &a.auth_data);
    put("signature of the fake", 21, &a.signature_size, &a.signature, "signature");
    if (o->allow)
        put(o->allow->first[0]->id, o->allow->first[0]->id_size, &a.credential.id_size, &a.credential.id, "credential");
    else
        put("found", 5, &a.credential.id_size, &a.credential.id, "credential");
    put("user", 4, &a.user_id_size, &a.user_id, "user");
    a.used_transport = 0x20;
    if (setting("echo"))
        put(data->json, data->json_size, &a.client_data_size, &a.client_data, "clientdata");
    else
        put("{}", 2, &a.client_data_size, &a.client_data, "clientdata");
    DWORD size = reach[a.version];
    if (garbage("version"))
        a.version = 0;
    *out = given = edge(&a, size);
    return S_OK;
}

API void WINAPI WebAuthNFreeCredentialAttestation(attestation *p)
{
    freed("attestation", p);
}

API void WINAPI WebAuthNFreeAssertion(assertion *p)
{
    freed("assertion", p);
}
