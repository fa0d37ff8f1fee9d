// Where a sign-in leads: only to a path of this console, since an address in a link must not lead elsewhere.

export const placeAfterSignIn = (to: unknown): string => (typeof to === 'string' && /^\/(?![/\\])/.test(to) ? to : '/')
