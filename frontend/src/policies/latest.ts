/**
 * Asks about what changes faster than answers come: one question at a time, and
 * after its answer only the newest that came meanwhile. It needs no clock, and an
 * old answer never comes after a newer one.
 */
export class Latest<Q, A> {
  private busy = false
  private next: { question: Q } | null = null
  private closed = false

  constructor(
    private readonly ask: (question: Q) => Promise<A>,
    private readonly answered: (answer: A, question: Q) => void,
    private readonly failed: (e: unknown, question: Q) => void,
  ) {}

  about(question: Q): void {
    if (this.closed) return
    this.next = { question }
    if (!this.busy) void this.run()
  }

  close(): void {
    this.closed = true
    this.next = null
  }

  private async run(): Promise<void> {
    this.busy = true
    while (this.next) {
      const { question } = this.next
      this.next = null
      try {
        const answer = await this.ask(question)
        if (!this.closed) this.answered(answer, question)
      } catch (e) {
        if (!this.closed) this.failed(e, question)
      }
    }
    this.busy = false
  }
}
