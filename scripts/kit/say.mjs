// How the scripts speak: on stderr, one line per step with its seconds, so that stdout stays for what a program prints.

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}

/** A part of a step is worth a line of its own when it took this long. */
const PART_MS = 500

/** @param {string} name @param {number} ms */
function stepLine(name, ms) {
  return `  ${name.padEnd(28)} ${seconds(ms).padStart(8)}\n`
}

/**
 * @template T
 * @param {string} name
 * @param {(begin: (part: string) => void) => Promise<T>} work `begin` says which part of the step is under way now
 * @returns {Promise<T>}
 */
export async function timed(name, work) {
  const live = process.stderr.isTTY
  const clear = live ? '\r\u001b[K' : ''
  // The cursor goes back to the start of the line: whatever a child says meanwhile takes its place.
  const show = (/** @type {string} */ text) => void (live && process.stderr.write(`${clear}  ${text} …\r`))
  const started = performance.now()
  /** @type {{ name: string, began: number } | undefined} */
  let part
  const end = () => {
    if (!part) return
    const tookMs = performance.now() - part.began
    if (tookMs >= PART_MS) process.stderr.write(clear + stepLine(`  ${part.name}`, tookMs))
    part = undefined
  }
  show(name)
  try {
    const result = await work((next) => {
      end()
      part = { name: next, began: performance.now() }
      show(`${name}: ${next}`)
    })
    end()
    process.stderr.write(clear + stepLine(name, performance.now() - started))
    return result
  } catch (error) {
    process.stderr.write(clear)
    throw error
  }
}
