// Text to the clipboard, also on a page that came over plain HTTP, where only the older way is open.

/** False: the browser refused. The older way works only while the user acts. */
export const copyText = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Not there, or not now: the older way may still do.
  }
  let isCopied = false
  const put = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    event.stopImmediatePropagation()
    isCopied = true
  }
  document.addEventListener('copy', put, true)
  // oxlint-disable-next-line typescript/no-deprecated -- the other way is closed to pages that came over plain HTTP
  document.execCommand('copy')
  document.removeEventListener('copy', put, true)
  return isCopied
}
