-- Users, kinds of device, access, recovery and the vault. As in 0001: times are
-- microseconds since 1970 in UTC, 0 for none; *_folded is mfa.FoldName.
-- Nothing may change in this file once it was released: add the next one.

-- The rules that administrators choose; the defaults are mfa.DefaultSettings.
ALTER TABLE accounts ADD COLUMN root_grace_days INTEGER NOT NULL DEFAULT 35;
ALTER TABLE accounts ADD COLUMN require_users INTEGER NOT NULL DEFAULT 0 CHECK (require_users IN (0, 1));
ALTER TABLE accounts ADD COLUMN user_grace_days INTEGER NOT NULL DEFAULT 35;
ALTER TABLE accounts ADD COLUMN passwordless INTEGER NOT NULL DEFAULT 0 CHECK (passwordless IN (0, 1));
ALTER TABLE accounts ADD COLUMN idle_minutes INTEGER NOT NULL DEFAULT 15;
ALTER TABLE accounts ADD COLUMN password_length INTEGER NOT NULL DEFAULT 8;
ALTER TABLE accounts ADD COLUMN password_upper INTEGER NOT NULL DEFAULT 0 CHECK (password_upper IN (0, 1));
ALTER TABLE accounts ADD COLUMN password_lower INTEGER NOT NULL DEFAULT 0 CHECK (password_lower IN (0, 1));
ALTER TABLE accounts ADD COLUMN password_digit INTEGER NOT NULL DEFAULT 0 CHECK (password_digit IN (0, 1));
ALTER TABLE accounts ADD COLUMN password_symbol INTEGER NOT NULL DEFAULT 0 CHECK (password_symbol IN (0, 1));

-- Whoever has no password has an empty password_hash.
ALTER TABLE principals ADD COLUMN path TEXT NOT NULL DEFAULT '';
ALTER TABLE principals ADD COLUMN password_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE principals ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1));
ALTER TABLE principals ADD COLUMN password_used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE principals ADD COLUMN mfa_deadline INTEGER NOT NULL DEFAULT 0;
UPDATE principals SET path = '/' WHERE kind = 'user';
UPDATE principals SET password_at = created_at;

-- The latest time that any event had, give or take an hour.
CREATE TABLE highest_time (
  one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
  at  INTEGER NOT NULL
) STRICT;
INSERT INTO highest_time (at) SELECT ifnull(max(at), 0) FROM events;

-- What a sign-in changes of a device stands here, whatever its kind: it then
-- writes one page of devices, not two.
CREATE TABLE new_devices (
  number        INTEGER PRIMARY KEY, -- the order in which they were added
  id            TEXT    NOT NULL UNIQUE,
  principal_id  TEXT    REFERENCES principals (id), -- NULL: unassigned, or in stock
  kind          TEXT    NOT NULL CHECK (kind IN ('passkey', 'app', 'token')),
  name          TEXT    NOT NULL,
  name_folded   TEXT,                -- NULL: it has no name
  serial        TEXT    NOT NULL,
  serial_folded TEXT    NOT NULL UNIQUE,
  created_at    INTEGER NOT NULL,
  enabled_at    INTEGER NOT NULL,
  last_used_at  INTEGER NOT NULL,
  suspect_at    INTEGER NOT NULL,
  sign_count    INTEGER NOT NULL,    -- passkeys
  backup_state  INTEGER NOT NULL,
  drift         INTEGER NOT NULL,    -- devices with codes; steps
  last_step     INTEGER NOT NULL,
  samples       INTEGER NOT NULL,    -- how many there ever were since it was assigned
  version       INTEGER NOT NULL,
  CHECK (kind <> 'passkey' OR principal_id IS NOT NULL)
) STRICT;

-- What never changes of a passkey.
CREATE TABLE new_passkeys (
  device              INTEGER PRIMARY KEY REFERENCES new_devices (number) ON DELETE CASCADE,
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

INSERT INTO new_devices SELECT number, id, principal_id, kind, name, name_folded, serial, lower(serial), enabled_at, enabled_at,
  last_used_at, suspect_at, sign_count, backup_state, 0, 0, 0, version FROM devices;
INSERT INTO new_passkeys SELECT device, backup_eligible, discoverable, user_verified, algorithm, credential_id, public_key, aaguid,
  transports, attestation_format, attestation_object FROM passkeys;
-- In this order: a parent that goes first would take its children with it.
DROP TABLE passkeys;
DROP TABLE devices;
ALTER TABLE new_devices RENAME TO devices;
ALTER TABLE new_passkeys RENAME TO passkeys;

CREATE UNIQUE INDEX devices_by_name ON devices (name_folded) WHERE name_folded IS NOT NULL;
CREATE INDEX devices_of_principal ON devices (principal_id) WHERE principal_id IS NOT NULL;
CREATE INDEX devices_of_nobody ON devices (kind) WHERE principal_id IS NULL;

-- What never changes of a device with codes.
CREATE TABLE code_devices (
  device       INTEGER PRIMARY KEY REFERENCES devices (number) ON DELETE CASCADE,
  sealed       BLOB    NOT NULL, -- the seed, sealed by the vault
  algorithm    TEXT    NOT NULL,
  digits       INTEGER NOT NULL,
  period       INTEGER NOT NULL, -- microseconds
  manufacturer TEXT    NOT NULL,
  model        TEXT    NOT NULL
) STRICT;

-- The newest drifts of a device, in a ring: sample n stands in slot n modulo
-- mfa.MaxDriftSamples, so that a new one writes over the oldest.
CREATE TABLE drift_samples (
  device INTEGER NOT NULL REFERENCES devices (number) ON DELETE CASCADE,
  slot   INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  drift  INTEGER NOT NULL, -- steps
  PRIMARY KEY (device, slot)
) STRICT, WITHOUT ROWID;

-- From now on what rings a phone is sealed, which SQL cannot do. The version that
-- kept it as it was has never been released, so its links are forgotten: the
-- phones are rung by a code once more and link again. Connections have
-- secure_delete on, so the bytes are gone with the rows.
DELETE FROM linked_phones;
DROP TABLE linked_phones;
CREATE TABLE linked_phones (
  number        INTEGER PRIMARY KEY, -- the order in which they were saved
  id            TEXT    NOT NULL UNIQUE,
  principal_id  TEXT    NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  name          TEXT    NOT NULL,
  sealed        BLOB    NOT NULL,
  public_key    BLOB    NOT NULL,
  tunnel_server INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  UNIQUE (principal_id, public_key)
) STRICT;

CREATE TABLE groups (
  id          TEXT    NOT NULL UNIQUE,
  name        TEXT    NOT NULL,
  name_folded TEXT    NOT NULL UNIQUE,
  path        TEXT    NOT NULL,
  version     INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  group_id     TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  PRIMARY KEY (principal_id, group_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_of_group ON group_members (group_id);

CREATE TABLE policies (
  name     TEXT NOT NULL PRIMARY KEY,
  path     TEXT NOT NULL,
  document TEXT NOT NULL -- JSON, the IAM policy language
) STRICT, WITHOUT ROWID;

INSERT INTO policies (name, path, document) VALUES ('AdministratorAccess', '/',
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}');

-- A managed policy by its name, attached to a user or to a group. The document need
-- not be here: until documents are evaluated only names count.
CREATE TABLE attachments (
  policy       TEXT NOT NULL,
  principal_id TEXT REFERENCES principals (id) ON DELETE CASCADE,
  group_id     TEXT REFERENCES groups (id) ON DELETE CASCADE,
  CHECK ((principal_id IS NULL) <> (group_id IS NULL))
) STRICT;

CREATE UNIQUE INDEX attached_to_principal ON attachments (principal_id, policy) WHERE principal_id IS NOT NULL;
CREATE UNIQUE INDEX attached_to_group ON attachments (group_id, policy) WHERE group_id IS NOT NULL;

CREATE TABLE recovery_codes (
  number       INTEGER PRIMARY KEY, -- the order in which they were made
  id           TEXT    NOT NULL UNIQUE,
  principal_id TEXT    NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  sealed       BLOB    NOT NULL,
  used_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX recovery_codes_of_principal ON recovery_codes (principal_id);

-- The data key, wrapped once for each way to it.
CREATE TABLE key_slots (
  number     INTEGER PRIMARY KEY, -- the order in which they were made
  id         TEXT    NOT NULL UNIQUE,
  kind       TEXT    NOT NULL,
  params     BLOB    NOT NULL, -- JSON
  wrapped    BLOB    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
