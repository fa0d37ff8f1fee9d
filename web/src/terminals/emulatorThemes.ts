// The colours of the emulator in both themes, those of what a search found included.
import type { ISearchOptions } from '@xterm/addon-search'
import type { ITheme } from '@xterm/xterm'

const names = 'black red green yellow blue magenta cyan white'

const ansi = (normal: string, bright: string): Partial<ITheme> => {
  const colours = [normal.split(' '), bright.split(' ')]
  return Object.fromEntries(
    names.split(' ').flatMap((name, at) => [
      [name, colours[0]?.[at]],
      [`bright${name.charAt(0).toUpperCase()}${name.slice(1)}`, colours[1]?.[at]],
    ]),
  )
}

export type ThemeName = 'dark' | 'light'

export const themes: Record<ThemeName, ITheme> = {
  dark: {
    background: '#0D0F13',
    foreground: '#D7DCE4',
    selectionBackground: '#2B3A55',
    cursor: '#FF8A47',
    cursorAccent: '#0D0F13',
    ...ansi(
      '#2A303B #F2697C #57C98F #E3B84E #6EA6FF #B592F2 #45C2C0 #C6CDD8',
      '#7A8494 #FF8C9B #7FE0AE #F6D27A #97C0FF #CDB3FA #74DAD6 #F2F5F9',
    ),
  },
  light: {
    background: '#FCFBF9',
    foreground: '#1D2128',
    selectionBackground: '#CFE0FF',
    cursor: '#E2560B',
    cursorAccent: '#FCFBF9',
    ...ansi(
      '#1D2128 #B71D3A #12703F #7A5400 #1F56BD #6D43C0 #0A6E6A #5F6875',
      '#6B7482 #C92A48 #177F4E #8A6206 #2E6BD0 #7F57D1 #0C7F7A #3A414D',
    ),
  },
}

/** The match that is shown has an edge as well, so that it is told from the others without colour. */
export const matches: Record<ThemeName, NonNullable<ISearchOptions['decorations']>> = {
  dark: {
    matchBackground: '#3A3218',
    matchOverviewRuler: '#F0BE45',
    activeMatchBackground: '#5C4A12',
    activeMatchBorder: '#F0BE45',
    activeMatchColorOverviewRuler: '#8DBAFF',
  },
  light: {
    matchBackground: '#FAEFD2',
    matchOverviewRuler: '#B87800',
    activeMatchBackground: '#F2D68A',
    activeMatchBorder: '#855A00',
    activeMatchColorOverviewRuler: '#2560C9',
  },
}
