// Finds the words that a screen shows by itself instead of taking them from `en/`.
import { type AttributeNode, type DirectiveNode, NodeTypes, type TemplateChildNode } from '@vue/compiler-dom'
import { babelParse, parse } from 'vue/compiler-sfc'

/** Attributes and properties whose value a person reads or hears. */
const READ =
  /^(aria-(label|description|roledescription|valuetext)|label|title|subtitle|placeholder|alt|text|hint|what|keep|act|warning|note|message)$/

const isWord = (text: string): boolean => /\p{L}{2}/u.test(text)
/** Of literals in code only what looks like a sentence or a name: the rest are keys, classes and states. */
const isPhrase = (text: string): boolean => isWord(text) && /\p{Ll}/u.test(text) && /^\p{Lu}|\s/u.test(text.trim())

const literals = (code: string): string[] =>
  [...code.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, single, double, template]) => single ?? double ?? template ?? '')
    .filter(isPhrase)

const codeOf = (expression: { loc: { source: string } } | undefined): string => expression?.loc.source ?? ''

const ofProp = (prop: AttributeNode | DirectiveNode): string[] => {
  if (prop.type === NodeTypes.ATTRIBUTE) {
    const value = prop.value?.content ?? ''
    return READ.test(prop.name) && isWord(value) ? [value] : []
  }
  const name = prop.name === 'bind' ? codeOf(prop.arg) : prop.name
  return READ.test(name) || name === 'text' ? literals(codeOf(prop.exp)) : []
}

const ofNode = (node: TemplateChildNode): string[] => {
  switch (node.type) {
    case NodeTypes.ELEMENT:
      // Keys and commands are called alike in every language.
      if (['kbd', 'code', 'pre'].includes(node.tag)) return []
      return [...node.props.flatMap(ofProp), ...node.children.flatMap(ofNode)]
    case NodeTypes.TEXT:
      return isWord(node.content) ? [node.content.trim()] : []
    case NodeTypes.INTERPOLATION:
      return literals(codeOf(node.content))
    default:
      return []
  }
}

/** Keys, browsers, systems and providers: called alike in every language. */
const NAMES = new Set([
  'Arch Linux',
  ...'Ctrl Cmd Shift Enter Esc Edge Opera Firefox Chrome Safari Android Windows Linux Debian Ubuntu Alpine Fedora Fly.io Docker Kubernetes Northflank'.split(
    ' ',
  ),
])

/** In a script `a b` may be two classes, and `AbCd` the name of a type: a phrase begins with a word with a capital. */
const isSaid = (text: string): boolean => /^\p{Lu}\p{Ll}+(?![\p{L}\p{N}_])/u.test(text.trim()) && !NAMES.has(text)

type Syntax = Readonly<Record<string, unknown>>
const isSyntax = (value: unknown): value is Syntax => typeof value === 'object' && value !== null

/** What a program compares with, and what it tells its author, nobody reads on a screen. */
const isUnsaid = ({ type, operator, callee }: Syntax): boolean =>
  type === 'ImportDeclaration' ||
  type === 'TSLiteralType' ||
  (type === 'BinaryExpression' && operator !== '+') ||
  (type === 'NewExpression' && isSyntax(callee) && callee['name'] === 'Error')

const ofSyntax = (node: unknown): string[] => {
  if (Array.isArray(node)) return node.flatMap(ofSyntax)
  if (!isSyntax(node) || isUnsaid(node)) return []
  if (node['type'] === 'StringLiteral') return [String(node['value'])].filter(isSaid)
  if (node['type'] === 'TemplateElement') return [(node['value'] as { cooked: string }).cooked].filter(isSaid)
  if (node['type'] === 'SwitchCase') return ofSyntax(node['consequent'])
  return Object.entries(node).flatMap(([name, part]) => (name === 'loc' || name === 'comments' ? [] : ofSyntax(part)))
}

/** Of a TypeScript module: the literals that read like a phrase or a name. */
export const bareScriptWords = (source: string): string[] =>
  ofSyntax(babelParse(source, { sourceType: 'module', plugins: ['typescript'] }).program)

/** In the order in which they stand. `source` is a whole .vue file. */
export const bareWords = (source: string): string[] => {
  const { template, script, scriptSetup } = parse(source).descriptor
  return [
    ...[script, scriptSetup].flatMap((one) => (one ? bareScriptWords(one.content) : [])),
    ...(template?.ast?.children ?? []).flatMap(ofNode),
  ]
}
