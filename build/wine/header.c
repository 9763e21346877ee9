/* Holds api.h to the header of mingw, which somebody else wrote, as far as that goes: API
   version 3. It is compiled and not run. */
#include "api.h"
#include <webauthn.h>

#define SAME(ours, field, theirs, member) \
    _Static_assert(offsetof(ours, field) == offsetof(theirs, member), #theirs "." #member)

SAME(rp_info, icon, WEBAUTHN_RP_ENTITY_INFORMATION, pwszIcon);
SAME(user_info, display_name, WEBAUTHN_USER_ENTITY_INFORMATION, pwszDisplayName);
SAME(client_data, hash, WEBAUTHN_CLIENT_DATA, pwszHashAlgId);
SAME(cose_parameter, alg, WEBAUTHN_COSE_CREDENTIAL_PARAMETER, lAlg);
SAME(credential, type, WEBAUTHN_CREDENTIAL, pwszCredentialType);
SAME(credential_ex, transports, WEBAUTHN_CREDENTIAL_EX, dwTransports);
SAME(credential_list, first, WEBAUTHN_CREDENTIAL_LIST, ppCredentials);
SAME(extension, data, WEBAUTHN_EXTENSION, pvExtension);

#define MAKE(field, member) SAME(make_options, field, WEBAUTHN_AUTHENTICATOR_MAKE_CREDENTIAL_OPTIONS, member)
MAKE(timeout, dwTimeoutMilliseconds);
MAKE(old_exclude, CredentialList);
MAKE(extensions, Extensions);
MAKE(attachment, dwAuthenticatorAttachment);
MAKE(require_resident_key, bRequireResidentKey);
MAKE(user_verification, dwUserVerificationRequirement);
MAKE(attestation, dwAttestationConveyancePreference);
MAKE(flags, dwFlags);
MAKE(cancellation, pCancellationId);
MAKE(exclude, pExcludeCredentialList);
MAKE(enterprise, dwEnterpriseAttestation);
MAKE(large_blob, dwLargeBlobSupport);
MAKE(prefer_resident_key, bPreferResidentKey);

#define GET(field, member) SAME(get_options, field, WEBAUTHN_AUTHENTICATOR_GET_ASSERTION_OPTIONS, member)
GET(timeout, dwTimeoutMilliseconds);
GET(old_allow, CredentialList);
GET(extensions, Extensions);
GET(attachment, dwAuthenticatorAttachment);
GET(user_verification, dwUserVerificationRequirement);
GET(flags, dwFlags);
GET(u2f_app_id, pwszU2fAppId);
GET(u2f_app_id_used, pbU2fAppId);
GET(cancellation, pCancellationId);
GET(allow, pAllowCredentialList);
GET(large_blob_operation, dwCredLargeBlobOperation);
GET(large_blob, pbCredLargeBlob);

#define MADE(field, member) SAME(attestation, field, WEBAUTHN_CREDENTIAL_ATTESTATION, member)
MADE(format, pwszFormatType);
MADE(auth_data, pbAuthenticatorData);
MADE(statement, pbAttestation);
MADE(decode_type, dwAttestationDecodeType);
MADE(object_size, cbAttestationObject);
MADE(object, pbAttestationObject);
MADE(credential_id, pbCredentialId);
MADE(extensions, Extensions);
MADE(used_transport, dwUsedTransport);
MADE(enterprise, bEpAtt);
MADE(large_blob_supported, bLargeBlobSupported);
MADE(resident_key, bResidentKey);

#define GOT(field, member) SAME(assertion, field, WEBAUTHN_ASSERTION, member)
GOT(auth_data, pbAuthenticatorData);
GOT(signature, pbSignature);
GOT(credential, Credential);
GOT(user_id, pbUserId);
GOT(extensions, Extensions);
GOT(large_blob, pbCredLargeBlob);
GOT(large_blob_status, dwCredLargeBlobStatus);
