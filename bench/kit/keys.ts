// API keys as programs have them.
import type { Api } from '@sindri/e2e/kit/client'

export async function makeKeys(api: Api, count: number): Promise<string[]> {
  const keys: string[] = []
  for (let i = 0; i < count; i++) {
    const { createApiKey } = await api.ask<{ createApiKey: { secret: string } }>(
      'mutation ($name: String!) { createApiKey(input: { name: $name, role: VIEWER }) { secret } }',
      { name: `bench ${i}` },
    )
    keys.push(createApiKey.secret)
  }
  return keys
}
