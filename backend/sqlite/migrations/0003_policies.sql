-- Policies that are evaluated, FIDO metadata, and what was proven of a passkey. As in
-- 0001: times are microseconds since 1970 in UTC, 0 for none; *_folded is mfa.FoldName.
-- Nothing may change in this file once it was released: add the next one.

ALTER TABLE accounts ADD COLUMN rule_out_hello INTEGER NOT NULL DEFAULT 0 CHECK (rule_out_hello IN (0, 1));
ALTER TABLE accounts ADD COLUMN users_any_device INTEGER NOT NULL DEFAULT 1 CHECK (users_any_device IN (0, 1));

-- JSON of mfa.Trust, from when the passkey was registered; empty: nobody looked.
ALTER TABLE passkeys ADD COLUMN trust TEXT NOT NULL DEFAULT '';

CREATE TABLE new_policies (
  name        TEXT    NOT NULL UNIQUE,
  name_folded TEXT    NOT NULL UNIQUE,
  path        TEXT    NOT NULL,
  built_in    INTEGER NOT NULL CHECK (built_in IN (0, 1)),
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  document    TEXT    NOT NULL -- JSON, the IAM policy language
) STRICT;

-- Those that every account has; mfa.BuiltInPolicies says the same.
INSERT INTO new_policies (name, name_folded, path, built_in, created_at, updated_at, version, document) VALUES
  ('AdministratorAccess', 'administratoraccess', '/', 1, 0, 0, 1,
   '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'),
  ('EnableAnyDevice', 'enableanydevice', '/', 1, 0, 0, 1,
   '{"Version":"2012-10-17","Statement":[{"Sid":"EnableOwn","Effect":"Allow","Action":"iam:EnableMFADevice","Resource":["arn:aws:iam::*:user/${aws:username}","arn:aws:iam::*:user/*/${aws:username}"]},{"Sid":"CreateVirtual","Effect":"Allow","Action":"iam:CreateVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/*"}]}'),
  ('ManageOwnDevices', 'manageowndevices', '/', 1, 0, 0, 1,
   '{"Version":"2012-10-17","Statement":[{"Sid":"ManageOwn","Effect":"Allow","Action":["iam:ListMFADevices","iam:ResyncMFADevice","iam:DeactivateMFADevice","keyferry:RenameMFADevice","iam:ChangePassword"],"Resource":["arn:aws:iam::*:user/${aws:username}","arn:aws:iam::*:user/*/${aws:username}"]},{"Sid":"DeleteVirtual","Effect":"Allow","Action":"iam:DeleteVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/*"}]}');

CREATE TABLE new_attachments (
  policy       TEXT NOT NULL REFERENCES new_policies (name),
  principal_id TEXT REFERENCES principals (id) ON DELETE CASCADE,
  group_id     TEXT REFERENCES groups (id) ON DELETE CASCADE,
  CHECK ((principal_id IS NULL) <> (group_id IS NULL))
) STRICT;

-- Until now a policy was a name, and of all names only AdministratorAccess meant
-- something. The others granted nothing, and must not begin to when somebody makes a
-- policy that is called so: they stay in the trail only.
INSERT INTO new_attachments (policy, principal_id, group_id)
  SELECT policy, principal_id, group_id FROM attachments WHERE policy = 'AdministratorAccess';
-- What the rules gave to everybody.
INSERT INTO new_attachments (policy, principal_id)
  SELECT p.name, u.id FROM principals u, new_policies p WHERE u.kind = 'user' AND p.name <> 'AdministratorAccess';

DROP TABLE attachments;
DROP TABLE policies;
ALTER TABLE new_policies RENAME TO policies;
ALTER TABLE new_attachments RENAME TO attachments;

CREATE UNIQUE INDEX attached_to_principal ON attachments (principal_id, policy) WHERE principal_id IS NOT NULL;
CREATE UNIQUE INDEX attached_to_group ON attachments (group_id, policy) WHERE group_id IS NOT NULL;
CREATE INDEX attachments_of_policy ON attachments (policy);

CREATE TABLE inline_policies (
  principal_id TEXT REFERENCES principals (id) ON DELETE CASCADE,
  group_id     TEXT REFERENCES groups (id) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  name_folded  TEXT NOT NULL,
  document     TEXT NOT NULL,
  CHECK ((principal_id IS NULL) <> (group_id IS NULL))
) STRICT;

CREATE UNIQUE INDEX inline_of_principal ON inline_policies (principal_id, name_folded) WHERE principal_id IS NOT NULL;
CREATE UNIQUE INDEX inline_of_group ON inline_policies (group_id, name_folded) WHERE group_id IS NOT NULL;

-- Metadata BLOBs as they were accepted. The bytes come last: a list of the others does
-- not read them.
CREATE TABLE blobs (
  number      INTEGER PRIMARY KEY,
  hash        BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the file
  imported_at INTEGER NOT NULL,
  next_update INTEGER NOT NULL,
  signer      TEXT    NOT NULL,
  source      TEXT    NOT NULL,
  entries     INTEGER NOT NULL,
  odd         INTEGER NOT NULL,
  size        INTEGER NOT NULL, -- bytes of the file
  content     BLOB    NOT NULL  -- compressed
) STRICT;

-- The newest one, prepared for the next start.
CREATE TABLE metadata_index (
  one     INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
  number  INTEGER NOT NULL REFERENCES blobs (number),
  content BLOB    NOT NULL
) STRICT;
