-- Times are microseconds since 1970 in UTC, 0 for none. *_folded is mfa.FoldName.
-- Nothing may change in this file once it was released: add the next one.

CREATE TABLE accounts (
  one        INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
  id         TEXT    NOT NULL,
  alias      TEXT    NOT NULL,
  rp_id      TEXT    NOT NULL,
  frozen_at  INTEGER NOT NULL,
  sandbox    INTEGER NOT NULL CHECK (sandbox IN (0, 1)),
  created_at INTEGER NOT NULL,
  version    INTEGER NOT NULL
) STRICT;

CREATE TABLE principals (
  id              TEXT    NOT NULL UNIQUE,
  kind            TEXT    NOT NULL CHECK (kind IN ('root', 'user')),
  name            TEXT    NOT NULL,
  email           TEXT    NOT NULL,
  label_folded    TEXT    NOT NULL, -- the name of a user, the e-mail address of root
  user_handle     BLOB    NOT NULL UNIQUE,
  password_salt   BLOB    NOT NULL,
  password_hash   BLOB    NOT NULL,
  password_time   INTEGER NOT NULL,
  password_memory INTEGER NOT NULL, -- KiB
  password_lanes  INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  version         INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX principals_by_label ON principals (kind, label_folded);
CREATE UNIQUE INDEX one_root ON principals (kind) WHERE kind = 'root';

-- Wrong passwords by name, whether somebody is called so or not.
CREATE TABLE guesses (
  number      INTEGER PRIMARY KEY, -- the order in which they were recorded
  key         BLOB    NOT NULL UNIQUE CHECK (length(key) = 32),
  count       INTEGER NOT NULL,
  locked_till INTEGER NOT NULL
) STRICT;

CREATE TABLE devices (
  number       INTEGER PRIMARY KEY, -- the order in which they were added
  id           TEXT    NOT NULL UNIQUE,
  principal_id TEXT    NOT NULL REFERENCES principals (id),
  kind         TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  name_folded  TEXT    NOT NULL UNIQUE,
  serial       TEXT    NOT NULL,
  enabled_at   INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  suspect_at   INTEGER NOT NULL,
  sign_count   INTEGER NOT NULL, -- these two belong to the passkey; they stand here because
  backup_state INTEGER NOT NULL, -- a sign-in changes them, and then writes one page, not two
  version      INTEGER NOT NULL
) STRICT;

CREATE INDEX devices_of_principal ON devices (principal_id);

-- What never changes of a passkey.
CREATE TABLE passkeys (
  device              INTEGER PRIMARY KEY REFERENCES devices (number) ON DELETE CASCADE,
  backup_eligible     INTEGER NOT NULL,
  discoverable        INTEGER NOT NULL,
  user_verified       INTEGER NOT NULL,
  algorithm           INTEGER NOT NULL, -- COSE
  credential_id       BLOB    NOT NULL UNIQUE,
  public_key          BLOB    NOT NULL, -- COSE_Key
  aaguid              BLOB    NOT NULL CHECK (length(aaguid) = 16),
  transports          TEXT    NOT NULL, -- JSON array
  attestation_format  TEXT    NOT NULL,
  attestation_object  BLOB    NOT NULL
) STRICT;

CREATE TABLE linked_phones (
  number        INTEGER PRIMARY KEY, -- the order in which they were saved
  id            TEXT    NOT NULL UNIQUE,
  principal_id  TEXT    NOT NULL REFERENCES principals (id),
  name          TEXT    NOT NULL,
  contact_id    BLOB    NOT NULL,
  link_id       BLOB    NOT NULL,
  secret        BLOB    NOT NULL,
  public_key    BLOB    NOT NULL,
  tunnel_server INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  UNIQUE (principal_id, public_key)
) STRICT;

-- The audit trail; backend/audit says what the hash covers.
CREATE TABLE events (
  seq          INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  kind         TEXT    NOT NULL,
  principal_id TEXT    NOT NULL,
  device_id    TEXT    NOT NULL,
  detail       TEXT    NOT NULL, -- JSON object
  hash         BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE (ABORT, 'events never change'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE (ABORT, 'events are never deleted'); END;
