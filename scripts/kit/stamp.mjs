// A step runs when the content it depends on has changed, or what it makes is gone; otherwise it costs one hash.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { withLock } from './lock.mjs'
import { say, timed } from './say.mjs'

const NEVER_INPUT = new Set(['node_modules', 'dist', 'generated', 'gql', 'out', '.git', '.data'])

/**
 * @typedef {object} Step
 * @property {string} name shown to the user, and the name of the stamp
 * @property {string[]} inputs files and folders whose content decides, relative to the root; absent ones count as absent
 * @property {RegExp} [only] of the files in folders, those whose path matches
 * @property {string} [also] anything else that decides
 * @property {string[]} outputs files or folders that must exist afterwards
 * @property {() => Promise<void>} make
 */

/**
 * @param {string} root
 * @param {Step} step
 * @returns {Promise<boolean>} whether it had to run
 */
export async function once(root, step) {
  if (isFresh(root, step)) return false
  const cache = path.join(root, 'node_modules', '.cache', 'sindri')
  return withLock(
    path.join(cache, 'lock'),
    (pid) => say(`waiting for process ${pid}, which prepares this clone`),
    async () => {
      // Whoever held the lock may have done it for us; and what we hash now nobody changes under us but an editor.
      if (isFresh(root, step)) return false
      const stamp = stampOf(root, step)
      const digest = digestOf(root, step)
      // A step that is killed halfway leaves no stamp, not even one that an older content would match.
      rmSync(stamp, { force: true })
      await timed(step.name, step.make)
      const absent = step.outputs.filter((output) => !existsSync(path.join(root, output)))
      if (absent.length > 0) throw new Error(`${step.name}: expected it to make ${absent.join(', ')}`)
      mkdirSync(cache, { recursive: true })
      writeFileSync(`${stamp}.new`, digest)
      renameSync(`${stamp}.new`, stamp)
      return true
    },
  )
}

/** @param {string} root @param {Step} step */
function isFresh(root, step) {
  const stamp = stampOf(root, step)
  return (
    existsSync(stamp) &&
    step.outputs.every((output) => existsSync(path.join(root, output))) &&
    readFileSync(stamp, 'utf8') === digestOf(root, step)
  )
}

/** @param {string} root @param {Step} step */
function stampOf(root, step) {
  return path.join(root, 'node_modules', '.cache', 'sindri', `${step.name.replaceAll(/\W+/g, '-')}.stamp`)
}

/** @param {string} root @param {Step} step */
function digestOf(root, step) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${step.also ?? ''}\0`)
  for (const input of step.inputs) {
    for (const file of filesOf(root, input, step.only))
      hash
        .update(`${file}\0`)
        .update(readFileSync(path.join(root, file)))
        .update('\0')
  }
  return hash.digest('hex')
}

/**
 * @param {string} root @param {string} input @param {RegExp} [only]
 * @returns {string[]}
 */
function filesOf(root, input, only) {
  const full = path.join(root, input)
  if (!existsSync(full)) return []
  /** @type {import('node:fs').Dirent[]} */
  let entries
  try {
    entries = readdirSync(full, { withFileTypes: true })
  } catch {
    return [input]
  }
  return entries
    .filter((entry) =>
      entry.isDirectory()
        ? !NEVER_INPUT.has(entry.name)
        : entry.isFile() && (!only || only.test(`${input}/${entry.name}`)),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesOf(root, `${input}/${entry.name}`, only) : [`${input}/${entry.name}`],
    )
}
