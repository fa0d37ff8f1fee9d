// What a user likes on this browser; never anything the console knows.
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'

export const THEMES = ['system', 'light', 'dark'] as const
type ThemeChoice = (typeof THEMES)[number]

const KEY = 'sindri.theme'

const stored = (): ThemeChoice => {
  const found = localStorage.getItem(KEY)
  return THEMES.find((theme) => theme === found) ?? 'system'
}

export const usePreferences = defineStore('preferences', () => {
  const theme = ref<ThemeChoice>(stored())
  watch(theme, (chosen) => localStorage.setItem(KEY, chosen))
  return { theme }
})
