// The two themes of the console as Vuetify wants them, made from the one table of tokens.
import { createVuetify } from 'vuetify'
import { aliases, mdi } from 'vuetify/iconsets/mdi-svg'
import { type ThemeName, tokens } from '../ui/tokens.ts'

const variables = {
  'border-opacity': 0.12,
  'high-emphasis-opacity': 1,
  'medium-emphasis-opacity': 0.78,
  'hover-opacity': 0.05,
  'focus-opacity': 0.06,
  'selected-opacity': 0.08,
  'activated-opacity': 0.08,
  'pressed-opacity': 0.1,
}

const toTheme = (name: ThemeName) => {
  const t = tokens[name]
  return {
    dark: name === 'dark',
    variables: { ...variables, 'border-color': t.ink },
    colors: {
      ...t,
      background: t.bg,
      'surface-bright': t.overlay,
      'surface-light': name === 'dark' ? t.overlay : t.sunk,
      'surface-variant': t.ink,
      'on-surface-variant': t.bg,
      primary: t['ember-fill'],
      'on-primary': t['on-ember'],
      secondary: t.ink2,
      error: t.bad,
      'on-error': t['on-bad'],
      warning: t.warn,
      success: t.ok,
      info: t.busy,
      'on-background': t.ink,
      'on-surface': t.ink,
    },
  }
}

const field = { variant: 'outlined', density: 'compact', hideDetails: 'auto', color: 'focus' }

export const createTheme = (cspNonce: string) =>
  createVuetify({
    theme: { defaultTheme: 'system', cspNonce, themes: { light: toTheme('light'), dark: toTheme('dark') } },
    icons: { defaultSet: 'mdi', aliases, sets: { mdi } },
    display: { mobileBreakpoint: 700, thresholds: { xs: 0, sm: 600, md: 900, lg: 1200, xl: 1600, xxl: 2200 } },
    defaults: {
      global: { ripple: false },
      VBtn: { variant: 'outlined', elevation: 0 },
      VTextField: field,
      VCard: { variant: 'flat', rounded: 'lg' },
      VDialog: { maxWidth: 440 },
      VTooltip: { eager: false, openDelay: 400 },
      VList: { density: 'compact' },
    },
  })
