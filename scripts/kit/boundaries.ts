// Who may import whom: the rules of docs/architecture.md, each as a function from one file to what it does wrong.
import path from 'node:path'
import { lineOf, scan } from './scan.ts'

export interface Violation {
  rule: number
  file: string
  line: number
  says: string
}
interface Import {
  line: number
  specifier: string
  /** The file in this repository that is meant, or null for a library. */
  target: string | null
}
interface File {
  path: string
  /** The top folder: schema, api, web, agent, e2e, bench, scripts; empty for files at the root. */
  member: string
  /** What stands in for the real thing, or watches it, may touch what the real thing may not. */
  isTest: boolean
  imports: Import[]
  code: string
}
type Found = Pick<Violation, 'line' | 'says'>
type Rule = (file: File) => Found[]

const TEST = /(\.(test|e2e|bench|fake|scripted)\.ts$|\/testing\/|\/fake[A-Z]\w*\.ts$|^(e2e|bench|scripts)\/)/
/** Where programs begin: they own their process. */
const ENTRY = /^(api|agent)\/src\/(enter\.mjs|(main|admin)\.ts)$|^web\/src\/app\/main\.ts$|^schema\/src\/print\.ts$/

export function violations(files: ReadonlyMap<string, string>): Violation[] {
  const all: Violation[] = []
  for (const [name, text] of files) {
    const file = read(name, text)
    RULES.forEach((rule, index) => all.push(...rule(file).map((found) => ({ rule: index + 1, file: name, ...found }))))
  }
  return all
}

function read(name: string, text: string): File {
  const { specifiers, code } = scan(name, text)
  const imports = specifiers.map(({ specifier, line }) => {
    const target = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(name), specifier) : null
    return { specifier, line, target }
  })
  return { path: name, member: memberOf(name), isTest: TEST.test(name), imports, code }
}

const memberOf = (name: string): string => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '')

const each = (file: File, judge: (one: Import) => string | undefined | false): Found[] =>
  file.imports.flatMap((one) => {
    const says = judge(one)
    return says ? [{ line: one.line, says: `${says} (${one.specifier})` }] : []
  })

/** 1. Columns meet only in schema, and enter each other by the front door. */
const columns: Rule = (file) =>
  each(file, ({ specifier, target }) => {
    if (target !== null) {
      const other = memberOf(target)
      // Both stand outside of the product: what scripts set up, tests set up the same way.
      if (['e2e', 'bench'].includes(file.member) && target.startsWith('scripts/kit/')) return undefined
      if (other !== file.member && file.member !== '')
        return `${file.member} reaches into ${other || 'the root'} by a path`
      const isContract = file.path.startsWith('schema/src/contract/') && !file.isTest
      return isContract && !target.startsWith('schema/src/contract/') && 'the contract imports nothing but itself'
    }
    const [, other, entrance = ''] = /^@sindri\/(\w+)(?:\/(.*))?$/.exec(specifier) ?? []
    if (!other) {
      const isAllowed = file.member !== 'schema' || file.isTest || /^(graphql|@pothos\/.*)$/.test(specifier)
      if (!isAllowed) return 'schema knows graphql and Pothos alone'
      return file.path.startsWith('schema/src/contract/') && !file.isTest && 'the contract imports nothing but itself'
    }
    // One way to run the product as real processes serves both who test it and who measure it.
    if (other === 'e2e' && /^(kit\/|browser\/(page|screen)$)/.test(entrance) && file.member === 'bench')
      return undefined
    if (['e2e', 'bench', 'web'].includes(other)) return `nobody imports ${other}`
    if (['e2e', 'bench'].includes(file.member)) return undefined
    if (other !== 'schema') return other !== file.member && `${file.member || 'the root'} imports ${other}`
    const facts = ['web', 'agent'].includes(file.member)
    return facts && !entrance.startsWith('contract/') && `${file.member} takes facts from @sindri/schema/contract alone`
  })

type Layer = 'enter' | 'main' | 'app' | 'http' | 'slice' | 'platform' | 'testing'

function apiLayer(name: string): [layer: Layer, folder: string] {
  const [, folder] = /^api\/src\/([^/]+)\//.exec(name) ?? []
  if (!folder) return [(/\/(app|enter)\./.exec(name)?.[1] as 'app' | 'enter' | undefined) ?? 'main', '']
  return [folder === 'http' || folder === 'platform' || folder === 'testing' ? folder : 'slice', folder]
}

const API_MAY: Record<Layer, readonly Layer[]> = {
  enter: ['main'],
  main: ['app', 'http', 'slice', 'platform'],
  app: ['http', 'slice', 'platform'],
  http: ['http', 'platform'],
  slice: ['platform'],
  platform: ['platform'],
  testing: ['testing', 'app', 'http', 'slice', 'platform'],
}

/** 2. In api: enter → main → app → {http, slices, platform}; a slice gets another's port from app. */
const api: Rule = (file) => {
  if (!file.path.startsWith('api/src/') || file.path.endsWith('.test.ts')) return []
  const [layer, folder] = apiLayer(file.path)
  return each(file, ({ target }) => {
    if (!target?.startsWith('api/src/')) return undefined
    const [other, otherFolder] = apiLayer(target)
    if (layer === 'slice' && other === 'slice')
      return folder !== otherFolder && `slice ${folder} imports slice ${otherFolder}`
    return !API_MAY[layer].includes(other) && `${layer} imports ${other}`
  })
}

/** 3. A library lives in one room. The first column limits where the rule looks. */
const ROOMS: readonly [within: RegExp, library: RegExp, room: RegExp][] = [
  [/^api\//, /^(pg|prisma|@prisma\/.+|pglite-prisma-adapter|@electric-sql\/pglite)$/, /^api\/src\/platform\//],
  [/^api\//, /^(ioredis|graphql-redis-subscriptions|graphql-subscriptions)$/, /^api\/src\/platform\/engines\//],
  [/^api\//, /^(ws|graphql-ws|graphql-yoga|@graphql-yoga\/.+|node:https?)$/, /^api\/src\/http\//],
  [/^agent\//, /^ws$/, /^agent\/src\/link\//],
  [/^agent\//, /^node-pty$/, /^agent\/src\/terminals\/pty\.ts$/],
  [/^agent\//, /^systeminformation$/, /^agent\/src\/metrics\//],
  [/^web\//, /^(graphql-ws|@urql\/.+)$/, /^web\/src\/graph\//],
  [/^web\//, /^@xterm\/.+$/, /^web\/src\/terminals\//],
  [/^web\//, /^(apexcharts|vue3-apexcharts)$/, /^web\/src\/ui\//],
  [/^web\//, /^vue-i18n$/, /^web\/src\/words\//],
]

const rooms: Rule = (file) =>
  file.isTest || !file.path.includes('/src/')
    ? []
    : each(file, ({ specifier, target }) => {
        if (target !== null) return undefined
        const library = /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[0] ?? ''
        const room = ROOMS.find(([within, known]) => within.test(file.path) && known.test(library))?.[2]
        return room && !room.test(file.path) && `${library} lives in ${room.source.replaceAll(/[\\^$]/g, '')}`
      })

const WEB_FOUNDATION = ['ui', 'graph', 'session']

/** Higher may import lower. Slices and pages stand beside each other; the foundation's three may lean on one another. */
function webLevel(name: string): [level: number, folder: string] {
  const folder = /^web\/src\/([^/]+)\//.exec(name)?.[1] ?? 'app'
  const level =
    folder === 'platform' || folder === 'words'
      ? 0
      : WEB_FOUNDATION.includes(folder)
        ? 1
        : folder === 'pages'
          ? 3
          : folder === 'app'
            ? 4
            : 2
  return [level, folder]
}

/** 4. In web: app → pages → slices → {ui, graph, session} → {words, platform}. */
const web: Rule = (file) => {
  if (!file.path.startsWith('web/src/') || file.path.endsWith('.test.ts')) return []
  const [level, folder] = webLevel(file.path)
  return each(file, ({ target }) => {
    if (!target?.startsWith('web/src/')) return undefined
    const [otherLevel, other] = webLevel(target)
    const isAllowed = other === folder || otherLevel < level || (level === 1 && otherLevel === 1)
    return !isAllowed && `${folder} imports ${other}`
  })
}

const OWNED: readonly [what: string, pattern: RegExp][] = [
  ['the environment', /\bprocess\.env\b/g],
  ['wall-clock time', /\bDate\.now\b|\bnew Date(?!\w)(?!\s*\(\s*[^\s)])|\bperformance\.now\b|\bprocess\.hrtime\b/g],
  ['a timer', /(?<![\w$.])(?:(?:window|globalThis|self)\.)?(?:setTimeout|setInterval|setImmediate)\s*\(/g],
  ['randomness', /\bMath\.random\b|\b(?:randomBytes|randomUUID|randomInt|getRandomValues)\s*\(/g],
  ['console output', /(?<![\w$.])console\s*\.|\bprocess\.(?:stdout|stderr)\b/g],
]

/** 5. Environment, time, timers, randomness and output come through platform, so that tests can own them. */
const owned: Rule = (file) => {
  const isFree =
    file.isTest ||
    ENTRY.test(file.path) ||
    !/^(schema|api|web|agent)\/src\//.test(file.path) ||
    file.path.includes('/src/platform/')
  if (isFree) return []
  const used = OWNED.flatMap(([what, pattern]) =>
    [...file.code.matchAll(pattern)].map((match) => ({
      line: lineOf(file.code, match.index),
      says: `${what} is reached through platform (${match[0].trim()})`,
    })),
  )
  return [
    ...used,
    ...each(file, ({ specifier }) => specifier.startsWith('node:timers') && 'a timer is reached through platform'),
  ]
}

const REEXPORT = /\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*(['"])\s*\1;?/g

/** 6. No mocks of our own modules; no barrels but schema's. */
const honest: Rule = (file) => {
  const mocks = [...file.code.matchAll(/\bvi\s*\.\s*(?:mock|doMock)\s*\(/g)].map(({ index }) => ({
    line: lineOf(file.code, index),
    says: 'a module is mocked: let the test own what platform hands out instead',
  }))
  const isBarrel = REEXPORT.test(file.code) && file.code.replaceAll(REEXPORT, '').trim() === ''
  return isBarrel && file.path !== 'schema/src/index.ts'
    ? [...mocks, { line: 1, says: 'only schema/src/index.ts is a barrel' }]
    : mocks
}

const RULES: readonly Rule[] = [columns, api, rooms, web, owned, honest]
