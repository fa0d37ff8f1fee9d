// Starts the page: nonce first, then the graph, the session and the screens.
import { createPinia } from 'pinia'
import { createApp, watch } from 'vue'
import { createGraph, graphKey } from '../graph/graph.ts'
import { systemClock } from '../platform/clock.ts'
import { createSession, sessionKey } from '../session/session.ts'
import App from './App.vue'
import { pageNonce, signStyles } from './nonce.ts'
import { createScreens } from './router.ts'
import { createTheme } from './theme.ts'
import { useActivity } from '../ui/activity.ts'
import { t, words } from '../words/words.ts'
import 'vuetify/styles/core'
import './fonts.css'
import './tokens.css'
import './base.css'
import './vuetify.css'

const nonce = pageNonce()
signStyles(nonce)

const pinia = createPinia()
const graph = createGraph(systemClock, {
  signedOut: () => session.ended(),
  doubted: () => void session.reload(),
  fault: (fault) => useActivity(pinia).keep(t('shell.activity.fault'), fault),
})
const session = createSession(graph)
// What somebody did here is not for whoever signs in next, and what was wrong with a sign-in is over with it.
watch(
  () => session.user.value?.id,
  () => useActivity(pinia).clear(),
)
const router = createScreens(session)

createApp(App)
  .use(pinia)
  .use(createTheme(nonce))
  .use(router)
  .use(words)
  .provide(graphKey, graph)
  .provide(sessionKey, session)
  .mount('#app')
