// Which links a terminal opens: web pages alone, for the text of a link is whatever a program wrote.

/** The address as the browser reads it; null for everything but http and https. */
export const safeLink = (text: string): string | null => {
  const url = URL.parse(text)
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null
}
