// Finds the words that a template shows by itself instead of taking them from `en/`.
import { type AttributeNode, type DirectiveNode, NodeTypes, type TemplateChildNode } from '@vue/compiler-dom'
import { parse } from 'vue/compiler-sfc'

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

/** In the order in which they stand. `source` is a whole .vue file. */
export const bareWords = (source: string): string[] =>
  (parse(source).descriptor.template?.ast?.children ?? []).flatMap(ofNode)
