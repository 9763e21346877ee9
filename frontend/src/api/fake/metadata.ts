/** FIDO metadata: importing it and looking at what is in it. */
import type { BoundAPI, DriftRowDTO, FactDTO, ImportedBlobDTO, ModelDetailsDTO, ModelDTO } from '../contract'
import { blob, reportsOf, sampleMetadata, sampleModels } from './catalogue'
import { failure } from './samples'
import type { World } from './world'

type Part = Pick<BoundAPI, 'Metadata' | 'ImportMetadata' | 'FetchMetadata' | 'CancelFetch' | 'Models' | 'Model' | 'MetadataDrift'>

const size = 1_482_112

/** A download takes these many paces, and none of them when the pace is 0. */
const paces = 6

/** f-other is a file that is no metadata, f-old one that is older, f-same the one that is there. */
export function metadataCalls(w: World): Part {
  let giveUp: (() => void) | null = null

  const fresh = (source: string): ImportedBlobDTO => {
    const before = w.metadata.current
    const now = blob({
      number: (before?.number ?? 11) + 1, overdue: false, importedAt: Date.now(), nextUpdate: Date.now() + 30 * 86_400_000, source,
    })
    if (w.models.length === 0) w.models = sampleModels()
    w.metadata = { ...sampleMetadata(), current: now, older: before ? [before, ...w.metadata.older] : [] }
    return { blob: now, fresh: true, models: w.models.length, drifted: w.drifted.length }
  }

  const download = (): Promise<void> =>
    new Promise((done, fail) => {
      giveUp = () => fail(failure('cancelled', 'retry', { category: 'cancelled' }))
      for (let n = 1; n <= paces; n++) w.later(n, () => w.emit('import', { id: 'metadata', done: Math.round((size * n) / paces), total: size }))
      if (w.pace > 0) w.later(paces + 1, done)
      else done()
    })

  return {
    Metadata: async () => w.metadata,
    ImportMetadata: async (file) => {
      if (file === 'f-other') w.refuse('metadata-malformed', 'choose-file', { category: 'input', params: { what: 'JWT', where: 'parts' } })
      if (file === 'f-old') {
        const have = String(w.metadata.current?.number ?? 0)
        w.refuse('metadata-rollback', 'choose-file', { category: 'security', params: { got: '4', have } })
      }
      const have = w.metadata.current
      if (file === 'f-same' && have) return { blob: have, fresh: false, models: w.models.length, drifted: 0 }
      return fresh('blob.jwt')
    },
    FetchMetadata: async () => {
      await download()
      return fresh(w.metadata.address)
    },
    CancelFetch: async () => giveUp?.(),
    Models: async () => w.models,
    Model: async (id): Promise<ModelDetailsDTO> => {
      const model = w.models.find((m) => m.id === id) ?? w.refuse('not-found', 'reload', { params: { what: 'model' } })
      return {
        model, icon: '', reports: reportsOf(model), devices: [...w.devices.values()].flat().filter((d) => d.passkey?.trust.entry === id).length,
        facts: factsOf(model),
      }
    },
    MetadataDrift: async (): Promise<DriftRowDTO[]> => w.drifted,
  }
}

/** As a statement says them. */
function factsOf(m: ModelDTO): FactDTO[] {
  const all: FactDTO[] = [
    { name: 'protocol', values: [m.protocol] },
    { name: 'versions', values: ['FIDO_2_0', 'FIDO_2_1'] },
    { name: 'firmware', values: ['328707'] },
    { name: 'algorithms', values: ['secp256r1_ecdsa_sha256_raw', 'ed25519_eddsa_sha512_raw'] },
    { name: 'attestation', values: ['basic_full'] },
    { name: 'user-verification', values: ['passcode_external + presence_internal', 'presence_internal'] },
    { name: 'key-protection', values: ['hardware', 'secure_element'] },
    { name: 'matcher-protection', values: ['on_chip'] },
    { name: 'crypto-strength', values: ['128'] },
    { name: 'attachment', values: ['external', 'wired', 'nfc'] },
    { name: 'transports', values: m.transports },
    { name: 'extensions', values: ['credProtect', 'hmac-secret'] },
    { name: 'options', values: ['clientPin=true', 'rk=true', 'up=true'] },
    { name: 'certifications', values: m.fips2 ? ['FIPS-CMVP-2=2', 'FIPS-CMVP-2-PHY=3'] : [] },
    { name: 'key-restricted', values: ['true'] },
  ]
  return all.filter((f) => f.values.length > 0)
}
