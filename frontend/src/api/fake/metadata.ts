/** FIDO metadata: importing it and looking at what is in it. */
import type { BoundAPI, DriftRowDTO, ImportedBlobDTO, ModelDetailsDTO } from '../contract'
import { blob, reportsOf, sampleMetadata, sampleModels } from './catalogue'
import type { World } from './world'

type Part = Pick<BoundAPI, 'Metadata' | 'ImportMetadata' | 'FetchMetadata' | 'CancelFetch' | 'Models' | 'Model' | 'MetadataDrift'>

/** f-other is a file that is no metadata, f-old one that is older. */
export function metadataCalls(w: World): Part {
  const fresh = (source: string): ImportedBlobDTO => {
    const before = w.metadata.current
    const now = blob({
      number: (before?.number ?? 11) + 1, overdue: false, importedAt: Date.now(), nextUpdate: Date.now() + 30 * 86_400_000, source,
    })
    if (w.models.length === 0) w.models = sampleModels()
    w.metadata = { ...sampleMetadata(), current: now, older: before ? [before, ...w.metadata.older] : [] }
    return { blob: now, fresh: true, models: w.models.length, drifted: w.drifted.length }
  }
  return {
    Metadata: async () => w.metadata,
    ImportMetadata: async (file) => {
      if (file === 'f-other') w.refuse('metadata-malformed', 'choose-file', { category: 'input', params: { what: 'not a JWT', where: 'byte 0' } })
      if (file === 'f-old') {
        const have = String(w.metadata.current?.number ?? 0)
        w.refuse('metadata-rollback', 'choose-file', { category: 'security', params: { got: '4', have } })
      }
      w.emit('import', { id: 'metadata', done: 1_482_112, total: 1_482_112 })
      return fresh('blob.jwt')
    },
    FetchMetadata: async () => {
      w.emit('import', { id: 'metadata', done: 741_056, total: 1_482_112 })
      return fresh(w.metadata.address)
    },
    CancelFetch: async () => undefined,
    Models: async () => (w.metadata.current ? w.models : w.refuse('metadata-missing', 'choose-file', { category: 'input' })),
    Model: async (id): Promise<ModelDetailsDTO> => {
      const model = w.models.find((m) => m.id === id) ?? w.refuse('not-found', 'reload', { params: { what: 'model' } })
      return {
        model, icon: '', reports: reportsOf(model), devices: [...w.devices.values()].flat().filter((d) => d.passkey?.trust.entry === id).length,
        facts: [
          { name: 'description', values: [model.name] }, { name: 'firmware', values: ['328707'] },
          { name: 'userVerification', values: ['passcode_external', 'presence_internal'] }, { name: 'keyProtection', values: ['hardware', 'secure_element'] },
          { name: 'algorithms', values: ['secp256r1_ecdsa_sha256_raw'] }, { name: 'attestation', values: ['basic_full'] },
        ],
      }
    },
    MetadataDrift: async (): Promise<DriftRowDTO[]> => w.drifted,
  }
}
