-- This computer as an authenticator: what its TPM takes back to sign, and the object
-- that the PIN opens. As in 0001: times are microseconds since 1970 in UTC, 0 for none.
-- Nothing may change in this file once it was released: add the next one.

CREATE TABLE local_passkeys (
  number            INTEGER PRIMARY KEY,
  credential_id     BLOB    NOT NULL UNIQUE,
  rp_id             TEXT    NOT NULL CHECK (rp_id <> ''),
  rp_name           TEXT    NOT NULL,
  user_handle       BLOB    NOT NULL,
  user_name         TEXT    NOT NULL,
  user_display_name TEXT    NOT NULL,
  algorithm         INTEGER NOT NULL, -- COSE
  public            BLOB    NOT NULL, -- TPM2B_PUBLIC
  private           BLOB    NOT NULL, -- TPM2B_PRIVATE: sealed by the TPM for itself
  discoverable      INTEGER NOT NULL CHECK (discoverable IN (0, 1)),
  created_at        INTEGER NOT NULL
) STRICT;

-- One passkey for a person at a relying party that is found without its ID.
CREATE UNIQUE INDEX local_discoverable ON local_passkeys (rp_id, user_handle) WHERE discoverable = 1;

CREATE TABLE local_state (
  one         INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
  parent      BLOB    NOT NULL, -- name of the TPM's storage key
  pin_public  BLOB    NOT NULL,
  pin_private BLOB    NOT NULL,
  pin_set_at  INTEGER NOT NULL
) STRICT;
