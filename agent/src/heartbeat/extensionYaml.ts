// What an extension.yaml of an installed extension says: its version, and the tools it brought along.
import { LIMITS } from '@sindri/schema/contract/limits'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { plain } from '../platform/text.ts'

export interface ExtensionFile {
  version: string | null
  tools: { name: string; version: string | null }[]
}

const maxBytes = 1024 * 1024

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const text = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? plain(String(value).trim(), LIMITS.nameChars) || null : null

/** The parser is loaded only where there is something to parse. */
export async function parseExtensionYaml(source: string): Promise<ExtensionFile | null> {
  const { parse } = await import('yaml')
  let root: unknown
  try {
    root = parse(source)
  } catch {
    return null
  }
  if (!isObject(root)) return null
  const { metadata, bom } = root
  const listed = isObject(bom) && Array.isArray(bom['tools']) ? (bom['tools'] as unknown[]) : []
  const tools = listed.flatMap((tool) => {
    const name = isObject(tool) ? text(tool['name']) : null
    return isObject(tool) && name ? [{ name, version: text(tool['version']) }] : []
  })
  return { version: isObject(metadata) ? text(metadata['version']) : null, tools }
}

const byVersion = new Intl.Collator('en', { numeric: true })

/** The directory of the version that is named, else of the highest one there is. */
async function findDir(extensionDir: string, version: string | null): Promise<string | null> {
  if (version !== null) return join(extensionDir, version)
  const names = await readdir(extensionDir).catch(() => [])
  const highest = names.toSorted(byVersion.compare).at(-1)
  return highest === undefined ? null : join(extensionDir, highest)
}

export async function readExtensionFile(
  extensionsDir: string,
  name: string,
  version: string | null,
): Promise<ExtensionFile | null> {
  const dir = await findDir(join(extensionsDir, name), version)
  if (!dir) return null
  try {
    const path = join(dir, 'extension.yaml')
    if ((await stat(path)).size > maxBytes) return null
    return await parseExtensionYaml(await readFile(path, 'utf8'))
  } catch {
    return null
  }
}
