// Runs in a terminal: writes numbered lines, each with the hash of all before it, to a file first and then to its screen, in bursts with
// silence between them; keeps what it is given in another file; ends when it is told to.
import { createHash } from 'node:crypto'
import { appendFileSync, openSync, writeSync } from 'node:fs'

const [file = ''] = process.argv.slice(2)
const log = openSync(`${file}.out`, 'a')
const screen = 1
let hash = ''
let number = 0
let given = ''

/** @param {string} text */
const write = (text) => {
  const bytes = Buffer.from(text)
  writeSync(log, bytes)
  for (let at = 0; at < bytes.length;) at += writeSync(screen, bytes, at)
}
const line = () => {
  number += 1
  const text = `${number} ${'.'.repeat((number * 7) % 61)} `
  hash = createHash('sha256')
    .update(hash + text)
    .digest('hex')
    .slice(0, 16)
  return `${text}${hash}\n`
}
/** @param {number} least @param {number} most */
const between = (least, most) => Math.floor(least + Math.random() * (most - least))

const burst = () => {
  const flood = Math.random() < 0.05
  if (flood) write(Array.from({ length: 2_000 }, line).join(''))
  let left = between(1, 25)
  const next = () => {
    write(line())
    left -= 1
    setTimeout(left > 0 ? next : burst, left > 0 ? 10 : between(50, 2_500))
  }
  next()
}

process.stdin.on('data', (data) => {
  appendFileSync(`${file}.in`, data)
  given = (given + String(data)).slice(-8)
  if (!given.endsWith('end\n')) return
  write(line())
  process.exit(7)
})
// Whoever reads the screen is gone.
process.stdin.on('end', () => process.exit(1))
// Behind this mark everything on the screen is its own.
writeSync(screen, '\u0002')
burst()
