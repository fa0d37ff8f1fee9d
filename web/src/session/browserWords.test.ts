import { expect, test } from 'vitest'
import { browserWords } from './browserWords.ts'

test('browsers are called as people call them', () => {
  expect(browserWords('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe(
    'Firefox on Linux',
  )
  expect(
    browserWords(
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    ),
  ).toBe('Safari on macOS')
  expect(
    browserWords(
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0',
    ),
  ).toBe('Edge on Windows')
})

test('a program keeps its own name', () => {
  expect(browserWords('curl/8.5.0')).toBe('curl/8.5.0')
  expect(browserWords(null)).toBe('Unnamed program')
})
