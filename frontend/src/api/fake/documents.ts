/** Policies, templates and groups for the fake to show. */
import type { GroupDTO, PolicyDTO, PolicyWordsDTO, TemplateDTO } from '../contract'
import { dayLong } from './samples'

const enable = 'iam:EnableMFADevice'
const own = ['arn:aws:iam::*:user/${aws:username}', 'arn:aws:iam::*:user/*/${aws:username}']

export const written = (statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2)

/** As Go keeps what comes with it. */
const inOneLine = (statements: object[]): string => JSON.stringify(JSON.parse(written(statements)))

const step = (sid: string, conditions: object) => ({ Sid: sid, Effect: 'Allow', Action: enable, Resource: '*', Condition: { StringEquals: conditions } })

const create = step('AllowStart', { 'iam:RegisterSecurityKey': 'Create' })
const activate = (keys: object) => step('AllowCertified', { 'iam:RegisterSecurityKey': 'Activate', ...keys })

export const fipsOnly = written([create, activate({ 'iam:FIDO-FIPS-140-2-certification': 'L2' })])

export function policy(name: string, document: string, more: Partial<PolicyDTO> = {}): PolicyDTO {
  const at = Date.now() - 40 * dayLong
  return { name, path: '/', document, builtIn: false, createdAt: at, updatedAt: at, version: 1, attached: 0, ...more }
}

export function samplePolicies(): PolicyDTO[] {
  return [
    policy('AdministratorAccess', written([{ Effect: 'Allow', Action: '*', Resource: '*' }]), { builtIn: true }),
    policy(
      'EnableAnyDevice',
      written([
        { Sid: 'EnableOwn', Effect: 'Allow', Action: enable, Resource: own },
        { Sid: 'CreateVirtual', Effect: 'Allow', Action: 'iam:CreateVirtualMFADevice', Resource: 'arn:aws:iam::*:mfa/*' },
      ]),
      { builtIn: true },
    ),
    policy('FipsKeysOnly', fipsOnly, { version: 3, updatedAt: Date.now() - 2 * dayLong }),
    policy(
      'ManageOwnDevices',
      inOneLine([
        {
          Sid: 'ManageOwn', Effect: 'Allow',
          Action: ['iam:ListMFADevices', 'iam:ResyncMFADevice', 'iam:DeactivateMFADevice', 'keyferry:RenameMFADevice', 'iam:ChangePassword'],
          Resource: own,
        },
        { Sid: 'DeleteVirtual', Effect: 'Allow', Action: 'iam:DeleteVirtualMFADevice', Resource: 'arn:aws:iam::*:mfa/*' },
      ]),
      { builtIn: true },
    ),
  ]
}

export const sampleTemplates: TemplateDTO[] = [
  { name: 'fips-140-2-l2', document: fipsOnly },
  {
    name: 'fips-140-2-l2-and-fido-l1',
    document: written([create, activate({ 'iam:FIDO-FIPS-140-2-certification': 'L2', 'iam:FIDO-certification': 'L1' })]),
  },
  { name: 'fips-140-2-l2-and-codes', document: written([create, activate({ 'iam:FIPS-140-2-certification': 'L2' })]) },
  {
    name: 'self-management',
    document: written([
      {
        Sid: 'AllowManageOwnUserMFA', Effect: 'Allow',
        Action: ['iam:DeactivateMFADevice', enable, 'iam:GetUser', 'iam:ListMFADevices', 'iam:ResyncMFADevice'],
        Resource: 'arn:aws:iam::*:user/${aws:username}',
      },
      {
        Sid: 'DenyAllExceptListedIfNoMFA', Effect: 'Deny', NotAction: [enable, 'iam:GetUser', 'iam:ListMFADevices', 'iam:ResyncMFADevice'],
        Resource: '*', Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
      },
    ]),
  },
]

export const sampleGroups = (): GroupDTO[] => [
  { id: 'g-engineering', name: 'engineering', version: 1, members: ['p-dan', 'p-heidi', 'p-peggy'], policies: ['FipsKeysOnly'], inline: [] },
  { id: 'g-visitors', name: 'visitors', version: 1, members: [], policies: [], inline: [] },
]

const fips = ['L1', 'L2', 'L3', 'L4']

export const sampleWords: PolicyWordsDTO = {
  actions: [
    'iam:ChangePassword', 'iam:CreateVirtualMFADevice', 'iam:DeactivateMFADevice', 'iam:DeleteVirtualMFADevice', enable, 'iam:GetUser',
    'iam:ListMFADevices', 'iam:ListUsers', 'iam:ListVirtualMFADevices', 'iam:ResyncMFADevice', 'keyferry:ChangeSettings', 'keyferry:RenameMFADevice',
  ],
  keys: [
    'aws:CurrentTime', 'aws:MultiFactorAuthAge', 'aws:MultiFactorAuthPresent', 'aws:PrincipalArn', 'aws:username', 'iam:FIDO-certification',
    'iam:FIDO-FIPS-140-2-certification', 'iam:FIDO-FIPS-140-3-certification', 'iam:RegisterSecurityKey',
  ],
  operators: [
    'ArnLike', 'Bool', 'BoolIfExists', 'DateLessThan', 'IpAddress', 'Null', 'NumericLessThan', 'StringEquals', 'StringEqualsIfExists', 'StringLike',
    'StringNotEquals',
  ],
  variables: ['${aws:username}', '${aws:userid}', '${aws:PrincipalAccount}'],
  values: {
    'iam:RegisterSecurityKey': ['Create', 'Activate'],
    'iam:FIDO-certification': ['L1', 'L1plus', 'L2', 'L2plus', 'L3', 'L3plus'],
    'iam:FIDO-FIPS-140-2-certification': fips,
    'iam:FIDO-FIPS-140-3-certification': fips,
    'aws:MultiFactorAuthPresent': ['true', 'false'],
  },
}
