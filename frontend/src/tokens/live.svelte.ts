/**
 * The codes that the tokens of a preview show now. Only those of the rows in
 * sight are asked for, again when they change; what was asked for a step that is
 * over is thrown away.
 */
import * as api from '../api'

/** Go gives this many at once. */
const most = 500

/** Codes change at full half minutes, with steps of 30 and of 60 seconds. */
const step = 30_000

export class LiveCodes {
  /** By the row's index in the preview. */
  codes = $state.raw<Map<number, string>>(new Map())
  private turn = 0
  private asked = ''

  /** Rows with these indices are in sight at now; nothing is asked that is known. */
  async show(id: string, indices: number[], now: number): Promise<void> {
    if (indices.length === 0) return
    const from = Math.min(...indices)
    const count = Math.min(most, Math.max(...indices) - from + 1)
    const question = `${id} ${from} ${count} ${Math.floor(now / step)}`
    if (question === this.asked) return
    this.asked = question
    const turn = ++this.turn
    try {
      const codes = await api.previewCodes(id, from, count)
      if (turn === this.turn) this.codes = new Map(codes.map((code, i) => [from + i, code]))
    } catch {
      if (turn !== this.turn) return
      this.codes = new Map() // the preview is gone; importing will say so
      this.asked = ''
    }
  }
}
