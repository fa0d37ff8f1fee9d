// Reads a source file as far as its imports need: which modules it names on which line, and its code without words.
// Comments and the insides of strings become spaces, so that every position stays and a search finds code alone.

export interface Source {
  specifiers: { specifier: string; line: number }[]
  code: string
}

/** After one of these a slash begins a regular expression, after anything else it divides. */
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|await|yield|void|delete|throw))\s*$/

const SPECIFIERS = [
  /\b(?:import|export)\b(?!\s*\()[^'"`;=()]*?\bfrom\s*['"]/g,
  /\bimport\s*['"]/g,
  /\b(?:import|require(?:\.resolve)?|vi\.(?:mock|doMock))\s*\(\s*['"]/g,
]

export function scan(file: string, text: string): Source {
  const script = file.endsWith('.vue') ? onlyScripts(text) : text
  const code = withoutWords(script)
  const specifiers = SPECIFIERS.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => {
      const start = match.index + match[0].length
      const end = code.indexOf(code[start - 1] ?? '', start)
      return { specifier: script.slice(start, end), line: lineOf(code, start) }
    }),
  )
  return { specifiers: specifiers.sort((a, b) => a.line - b.line), code }
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ')

/** A template's expressions name no modules: all but the insides of script elements goes blank. */
function onlyScripts(text: string): string {
  let result = ''
  let end = 0
  for (const match of text.matchAll(/(<script\b[^>]*>)([\s\S]*?)<\/script>/g)) {
    const start = match.index + (match[1]?.length ?? 0)
    result += blank(text.slice(end, start)) + (match[2] ?? '')
    end = start + (match[2]?.length ?? 0)
  }
  return result + blank(text.slice(end))
}

function withoutWords(text: string): string {
  let code = ''
  let at = 0
  /** For each template literal that we are inside an expression of: how many braces are open there. */
  const braces: number[] = []
  const take = (length: number, isBlank: boolean): void => {
    const part = text.slice(at, at + length)
    code += isBlank ? blank(part) : part
    at += length
  }
  const match = (pattern: RegExp): number => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0].length ?? 0
  }
  const template = (): void => {
    take(match(/(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y), true)
    if (text.startsWith('${', at)) {
      take(2, false)
      braces.push(0)
    } else take(1, false)
  }

  while (at < text.length) {
    const char = text[at] ?? ''
    const comment = match(/\/\/[^\n]*|\/\*[\s\S]*?\*\//y)
    if (comment) take(comment, true)
    else if (char === "'" || char === '"') {
      take(1, false)
      take(match(char === "'" ? /(?:\\[\s\S]|[^'\\\n])*/y : /(?:\\[\s\S]|[^"\\\n])*/y), true)
      take(1, false)
    } else if (char === '`') {
      take(1, false)
      template()
    } else if (char === '/' && BEFORE_REGEX.test(code.slice(-40))) {
      take(match(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y) || 1, true)
    } else if (char === '}' && braces.at(-1) === 0) {
      braces.pop()
      take(1, false)
      template()
    } else {
      const depth = braces.length - 1
      if (depth >= 0 && char === '{') braces[depth]! += 1
      if (depth >= 0 && char === '}') braces[depth]! -= 1
      take(match(/[\w$]+|\s+/y) || 1, false)
    }
  }
  return code
}
