import { CombinedError } from '@urql/vue'
import { expect, test } from 'vitest'
import { toFault } from './faults.ts'

test('a fault of the console keeps its code, its words, its details and its request id', () => {
  const error = new CombinedError({
    graphQLErrors: [
      {
        message: 'next: expected 12 to 256 characters, got 4.',
        extensions: { code: 'BAD_INPUT', retry: false, requestId: 'req_01KX7PB', field: 'next' },
      },
    ],
  })
  expect(toFault(error)).toMatchObject({
    code: 'BAD_INPUT',
    message: 'next: expected 12 to 256 characters, got 4.',
    requestId: 'req_01KX7PB',
    retry: false,
    details: { field: 'next' },
  })
})

test('no answer at all can be tried again', () => {
  const error = new CombinedError({ networkError: new TypeError('Failed to fetch') })
  expect(toFault(error)).toMatchObject({ code: 'UNREACHABLE', message: 'The console did not answer.', retry: true })
})

test('the errors that end a subscription are read like those of a query', () => {
  const fault = toFault([{ message: 'The subscriber read too slowly.', extensions: { code: 'SLOW_CONSUMER' } }])
  expect(fault).toMatchObject({ code: 'SLOW_CONSUMER', retry: true })
})

test('a code that this page does not know counts as a defect of the console', () => {
  const error = new CombinedError({ graphQLErrors: [{ message: 'Hm.', extensions: { code: 'NEW_ONE' } }] })
  expect(toFault(error)).toMatchObject({ code: 'INTERNAL', message: 'Hm.' })
})

test('a fault stays the fault it is', () => {
  const fault = toFault(new Error('x'))
  expect(toFault(fault)).toBe(fault)
})
