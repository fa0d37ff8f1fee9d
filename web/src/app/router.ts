// Which address shows which screen, and who may see it: nobody signed in goes to the sign-in page and comes back.
import { can } from '@sindri/schema/contract/roles'
import { createRouter, createWebHistory } from 'vue-router'
import { ShownFault } from '../graph/faults.ts'
import { systemClock } from '../platform/clock.ts'
import { placeAfterSignIn } from '../session/placeAfterSignIn.ts'
import type { Session } from '../session/session.ts'
import type { WordKey } from '../words/words.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Its name in the crumb and the window's title: of its place, unless it is one of several there. */
    title?: WordKey
    /** Its own name within its place. */
    part?: WordKey
    /** The item of the navigation it belongs to. */
    place?: string
    /** Shown without the shell. */
    bare?: boolean
    /** Named in the query, this lets the screen take all the room: a rail beside it, and on the phone no bottom bar. */
    whole?: string
  }
}

/** The screen that was asked for comes first. */
const PREFETCH_AFTER_MS = 1500

export const createScreens = (session: Session) => {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      {
        path: '/',
        name: 'fleet',
        component: () => import('../pages/FleetPage.vue'),
        meta: { title: 'shell.place.fleet', place: 'fleet' },
      },
      {
        path: '/sign-in',
        name: 'sign-in',
        component: () => import('../pages/SignInPage.vue'),
        meta: { title: 'session.signIn.page', bare: true },
      },
      {
        path: '/password',
        name: 'password',
        component: () => import('../pages/FirstPasswordPage.vue'),
        meta: { title: 'session.first.page', bare: true },
      },
      {
        path: '/instances',
        name: 'instances',
        component: () => import('../pages/InstancesPage.vue'),
        meta: { title: 'shell.place.instances', place: 'instances' },
      },
      {
        path: '/instances/:id/:tab(resources|terminals|commands|events|details)?',
        name: 'instance',
        component: () => import('../pages/InstancePage.vue'),
        props: true,
        meta: { place: 'instances' },
      },
      {
        path: '/enrol',
        name: 'enrol',
        component: () => import('../pages/EnrolPage.vue'),
        meta: { title: 'shell.place.instances', part: 'shell.act.enrol', place: 'instances' },
      },
      {
        path: '/terminals',
        name: 'terminals',
        component: () => import('../pages/TerminalsPage.vue'),
        meta: { title: 'shell.place.terminals', place: 'terminals', whole: 'open' },
      },
      {
        path: '/terminals/:id(trm_.+)',
        redirect: ({ params }) => ({ name: 'terminals', query: { open: params['id'] } }),
      },
      {
        path: '/events',
        name: 'events',
        component: () => import('../pages/EventsPage.vue'),
        meta: { title: 'shell.place.events', place: 'events' },
      },
      {
        path: '/audit',
        name: 'audit',
        component: () => import('../pages/AuditPage.vue'),
        meta: { title: 'shell.place.audit', place: 'audit' },
      },
      { path: '/audit/:id', redirect: ({ params }) => ({ name: 'audit', query: { entry: params['id'] } }) },
      {
        path: '/settings/profile',
        name: 'profile',
        component: () => import('../pages/ProfilePage.vue'),
        meta: { title: 'shell.place.settings', part: 'settings.profile', place: 'settings' },
      },
      {
        path: '/settings/console',
        name: 'console',
        component: () => import('../pages/ConsoleSettingsPage.vue'),
        meta: { title: 'shell.place.settings', part: 'settings.console', place: 'settings' },
      },
      {
        path: '/settings/about',
        name: 'about',
        component: () => import('../pages/AboutPage.vue'),
        meta: { title: 'shell.place.settings', part: 'settings.about', place: 'settings' },
      },
      {
        path: '/access/users',
        name: 'users',
        component: () => import('../pages/UsersPage.vue'),
        meta: { title: 'shell.place.access', part: 'access.users', place: 'access' },
      },
      {
        path: '/access/keys',
        name: 'keys',
        component: () => import('../pages/KeysPage.vue'),
        meta: { title: 'shell.place.access', part: 'access.keys', place: 'access' },
      },
      {
        path: '/access',
        redirect: () => ({ name: can(session.user.value ?? { role: 'ANONYMOUS' }, 'user.read') ? 'users' : 'keys' }),
      },
      { path: '/settings', redirect: { name: 'profile' } },
      {
        path: '/:path(.*)*',
        name: 'nowhere',
        component: () => import('../pages/NowherePage.vue'),
        meta: { title: 'shell.nowhere.page' },
      },
    ],
  })

  router.beforeEach(async (to) => {
    try {
      await session.load()
    } catch (fault) {
      // The screen itself says what is wrong; without an answer nobody can be sent anywhere.
      if (!(fault instanceof ShownFault)) throw fault
      return true
    }
    const user = session.user.value
    if (!user)
      return to.name === 'sign-in' || { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
    if (user.mustChangePassword) return to.name === 'password' || { name: 'password', query: { to: to.fullPath } }
    if (to.name === 'sign-in' || to.name === 'password') return placeAfterSignIn(to.query['to'])
    return true
  })

  // The program of a screen is not there: the console was renewed meanwhile, or is away. Renewed, it has the new one.
  router.onError(async (_, to) => {
    const answers = await fetch('/healthz').then(
      (answer) => answer.ok,
      () => false,
    )
    if (answers && router.currentRoute.value.matched.length > 0) location.assign(to.fullPath)
  })
  // What is small is here before it is asked for: a screen must open without the console, too.
  void router.isReady().then(
    () => {
      systemClock.after(PREFETCH_AFTER_MS, () => {
        for (const { components } of router.getRoutes())
          if (typeof components?.['default'] === 'function')
            (components['default'] as () => Promise<unknown>)().catch(() => {})
      })
    },
    () => {},
  )

  return router
}
