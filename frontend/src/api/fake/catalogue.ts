/** Metadata for the fake to show: a dozen models that do not exist, and a BLOB that is long overdue. */
import type { BlobDTO, CertificatesDTO, MetadataDTO, ModelDTO, StatusReportDTO, TrustDTO } from '../contract'

const blobNumber = 12

export function blob(more: Partial<BlobDTO> = {}): BlobDTO {
  return {
    number: blobNumber, hash: '5f1e0f3c9d1b7a64c2d8e9f0a1b2c3d4e5f60718293a4b5c6d7e8f9012345678', importedAt: Date.UTC(2021, 9, 12, 9, 30),
    nextUpdate: Date.UTC(2021, 10, 1), overdue: true, signer: 'mds.fidoalliance.org', source: 'blob.jwt', entries: 12, odd: 1, size: 1_482_112,
    ...more,
  }
}

export function sampleMetadata(): MetadataDTO {
  return {
    current: blob(), older: [blob({ number: 9, entries: 11, odd: 0, importedAt: Date.UTC(2021, 7, 3), nextUpdate: Date.UTC(2021, 8, 1) })],
    odd: [
      { position: 3, id: '', why: 'id', used: false },
      { position: 8, id: '4e768f2c-5fab-48b3-b300-220eb487752b', why: 'root', used: true },
    ],
    address: 'https://mds3.fidoalliance.org/',
  }
}

export const noMetadata = (): MetadataDTO => ({ ...sampleMetadata(), current: null, older: [], odd: [] })

function model(id: number, name: string, levels: Partial<CertificatesDTO>, more: Partial<ModelDTO> = {}): ModelDTO {
  return {
    id: `${String(id).padStart(8, '0')}-aaaa-4bbb-8ccc-0123456789ab`, name, protocol: 'fido2', transports: ['usb'], status: status(levels.fido ?? ''),
    refused: false, since: `20${20 + (id % 2)}-0${1 + (id % 9)}-1${id % 9}`, fido: '', fips2: '', fips3: '', ...levels, ...more,
  }
}

const status = (level: string) => (level ? `FIDO_CERTIFIED_${level}` : 'NOT_FIDO_CERTIFIED')

export function sampleModels(): ModelDTO[] {
  return [
    model(1, 'Aster Key 5 NFC', { fido: 'L1' }, { transports: ['usb', 'nfc'] }),
    model(2, 'Aster Key 5 FIPS', { fido: 'L2', fips2: 'L2' }, { transports: ['usb', 'nfc'] }),
    model(3, 'Aster Key 6 FIPS', { fido: 'L2', fips3: 'L2' }, { transports: ['usb', 'nfc'] }),
    model(4, 'Borealis Card', { fido: 'L1plus' }, { transports: ['nfc'] }),
    model(5, 'Borealis Card FIPS', { fido: 'L2', fips2: 'L3' }, { transports: ['nfc', 'usb'] }),
    model(6, 'Cobalt Titan', { fido: 'L1' }, { transports: ['usb', 'nfc', 'ble'] }),
    model(7, 'Cobalt Vault', { fido: 'L3', fips3: 'L3' }),
    model(8, 'Dune Bio', { fido: 'L2' }, { transports: ['usb', 'ble'] }),
    model(9, 'Dune Mini', {}),
    model(10, 'Ember Phone Authenticator', { fido: 'L3plus' }, { transports: ['internal', 'hybrid'] }),
    model(11, 'Fjord U2F', { fido: 'L1' }, { protocol: 'u2f', id: '7c2f1d0a9b8e4d6c5a3b2e1f0d9c8b7a6f5e4d3c' }),
    model(12, 'Gale Key 1', { fido: 'L1' }, { status: 'ATTESTATION_KEY_COMPROMISE', refused: true, since: '2021-06-30' }),
  ]
}

export function report(more: Partial<StatusReportDTO> = {}): StatusReportDTO {
  return { status: 'FIDO_CERTIFIED_L1', date: '2020-05-12', until: '', number: 'FIDO2000000000001', fips: 0, url: '', now: true, ...more }
}

export function reportsOf(m: ModelDTO): StatusReportDTO[] {
  const all: StatusReportDTO[] = []
  if (m.fido) all.push(report({ status: status(m.fido), date: m.since }))
  if (m.fips2) all.push(report({ status: `FIPS140_CERTIFIED_${m.fips2}`, date: m.since, fips: 2, number: '3907' }))
  if (m.fips3) all.push(report({ status: `FIPS140_CERTIFIED_${m.fips3}`, date: m.since, fips: 3, number: '4417' }))
  if (m.refused) all.push(report({ status: m.status, date: m.since, number: '' }))
  return all.length > 0 ? all : [report({ status: m.status, date: m.since, number: '' })]
}

/** What a passkey of a phone has: nothing proven. */
export const unproven: TrustDTO = {
  proven: false, unproven: 'no-attestation', model: '', entry: '', format: 'none', blob: blobNumber, at: 0, reports: [], hello: 'no',
  helloProof: '', fido: '', fips2: '', fips3: '',
}

/** What was proven of a key of a model. */
export function trustOf(m: ModelDTO): TrustDTO {
  return {
    ...unproven, proven: true, unproven: '', model: m.name, entry: m.id, format: 'packed', at: Date.UTC(2021, 9, 20), reports: reportsOf(m),
    fido: m.fido, fips2: m.fips2, fips3: m.fips3,
  }
}
