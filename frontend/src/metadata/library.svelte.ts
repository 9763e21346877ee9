/** The metadata of the account as an administrator sees it: its models, what of it is open, and an import under way. */
import * as api from '../api'
import type { DriftRowDTO, FailureDTO, FileDTO, ImportedBlobDTO, MetadataDTO, ModelDTO } from '../api'
import { app } from '../app/app.svelte'
import { Arrivals } from '../app/arrival'
import { t } from '../i18n'
import { Run } from '../imports/run.svelte'
import { nextSort, type Sort } from '../users/table'
import { choose, counts, entries, everything, facets, all as any, type Chosen, type ModelColumn } from './table'

export type View = 'list' | 'model' | 'about' | 'bring' | 'drift'

/** What the progress of an import is told under. */
const importId = 'metadata'

export class Library {
  /** null until it is there for the first time. */
  info = $state.raw<MetadataDTO | null>(null)
  models = $state.raw<ModelDTO[] | null>(null)
  drifted = $state.raw<DriftRowDTO[]>([])
  failure = $state.raw<FailureDTO | null>(null)
  driftFailure = $state.raw<FailureDTO | null>(null)
  view = $state<View>('list')
  openId = $state('')
  /** Where a model was opened from, and leads back to. */
  from = $state<View>('list')
  text = $state('')
  chosen = $state.raw<Chosen>(everything())
  sort = $state.raw<Sort<ModelColumn>>({ by: 'name', down: false })
  /** Where one was in the list. */
  active = $state(0)
  top = $state(0)
  /** Somebody comes back from a model's page. */
  resume = $state(false)

  /** An import goes on while the person looks at something else. */
  readonly run = new Run()
  importing = $state<'' | 'file' | 'fetch'>('')
  /** The file was the newest already. */
  same = $state.raw<ImportedBlobDTO | null>(null)

  private readonly arrivals = new Arrivals()
  private readonly entries = $derived(entries(this.models ?? []))
  readonly shown = $derived(choose(this.entries, { text: this.text, chosen: this.chosen, sort: this.sort }))
  readonly counts = $derived(counts(this.entries, { text: this.text, chosen: this.chosen }))
  readonly narrowed = $derived(this.text.trim() !== '' || facets.some((f) => this.chosen[f] !== any))

  async load(): Promise<void> {
    try {
      const info = await api.metadata()
      const [models] = await Promise.all([info.current ? api.models() : [], this.loadDrift(info)])
      this.info = info
      this.models = models
      this.failure = null
    } catch (e) {
      this.failure = api.asFailure(e)
    }
  }

  /** It is about people, which somebody may not be allowed to see who may see the models. */
  private async loadDrift(info: MetadataDTO): Promise<void> {
    this.driftFailure = null
    try {
      this.drifted = info.current ? await api.metadataDrift() : []
    } catch (e) {
      this.drifted = []
      this.driftFailure = api.asFailure(e)
    }
  }

  show(view: View, id = ''): void {
    this.resume = view === 'list' && this.view === 'model'
    if (view === 'model') this.from = this.view === 'drift' ? 'drift' : 'list'
    if (this.importing === '') this.same = this.run.failure = null // of an earlier import
    this.view = view
    this.openId = id
  }

  /** A facet's choice; the list starts at its top again. */
  narrow(more: Partial<Chosen>): void {
    this.chosen = { ...this.chosen, ...more }
    this.active = this.top = 0
  }

  showAll(): void {
    this.text = ''
    this.narrow(everything())
  }

  order(by: ModelColumn): void {
    this.sort = nextSort(this.sort, by, 'name')
    this.active = this.top = 0
  }

  importFile(file: FileDTO): Promise<void> {
    return this.bring('file', () => api.importMetadata(file.id))
  }

  fetch(): Promise<void> {
    return this.bring('fetch', api.fetchMetadata)
  }

  async cancel(): Promise<void> {
    await api.cancelFetch().catch(() => undefined) // then it ends by itself
  }

  private async bring(how: 'file' | 'fetch', call: () => Promise<ImportedBlobDTO>): Promise<void> {
    if (this.importing !== '') return
    this.importing = how
    this.same = null
    const got = await this.run.of(importId, 0, call)
    this.importing = ''
    if (this.run.failure?.code === 'cancelled') {
      this.run.failure = null
      app.tell(t('ceremony.l_cancelled'))
    }
    if (!got) return
    if (!got.fresh) {
      this.same = got
      return
    }
    await this.load()
    if (this.view === 'bring') this.show('list')
    app.tell(t('metadata.l_imported', { number: String(got.blob.number), n: got.models }))
  }

  /** The area was opened, or pressed again. */
  arrive(who: string, visit: number): void {
    const arrival = this.arrivals.arrive(who, visit)
    if (arrival === 'stranger') this.forget()
    else if (arrival === 'anew') {
      this.show('list')
      this.resume = false
    }
  }

  private forget(): void {
    this.info = this.models = this.failure = this.driftFailure = this.same = this.run.failure = null
    this.drifted = []
    this.view = this.from = 'list'
    this.openId = this.text = ''
    this.chosen = everything()
    this.sort = { by: 'name', down: false }
    this.active = this.top = 0
    this.resume = false
  }
}

export const library = new Library()
