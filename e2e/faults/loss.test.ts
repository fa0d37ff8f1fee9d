import { expect, test, vi } from 'vitest'
import { createLoss, endOfValue } from './loss.ts'

const message = (channel: string, text: string, kind = '*'): string =>
  `${kind}3\r\n$7\r\nmessage\r\n$${channel.length}\r\n${channel}\r\n$${text.length}\r\n${text}\r\n`

const open = () => {
  const loss = createLoss()
  const sift = loss.sift()
  let passed = ''
  sift.on('data', (data) => (passed += String(data)))
  return { loss, sift, passed: () => passed }
}

test.each([
  ['+OK\r\n', 5],
  [':12\r\n', 5],
  ['$-1\r\n', 5],
  ['$3\r\na\r\n\r\n', 9],
  ['*2\r\n$1\r\na\r\n*1\r\n:1\r\n', 19],
  ['%1\r\n+a\r\n:1\r\n', 12],
  ['>2\r\n+a\r\n', null],
  ['$3\r\nab', null],
])('knows where %j ends', (text, end) =>
  expect(endOfValue(Buffer.from(`${text}+more`.slice(0, end ?? text.length)), 0)).toBe(end),
)

test('passes all bytes on, cut anywhere, and loses exactly the next message of a topic', async () => {
  const { loss, sift, passed } = open()
  const undo = loss.lose('order', 'next')
  const lost = message('sindri/a-console/order/a', 'one')
  const kept = [
    '+OK\r\n',
    message('sindri/a-console/orders/a', 'x'),
    lost,
    message('sindri/a-console/order/a', 'two', '>'),
  ]
  for (const byte of kept.join('')) sift.write(byte)
  await expect.poll(passed).toBe(kept.filter((each) => each !== lost).join(''))
  expect(undo()).toBe(true)
})

test('loses the message after which nothing comes on its channel, and no other', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { loss, sift, passed } = open()
  const undo = loss.lose('order', 'last')
  const [first, other, last, later] = [
    message('sindri/a-console/order/a', 'one'),
    message('sindri/a-console/link/a', 'x'),
    message('sindri/a-console/order/a', 'two'),
    message('sindri/a-console/order/a', 'three'),
  ]
  for (const each of [first, other, last]) sift.write(each)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(undo()).toBe(true)
  sift.write(later)
  await vi.advanceTimersByTimeAsync(0)
  vi.useRealTimers()
  await expect.poll(passed).toBe(other + first + later)
})

test('a beacon is neither lost nor anything that follows', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { loss, sift, passed } = open()
  const undo = loss.lose('terminal.frames', 'last')
  const beacon = message('sindri/a-console/terminal.frames/t', 'origin [{"kind":"beacon","outputHead":7}]')
  sift.write(message('sindri/a-console/terminal.frames/t', 'origin [{"kind":"output","offset":0}]'))
  await vi.advanceTimersByTimeAsync(900)
  sift.write(beacon)
  await vi.advanceTimersByTimeAsync(900)
  expect(undo()).toBe(true)
  vi.useRealTimers()
  await expect.poll(passed).toBe(beacon)
})

test('what it held back is given on when it is not wanted any more', async () => {
  const { loss, sift, passed } = open()
  const undo = loss.lose('order', 'last')
  const [first, next] = [message('sindri/a-console/order/a', 'one'), '+PONG\r\n']
  sift.write(first)
  expect(undo()).toBe(false)
  sift.write(next)
  await expect.poll(passed).toBe(first + next)
})
