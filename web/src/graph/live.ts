// Subscribe, then read, then tail: a state that is read once, folded forward, and read again after a loss, without a gap.
import type { Clock, Undo } from '../platform/clock.ts'
import { type ShownFault, toFault } from './faults.ts'

/** At most four renewals a second: faster cannot be read. */
const FLUSH_MS = 250
/** First wait before a subscription that was closed opens again; it doubles up to the most. */
const AGAIN_MS = 1000
const AGAIN_MOST_MS = 30_000
/** A notice that was lost in between costs this much delay, and no more. A read that failed is repeated sooner. */
const REREAD_MS = 30_000
const RETRY_MS = 2000

export interface LiveSource<State, Message> {
  /** Opened before the first read, so that nothing falls between the two. */
  subscribe?(receive: { next(message: Message): void; fault(fault: ShownFault): void }): Undo
  /** `shown` is the state at its beginning, for what must outlive it; everything later is folded on the answer. */
  read(shown: State | undefined): Promise<State>
  /** Must not mind a message whose effect the state already has. */
  fold(state: State, message: Message): State
}

export interface LiveView<State> {
  state: State | undefined
  fault: ShownFault | undefined
  reading: boolean
}

export interface Live {
  /** Reads again; what arrives meanwhile is folded on the answer. */
  reread(): Promise<void>
  stop(): void
}

export const startLive = <State, Message>(
  source: LiveSource<State, Message>,
  clock: Clock,
  show: (view: LiveView<State>) => void,
): Live => {
  let view: LiveView<State> = { state: undefined, fault: undefined, reading: true }
  /** To be folded on what is shown. */
  let waiting: Message[] = []
  /** Came while a read was under way, whose answer may not know of them. */
  let sinceRead: Message[] = []
  let flush: Undo | undefined
  let again: Undo | undefined
  let next: Undo | undefined
  let unsubscribe: Undo | undefined
  let attempt = 0
  let closings = 0
  let failures = 0
  let stopped = false

  const put = (next: Partial<LiveView<State>>) => {
    view = { ...view, ...next }
    show(view)
  }

  const drain = (state: State): State => {
    const messages = waiting
    waiting = []
    return messages.reduce((folded, message) => source.fold(folded, message), state)
  }

  const receive = (message: Message) => {
    if (stopped) return
    if (view.reading) sinceRead.push(message)
    if (view.state === undefined) return
    waiting.push(message)
    flush ??= clock.after(FLUSH_MS, () => {
      flush = undefined
      if (view.state !== undefined) put({ state: drain(view.state) })
    })
  }

  const reread = async () => {
    const mine = ++attempt
    next?.()
    sinceRead = []
    put({ reading: true, ...(view.state === undefined ? {} : { state: drain(view.state) }) })
    try {
      const state = await source.read(view.state)
      if (stopped || mine !== attempt) return
      waiting = sinceRead
      failures = 0
      put({ state: drain(state), fault: undefined, reading: false })
    } catch (error) {
      if (stopped || mine !== attempt) return
      failures++
      put({ fault: toFault(error), reading: false })
    }
    const soonMs = view.fault?.retry ? RETRY_MS * 2 ** (failures - 1) * (0.5 + clock.chance()) : REREAD_MS
    next = clock.after(Math.min(REREAD_MS, soonMs), () => void reread())
  }

  const open = () => {
    again?.()
    again = undefined
    unsubscribe ??= source.subscribe?.({
      next: (message) => {
        closings = 0
        receive(message)
      },
      fault: (fault) => {
        if (stopped) return
        unsubscribe?.()
        unsubscribe = undefined
        if (!fault.retry) return put({ fault })
        const waitMs = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** closings++) * (0.5 + clock.chance())
        again = clock.after(waitMs, () => void renew())
      },
    })
  }

  /** Opens what was closed before it reads, as at the start. */
  const renew = () => {
    open()
    return reread()
  }

  void renew()

  return {
    reread: renew,
    stop: () => {
      stopped = true
      flush?.()
      again?.()
      next?.()
      unsubscribe?.()
    },
  }
}
