import { expect, test } from 'vitest'
import { scan } from './scan.ts'

const specifiers = (text: string, file = 'x.ts') =>
  scan(file, text).specifiers.map(({ specifier, line }) => `${line} ${specifier}`)

test('every way to name a module is found, with its line', () => {
  expect(
    specifiers(`import a from 'a'
import { b,
  type B } from "b"
import type { C } from './c.ts'
import 'd.css'
export * from 'e'
export { f } from 'f'
const g = await import('g')
const h: import('h').H = require('i')
vi.mock('./j.ts')`),
  ).toEqual(['1 a', '3 b', '4 ./c.ts', '5 d.css', '6 e', '7 f', '8 g', '9 h', '9 i', '10 ./j.ts'])
})

test('what only looks like an import is not one', () => {
  const text = [
    `// import a from 'a'`,
    `/* import b from 'b' */`,
    'const c = "import c from \'c\'"',
    'const d = `import d from "d" ${"import e from \'e\'"} import f from "f"`',
    `export const from = 'g'`,
    `const h = /import 'h'/`,
  ]
  expect(specifiers(text.join('\n'))).toEqual([])
})

test('code keeps its place, words go', () => {
  const { code } = scan('x.ts', "a('Date.now()') // Date.now()\nb(`${Date.now()} Date.now()`)")
  expect(code.split('\n')).toEqual(["a('          ')              ", 'b(`${Date.now()}           `)'])
})

test('a quote inside a regular expression, or after a division, does not begin a string', () => {
  expect(specifiers(`const a = x.replace(/['"]/g, ''); import('b')`)).toEqual(['1 b'])
  expect(specifiers(`const a = b / c; const d = "/"; import('e')`)).toEqual(['1 e'])
  expect(specifiers('const a = `${/[`]/.test(b) ? { c: `}` } : ""}`; import("d")')).toEqual(['1 d'])
})

test('of a Vue file the script elements alone are read, and lines count from the top of the file', () => {
  const text = `<template>\n  <a href="x">import 'no' don't</a>\n</template>\n<script setup lang="ts">\nimport a from 'a'\n</script>\n<style>\n@import 'b';\n</style>`
  expect(specifiers(text, 'X.vue')).toEqual(['5 a'])
})
