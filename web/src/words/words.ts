// The words of the page: looked up by keys that the compiler knows, so that no screen shows a key or misses a word.
import { createI18n } from 'vue-i18n'
import { en } from './en/en.ts'

type Leaf<Tree, Path extends string = ''> = {
  [Name in keyof Tree & string]: Tree[Name] extends string ? `${Path}${Name}` : Leaf<Tree[Name], `${Path}${Name}.`>
}[keyof Tree & string]

/** "instances.empty.title": where a phrase stands in `en/`. */
export type WordKey = Leaf<typeof en>
/** What stands for `{name}` in a phrase. */
export type Values = Readonly<Record<string, string | number>>

export const words = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en },
  missingWarn: false,
  fallbackWarn: false,
})

/**
 * The phrase of a key; in a template it follows the language when that is changed. `n` chooses between the forms of
 * "one terminal | {n} terminals", and is there as a value.
 */
export const t = (key: WordKey, values: Values = {}, n?: number): string =>
  n === undefined ? words.global.t(key, values) : words.global.t(key, { n, ...values }, n)
