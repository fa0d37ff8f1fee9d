// The extensions of this machine and the tools they brought, as the status ledger and their own files tell.
import { LIMITS } from '@sindri/schema/contract/limits'
import { join } from 'node:path'
import { createFollower, markOf, type Position } from '../events/follow.ts'
import type { Log } from '../platform/log.ts'
import { readExtensionFile } from './extensionYaml.ts'
import { foldLedger, parseLedgerLine, type ExtensionState } from './statusLedger.ts'

export interface BomTool {
  name: string
  version: string | null
  extension: string | null
}

export interface ExtensionFacts {
  /** null where there is no ledger. */
  extensions: ExtensionState[] | null
  bom: BomTool[] | null
}

/** States in which what the extension brought is there. */
const there = new Set(['installed', 'outdated'])

export function createExtensions({ sindriDir, log }: { sindriDir: string; log: Log }): () => Promise<ExtensionFacts> {
  const ledgerPath = join(sindriDir, 'status_ledger.jsonl')
  const states = new Map<string, ExtensionState>()
  let position: Position | null = null
  let mark = ''
  let known: ExtensionFacts = { extensions: null, bom: null }

  async function describe(): Promise<ExtensionFacts> {
    const extensions: ExtensionState[] = []
    const bom: BomTool[] = []
    for (const state of [...states.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = await readExtensionFile(join(sindriDir, 'extensions'), state.name, state.version)
      extensions.push({ ...state, version: state.version ?? file?.version ?? null })
      if (there.has(state.state)) bom.push(...(file?.tools ?? []).map((tool) => ({ ...tool, extension: state.name })))
    }
    return { extensions: extensions.slice(0, LIMITS.listItems), bom: bom.slice(0, LIMITS.listItems) }
  }

  /** What was added since the last time. */
  async function readOn(): Promise<void> {
    const follower = createFollower(ledgerPath, position ?? 'begin')
    let skipped = 0
    try {
      for (let more = true; more;) {
        const followed = await follower.read()
        for (const { text } of followed.lines) {
          const entry = parseLedgerLine(text)
          if (entry) foldLedger(states, entry)
          else if (text.trim() !== '') skipped++
        }
        skipped += followed.broken
        position = followed.position
        more = followed.lines.length > 0
      }
    } finally {
      await follower.close()
    }
    if (skipped > 0) log.warn('lines of the status ledger are not of its form and were left out', { lines: skipped })
  }

  return async () => {
    const now = await markOf(ledgerPath)
    if (now === null || now === mark) return known
    await readOn()
    known = await describe()
    mark = now
    return known
  }
}
