/**
 * Whether an area that keeps where one was may go on there. It starts anew when it
 * was opened from the side bar, and forgets all when somebody else is signed in.
 */
export type Arrival = 'here' | 'anew' | 'stranger'

export class Arrivals {
  private who = ''
  private visit = -1

  /** who is the account and the principal; visit rises with each press in the side bar. */
  arrive(who: string, visit: number): Arrival {
    const arrival = who !== this.who ? 'stranger' : visit !== this.visit ? 'anew' : 'here'
    this.who = who
    this.visit = visit
    return arrival
  }
}
