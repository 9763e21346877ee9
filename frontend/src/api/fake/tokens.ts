/** The stock of hardware tokens: reading seed files and importing them. */
import type { BoundAPI, TokenRowDTO } from '../contract'
import { failure, sampleTokens } from './samples'
import type { World } from './world'

type Part = Pick<BoundAPI, 'PreviewTokens' | 'PreviewCodes' | 'ImportTokens' | 'ClosePreview' | 'ChooseFile'>

const row = (line: number, serial: string, more: Partial<TokenRowDTO> = {}): TokenRowDTO => ({
  line, serial, mapped: '', manufacturer: 'Feitian', model: 'c200', label: '', algorithm: 'SHA1', digits: 6, period: 30, hashAssumed: false,
  failure: null, ...more,
})

export function tokenCalls(w: World): Part {
  return {
    PreviewTokens: async (r) => {
      if (r.file === 'f-locked' && r.password.length === 0) w.refuse('seed-password-needed')
      const rows = [
        row(1, 'GAHT20000001'), row(2, 'GAHT20000002', { period: 60 }), row(3, '1234567', { mapped: 'FT-1234567', hashAssumed: true }),
        row(4, 'GAHT20000004', {
          failure: failure('token-unsupported', 'use-other-device', { params: { what: '8 digits' } }), digits: 8,
        }),
      ]
      w.tokenPreview = { id: `i-${w.next()}`, file: r.file, format: 'pskc', rows, good: 3, bad: 1 }
      return w.tokenPreview
    },
    PreviewCodes: async (r) => Array.from({ length: r.count }, (_, i) => String((r.from + i + 1) * 104729).padStart(6, '0').slice(-6)),
    ImportTokens: async (r) => {
      const p = w.tokenPreview
      if (!p || p.id !== r.id) return w.refuse('import-gone', 'choose-file')
      if (p.bad > 0 && !r.onlyGood) w.refuse('import-problems', 'change-input', { params: { count: String(p.bad) } })
      w.needVault()
      const good = p.rows.filter((x) => !x.failure)
      w.emit('import', { id: p.id, done: good.length, total: good.length })
      w.tokens = [...w.tokens, ...sampleTokens(good.length).map((d, i) => ({ ...d, id: `t-new-${w.next()}`, serial: good[i]!.mapped || good[i]!.serial }))]
      w.tokenPreview = null
      return good.length
    },
    ClosePreview: async () => void (w.tokenPreview = w.userPreview = null),
    ChooseFile: async () => w.file,
  }
}
