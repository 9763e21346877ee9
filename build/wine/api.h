/* The structures of webauthn.dll up to API version 9, written after the description of
   its layout, so that Go's own can be held to what a C compiler makes of them. */
#ifndef KEYFERRY_API_H
#define KEYFERRY_API_H

#include <stddef.h>
#include <windows.h>

typedef struct { DWORD version; LPCWSTR id, name, icon; } rp_info;
typedef struct { DWORD version, id_size; BYTE *id; LPCWSTR name, icon, display_name; } user_info;
typedef struct { DWORD version, json_size; BYTE *json; LPCWSTR hash; } client_data;
typedef struct { DWORD version; LPCWSTR type; LONG alg; } cose_parameter;
typedef struct { DWORD count; cose_parameter *first; } cose_parameters;
typedef struct { DWORD version, id_size; BYTE *id; LPCWSTR type; } credential;
typedef struct { DWORD count; credential *first; } credentials;
typedef struct { DWORD version, id_size; BYTE *id; LPCWSTR type; DWORD transports; } credential_ex;
typedef struct { DWORD count; credential_ex **first; } credential_list;
typedef struct { LPCWSTR id; DWORD size; void *data; } extension;
typedef struct { DWORD count; extension *first; } extensions;

typedef struct {
    DWORD version, timeout;
    credentials old_exclude;
    extensions extensions;
    DWORD attachment;
    BOOL require_resident_key;
    DWORD user_verification, attestation, flags;
    GUID *cancellation;               /* from version 2 */
    credential_list *exclude;         /* 3 */
    DWORD enterprise, large_blob;     /* 4 */
    BOOL prefer_resident_key;
    BOOL private_mode;                /* 5 */
    BOOL enable_prf;                  /* 6 */
    void *linked_device;              /* 7 */
    DWORD json_ext_size;
    BYTE *json_ext;
    void *prf_global;                 /* 8 */
    DWORD hint_count;
    LPCWSTR *hints;
    BOOL payment;
    LPCWSTR remote_origin;            /* 9 */
    DWORD options_json_size;
    BYTE *options_json;
    DWORD authenticator_size;
    BYTE *authenticator;
} make_options;

typedef struct {
    DWORD version, timeout;
    credentials old_allow;
    extensions extensions;
    DWORD attachment, user_verification, flags;
    LPCWSTR u2f_app_id;               /* from version 2 */
    BOOL *u2f_app_id_used;
    GUID *cancellation;               /* 3 */
    credential_list *allow;           /* 4 */
    DWORD large_blob_operation, large_blob_size; /* 5 */
    BYTE *large_blob;
    void *salts;                      /* 6 */
    BOOL private_mode;
    void *linked_device;              /* 7 */
    BOOL auto_fill;
    DWORD json_ext_size;
    BYTE *json_ext;
    DWORD hint_count;                 /* 8 */
    LPCWSTR *hints;
    LPCWSTR remote_origin;            /* 9 */
    DWORD options_json_size;
    BYTE *options_json;
    DWORD authenticator_size;
    BYTE *authenticator;
} get_options;

typedef struct {
    DWORD version;
    LPCWSTR format;
    DWORD auth_data_size;
    BYTE *auth_data;
    DWORD statement_size;
    BYTE *statement;
    DWORD decode_type;
    void *decoded;
    DWORD object_size;
    BYTE *object;
    DWORD credential_id_size;
    BYTE *credential_id;
    extensions extensions;            /* from version 2 */
    DWORD used_transport;             /* 3 */
    BOOL enterprise, large_blob_supported, resident_key; /* 4 */
    BOOL prf_enabled;                 /* 5 */
    DWORD unsigned_size;              /* 6 */
    BYTE *unsigned_outputs;
    void *hmac_secret;                /* 7 */
    BOOL payment;
    DWORD transports;                 /* 8 */
    DWORD client_data_size;
    BYTE *client_data;
    DWORD response_json_size;
    BYTE *response_json;
} attestation;

typedef struct {
    DWORD version, auth_data_size;
    BYTE *auth_data;
    DWORD signature_size;
    BYTE *signature;
    credential credential;
    DWORD user_id_size;
    BYTE *user_id;
    extensions extensions;            /* from version 2 */
    DWORD large_blob_size;
    BYTE *large_blob;
    DWORD large_blob_status;
    void *hmac_secret;                /* 3 */
    DWORD used_transport;             /* 4 */
    DWORD unsigned_size;              /* 5 */
    BYTE *unsigned_outputs;
    DWORD client_data_size;           /* 6 */
    BYTE *client_data;
    DWORD response_json_size;
    BYTE *response_json;
} assertion;

/* The places that the description gives, for what is not in a published header yet. */
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == offset, #type "." #field)
#define SIZE(type, size) _Static_assert(sizeof(type) == size, #type)
SIZE(rp_info, 32);
SIZE(user_info, 40);
SIZE(client_data, 24);
SIZE(cose_parameter, 24);
SIZE(credential, 24);
SIZE(credential_ex, 32);
SIZE(make_options, 200);
AT(make_options, cancellation, 64);
AT(make_options, exclude, 72);
AT(make_options, prefer_resident_key, 88);
AT(make_options, linked_device, 104);
AT(make_options, hints, 144);
AT(make_options, remote_origin, 160);
AT(make_options, authenticator, 192);
SIZE(get_options, 200);
AT(get_options, cancellation, 72);
AT(get_options, allow, 80);
AT(get_options, salts, 104);
AT(get_options, hints, 152);
AT(get_options, remote_origin, 160);
AT(get_options, authenticator, 192);
SIZE(attestation, 192);
AT(attestation, object, 72);
AT(attestation, used_transport, 112);
AT(attestation, resident_key, 124);
AT(attestation, transports, 156);
AT(attestation, client_data, 168);
SIZE(assertion, 168);
AT(assertion, credential, 32);
AT(assertion, used_transport, 120);
AT(assertion, client_data, 144);

/* Which version of a structure an API version takes or gives. */
static const BYTE make_version[] = {0, 3, 3, 4, 5, 5, 6, 7, 8, 9};
static const BYTE get_version[] = {0, 4, 4, 5, 6, 6, 6, 7, 8, 9};
static const BYTE attestation_version[] = {0, 3, 3, 4, 4, 4, 5, 6, 7, 8};
static const BYTE assertion_version[] = {0, 1, 1, 2, 3, 3, 4, 5, 5, 6};

#endif
