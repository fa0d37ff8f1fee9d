// Asks a console over HTTP as programs do, one question after the other, and notes how long each answer took until it was read.
import { serveRole } from './role.ts'

interface Questions {
  url: string
  /** Taken in turn: each has a budget of its own. */
  keys: string[]
  query: string
  variables: Record<string, unknown>
}

let turn = 0
async function ask<T>({ url, keys, query, variables }: Questions): Promise<{ data: T; ms: number }> {
  const body = JSON.stringify({ query, variables })
  const began = performance.now()
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${keys[turn++ % keys.length]}`,
    },
    body,
  })
  const text = await answer.text()
  const ms = performance.now() - began
  const { data, errors } = JSON.parse(text) as { data: T; errors?: { message: string }[] }
  if (errors || !data) throw new Error(`expected an answer, got ${errors?.[0]?.message}`)
  return { data, ms }
}

const WARM = 20

serveRole({
  async times({ times, ...questions }: Questions & { times: number }) {
    const took: number[] = []
    for (let i = 0; i < WARM + times; i++) took.push((await ask(questions)).ms)
    return took.slice(WARM)
  },
  /** Where a list goes on after so many of its largest pages. */
  async cursor({ pages, variables, ...questions }: Questions & { pages: number }) {
    let after: string | null = null
    for (let i = 0; i < pages; i++) {
      const { data }: { data: { instances: { pageInfo: { endCursor: string } } } } = await ask({
        ...questions,
        variables: { ...variables, first: 200, after },
      })
      after = data.instances.pageInfo.endCursor
    }
    return after
  },
})
