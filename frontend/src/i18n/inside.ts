/** All words but those of the door, and those of screens that few first sights need: keys.ts, readiness.ts. */
import activity from './en/activity.json'
import add from './en/add.json'
import backup from './en/backup.json'
import ceremony from './en/ceremony.json'
import enforcement from './en/enforcement.json'
import failures from './en/failure.json'
import findings from './en/findings.json'
import home from './en/home.json'
import imports from './en/imports.json'
import metadata from './en/metadata.json'
import phone from './en/phone.json'
import policies from './en/policies.json'
import report from './en/report.json'
import security from './en/security.json'
import settings from './en/settings.json'
import tokens from './en/tokens.json'
import trust from './en/trust.json'
import users from './en/users.json'
import vault from './en/vault.json'
import { know } from '.'

know(
  activity, add, backup, ceremony, enforcement, failures, findings, home, imports, metadata,
  phone, policies, report, security, settings, tokens, trust, users, vault,
)
