// One HTTP request with JSON both ways. `fetch` would do, and costs 6 MB of memory for as long as the agent lives.
import type { Clock } from '../platform/clock.ts'
import { oneLine } from '../platform/text.ts'
import { toRetryAfterMs, Unanswered } from './refused.ts'

// Not by `import`, which would evaluate all that these modules offer, and with it load the whole of `fetch`.
const { request: requestPlain } = process.getBuiltinModule('node:http')
const { request: requestTls } = process.getBuiltinModule('node:https')

export interface Post {
  url: string
  headers: Readonly<Record<string, string>>
  body: unknown
  /** From the first packet to the last byte of the answer. */
  timeoutMs: number
  clock: Clock
  signal?: AbortSignal | undefined
}

export interface Answered {
  status: number
  body: Readonly<Record<string, unknown>>
  /** null: nobody said when to ask again. */
  retryAfterMs: number | null
}

/** An answer is a few hundred bytes; whoever sends this much is no console. */
const answerBytes = 1024 * 1024

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws `Unanswered` for everything that is not a JSON object; redirections are not followed, since the headers hold a secret. */
export function post({ url, headers, body, timeoutMs, clock, signal }: Post): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const bytes = Buffer.from(JSON.stringify(body))
  const request = (new URL(url).protocol === 'https:' ? requestTls : requestPlain)(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...headers,
      'content-length': bytes.length,
    },
  })

  function fail(message: string, retryAfterMs: number | null = null): void {
    reject(new Unanswered(message, { retryAfterMs }))
    request.destroy()
  }

  const giveUp = (): void => fail('it was given up')
  const undoTimer = clock.after(timeoutMs, () => fail(`no answer within ${timeoutMs / 1000} s`))
  signal?.addEventListener('abort', giveUp)

  request.on('error', (error) => fail(error.message || 'the connection failed'))
  request.on('response', (response) => {
    const { statusCode: status = 0, headers: told } = response
    if (status >= 300 && status < 400) {
      const to = told.location ? oneLine(told.location) : 'nowhere'
      return fail(`expected an answer of a Sindri console, got a redirection (${status}) to ${to}`)
    }
    const chunks: Buffer[] = []
    let size = 0
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > answerBytes) return fail(`expected an answer of at most ${answerBytes} bytes, got more`)
      chunks.push(chunk)
    })
    response.on('error', (error) => fail(error.message))
    response.on('end', () => {
      const value = parse(Buffer.concat(chunks).toString())
      const retryAfterMs = toRetryAfterMs(told['retry-after'])
      if (isObject(value)) resolve({ status, body: value, retryAfterMs })
      else fail(`expected an answer of a Sindri console, got something else with status ${status}`, retryAfterMs)
    })
  })
  request.end(bytes)
  if (signal?.aborted) giveUp()

  return promise.finally(() => {
    undoTimer()
    signal?.removeEventListener('abort', giveUp)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
