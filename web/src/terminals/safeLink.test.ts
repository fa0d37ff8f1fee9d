import { expect, test } from 'vitest'
import { safeLink } from './safeLink.ts'

test('web pages open', () => {
  expect(safeLink('https://example.com/a?b#c')).toBe('https://example.com/a?b#c')
  expect(safeLink('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080/')
})

test.each(['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'ssh://host', 'example.com', ''])(
  '%s does not',
  (text) => expect(safeLink(text)).toBeNull(),
)
