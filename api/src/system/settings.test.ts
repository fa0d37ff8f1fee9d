import { expect, it } from 'vitest'
import { readEnv } from '../platform/env.ts'
import { settingsOf } from './settings.ts'

const settings = (variables: Record<string, string>) =>
  Object.fromEntries(settingsOf(readEnv(variables, '/srv')).map(({ variable, ...rest }) => [variable, rest]))

it('a setting says whether the environment sets it or it is the default', () => {
  const shown = settings({ SINDRI_METRICS_RETENTION_DAYS: '7', PORT: '' })
  expect(shown['SINDRI_METRICS_RETENTION_DAYS']).toEqual({ value: '7', isSet: true, isSecret: false })
  expect(shown['PORT']).toEqual({ value: '3000', isSet: false, isSecret: false })
  expect(shown['REDIS_URL']).toEqual({ value: null, isSet: false, isSecret: false })
})

it('no setting shows a secret', () => {
  const secret = 'hush-hush-hush-hush'
  const shown = settingsOf(
    readEnv(
      {
        SINDRI_CONSOLE_API_KEY: secret,
        SINDRI_ADMIN_PASSWORD: secret,
        DATABASE_URL: `postgres://sindri:${secret}@db:5432/sindri?sslmode=require&password=${secret}`,
        REDIS_URL: `redis://:${secret}%40x@cache:6379`,
      },
      '/srv',
    ),
  )
  expect(JSON.stringify(shown)).not.toContain(secret)
  expect(shown.find(({ variable }) => variable === 'DATABASE_URL')?.value).toBe(
    'postgres://sindri@db:5432/sindri?sslmode=require',
  )
  expect(shown.find(({ variable }) => variable === 'SINDRI_CONSOLE_API_KEY')).toMatchObject({
    isSet: true,
    value: null,
  })
})
