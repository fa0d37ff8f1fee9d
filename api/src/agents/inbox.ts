// The orders of one link that wait to be read: bounded in number and bytes, and refused to their sender when full.
import type { Order } from '@sindri/schema'

export interface Inbox {
  /** False when it is full or over. */
  offer(order: Order): boolean
  /** From the oldest unread on. A new reader takes the place of the one before, whose stream ends. */
  read(): AsyncIterableIterator<Order, undefined>
  end(): void
}

const ordersMax = 512
/** A paste of 256 KiB into each of three terminals, in base64. */
const bytesMax = 1024 * 1024

/** Only what carries bytes has a size worth counting. */
const bytesOf = (order: Order): number => {
  if (order.kind === 'terminalInput') return order.data.length
  return order.kind === 'commandRun' ? JSON.stringify(order).length : 256
}
/** Durable ones come before passing ones. */
const isDurable = ({ kind }: Order): boolean => kind === 'commandRun' || kind === 'commandCancel'

export const createInbox = (): Inbox => {
  const orders: Order[] = []
  let bytes = 0
  let over = false
  let endReader: (() => void) | undefined
  let wake: (() => void) | undefined

  return {
    offer(order) {
      if (over || orders.length >= ordersMax || bytes >= bytesMax) return false
      // Before all passing ones, behind the durable ones that came before it.
      const place = isDurable(order) ? orders.findIndex((each) => !isDurable(each)) : -1
      orders.splice(place < 0 ? orders.length : place, 0, order)
      bytes += bytesOf(order)
      wake?.()
      return true
    },

    read() {
      endReader?.()
      let done = over
      const waiting: ((result: IteratorResult<Order, undefined>) => void)[] = []
      const settle = (): void => {
        while (waiting.length > 0) {
          const order = done ? undefined : orders.shift()
          if (!order && !done) return
          if (order) bytes -= bytesOf(order)
          waiting.shift()?.(order ? { done: false, value: order } : { done: true, value: undefined })
        }
      }
      const finish = (): void => {
        if (done) return
        done = true
        if (wake === settle) wake = endReader = undefined
        settle()
      }
      wake = settle
      endReader = finish
      return {
        next: () =>
          new Promise((resolve) => {
            waiting.push(resolve)
            settle()
          }),
        async return() {
          finish()
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },

    end() {
      over = true
      orders.length = 0
      bytes = 0
      endReader?.()
    },
  }
}
