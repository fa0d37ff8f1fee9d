// The licences of all that the product is made of: found at build time beside the packages themselves, as a module of its own.
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'vite'

interface Manifest {
  name: string
  version: string
  license?: string | { type?: string }
  licenses?: { type?: string }[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}
interface Found {
  name: string
  version: string
  licence: string
  /** Place of its text; null where the package has none. */
  text: number | null
}

/** What runs, as opposed to what builds and tests. */
const MEMBERS = ['web', 'api', 'agent', 'schema']
const NAME = 'virtual:licences'
const TEXT = /^(licen[cs]e|copying)(\.|-|$)/i

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest

/** As Node looks for it: upwards from whoever asks. Optional ones may not be here. */
const folderOf = (name: string, from: string): string | undefined => {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules', name)
    if (existsSync(path.join(found, 'package.json'))) return realpathSync(found)
    if (folder === path.dirname(folder)) return undefined
  }
}

const licenceOf = ({ license, licenses }: Manifest): string =>
  (typeof license === 'string' ? license : license?.type) ??
  (licenses?.map(({ type }) => type).join(' OR ') || 'not stated')

export const findLicences = (root: string): { own: string; packages: Found[]; texts: string[] } => {
  const packages = new Map<string, Found>()
  const texts: string[] = []
  const textOf = (folder: string): number | null => {
    const file = readdirSync(folder).find((name) => TEXT.test(name))
    if (!file) return null
    const text = readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
    const known = texts.indexOf(text)
    return known >= 0 ? known : texts.push(text) - 1
  }
  const visit = (folder: string): void => {
    const { dependencies, optionalDependencies } = manifestOf(folder)
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (name.startsWith('@sindri/')) continue
      const found = folderOf(name, folder)
      if (!found || packages.has(found)) continue
      const manifest = manifestOf(found)
      packages.set(found, {
        name: manifest.name,
        version: manifest.version,
        licence: licenceOf(manifest),
        text: textOf(found),
      })
      visit(found)
    }
  }
  for (const member of MEMBERS) visit(path.join(root, member))
  const sorted = [...packages.values()].toSorted(
    (a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'),
  )
  return { own: licenceOf(manifestOf(root)), packages: sorted, texts }
}

export const licences = (root: string): Plugin => ({
  name: 'licences',
  resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
  // Parsed as JSON: many times faster for the browser than the same as a literal.
  load: (id) =>
    id === `\0${NAME}` ? `export default JSON.parse(${JSON.stringify(JSON.stringify(findLicences(root)))})` : undefined,
})
