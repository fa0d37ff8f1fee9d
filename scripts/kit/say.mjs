// How the scripts speak: on stderr, one line per step with its seconds, so that stdout stays for what a program prints.

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}

/** @param {string} name @param {number} ms */
function stepLine(name, ms) {
  return `  ${name.padEnd(28)} ${seconds(ms).padStart(8)}`
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function timed(name, work) {
  const started = performance.now()
  const live = process.stderr.isTTY
  if (live) process.stderr.write(`  ${name} …`)
  try {
    const result = await work()
    process.stderr.write(`${live ? '\r\u001b[K' : ''}${stepLine(name, performance.now() - started)}\n`)
    return result
  } catch (error) {
    if (live) process.stderr.write('\n')
    throw error
  }
}
